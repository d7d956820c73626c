import { connect, Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { NetError, Stream } from '../../src/io/net.ts';
import { NodeGuard } from '../../src/io/node-guard.ts';
import { NodeNet } from '../../src/io/node-net.ts';
import { logTo } from '../fakes/log-to.ts';

/** Real sockets, when the system refuses: accepting, and writing to those who are gone. */
const lines: string[] = [];
const log = logTo((_level, message) => lines.push(message));
const nets: NodeNet[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const net of nets.splice(0)) net.shut();
  lines.length = 0;
  vi.restoreAllMocks();
});

interface End {
  readonly stream: Stream;
  readonly closed: Promise<NetError | undefined>;
  closes: number;
  drains: number;
}

/** A listener of ours; what it accepts comes out one by one. */
async function listen(): Promise<{ port: number; accepted(): Promise<End> }> {
  const net = new NodeNet({
    guard: new NodeGuard((error) => {
      throw error;
    }),
    log,
  });
  nets.push(net);
  const ends: End[] = [];
  let onEnd = (): void => {};
  const port = await new Promise<number>((done, reject) => {
    net.listen(
      { host: '127.0.0.1', port: 0 },
      {
        onListening: done,
        onError: reject,
        onStream: (stream) => {
          let onClosed: (error: NetError | undefined) => void = () => {};
          const closed = new Promise<NetError | undefined>((settle) => {
            onClosed = settle;
          });
          const end: End = { stream, closed, closes: 0, drains: 0 };
          ends.push(end);
          onEnd();
          return {
            onData() {},
            onDrain: () => {
              end.drains++;
            },
            onClose: (error) => {
              end.closes++;
              onClosed(error);
            },
          };
        },
      },
    );
  });
  return {
    port,
    accepted: () =>
      new Promise((done) => {
        onEnd = () => {
          const end = ends.shift();
          if (end !== undefined) done(end);
        };
        onEnd();
      }),
  };
}

function dial(port: number): Promise<Socket> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port }, () => done(socket));
    socket.on('error', () => {});
    sockets.push(socket);
  });
}

test('connections that cannot be accepted cost themselves: a line in ten seconds, and the next one is served', async () => {
  const servers = vi.spyOn(Server.prototype, 'listen');
  const { port, accepted } = await listen();
  const server = servers.mock.contexts.at(-1) as Server;
  for (let i = 0; i < 50; i++) server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
  expect(lines).toEqual(['could not accept a connection']);
  await dial(port);
  const { stream } = await accepted();
  expect(stream.remoteAddress).toBe('127.0.0.1');
});

test('a side that resets while much waits for it closes the stream once, with the reason, and takes nothing more', async () => {
  const { port, accepted } = await listen();
  const socket = await dial(port);
  socket.pause();
  const end = await accepted();
  for (let i = 0; i < 64; i++) end.stream.write(Buffer.alloc(1 << 20));
  setImmediate(() => socket.resetAndDestroy());
  expect((await end.closed)?.code).toMatch(/^(ECONNRESET|EPIPE)$/);
  end.stream.write(Buffer.from('too late'));
  end.stream.end();
  end.stream.destroy();
  await new Promise(setImmediate);
  expect([end.closes, end.drains, end.stream.bufferedBytes]).toEqual([1, 0, 0]);
});

test('a write that the system refuses closes the stream once, with the reason', async () => {
  const { port, accepted } = await listen();
  await dial(port);
  const end = await accepted();
  const planned = Object.assign(new Error('planned'), { code: 'ENOBUFS' });
  const socket = (end.stream as unknown as { socket: Socket }).socket;
  vi.spyOn(socket, '_write').mockImplementation((_bytes, _encoding, done) => done(planned));
  end.stream.write(Buffer.from('x'));
  expect((await end.closed)?.code).toBe('ENOBUFS');
  await new Promise(setImmediate);
  expect([end.closes, end.drains]).toEqual([1, 0]);
});

test('what a short write leaves is written later, in order, and the stream says when all is taken', async () => {
  const { port, accepted } = await listen();
  const socket = await dial(port);
  const end = await accepted();
  // More than the buffers of both sides: the system takes parts.
  const sent = Buffer.concat(Array.from({ length: 4096 }, (_, i) => Buffer.alloc(4096, i & 0xff)));
  for (let at = 0; at < sent.length; at += 4096) end.stream.write(sent.subarray(at, at + 4096));
  const received: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((done) => {
    socket.on('data', (chunk) => {
      received.push(chunk);
      bytes += chunk.length;
      if (bytes === sent.length) done();
    });
  });
  expect(Buffer.concat(received).equals(sent)).toBe(true);
  while (end.drains === 0) await new Promise(setImmediate);
  expect([end.drains, end.stream.bufferedBytes]).toEqual([1, 0]);
});

test('what is written now leaves at once, behind what was written before, and says nothing where all is taken', async () => {
  const { port, accepted } = await listen();
  const socket = await dial(port);
  const end = await accepted();
  const asked = vi.spyOn((end.stream as unknown as { socket: Socket }).socket, 'write');
  end.stream.writeNow([Buffer.from('a')]);
  expect([asked.mock.calls.length, end.stream.bufferedBytes]).toEqual([1, 0]);
  expect(asked.mock.calls[0]).toHaveLength(1);
  end.stream.write(Buffer.from('b'));
  end.stream.writeNow([Buffer.from('c'), Buffer.from('d')]);
  expect(end.stream.bufferedBytes).toBe(0);
  let text = '';
  await new Promise<void>((done) => {
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.length === 4) done();
    });
  });
  expect(text).toBe('abcd');
});
