import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { type Listener, NetError, type Stream, type StreamHandlers } from '../../src/io/net.ts';
import { NodeGuard } from '../../src/io/node-guard.ts';
import { NodeNet } from '../../src/io/node-net.ts';
import { type Lookup, NodeResolver } from '../../src/io/node-resolver.ts';

const cleanups: (() => void)[] = [];
const thrown: unknown[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  expect(thrown.splice(0)).toEqual([]);
});

function nodeNet(lookup?: Lookup): NodeNet {
  return new NodeNet({
    guard: new NodeGuard((error) => thrown.push(error)),
    log: silentLog,
    ...(lookup === undefined ? {} : { lookup }),
  });
}

function listening(
  net: NodeNet,
  onStream: (stream: Stream) => StreamHandlers | undefined,
): Promise<{ port: number; listener: Listener }> {
  return new Promise((resolve, reject) => {
    const listener = net.listen(
      { host: '127.0.0.1', port: 0 },
      { onListening: (port) => resolve({ port, listener }), onError: reject, onStream },
    );
    cleanups.push(() => listener.close());
  });
}

/** A stream whose events are gathered; `closed` resolves with the error of onClose. */
class Recorder implements StreamHandlers {
  readonly events: string[] = [];
  text = '';
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  readonly drained: Promise<void>;
  readonly closed: Promise<NetError | undefined>;
  onOpen!: () => void;
  onEnd!: () => void;
  onDrain!: () => void;
  onClose!: (error: NetError | undefined) => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.onOpen = () => {
        this.events.push('open');
        resolve();
      };
    });
    this.ended = new Promise((resolve) => {
      this.onEnd = () => {
        this.events.push('end');
        resolve();
      };
    });
    this.drained = new Promise((resolve) => {
      this.onDrain = () => {
        this.events.push('drain');
        resolve();
      };
    });
    this.closed = new Promise((resolve) => {
      this.onClose = (error) => {
        this.events.push('close');
        resolve(error);
      };
    });
  }

  onData(chunk: Buffer): void {
    this.text += chunk.toString('latin1');
  }
}

function plainServer(onSocket: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  return new Promise((resolve) => {
    const server = createServer(onSocket);
    cleanups.push(() => server.close());
    server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as { port: number }).port, server }));
  });
}

test('bytes written before the connection is open arrive in order, and the stream says when all are taken', async () => {
  const net = nodeNet();
  const server = new Recorder();
  const { port } = await listening(net, () => server);
  const client = new Recorder();
  const stream = net.dial('127.0.0.1', port, 5000, client);
  stream.write(Buffer.from('one '));
  stream.write(Buffer.from('two '));
  expect(stream.bufferedBytes).toBe(8);
  await client.drained;
  expect(stream.bufferedBytes).toBe(0);
  stream.write(Buffer.from('three'));
  stream.end();
  await server.ended;
  expect(server.text).toBe('one two three');
});

test('a handler never runs inside a call to the stream', async () => {
  const net = nodeNet();
  const { port } = await listening(net, (stream) => {
    stream.write(Buffer.from('x'));
    return new Recorder();
  });
  let inside = false;
  const violations: string[] = [];
  const during = (what: string) => () => {
    if (inside) violations.push(what);
  };
  await new Promise<void>((resolve) => {
    const guard = (call: () => void) => {
      inside = true;
      call();
      inside = false;
    };
    let stream: Stream | undefined;
    guard(() => {
      stream = net.dial('127.0.0.1', port, 5000, {
        onOpen: () => {
          during('open')();
          guard(() => stream?.write(Buffer.from('y')));
          guard(() => stream?.pause());
          guard(() => stream?.resume());
        },
        onData: () => {
          during('data')();
          guard(() => stream?.destroy());
        },
        onDrain: during('drain'),
        onClose: () => {
          during('close')();
          resolve();
        },
      });
    });
  });
  expect(violations).toEqual([]);
});

test('a client that closes its side first still gets its answer', async () => {
  const net = nodeNet();
  const { port } = await listening(net, (stream) => ({
    onData: () => {},
    onEnd: () => {
      // As a server answers that has to think first.
      setImmediate(() => {
        stream.write(Buffer.from('imok'));
        stream.end();
      });
    },
    onClose: () => {},
  }));
  const answer = await new Promise<string>((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end('ruok'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
  });
  expect(answer).toBe('imok');
});

test('an answer reaches a client that goes on sending after its question', async () => {
  const net = nodeNet();
  const { port } = await listening(net, (stream) => {
    stream.write(Buffer.alloc(300_000, 97));
    stream.end();
    return { onData: () => {}, onClose: () => {} };
  });
  const received = await new Promise<number>((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write(Buffer.alloc(200_000)));
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(bytes));
  });
  expect(received).toBe(300_000);
});

test('the port being taken is reported, once, as EADDRINUSE', async () => {
  const net = nodeNet();
  const { port } = await listening(net, () => undefined);
  const error = await new Promise<NetError>((resolve, reject) => {
    net.listen(
      { host: '127.0.0.1', port },
      { onListening: () => reject(new Error('listening')), onError: resolve, onStream: () => undefined },
    );
  });
  expect(error.code).toBe('EADDRINUSE');
});

test('a stream nobody wants is dropped without a byte', async () => {
  const net = nodeNet();
  const { port } = await listening(net, () => undefined);
  const client = new Recorder();
  const stream = net.dial('127.0.0.1', port, 5000, client);
  await client.ended;
  stream.end();
  await client.closed;
  expect(client.text).toBe('');
});

test('a refused connection closes with ECONNREFUSED and was never open', async () => {
  const net = nodeNet();
  const { port, listener } = await listening(net, () => undefined);
  listener.close();
  const client = new Recorder();
  net.dial('127.0.0.1', port, 5000, client);
  expect((await client.closed)?.code).toBe('ECONNREFUSED');
  expect(client.events).toEqual(['close']);
});

test('destroying a dial that is not open yet closes it once, without an error', async () => {
  const net = nodeNet(() => {});
  const client = new Recorder();
  const stream = net.dial('never.test', 1, 5000, client);
  stream.destroy();
  stream.destroy();
  expect(client.events).toEqual([]);
  expect(await client.closed).toBeUndefined();
  expect(client.events).toEqual(['close']);
});

test('the timeout covers a lookup that hangs', async () => {
  const net = nodeNet(() => {});
  const client = new Recorder();
  net.dial('black.hole.test', 1, 30, client);
  expect((await client.closed)?.code).toBe('ETIMEDOUT');
});

test('a name that does not resolve closes the dial with the reason', async () => {
  const net = nodeNet((host, done) => done(new NetError('ENOTFOUND', `${host} does not resolve`), []));
  const client = new Recorder();
  net.dial('nowhere.test', 1, 5000, client);
  expect((await client.closed)?.code).toBe('ENOTFOUND');
});

test('names are resolved at every dial, and the last answer serves while the resolver hangs', async () => {
  const answers: (() => void)[] = [];
  let asked = 0;
  const net = nodeNet((_host, done) => {
    asked++;
    const answer = () => done(undefined, [{ address: '127.0.0.1', family: 4 }]);
    if (asked === 1) answer();
    else answers.push(answer);
  });
  const { port } = await plainServer((socket) => socket.on('error', () => {}));
  const first = new Recorder();
  net.dial('peer.test', port, 5000, first);
  await first.opened;
  const second = new Recorder();
  const third = new Recorder();
  const streams = [net.dial('peer.test', port, 5000, second), net.dial('peer.test', port, 5000, third)];
  await Promise.all([second.opened, third.opened]);
  expect(asked).toBe(2);
  for (const answer of answers) answer();
  for (const stream of streams) stream.destroy();
  await Promise.all([second.closed, third.closed]);
});

test('a name is bound at its first address of IPv4, as Java does, and where there is none at the first', async () => {
  const bound = (addresses: { address: string; family: number }[]): Promise<number> => {
    const net = nodeNet((_host, done) => done(undefined, addresses));
    return new Promise((resolve, reject) => {
      const listener = net.listen(
        { host: 'two.families', port: 0 },
        { onListening: resolve, onError: reject, onStream: () => undefined },
      );
      cleanups.push(() => listener.close());
    });
  };
  const reached = (host: string, port: number): Promise<string> =>
    new Promise((resolve) => {
      const socket = createConnection({ host, port });
      socket
        .on('connect', () => resolve('connected'))
        .on('error', (error) => resolve((error as { code?: string }).code ?? ''));
      cleanups.push(() => socket.destroy());
    });
  const port = await bound([
    { address: '127.0.0.3', family: 6 },
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]);
  expect(await reached('127.0.0.1', port)).toBe('connected');
  expect(await reached('127.0.0.2', port)).toBe('ECONNREFUSED');
  const only = await bound([{ address: '127.0.0.3', family: 6 }]);
  expect(await reached('127.0.0.3', only)).toBe('connected');
});

test('a name that does not resolve is not bound', async () => {
  const net = nodeNet((host, done) => done(new NetError('ENOTFOUND', `${host} does not resolve`), []));
  const error = await new Promise<NetError>((resolve, reject) => {
    net.listen({ host: 'nobody', port: 0 }, { onListening: reject, onError: resolve, onStream: () => undefined });
  });
  expect(error).toMatchObject({ code: 'ENOTFOUND', message: 'nobody does not resolve' });
});

test('one lookup per name is in flight, and a failure is not remembered', () => {
  const asked: string[] = [];
  const pending: ((good: boolean) => void)[] = [];
  const resolver = new NodeResolver((host, done) => {
    asked.push(host);
    pending.push((good) =>
      good ? done(undefined, [{ address: '10.0.0.1', family: 4 }]) : done(new NetError('ENOTFOUND', 'no'), []),
    );
  });
  const heard: string[] = [];
  const listen = (name: string) => (error: NetError | undefined) => heard.push(`${name} ${error?.code ?? 'ok'}`);
  resolver.resolve('a', listen('first'));
  resolver.resolve('a', listen('second'));
  resolver.resolve('b', listen('other'));
  expect(asked).toEqual(['a', 'b']);
  pending[0]?.(false);
  expect(heard).toEqual(['first ENOTFOUND', 'second ENOTFOUND']);
  expect(resolver.known('a')).toBeUndefined();
  resolver.resolve('a', listen('third'));
  pending[2]?.(true);
  expect(heard[2]).toBe('third ok');
  expect(resolver.known('a')).toEqual([{ address: '10.0.0.1', family: 4 }]);
});

test('what a handler throws goes to the owner of the net, not to the process', async () => {
  const net = nodeNet();
  const { port } = await listening(net, () => ({
    onData: () => {
      throw new Error('a bug');
    },
    onClose: () => {},
  }));
  const client = new Recorder();
  const stream = net.dial('127.0.0.1', port, 5000, client);
  stream.write(Buffer.from('x'));
  await expect.poll(() => thrown.length).toBe(1);
  expect(String(thrown.splice(0)[0])).toContain('a bug');
  stream.destroy();
  await client.closed;
});

test('a paused stream delivers nothing until it is resumed', async () => {
  const net = nodeNet();
  const server = new Recorder();
  let accepted: Stream | undefined;
  const { port } = await listening(net, (stream) => {
    accepted = stream;
    stream.pause();
    return server;
  });
  const client = new Recorder();
  const stream = net.dial('127.0.0.1', port, 5000, client);
  stream.write(Buffer.from('hello'));
  await client.drained;
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(server.text).toBe('');
  accepted?.resume();
  stream.end();
  await server.ended;
  expect(server.text).toBe('hello');
});

test('a dial that is paused before it is open delivers nothing until it is resumed', async () => {
  const net = nodeNet();
  const { port } = await plainServer((socket) => socket.end('hello'));
  const client = new Recorder();
  const stream = net.dial('127.0.0.1', port, 5000, client);
  stream.pause();
  await client.opened;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(client.text).toBe('');
  stream.resume();
  await client.ended;
  expect(client.text).toBe('hello');
  stream.end();
  await client.closed;
});

test('a stream that is ended while it is paused closes as soon as the other side does', async () => {
  const net = nodeNet();
  const server = new Recorder();
  const { port } = await listening(net, (stream) => {
    stream.pause();
    setImmediate(() => stream.end());
    return server;
  });
  const startedMs = performance.now();
  const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write('unread'));
  expect(await server.closed).toBeUndefined();
  // Sooner than it would be given up on.
  expect(performance.now() - startedMs).toBeLessThan(900);
  expect(server.text).toBe('');
});

test('a net that is drained lets what was written go out, and does not wait for those who do not read', async () => {
  const net = nodeNet();
  const { port } = await listening(net, (stream) => {
    stream.write(Buffer.alloc(5_000_000, 97));
    return new Recorder();
  });
  const received = new Promise<number>((resolve) => {
    let bytes = 0;
    createConnection({ port, host: '127.0.0.1' })
      .on('data', (chunk) => {
        if (bytes === 0) net.drain(() => drained.push('drained'));
        bytes += chunk.length;
      })
      .on('close', () => resolve(bytes));
  });
  const drained: string[] = [];
  expect(await received).toBe(5_000_000);
  await expect.poll(() => drained).toEqual(['drained']);

  const stuck = nodeNet();
  const listener = await listening(stuck, (stream) => {
    stream.write(Buffer.alloc(50_000_000));
    return new Recorder();
  });
  const silent = createConnection({ port: listener.port, host: '127.0.0.1' });
  silent.pause();
  silent.on('error', () => {});
  await new Promise((resolve) => silent.once('connect', resolve));
  await new Promise<void>((resolve) => stuck.drain(resolve));
  silent.destroy();
});
