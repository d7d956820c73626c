import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { Writer } from '../../../src/jute/writer.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { SHARE_MS, WATCHES_FORGOTTEN_A_TURN } from '../../../src/server/connection/client-limits.ts';
import type { Request } from '../../../src/server/request.ts';
import { sessionPassword } from '../../../src/server/sessions/session-password.ts';
import {
  type Client,
  ClientWorld,
  closeSession,
  connectRequest,
  create,
  createBody,
  exists,
  type FakeUpstream,
  getData,
  PING,
  request,
  setData,
  sync,
} from '../client-harness.ts';

function opened(mode: 'standalone' | 'follower' | 'observer' = 'standalone'): {
  world: ClientWorld;
  upstream: FakeUpstream;
  client: Client;
} {
  const world = new ClientWorld();
  const upstream = world.serve(mode);
  return { world, upstream, client: world.openSession(upstream) };
}

describe.each(['standalone', 'follower'] as const)('requests of one connection (%s)', (mode) => {
  it('are read at once while nothing is written', () => {
    const { client } = opened(mode);
    client.send(exists(1, '/'), getData(2, '/none'), PING);
    expect(client.replies()).toEqual(['1/1/0', '2/1/-101', '-2/1/0']);
  });

  it('wait behind an earlier write, in the order asked, and see exactly that write', () => {
    const { client, upstream } = opened(mode);
    client.send(
      create(1, '/a'),
      exists(2, '/a'),
      PING,
      create(3, '/b'),
      exists(4, '/b'),
      exists(5, '/c'),
      create(6, '/c'),
    );
    expect(client.replies()).toEqual([]);
    upstream.commit(1);
    expect(client.replies()).toEqual(['1/2/0', '2/2/0', '-2/2/0']);
    upstream.commit(1);
    expect(client.replies()).toEqual(['3/3/0', '4/3/0', '5/3/-101']);
    upstream.commit(1);
    expect(client.replies()).toEqual(['6/4/0']);
  });

  it('wait behind a sync as well', () => {
    const { client, upstream } = opened(mode);
    client.send(sync(1, '/x'), exists(2, '/'), create(3, '/b'));
    expect(client.replies()).toEqual([]);
    upstream.commit(1);
    const frames = client.frames().map((each) => each.toString('hex'));
    // Apache's root: never written, one child, so cversion 0 * 2 - 1.
    const stat = `${'00'.repeat(32)}00000000ffffffff00000000${'00'.repeat(12)}00000001${'00'.repeat(8)}`;
    expect(frames).toEqual([
      '00000001' + '0000000000000001' + '00000000' + '000000022f78',
      `00000002000000000000000100000000${stat}`,
    ]);
    expect(client.replies()).toEqual([]);
    upstream.commit();
    expect(client.replies()).toEqual(['3/2/0']);
  });

  it('do not wait for what others write', () => {
    const { client, world, upstream } = opened(mode);
    const other = world.openSession(upstream);
    other.send(create(1, '/a'));
    client.send(exists(1, '/a'));
    expect(client.replies()).toEqual(['1/2/-101']);
    upstream.commit();
    client.send(exists(2, '/a'));
    expect(client.replies()).toEqual(['2/3/0']);
  });

  it('that fail take their place like any other', () => {
    const { client, upstream } = opened(mode);
    client.send(create(1, '/a/b'), exists(2, '/'));
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/-101', '2/2/0']);
  });

  it('are pings answered with -2 whatever their xid', () => {
    const { client } = opened(mode);
    client.send(request(77, 11));
    expect(client.replies()).toEqual(['-2/1/0']);
  });

  it('are answered in order whatever the mix, each write seen by the reads behind it', () => {
    const op = fc.constantFrom('create', 'exists', 'ping', 'sync', 'set');
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), fc.array(fc.nat(3), { maxLength: 20 }), (ops, commits) => {
        const { client, upstream } = opened(mode);
        const frames = ops.map((kind, i) => {
          const xid = i + 1;
          if (kind === 'create') return create(xid, `/n${xid}`);
          if (kind === 'exists') return exists(xid, '/');
          if (kind === 'sync') return sync(xid, '/');
          return kind === 'ping' ? request(xid, 11) : setData(xid, '/', 'x');
        });
        const answers: string[] = [];
        let sent = 0;
        for (const count of commits) {
          if (sent < frames.length) client.send(frames[sent++] as Buffer);
          upstream.commit(Math.min(count, upstream.queue.length));
          answers.push(...client.replies());
        }
        client.send(...frames.slice(sent));
        while (upstream.queue.length > 0) {
          upstream.commit();
          answers.push(...client.replies());
        }
        answers.push(...client.replies());
        const xids = answers.map((answer) => Number(answer.split('/')[0]));
        expect(xids).toEqual(ops.map((kind, i) => (kind === 'ping' ? -2 : i + 1)));
        const zxids = answers.map((answer) => Number(answer.split('/')[1]));
        expect(zxids).toEqual([...zxids].sort((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the answer to a sync', () => {
  it('that comes before what was committed is on the own disk waits for it, and for nothing later', () => {
    const { client, world, upstream } = opened('follower');
    const other = world.openSession(upstream);
    other.send(create(1, '/theirs'));
    client.send(create(1, '/mine'), sync(2, '/'), exists(3, '/theirs'), create(4, '/after'));
    const [theirs, mine, asked] = upstream.queue.splice(0);
    world.server.onSynced(asked?.request as Request, mine?.zxid as Zxid);
    expect(client.replies()).toEqual([]);
    upstream.queue.push(theirs as never, mine as never);
    upstream.commit(1);
    expect(client.replies()).toEqual([]);
    upstream.commit(1);
    expect(client.replies()).toEqual(['1/4/0', '2/4/0', '3/4/0']);
    upstream.commit(1);
    expect(client.replies()).toEqual(['4/5/0']);
  });

  it('of a client that has gone is dropped, and does not hold up the next', () => {
    const { client, world, upstream } = opened('follower');
    const other = world.openSession(upstream);
    client.send(create(1, '/a'), sync(2, '/'));
    other.send(sync(1, '/'));
    const [write, first, second] = upstream.queue.splice(0);
    world.server.onSynced(first?.request as Request, write?.zxid as Zxid);
    world.server.onSynced(second?.request as Request, write?.zxid as Zxid);
    client.stream.handlers?.onClose(undefined);
    upstream.queue.push(write as never);
    upstream.commit();
    expect(other.replies()).toEqual(['1/3/0']);
    expect(world.server.view.outstanding).toBe(0);
  });

  it('is forgotten with the role that asked', () => {
    const { client, world, upstream } = opened('follower');
    client.send(create(1, '/a'), sync(2, '/'));
    const [write, asked] = upstream.queue.splice(0);
    world.server.onSynced(asked?.request as Request, write?.zxid as Zxid);
    world.server.stop();
    const next = world.serve();
    const back = world.connect();
    back.send(connectRequest({ sessionId: client.sessionId, password: client.password }), create(1, '/b'));
    back.frames();
    next.commit();
    expect(back.replies()).toEqual(['1/2/0']);
  });

  it('of a session that has ended meanwhile does not hold up the next', () => {
    const { client, world, upstream } = opened('follower');
    const other = world.openSession(upstream);
    client.send(sync(1, '/'));
    other.send(sync(1, '/'));
    upstream.submitForeign(client.sessionId, 0, -11, Buffer.alloc(0), undefined);
    const [first, second, end] = upstream.queue.splice(0);
    world.server.onSynced(first?.request as Request, end?.zxid as Zxid);
    world.server.onSynced(second?.request as Request, end?.zxid as Zxid);
    upstream.queue.push(end as never);
    upstream.commit();
    expect(client.isClosed).toBe(true);
    expect(other.replies()).toEqual(['1/3/0']);
  });
});

describe('a write behind a sync', () => {
  it('is held back until the sync is answered, with all that follows it', () => {
    const { client, upstream } = opened('follower');
    upstream.hasLateSyncs = true;
    client.send(create(1, '/a'), sync(2, '/'), exists(3, '/b'), create(4, '/b'), sync(5, '/'), exists(6, '/b'));
    client.send(create(7, '/c'), PING, sync(8, '/'));
    expect([upstream.queue.length, upstream.syncs.length]).toEqual([1, 1]);
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/0']);
    upstream.answerSync();
    expect(client.replies()).toEqual(['2/2/0', '3/2/-101']);
    expect([upstream.queue.length, upstream.syncs.length]).toEqual([1, 1]);
    upstream.commit();
    expect(client.replies()).toEqual(['4/3/0']);
    upstream.answerSync();
    expect(client.replies()).toEqual(['5/3/0', '6/3/0']);
    upstream.commit();
    expect(client.replies()).toEqual(['7/4/0', '-2/4/0']);
    upstream.answerSync();
    expect(client.replies()).toEqual(['8/4/0']);
  });

  it('does not hold back reads and further syncs', () => {
    const { client, upstream } = opened('follower');
    upstream.hasLateSyncs = true;
    client.send(sync(1, '/'), exists(2, '/'), sync(3, '/'));
    expect(upstream.syncs).toHaveLength(2);
    upstream.answerSync();
    upstream.answerSync();
    expect(client.replies()).toEqual(['1/1/0', '2/1/0', '3/1/0']);
  });

  it('was never submitted when its connection breaks, while what was is nobody’s', () => {
    const { client, world, upstream } = opened();
    upstream.hasLateSyncs = true;
    client.send(create(1, '/a'), sync(2, '/'), create(3, '/b'));
    client.stream.handlers?.onClose(undefined);
    const back = world.connect();
    back.send(connectRequest({ sessionId: client.sessionId, password: client.password }), create(1, '/c'));
    back.frames();
    upstream.commit();
    expect(upstream.queue).toEqual([]);
    upstream.answerSync();
    expect(back.replies()).toEqual([]);
    upstream.commit();
    expect(back.replies()).toEqual(['1/3/0']);
    expect(world.database.tree.lookup('/b')).toBe(-1);
    expect(world.server.view.outstanding).toBe(0);
  });

  it('is answered to nobody when its session has ended, not to a connection that comes with its id', () => {
    const { client, world, upstream } = opened('follower');
    upstream.hasLateSyncs = true;
    client.send(sync(1, '/'));
    upstream.submitForeign(client.sessionId, 0, OpCode.closeSession, Buffer.alloc(0), undefined);
    upstream.commit();
    expect(client.stream.state).toBe('ended');
    const back = world.connect();
    back.send(connectRequest({ sessionId: client.sessionId, password: client.password }));
    upstream.answerSync();
    expect(back.frames()).toEqual([]);
    upstream.answerRevalidation(client.sessionId, 30_000);
    world.clock.endTurn();
    // Timeout 0: the session is gone.
    expect((back.frames()[0] as Buffer).readInt32BE(4)).toBe(0);
    expect(world.server.view.outstanding).toBe(0);
  });

  it('leaves the answers in order, and each read between the writes around it, whenever syncs are answered', () => {
    const op = fc.constantFrom('set', 'read', 'sync', 'ping');
    fc.assert(
      fc.property(fc.array(op, { maxLength: 40 }), fc.array(fc.boolean(), { maxLength: 120 }), (ops, choices) => {
        const { client, upstream } = opened('follower');
        upstream.hasLateSyncs = true;
        const frames = ops.map((kind, i) => {
          if (kind === 'set') return setData(i, '/', String(i));
          if (kind === 'read') return getData(i, '/');
          return kind === 'sync' ? sync(i, '/') : PING;
        });
        client.send(...frames);
        const got: Buffer[] = client.frames();
        const step = (preferSync: boolean): boolean => {
          if (upstream.syncs.length > 0 && (preferSync || upstream.queue.length === 0) && canAnswer(upstream))
            upstream.answerSync();
          else if (upstream.queue.length > 0) upstream.commit(1);
          else return false;
          got.push(...client.frames());
          return true;
        };
        for (const choice of choices) step(choice);
        while (step(false)) got.push(...client.frames());
        expect(got.map((each) => each.readInt32BE(0))).toEqual(ops.map((kind, i) => (kind === 'ping' ? -2 : i)));
        let last = '';
        for (const [i, kind] of ops.entries()) {
          if (kind === 'set') last = String(i);
          const answer = got[i] as Buffer;
          if (kind === 'read')
            expect(answer.toString('latin1', 20, 20 + Math.max(answer.readInt32BE(16), 0))).toBe(last);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** A sync is answered when what its session wrote before it is committed, and any time after. */
function canAnswer(upstream: FakeUpstream): boolean {
  const asked = upstream.syncs[0];
  return !upstream.queue.some(
    ({ request }) => request.asker.sessionId === asked?.asker.sessionId && request.cxid < asked.cxid,
  );
}

describe('events', () => {
  it('come before the reply to the write that caused them, and with its zxid', () => {
    const { client, upstream } = opened();
    client.send(exists(1, '/a', true), create(2, '/a'));
    upstream.commit();
    expect(client.replies()).toEqual(['1/1/-101', 'event 1 /a @2', '2/2/0']);
  });

  it('come before any reply that shows the change, also to reads that were waiting', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    client.send(getData(1, '/', true));
    other.send(setData(1, '/', 'new'));
    client.send(create(2, '/mine'), getData(3, '/'));
    expect(client.replies()).toEqual(['1/2/0']);
    upstream.commit();
    expect(client.replies()).toEqual(['event 3 / @3', '2/4/0', '3/4/0']);
  });

  it('that setWatches finds due come before its reply, with zxid -1', () => {
    const { client, upstream } = opened();
    client.send(create(1, '/a'));
    upstream.commit();
    client.replies();
    client.send(
      request(-8, 101, (w) => {
        w.writeLong(1n);
        w.writeStrings(['/a', '/gone']);
        w.writeStrings([]);
        w.writeStrings([]);
      }),
    );
    expect(client.frames().map((each) => each.toString('hex'))).toEqual([
      'ffffffffffffffffffffffff00000000' + '0000000300000003000000022f61',
      'ffffffffffffffffffffffff00000000' + '0000000200000003000000052f676f6e65',
      'fffffff8000000000000000200000000',
    ]);
  });

  it('of a long setWatches come in turns, in order, others between them, and the reply and a write after them', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    client.send(create(1, '/a'));
    upstream.commit();
    client.replies();
    const names = Array.from({ length: 1500 }, (_, i) => `/gone-${i}`);
    // Each look takes so long that a step of 500 takes a share.
    const { tree } = world.database;
    const lookup = tree.lookup.bind(tree);
    tree.lookup = (path) => {
      world.clock.now += SHARE_MS / 400;
      return lookup(path);
    };
    client.stream.deliver(
      Buffer.concat([
        request(-8, 101, (w) => {
          w.writeLong(1n);
          w.writeStrings(names);
          w.writeStrings(['/made']);
          w.writeStrings([]);
        }),
        setData(2, '/a', 'x'),
        exists(3, '/a'),
      ]),
    );
    expect(world.database.tree.watches.count).toBe(0);
    const events = (first: number, last: number): string[] =>
      names.slice(first, last).map((path) => `event 2 ${path} @-1`);
    world.clock.oneTurn();
    // One step as it came, one at the end of the turn.
    expect(client.repliesSoFar()).toEqual(events(0, 1000));
    other.stream.deliver(create(1, '/made'));
    upstream.commit();
    expect(upstream.queue).toEqual([]);
    world.clock.oneTurn();
    expect(client.repliesSoFar()).toEqual(events(1000, 1500));
    expect(other.repliesSoFar()).toEqual(['1/4/0']);
    world.clock.oneTurn();
    expect(client.repliesSoFar()).toEqual(['event 1 /made @-1', '-8/4/0']);
    expect(upstream.queue).toHaveLength(1);
    upstream.commit();
    expect(client.replies()).toEqual(['2/5/0', '3/5/0']);
  });

  it('of a long setWatches end with the connection', () => {
    const { client, world } = opened();
    client.stream.deliver(
      request(-8, 101, (w) => {
        w.writeLong(9n);
        w.writeStrings([]);
        w.writeStrings(Array.from({ length: 1500 }, (_, i) => `/none-${i}`));
        w.writeStrings([]);
      }),
    );
    expect(world.database.tree.watches.count).toBe(500);
    client.stream.handlers?.onClose(undefined);
    world.clock.endTurn();
    expect(world.database.tree.watches.count).toBe(0);
  });

  it('of a setWatches whose record is not whole are none', () => {
    const { client, world } = opened();
    client.send(
      request(-8, 101, (w) => {
        w.writeLong(1n);
        w.writeStrings(['/gone']);
        w.writeStrings(['/none']);
        w.writeInt(1);
        w.writeInt(7);
      }),
    );
    expect(client.replies()).toEqual(['-8/1/-5']);
    expect(world.database.tree.watches.count).toBe(0);
  });

  it('of one change to many come before what each of them is answered afterwards, and before later events', () => {
    const { client, world, upstream } = opened();
    const others = Array.from({ length: 40 }, () => world.openSession(upstream));
    for (const other of others) other.send(getData(1, '/', true));
    const [first, busy, twice, gone] = others.slice(0, 4) as [Client, Client, Client, Client];
    twice.send(exists(2, '/a', true));
    for (const other of others) other.repliesSoFar();
    client.send(setData(1, '/', 'new'), create(2, '/a'));
    busy.stream.deliver(exists(2, '/none'));
    upstream.commit();
    busy.stream.deliver(getData(3, '/'));
    first.stream.deliver(getData(3, '/', true));
    gone.stream.handlers?.onClose(undefined);
    world.clock.endTurn();
    expect(twice.replies()).toEqual(['event 3 / @42', 'event 1 /a @43']);
    expect(busy.replies()).toEqual(['2/41/-101', 'event 3 / @42', '3/43/0']);
    expect(first.replies()).toEqual(['event 3 / @42', '3/43/0']);
    expect(gone.replies()).toEqual([]);
    for (const other of others.slice(4)) expect(other.replies()).toEqual(['event 3 / @42']);
  });

  it('of one change to many leave in turns, and what each is answered meanwhile behind them', () => {
    const { client, world, upstream } = opened();
    const others = Array.from({ length: 50 }, () => world.openSession(upstream));
    for (const other of others) {
      other.send(getData(1, '/', true));
      other.repliesSoFar();
      const { stream } = other;
      stream.write = (bytes) => {
        world.clock.now += 1;
        stream.writes.push(bytes);
      };
    }
    client.stream.deliver(setData(1, '/', 'new'));
    upstream.commit();
    const told = (): number => others.filter(({ stream }) => stream.writes.length > 0).length;
    world.clock.oneTurn();
    // Sixteen between two looks at the clock.
    expect(told()).toBe(16);
    const last = others[49] as Client;
    last.stream.deliver(getData(2, '/'));
    expect(client.repliesSoFar()).toEqual([]);
    world.clock.oneTurn();
    // Sixteen more, and the one that asked: its event leaves in front of its answer.
    expect(told()).toBe(33);
    world.clock.endTurn();
    expect(told()).toBe(50);
    expect(last.stream.writes).toHaveLength(1);
    expect(last.replies()).toEqual(['event 3 / @52', '2/52/0']);
    expect(client.replies()).toEqual(['1/52/0']);
  });

  it('do not reach a connection that closed', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    client.send(exists(1, '/a', true));
    client.replies();
    client.stream.handlers?.onClose(undefined);
    expect(world.database.tree.watches.count).toBe(0);
    other.send(create(1, '/a'));
    upstream.commit();
    expect(client.hex()).toBe('');
  });

  it('of many watches end with the connection, which are forgotten in turns, and reach nobody meanwhile', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    const { watches } = world.database.tree;
    const paths = Array.from({ length: 2 * WATCHES_FORGOTTEN_A_TURN + 1 }, (_, i) => `/n${i}`);
    client.send(...paths.map((path, i) => exists(i, path, true)));
    client.replies();
    expect(watches.count).toBe(paths.length);
    client.stream.handlers?.onClose(undefined);
    expect(watches.count).toBe(WATCHES_FORGOTTEN_A_TURN + 1);
    const last = paths.at(-1) as string;
    other.stream.deliver(create(1, last));
    upstream.commit();
    expect(watches.count).toBe(WATCHES_FORGOTTEN_A_TURN);
    world.clock.oneTurn();
    expect(other.repliesSoFar()).toEqual(['1/3/0']);
    expect([watches.count, client.hex()]).toEqual([0, '']);
  });

  it('do not reach who may not read the node', () => {
    const { client, world, upstream } = opened();
    const other = world.openSession(upstream);
    client.send(exists(1, '/a', true));
    other.send(
      request(1, 1, (w) => {
        w.writeString('/a');
        w.writeBuffer(undefined);
        w.writeInt(1);
        w.writeInt(31);
        w.writeString('ip');
        w.writeString('10.9.9.9');
        w.writeInt(0);
      }),
    );
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/-101']);
  });
});

describe('what nobody knows', () => {
  it.each([
    ['an unknown operation', 4711],
    ['check outside a multi', 13],
    ['a notification', 0],
    ['createSession', -10],
    ['deleteContainer', 20],
  ])('%s is answered -6 in its turn with zxid -1, then the connection closes', (_name, type) => {
    const { client, upstream } = opened();
    client.send(create(1, '/a'), request(2, type), exists(3, '/'));
    upstream.commit();
    expect(client.frames().map((each) => each.toString('hex'))).toEqual([
      '00000001000000000000000200000000000000022f61',
      '00000002fffffffffffffffffffffffa',
    ]);
    expect(client.stream.state).toBe('ended');
  });

  it('is the last that is read of a connection, as is a closeSession', () => {
    for (const last of [request(1, 4711), closeSession(1)]) {
      const { client, world, upstream } = opened();
      client.send(create(9, '/before'), last, create(2, '/behind'));
      client.send(create(3, '/later'));
      upstream.commit();
      expect(world.database.tree.lookup('/before')).toBeGreaterThanOrEqual(0);
      expect(world.database.tree.lookup('/behind')).toBe(-1);
      expect(world.database.tree.lookup('/later')).toBe(-1);
      expect(upstream.queue).toEqual([]);
      expect(world.server.view.outstanding).toBe(0);
    }
  });

  it('a malformed read is answered -5 and the connection lives', () => {
    const { client } = opened();
    client.send(
      request(1, 4, (w) => w.writeInt(100)),
      exists(2, '/'),
    );
    expect(client.replies()).toEqual(['1/1/-5', '2/1/0']);
  });
});

describe('a session that moved', () => {
  it('closes the connection it left, without an answer, at the next read', () => {
    const { client, world, upstream } = opened();
    upstream.tracker.setOwner(client.sessionId, { ownerName: 'another server' });
    client.send(exists(1, '/'));
    expect(client.hex()).toBe('');
    expect(client.stream.state).toBe('ended');
    expect(world.database.sessions.has(client.sessionId)).toBe(true);
  });

  it('closes the connection it left at the next write and ping as well', () => {
    for (const last of [create(1, '/a'), PING]) {
      const { client, upstream } = opened();
      upstream.tracker.setOwner(client.sessionId, { ownerName: 'another server' });
      client.send(last);
      upstream.commit();
      expect(client.hex()).toBe('');
      expect(client.stream.state).toBe('ended');
    }
  });
});

describe('what an earlier connection of the session left behind', () => {
  it('is not taken for an answer to the new one, also where xids start again', () => {
    for (const mode of ['standalone', 'follower'] as const) {
      const { client, world, upstream } = opened(mode);
      client.send(create(1, '/old'), exists(2, '/'));
      client.stream.handlers?.onClose(undefined);
      expect(world.server.view.outstanding).toBe(1);
      const back = world.connect();
      back.send(connectRequest({ sessionId: client.sessionId, password: client.password }));
      if (mode === 'follower') upstream.answerRevalidation(client.sessionId, 30_000);
      back.frames();
      back.send(create(1, '/new'), exists(2, '/new'));
      upstream.commit(1);
      expect(back.replies()).toEqual([]);
      upstream.commit(1);
      expect(back.frames().map((f) => f.toString('latin1', 20, 24))).toEqual(['/new', expect.anything()]);
      expect(world.server.view.outstanding).toBe(0);
    }
  });

  it('does not close the new connection when it was a closeSession that came too late', () => {
    const { client, world, upstream } = opened();
    client.send(closeSession(1));
    client.stream.handlers?.onClose(undefined);
    const back = world.connect();
    back.send(connectRequest({ sessionId: client.sessionId, password: client.password }));
    expect(back.stream.state).toBe('ended');
    upstream.commit();
    expect(world.database.sessions.size).toBe(0);
  });

  it('is forgotten when it has come', () => {
    const { client, world, upstream } = opened();
    client.send(create(1, '/old'));
    client.stream.handlers?.onClose(undefined);
    upstream.commit();
    expect(world.server.view.outstanding).toBe(0);
    expect(world.database.tree.lookup('/old')).toBeGreaterThanOrEqual(0);
  });

  it('at another server, proposed before the session came here, is not taken for an own write', () => {
    const { client, world, upstream } = opened('follower');
    client.stream.handlers?.onClose(undefined);
    const w = new Writer();
    createBody('/there')(w);
    upstream.submitForeign(client.sessionId, 1, 1, w.take(), undefined);
    const here = world.connect();
    here.send(connectRequest({ sessionId: client.sessionId, password: sessionPassword(client.sessionId) }));
    upstream.answerRevalidation(client.sessionId, 30_000);
    here.frames();
    here.send(create(1, '/here'));
    upstream.commit(1);
    expect(here.replies()).toEqual([]);
    upstream.commit(1);
    expect((here.frames()[0] as Buffer).toString('latin1', 20)).toBe('/here');
  });

  it('of a session that has moved on ends the connection it has left, whose write was lost behind a follower', () => {
    const { client, world, upstream } = opened('observer');
    const other = world.openSession(upstream);
    client.send(create(1, '/a'), sync(2, '/'), exists(3, '/'));
    other.send(sync(1, '/'));
    const [, asked, others] = upstream.queue.splice(0);
    const { lastProcessedZxid } = world.database;
    world.server.onSynced(asked?.request as Request, lastProcessedZxid);
    world.server.onSynced(others?.request as Request, lastProcessedZxid);
    expect([client.isClosed, client.replies()]).toEqual([true, []]);
    expect(other.replies()).toEqual(['1/2/0']);
    expect(world.server.view.outstanding).toBe(0);
  });
});
