import { describe, expect, it } from 'vitest';
import { sessionPassword } from '../../../src/server/sessions/session-password.ts';
import {
  auth,
  type Client,
  ClientWorld,
  closeSession,
  connectRequest,
  create,
  exists,
  getData,
  PING,
  request,
} from '../client-harness.ts';

const CONNECT = '0000002d000000000000000000000000000075300000000000000000000000100000000000000000000000000000000000';
const REFUSED = '00000025 00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00'.replace(
  / /g,
  '',
);

describe('a new session', () => {
  it('gets byte for byte what Apache 3.9.5 answered, once its createSession is committed', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    upstream.nextIds = [72057688354586624n];
    const client = world.connect();
    client.sendHex(CONNECT);
    expect(client.hex()).toBe('');
    upstream.commit();
    expect(client.hex()).toBe('00000025000000000000753001000015f5b6000000000010c80f15d9b5991a23e6db4829868d40cb00');
    expect(world.database.sessions.timeoutOf(72057688354586624n)).toBe(30_000);
  });

  it('with an id that comes again, while the session that had it ends, is not created', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    upstream.nextIds = [72057688354586624n, 72057688354586624n];
    world.connect().sendHex(CONNECT);
    upstream.commit();
    upstream.submitForeign(72057688354586624n, 0, -11, Buffer.alloc(0), undefined);
    const second = world.connect();
    second.sendHex(CONNECT);
    upstream.commit();
    expect(second.hex()).toBe('');
    expect(second.isClosed).toBe(true);
    expect(world.database.sessions.has(72057688354586624n)).toBe(false);
  });

  it('with the id of a session that somebody else has is not created, and the other keeps it', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const elsewhere = { ownerName: 'learner 2' };
    upstream.submitForeign(72057688354586624n, 0, -10, Buffer.from([0, 0, 0x75, 0x30]), elsewhere);
    upstream.commit();
    upstream.nextIds = [72057688354586624n];
    const client = world.connect();
    client.sendHex(CONNECT);
    upstream.commit();
    expect(client.hex()).toBe('');
    expect(client.isClosed).toBe(true);
    expect(world.database.sessions.has(72057688354586624n)).toBe(true);
  });

  it('gets the same when its request comes in byte by byte', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.connect();
    for (const byte of Buffer.from(CONNECT, 'hex')) client.send(Buffer.from([byte]));
    upstream.commit();
    expect(client.frames()).toHaveLength(1);
  });

  it('of a client too old for the field readOnly gets a response without it', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.connect();
    client.send(connectRequest({ readOnly: null }));
    upstream.commit();
    expect(client.frames()[0]?.length).toBe(36);
  });

  it.each([
    [1, 4000],
    [-7, 4000],
    [30_000, 30_000],
    [40_001, 40_000],
    [2 ** 31 - 1, 40_000],
  ])('that asks for a timeout of %d ms is granted %d', (asked, granted) => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.connect();
    client.send(connectRequest({ timeoutMs: asked }));
    upstream.commit();
    expect(client.frames()[0]?.readInt32BE(4)).toBe(granted);
  });

  it('answers what the client pipelined behind the handshake after the handshake', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.connect();
    client.send(connectRequest(), exists(1, '/'), PING);
    expect(client.frames()).toEqual([]);
    upstream.commit();
    const frames = client.frames();
    expect(frames[0]?.length).toBe(37);
    expect(frames.slice(1).map((f) => f.readInt32BE(0))).toEqual([1, -2]);
  });
});

describe('a client that has seen more than the server', () => {
  it('is closed without a word, and the log says why', () => {
    const world = new ClientWorld();
    world.seedZxid(0x100000002);
    world.serve();
    const ahead = world.connect();
    ahead.send(connectRequest({ lastZxidSeen: 0x100000003 }));
    expect(ahead.hex()).toBe('');
    expect(ahead.stream.state).toBe('destroyed');
    expect(world.logLines.join()).toContain('the client has seen zxid 0x100000003 and this server only 0x100000002');
    const even = world.connect();
    even.send(connectRequest({ lastZxidSeen: 0x100000002 }));
    expect(even.isClosed).toBe(false);
  });
});

describe('a client that comes back', () => {
  it('keeps its session, and its older connection on this server closes', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const older = world.openSession(upstream);
    const newer = world.connect();
    newer.send(connectRequest({ sessionId: older.sessionId, password: older.password, timeoutMs: 10_000 }));
    expect(older.isClosed).toBe(true);
    const reply = newer.frames()[0] as Buffer;
    expect(reply.readInt32BE(4)).toBe(10_000);
    expect(reply.readBigInt64BE(8)).toBe(older.sessionId);
    newer.send(exists(1, '/'));
    expect(newer.replies()).toEqual(['1/1/0']);
    expect(upstream.queue).toEqual([]);
  });

  it('with a wrong password is refused, and the session it wanted lives on', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const owner = world.openSession(upstream);
    const thief = world.connect();
    thief.send(connectRequest({ sessionId: owner.sessionId, password: Buffer.alloc(16, 1) }));
    expect(thief.hex()).toBe(REFUSED);
    expect(thief.stream.state).toBe('ended');
    expect(owner.isClosed).toBe(false);
    owner.send(PING);
    expect(owner.replies()).toEqual(['-2/1/0']);
  });

  it('to a session that is no more is refused', () => {
    const world = new ClientWorld();
    world.serve();
    const client = world.connect();
    client.send(connectRequest({ sessionId: 5n, password: sessionPassword(5n) }));
    expect(client.hex()).toBe(REFUSED);
    expect(client.stream.state).toBe('ended');
  });

  it('waits on a learner for the leader to say whether the session lives', () => {
    const world = new ClientWorld();
    const upstream = world.serve('follower');
    const older = world.openSession(upstream);
    older.stream.handlers?.onClose(undefined);
    const newer = world.connect();
    newer.send(connectRequest({ sessionId: older.sessionId, password: older.password }), exists(7, '/'));
    expect(newer.hex()).toBe('');
    expect(upstream.revalidations).toEqual([{ sessionId: older.sessionId, timeoutMs: 30_000 }]);
    world.server.onRevalidated(older.sessionId, true);
    const frames = newer.frames();
    expect(frames[0]?.readBigInt64BE(8)).toBe(older.sessionId);
    expect(frames[1]?.readInt32BE(0)).toBe(7);
  });

  it('waits for the answer to its own question, not to that of an earlier connection', () => {
    const world = new ClientWorld();
    const upstream = world.serve('follower');
    const owner = world.openSession(upstream);
    const back = connectRequest({ sessionId: owner.sessionId, password: owner.password });
    world.connect().send(back);
    const newest = world.connect();
    newest.send(back);
    world.server.onRevalidated(owner.sessionId, true);
    expect(newest.hex()).toBe('');
    world.server.onRevalidated(owner.sessionId, true);
    expect(newest.frames()).toHaveLength(1);
  });

  it('is refused when the leader says the session is gone; later answers change nothing', () => {
    const world = new ClientWorld();
    world.serve('follower');
    const client = world.connect();
    client.send(connectRequest({ sessionId: 9n, password: sessionPassword(9n) }));
    world.server.onRevalidated(9n, false);
    expect(client.hex()).toBe(REFUSED);
    world.server.onRevalidated(9n, true);
    expect(client.hex()).toBe('');
  });
});

describe('the end of a session', () => {
  it('asked for by the client is answered, then the connection closes', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/e', '', 1), closeSession(2), getData(3, '/e'));
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/0', '2/3/0']);
    expect(client.stream.state).toBe('ended');
    expect(world.database.tree.lookup('/e')).toBe(-1);
    expect(world.server.view.connections.size).toBe(0);
  });

  it('by expiry closes the connection without a word', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.openSession(upstream);
    upstream.submitForeign(client.sessionId, 0, -11, Buffer.alloc(0), undefined);
    client.send(create(1, '/late'));
    upstream.commit(1);
    expect(client.hex()).toBe('');
    expect(client.isClosed).toBe(true);
    upstream.commit();
    expect(world.server.view.outstanding).toBe(0);
  });

  it('is counted as expired where expiry is decided, and only there', () => {
    for (const [mode, expired] of [
      ['leader', 1],
      ['follower', 0],
    ] as const) {
      const world = new ClientWorld();
      const upstream = world.serve(mode);
      const [gone, left] = [world.openSession(upstream), world.openSession(upstream)];
      upstream.submitForeign(gone.sessionId, 0, -11, Buffer.alloc(0), undefined);
      left.send(closeSession(1));
      upstream.commit();
      expect(world.metrics.connections.staleSessionsExpired.value).toBe(expired);
    }
  });

  it('while it is closing nothing more is answered', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.openSession(upstream);
    upstream.tracker.setClosing(client.sessionId);
    client.send(exists(1, '/'), PING);
    expect(client.hex()).toBe('');
    expect(client.isClosed).toBe(false);
  });
});

describe('a server between two roles', () => {
  it('closes whoever asks for a session, and takes them again in the next role', () => {
    const world = new ClientWorld();
    const early = world.connect();
    early.sendHex(CONNECT.slice(0, 8));
    expect(early.stream.state).toBe('destroyed');
    expect(world.metrics.connections.closedWithoutServerRunning.value).toBe(1);
    const first = world.serve();
    const client = world.openSession(first);
    client.send(create(1, '/a'));
    world.server.stop();
    expect(client.isClosed).toBe(true);
    expect(world.server.view.outstanding).toBe(0);
    first.queue.length = 0;
    const second = world.serve('leader');
    const back = world.connect();
    back.send(connectRequest({ sessionId: client.sessionId, password: client.password }));
    expect(back.frames()[0]?.readBigInt64BE(8)).toBe(client.sessionId);
    expect(second.queue).toEqual([]);
  });

  it('closes some in each turn, and has nothing to do with the rest meanwhile', () => {
    const world = new ClientWorld({ maxClientCnxns: 0 });
    const first = world.serve();
    const clients = Array.from({ length: 450 }, () => world.openSession(first));
    const last = clients.at(-1) as Client;
    last.send(exists(1, '/watched', true));
    last.frames();
    world.server.stop();
    const closed = (): number => clients.filter((client) => client.isClosed).length;
    expect([closed(), world.server.view.connections.size]).toEqual([200, 250]);
    const second = world.serve('leader');
    last.stream.deliver(create(2, '/late'));
    expect(second.queue).toEqual([]);
    const fresh = world.connect();
    fresh.stream.deliver(connectRequest());
    expect([closed(), second.queue.length, world.server.view.outstanding]).toEqual([200, 1, 1]);
    second.commit();
    fresh.stream.deliver(create(1, '/watched'));
    second.commit();
    world.clock.oneTurn();
    expect(closed()).toBe(400);
    world.clock.endTurn();
    second.commit();
    expect([closed(), world.server.view.connections.size, world.server.view.outstanding]).toEqual([450, 1, 0]);
    expect([last.replies(), last.stream.state]).toEqual([[], 'ended']);
    expect(world.database.tree.watches.count).toBe(0);
  });

  it('sends what it had answered before it stopped', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/a'));
    upstream.commit();
    world.server.stop();
    expect(client.replies()).toEqual(['1/2/0']);
    expect(client.stream.state).toBe('ended');
  });
});

const AUTH_BOB = '00000022 fffffffc 00000064 00000000 00000006 646967657374 00000008 626f623a70617373';
const AUTH_OK = '00000010 fffffffc 0000000000000000 00000000'.replace(/ /g, '');
const AUTH_FAILED = '00000010 fffffffc 0000000000000000 ffffff8d'.replace(/ /g, '');

describe('authentication', () => {
  it('by a password is answered at once with zxid 0, also while a write waits', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/a'));
    client.sendHex(AUTH_BOB);
    expect(client.hex()).toBe(AUTH_OK);
    client.send(request(2, 107));
    upstream.commit();
    const whoAmI = client.frames()[1] as Buffer;
    expect(whoAmI.toString('latin1')).toContain('bob');
    expect(whoAmI.toString('latin1')).toContain('10.1.1.1');
  });

  it('of an unknown scheme is refused and the connection closes', () => {
    const world = new ClientWorld();
    const client = world.openSession(world.serve());
    client.send(auth('nonsense', 'x'));
    expect(client.hex()).toBe(AUTH_FAILED);
    expect(client.stream.state).toBe('ended');
  });

  it('by SASL without a login configuration is answered with no token', () => {
    const world = new ClientWorld();
    const client = world.openSession(world.serve());
    client.sendHex('0000000c 00000005 00000066 00000000');
    expect(client.hex()).toBe('00000014 00000005 0000000000000000 00000000 ffffffff'.replace(/ /g, ''));
    expect(client.isClosed).toBe(false);
  });
});
