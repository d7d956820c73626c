import { describe, expect, it } from 'vitest';
import { writeMultiHeader } from '../../../src/jute/client-records.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { CLOSING_MS, OUTPUT_TOTAL_LEFT_BYTES } from '../../../src/server/connection/client-limits.ts';
import { type Client, ClientWorld, create, request } from '../client-harness.ts';

const MEGABYTE = 1024 * 1024;

/** Closed by the server, which still sends what it has: a four-letter word. */
function closing(world: ClientWorld, address = '10.1.1.1'): Client {
  const client = world.connect(address);
  client.send(Buffer.from('ruok'));
  expect(client.stream.state).toBe('ended');
  return client;
}

function multiRead(xid: number, count: number, path: string): Buffer {
  return request(xid, OpCode.multiRead, (w) => {
    for (let i = 0; i < count; i++) {
      writeMultiHeader(w, OpCode.getData, false, -1);
      w.writeString(path);
      w.writeBool(false);
    }
    writeMultiHeader(w, -1, true, -1);
  });
}

describe('a connection that the server closed', () => {
  it('counts until its stream is gone, and makes room for a new one', () => {
    const world = new ClientWorld({ maxClientCnxns: 3 });
    const old = Array.from({ length: 3 }, () => closing(world));
    const next = world.connect();
    expect(next.stream.state).toBe('open');
    expect(old.map((client) => client.stream.state)).toEqual(['destroyed', 'ended', 'ended']);
    // Those that are open make no room.
    world.connect();
    world.connect();
    expect(old.map((client) => client.stream.state)).toEqual(['destroyed', 'destroyed', 'destroyed']);
    expect(world.connect().stream.state).toBe('destroyed');
    expect(world.metrics.connections.connectionsRejected.value).toBe(1);
  });

  it('does not count any more once it is gone', () => {
    const world = new ClientWorld({ maxClientCnxns: 2 });
    const [first, second] = [closing(world), closing(world)] as [Client, Client];
    first.stream.gone();
    expect(world.connect().stream.state).toBe('open');
    expect(second.stream.state).toBe('ended');
  });

  it('makes room for its own address alone, where that is what is full', () => {
    const world = new ClientWorld({ maxClientCnxns: 1 });
    const other = closing(world, '10.2.2.2');
    world.connect('10.1.1.1');
    expect(world.connect('10.1.1.1').stream.state).toBe('destroyed');
    expect(other.stream.state).toBe('ended');
  });

  it('is cut off when it does not take its last bytes within five seconds', () => {
    const world = new ClientWorld();
    const client = closing(world);
    world.clock.advance(CLOSING_MS - 1001);
    expect(client.stream.state).toBe('ended');
    world.clock.advance(2002);
    expect(client.stream.state).toBe('destroyed');
  });
});

describe('file descriptors', () => {
  it('are left for the server itself, and the log says so once a second', () => {
    const world = new ClientWorld({ maxClientCnxns: 0 }, 200);
    const clients = Array.from({ length: 110 }, (_, i) => world.connect(`10.1.1.${i}`));
    expect(clients.filter((client) => client.stream.state === 'open')).toHaveLength(100);
    expect(world.metrics.connections.connectionsRejected.value).toBe(10);
    expect(world.logLines).toEqual([
      'warn refused client connections: too many connections, the limit of file descriptors leaves room for 100 {"address":"10.1.1.100","refused":1}',
    ]);
  });
});

describe('output that waits for all clients together', () => {
  it('is bounded: those for whom most waits are cut off, those that are closing too', () => {
    const world = new ClientWorld({ maxClientCnxns: 0 });
    const upstream = world.serve();
    const writer = world.openSession(upstream);
    writer.send(create(1, '/big', 'x'.repeat(MEGABYTE - 200)));
    upstream.commit();
    const clients = Array.from({ length: 9 }, () => world.openSession(upstream));
    const ask = (client: Client, times: number): void => {
      client.stream.isStalled = true;
      for (let i = 0; i < times; i++) client.send(multiRead(1 + i, 15, '/big'));
    };
    // A write of its own, so that what is asked behind it is answered whatever waits.
    const askBehind = (client: Client): void => {
      client.stream.isStalled = true;
      client.send(create(1, '/none/x'), ...[2, 3, 4, 5].map((xid) => multiRead(xid, 15, '/big')));
      upstream.commit();
      client.bytes();
    };
    ask(clients[0] as Client, 1);
    for (const client of clients.slice(1)) askBehind(client);
    // 8 x 60 + 15 MB.
    expect(clients.map((client) => client.stream.state)).toEqual(new Array(9).fill('open'));
    upstream.submitForeign((clients[1] as Client).sessionId, 0, OpCode.closeSession, Buffer.alloc(0), undefined);
    upstream.commit();
    expect((clients[1] as Client).stream.state).toBe('ended');
    const last = world.openSession(upstream);
    askBehind(last);
    const all = [...clients, last];
    const left = all
      .filter((client) => client.stream.state !== 'destroyed')
      .reduce((sum, client) => sum + client.stream.bufferedBytes, 0);
    expect(left).toBeLessThanOrEqual(OUTPUT_TOTAL_LEFT_BYTES);
    expect(left).toBeGreaterThan(OUTPUT_TOTAL_LEFT_BYTES - 64 * MEGABYTE);
    expect((clients[0] as Client).stream.state).toBe('open');
    expect(world.metrics.connections.droppedForOutput.value).toBeGreaterThan(1);
    expect(world.logLines.filter((line) => line.includes('too much waits in memory'))).toHaveLength(1);
    expect(writer.stream.state).toBe('open');
  });

  it('counts requests that have not come in whole, of clients with a session and without', () => {
    const world = new ClientWorld({ maxClientCnxns: 0, juteMaxBufferBytes: 100 * MEGABYTE });
    const upstream = world.serve();
    const half = Buffer.alloc(90 * MEGABYTE);
    half.writeInt32BE(99 * MEGABYTE);
    const bystander = world.openSession(upstream);
    const clients = [world.connect(), ...Array.from({ length: 5 }, () => world.openSession(upstream))];
    for (const client of clients.slice(0, 5)) client.send(half);
    expect(clients.map((client) => client.stream.state)).toEqual(new Array(6).fill('open'));
    (clients[5] as Client).send(half.subarray(0, 80 * MEGABYTE));
    // 5 x 90 + 80 MB, and 384 are left.
    expect(clients.map((client) => client.stream.state)).toEqual([
      'destroyed',
      'destroyed',
      ...new Array(4).fill('open'),
    ]);
    expect(world.metrics.connections.droppedForOutput.value).toBe(2);
    expect(bystander.stream.state).toBe('open');
  });

  it('is little of the answers to four-letter words, which are made as they are taken', () => {
    const world = new ClientWorld({ maxClientCnxns: 0, fourLetterWords: new Set(['wchp']) });
    const upstream = world.serve();
    const watcher = world.openSession(upstream);
    const paths = Array.from({ length: 60 }, (_, i) => `/${'x'.repeat(MEGABYTE - 400)}${i}`);
    for (const [i, path] of paths.entries()) {
      const exists = request(i + 1, OpCode.exists, (w) => {
        w.writeString(path);
        w.writeBool(true);
      });
      watcher.send(exists);
    }
    const askers = Array.from({ length: 9 }, () => {
      const asker = world.connect();
      asker.stream.isStalled = true;
      asker.send(Buffer.from('wchp'));
      return asker;
    });
    // 9 x 60 MB, of which two each are made as long as nobody takes them.
    for (const { stream } of askers) {
      expect([stream.state, stream.bufferedBytes > MEGABYTE, stream.bufferedBytes < 3 * MEGABYTE]).toEqual([
        'open',
        true,
        true,
      ]);
    }
    expect(watcher.stream.state).toBe('open');
  });
});
