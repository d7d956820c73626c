import { describe, expect, it } from 'vitest';
import { writeMultiHeader } from '../../../src/jute/client-records.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import {
  OUTPUT_CLOSE_BYTES,
  OUTPUT_PAUSE_BYTES,
  PENDING_REQUEST_BYTES_MAX,
  PENDING_REQUESTS_MAX,
} from '../../../src/server/connection/client-limits.ts';
import {
  type Client,
  ClientWorld,
  connectRequest,
  create,
  exists,
  type FakeUpstream,
  getData,
  PING,
  request,
  setData,
  sync,
} from '../client-harness.ts';

const MEGABYTE = 1024 * 1024;

function opened(options: ConstructorParameters<typeof ClientWorld>[0] = {}): {
  world: ClientWorld;
  upstream: FakeUpstream;
  client: Client;
} {
  const world = new ClientWorld(options);
  const upstream = world.serve();
  return { world, upstream, client: world.openSession(upstream) };
}

describe('bytes that are no request', () => {
  it.each([
    ['an HTTP request', 'GET /metrics HTTP/1.1\r\n\r\n', "the bytes are HTTP, not ZooKeeper's"],
    ['a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001', "the bytes are TLS, not ZooKeeper's"],
    ['a negative length', '\u00ff\u00ff\u00ff\u00f0', 'negative frame length'],
    ['a length over the limit', '\u0000\u0010\u0000\u0000', 'a frame of 1048576 bytes is over jute.maxbuffer=1048575'],
  ])('%s closes the connection, and the log says what it was', (_name, bytes, said) => {
    const { world } = opened();
    const client = world.connect('10.2.2.2');
    client.send(Buffer.from(bytes, 'latin1'));
    expect(client.isClosed).toBe(true);
    expect(client.hex()).toBe('');
    const line = world.logLines.at(-1) ?? '';
    expect(line).toContain(said);
    expect(line).toContain('"client":"/10.2.2.2:');
    expect(line).toContain('"limit":1048575');
    expect(world.metrics.requests.refusedFrames.value).toBe(1);
  });

  it('the longest frame allowed is read, one byte more is not', () => {
    const { client, upstream } = opened({ juteMaxBufferBytes: 200 });
    client.send(setData(1, '/', Buffer.alloc(200 - 8 - 5 - 4 - 4)));
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/0']);
    client.send(setData(2, '/', Buffer.alloc(200 - 8 - 5 - 4 - 4 + 1)));
    expect(client.isClosed).toBe(true);
  });

  it('half a frame waits for its other half, and answers nothing', () => {
    const { client } = opened();
    const bytes = exists(1, '/');
    for (const byte of bytes.subarray(0, -1)) client.send(Buffer.from([byte]));
    expect(client.hex()).toBe('');
    client.send(bytes.subarray(-1));
    expect(client.replies()).toEqual(['1/1/0']);
  });

  it('a frame too short for a header closes the connection', () => {
    const { client } = opened();
    client.sendHex('00000003 000000');
    expect(client.isClosed).toBe(true);
  });

  it('a ConnectRequest cut short closes the connection', () => {
    const { world } = opened();
    const client = world.connect();
    client.sendHex('00000004 00000000');
    expect(client.isClosed).toBe(true);
    expect(client.hex()).toBe('');
  });

  it('garbage after a handshake takes nothing else down', () => {
    const { world, client } = opened();
    const garbage = world.connect();
    for (let i = 0; i < 200; i++) garbage.send(Buffer.from([(i * 7919) & 0xff]));
    expect(garbage.isClosed).toBe(true);
    client.send(PING);
    expect(client.replies()).toEqual(['-2/1/0']);
  });
});

describe('output', () => {
  it('of one turn leaves in one write', () => {
    const { client, upstream } = opened();
    client.send(exists(1, '/'), exists(2, '/'), create(3, '/a'), create(4, '/b'), exists(5, '/b'));
    upstream.commit();
    expect(client.stream.writes).toHaveLength(1);
    client.frames();
    client.send(exists(6, '/'), exists(7, '/'), exists(8, '/'));
    expect(client.stream.writes).toHaveLength(1);
  });

  it('that the client does not take stops the reading of its requests, until it takes it', () => {
    const { client, upstream } = opened();
    client.send(create(1, '/big', 'x'.repeat(400_000)));
    upstream.commit();
    client.frames();
    client.stream.isStalled = true;
    client.send(...Array.from({ length: 50 }, (_, i) => getData(10 + i, '/big')));
    const sent = client.replies().length;
    expect(sent).toBe(Math.ceil(OUTPUT_PAUSE_BYTES / 400_000));
    expect(client.stream.isPaused).toBe(true);
    client.send(exists(99, '/'));
    expect(client.replies()).toEqual([]);
    let answered = sent;
    while (answered < 51) {
      client.stream.drain();
      client.stream.isStalled = true;
      const more = client.replies().length;
      expect(more).toBeGreaterThan(0);
      answered += more;
    }
    expect(client.stream.isPaused).toBe(false);
    expect(client.stream.unreadChunks).toBe(0);
  });

  it('above the larger mark closes the connection, and the log says so', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    upstream.isEager = true;
    client.send(
      request(1, 106, (w) => {
        w.writeString('/');
        w.writeInt(1);
      }),
    );
    client.bytes();
    client.stream.isStalled = true;
    client.stream.bufferedBytes = OUTPUT_CLOSE_BYTES - 100;
    other.send(create(1, '/a'));
    expect(client.isClosed).toBe(false);
    other.send(create(2, '/b'), create(3, '/c'), create(4, '/d'), create(5, '/e'));
    expect(client.stream.state).toBe('destroyed');
    expect(world.logLines.at(-1)).toContain('the client does not read what it is sent');
    other.send(PING);
    expect(other.isClosed).toBe(false);
  });
});

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

describe('output that a client does not take', () => {
  it('is bounded also where reads had to wait for a write', () => {
    const { client, upstream } = opened();
    client.send(create(1, '/big', 'x'.repeat(MEGABYTE - 200)));
    upstream.commit();
    client.frames();
    client.stream.isStalled = true;
    client.send(create(2, '/a'), ...Array.from({ length: 200 }, (_, i) => getData(10 + i, '/big')));
    upstream.commit();
    const sent = client.bytes().length;
    expect(client.stream.state).toBe('destroyed');
    expect(sent).toBeLessThan(OUTPUT_CLOSE_BYTES + 3 * MEGABYTE);
  });

  it('costs its session nothing: what was asked behind it is done, and the next connection is answered', () => {
    const { client, world, upstream } = opened();
    client.send(create(1, '/big', 'x'.repeat(MEGABYTE - 200)));
    upstream.commit();
    client.frames();
    client.stream.isStalled = true;
    const reads = Array.from({ length: 8 }, (_, i) => multiRead(10 + i, 15, '/big'));
    client.send(create(2, '/a'), ...reads, create(300, '/b'));
    // Both in one turn, at the end of which the connection closes.
    upstream.commit();
    client.bytes();
    expect(client.stream.state).toBe('destroyed');
    const next = world.connect();
    next.send(connectRequest({ sessionId: client.sessionId, password: client.password }), exists(1, '/b'));
    expect(next.frames()).toHaveLength(2);
    next.send(sync(2, '/'));
    upstream.commit();
    next.send(create(3, '/c'));
    upstream.commit();
    expect(next.replies().map((reply) => reply.split('/')[0])).toEqual(['2', '3']);
    expect(world.server.view.outstanding).toBe(0);
  });

  it('may be one reply of any size beside that', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    upstream.isEager = true;
    other.send(create(1, '/big', 'x'.repeat(1_000_000)));
    client.stream.isStalled = true;
    client.send(getData(1, '/big', true), exists(2, '/a', true));
    client.stream.bufferedBytes = OUTPUT_CLOSE_BYTES + 900_000;
    other.send(setData(2, '/big', 'y'));
    expect(client.isClosed).toBe(false);
    // It has read that reply: from here on it is small ones that pile up.
    client.stream.drain();
    client.stream.isStalled = true;
    client.stream.bufferedBytes = OUTPUT_CLOSE_BYTES + 900_000;
    other.send(create(3, '/a'));
    expect(client.isClosed).toBe(true);
  });
});

describe('a write over its quota', () => {
  it('is counted under the first component of its path', () => {
    const { client, world, upstream } = opened();
    client.send(create(1, '/app/x'));
    const [asked] = upstream.queue.splice(0);
    const header = { ...asked?.txn?.header, type: -1 };
    const body = { kind: 'error', type: -1, err: -125 };
    upstream.queue.push({ ...asked, txn: { header, body, digest: undefined } } as never);
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/-125']);
    expect(world.metrics.requests.quotaExceededPerNamespace.byKey.get('app')?.value).toBe(1);
  });
});

describe('input', () => {
  it('of thousands of pipelined requests is answered completely', () => {
    const { client, upstream } = opened();
    const frames: Buffer[] = [];
    for (let xid = 1; xid <= 6000; xid += 2) frames.push(create(xid, `/n${xid}`), exists(xid + 1, `/n${xid}`));
    client.send(...frames);
    const xids: number[] = [];
    while (upstream.queue.length > 0) {
      upstream.commit(1);
      for (const reply of client.replies()) xids.push(Number(reply.split('/')[0]));
    }
    expect(xids).toEqual(Array.from({ length: 6000 }, (_, i) => i + 1));
  });

  it('pauses for a connection with something outstanding when more waits than globalOutstandingLimit', () => {
    const { client, world, upstream } = opened({ globalOutstandingLimit: 3 });
    client.send(create(1, '/1'), create(2, '/2'), create(3, '/3'), create(4, '/4'), create(5, '/5'), create(6, '/6'));
    expect(upstream.queue).toHaveLength(4);
    expect(client.stream.isPaused).toBe(true);
    const other = world.connect();
    other.send(connectRequest(), exists(1, '/'));
    expect(upstream.queue).toHaveLength(5);
    upstream.commit(1);
    client.replies();
    expect(upstream.queue).toHaveLength(4);
    upstream.commit(1);
    client.replies();
    expect(upstream.queue).toHaveLength(4);
    while (upstream.queue.length > 0) {
      upstream.commit(1);
      client.bytes();
    }
    expect(client.stream.isPaused).toBe(false);
    expect(world.database.lastProcessedZxid).toBe(8);
  });

  it('shares globalOutstandingLimit among the other voters of an ensemble', () => {
    const world = new ClientWorld({ globalOutstandingLimit: 9 });
    const upstream = world.serve('follower');
    upstream.quorumSize = 5;
    world.server.stop();
    world.server.start(upstream, world.database);
    const client = world.openSession(upstream);
    client.send(...Array.from({ length: 9 }, (_, i) => create(i + 1, `/${i}`)));
    expect(upstream.queue).toHaveLength(3);
  });

  it('lets one request in from a client that came back while its old ones still wait', () => {
    const { client, world, upstream } = opened({ globalOutstandingLimit: 1 });
    client.send(create(1, '/1'));
    client.send(create(2, '/2'));
    client.stream.handlers?.onClose(undefined);
    const back = world.connect();
    back.send(
      connectRequest({ sessionId: client.sessionId, password: client.password }),
      create(3, '/3'),
      create(4, '/4'),
    );
    expect(upstream.queue).toHaveLength(3);
    while (upstream.queue.length > 0) {
      upstream.commit(1);
      back.bytes();
    }
    expect(world.database.tree.lookup('/4')).toBeGreaterThanOrEqual(0);
  });

  it('of one connection is bounded in number and in bytes', () => {
    const many = opened({ globalOutstandingLimit: 1_000_000 });
    many.client.send(create(1, '/a'), ...Array.from({ length: PENDING_REQUESTS_MAX + 50 }, () => PING));
    expect(many.world.server.view.outstanding).toBe(PENDING_REQUESTS_MAX);
    const large = opened({ globalOutstandingLimit: 1_000_000 });
    for (let i = 0; i < 30; i++) large.client.send(setData(i, '/', Buffer.alloc(MEGABYTE - 100)));
    expect(large.upstream.queue.length * MEGABYTE).toBeGreaterThan(PENDING_REQUEST_BYTES_MAX);
    expect(large.upstream.queue.length * MEGABYTE).toBeLessThan(PENDING_REQUEST_BYTES_MAX + 2 * MEGABYTE);
    expect(large.client.stream.isPaused).toBe(true);
    large.upstream.commit();
    large.client.bytes();
    while (large.upstream.queue.length > 0) {
      large.upstream.commit();
      large.client.bytes();
    }
    expect(large.world.database.lastProcessedZxid).toBe(31);
  });

  it('that was paused when its connection breaks is forgotten', () => {
    const { client, world, upstream } = opened({ globalOutstandingLimit: 1 });
    client.send(create(1, '/1'), create(2, '/2'), create(3, '/3'), exists(4, '/'));
    client.stream.handlers?.onClose(undefined);
    upstream.commit();
    expect(world.server.view.outstanding).toBe(0);
    expect(world.database.tree.lookup('/3')).toBe(-1);
    expect(client.hex()).toBe('');
  });
});

describe('the door', () => {
  it('lets maxClientCnxns of one address in, and others beside them', () => {
    const world = new ClientWorld({ maxClientCnxns: 2 });
    world.serve();
    const [first, second, third] = [world.connect(), world.connect(), world.connect()];
    expect([first?.stream.state, second?.stream.state, third?.stream.state]).toEqual(['open', 'open', 'destroyed']);
    expect(world.connect('10.7.7.7').isClosed).toBe(false);
    expect(world.logLines.at(-1)).toContain('maxClientCnxns is 2');
    first?.stream.handlers?.onClose(undefined);
    expect(world.connect().isClosed).toBe(false);
    expect(world.metrics.connections.connectionsRejected.value).toBe(1);
  });

  it('lets maxCnxns in from everywhere together', () => {
    const world = new ClientWorld({ maxCnxns: 2 });
    expect([world.connect('a'), world.connect('b'), world.connect('c')].map((c) => c.isClosed)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('says so once a second, however many are refused', () => {
    const world = new ClientWorld({ maxCnxns: 1 });
    for (let i = 0; i < 100; i++) world.connect();
    expect(world.logLines).toHaveLength(1);
    world.clock.advance(1001);
    world.connect();
    expect(world.logLines[1]).toContain('"refused":99');
  });
});

describe('silence', () => {
  it('without a session closes a connection after nio.sessionlessCnxnTimeout, up to a bucket later', () => {
    const world = new ClientWorld({ sessionlessCnxnTimeoutMs: 10_000 });
    world.serve();
    const client = world.connect();
    world.clock.advance(10_000);
    expect(client.isClosed).toBe(false);
    world.clock.advance(11_000);
    expect(client.stream.state).toBe('destroyed');
    expect(world.server.view.connections.size).toBe(0);
  });

  it('with a session closes it after the session timeout, however the session fares', () => {
    const { client, world } = opened();
    for (let i = 0; i < 10; i++) {
      world.clock.advance(9000);
      client.send(PING);
    }
    expect(client.replies()).toHaveLength(10);
    world.clock.advance(30_000);
    expect(client.isClosed).toBe(false);
    world.clock.advance(11_000);
    expect(client.isClosed).toBe(true);
  });

  it('is not what a large request is that comes in slowly', () => {
    const { client, world } = opened();
    const bytes = setData(1, '/', Buffer.alloc(100));
    for (const byte of bytes.subarray(0, 10)) {
      world.clock.advance(20_000);
      client.send(Buffer.from([byte]));
    }
    expect(client.isClosed).toBe(false);
  });

  it('is not counted of connections that have closed', () => {
    const { client, world } = opened();
    client.stream.handlers?.onClose(undefined);
    world.clock.advance(100_000);
    expect(world.metrics.connections.connectionsExpired.value).toBe(0);
  });

  it('of ten thousand connections costs no timer each', () => {
    const world = new ClientWorld({ maxClientCnxns: 0 }, 20_000);
    const upstream = world.serve();
    const timers = world.clock.timerCount;
    upstream.isEager = true;
    const clients = Array.from({ length: 10_000 }, () => {
      const client = world.connect();
      client.send(connectRequest());
      return client;
    });
    expect(world.clock.timerCount).toBe(timers);
    expect(world.server.view.connections.size).toBe(10_000);
    for (const client of clients) expect(client.frames()).toHaveLength(1);
  });
});

describe('sessions', () => {
  it('are touched once for what comes in together', () => {
    const { client, world, upstream } = opened();
    const before = upstream.touches;
    client.send(...Array.from({ length: 100 }, (_, i) => exists(i + 1, '/')));
    expect(upstream.touches - before).toBe(1);
    world.clock.now += 1;
    client.send(PING);
    expect(upstream.touches - before).toBe(2);
  });
});

describe('a client that closes its side', () => {
  it('gets what was answered and nothing of what was not', () => {
    const { client, upstream, world } = opened();
    client.stream.deliver(Buffer.concat([exists(1, '/'), create(2, '/a')]));
    client.stream.handlers?.onEnd?.();
    expect(client.replies()).toEqual(['1/1/0']);
    expect(client.stream.state).toBe('ended');
    upstream.commit();
    expect(client.hex()).toBe('');
    expect(world.metrics.connections.connectionDrops.value).toBe(1);
  });
});
