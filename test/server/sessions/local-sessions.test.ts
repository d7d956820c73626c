import { describe, expect, it } from 'vitest';
import { SessionIds } from '../../../src/server/sessions/session-ids.ts';
import { sessionPassword } from '../../../src/server/sessions/session-password.ts';
import { SessionTracker } from '../../../src/server/sessions/session-tracker.ts';
import { UntrackedSessions } from '../../../src/server/sessions/untracked-sessions.ts';
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

const EPHEMERAL = 1;
const EPHEMERAL_SEQUENTIAL = 3;

interface Local {
  readonly world: ClientWorld;
  readonly upstream: FakeUpstream;
  readonly client: Client;
}

function local(mayUpgrade: boolean, mode: 'follower' | 'leader' = 'follower'): Local {
  const world = new ClientWorld();
  const upstream = world.serveLocally(mode, mayUpgrade);
  return { world, upstream, client: world.openSession(upstream) };
}

function reconnect({ world }: Local, { sessionId, password }: Client): Client {
  const client = world.connect();
  client.send(connectRequest({ sessionId, password }));
  return client;
}

describe('a local session', () => {
  it('is granted at once, with an id of this server, and no transaction', () => {
    const { world, upstream, client } = local(true);
    expect(client.sessionId >> 56n).toBe(1n);
    expect(upstream.queue).toEqual([]);
    expect(upstream.localSessions?.size).toBe(1);
    expect(world.database.sessions.size).toBe(0);
    client.send(PING, exists(1, '/'));
    expect(client.replies()).toEqual(['-2/0/0', '1/0/0']);
  });

  it('writes through the leader as any other', () => {
    const { upstream, client } = local(true);
    client.send(create(1, '/a'), getData(2, '/a'));
    expect(client.replies()).toEqual([]);
    upstream.commit();
    expect(client.replies()).toEqual(['1/1/0', '2/1/0']);
  });

  it('ends when its client closes it, behind what it asked before, without a transaction', () => {
    const { upstream, client } = local(true);
    client.send(create(1, '/a'), closeSession(2));
    expect(client.replies()).toEqual([]);
    expect(upstream.queue).toHaveLength(1);
    upstream.commit();
    expect(client.replies()).toEqual(['1/1/0', '2/1/0']);
    expect(client.isClosed).toBe(true);
    expect(upstream.localSessions?.size).toBe(0);
  });

  it('expires here, a tick late at most, and its connection closes', () => {
    const { world, upstream, client } = local(true);
    client.send(PING);
    client.bytes();
    const other = world.openSession(upstream, 40_000);
    world.clock.advance(29_000);
    expect(client.isClosed).toBe(false);
    // The connection is silent as well, and is closed for that; the session goes with the bucket.
    world.clock.advance(4000);
    expect(upstream.localSessions?.has(client.sessionId)).toBe(false);
    expect(client.isClosed).toBe(true);
    expect(other.isClosed).toBe(false);
    expect(world.metrics.connections.staleSessionsExpired.value).toBe(1);
    expect(world.logLines.filter((line) => line.includes('local session expired'))).toHaveLength(1);
  });

  it('is taken up again here, with a password, and the older connection closes', () => {
    const all = local(true);
    const again = reconnect(all, all.client);
    expect(all.client.isClosed).toBe(true);
    expect(again.frames()[0]?.readBigInt64BE(8)).toBe(all.client.sessionId);
    expect(all.upstream.revalidations).toEqual([]);
    const wrong = all.world.connect();
    wrong.send(connectRequest({ sessionId: all.client.sessionId, password: Buffer.alloc(16, 1) }));
    expect(wrong.frames()[0]?.readInt32BE(4)).toBe(0);
    expect(again.isClosed).toBe(false);
  });

  it('of another server is asked of the leader, which knows nothing of it', () => {
    const { world, upstream } = local(true);
    const foreign = world.connect();
    const sessionId = 0x0200_0000_0000_0007n;
    foreign.send(connectRequest({ sessionId, password: sessionPassword(sessionId) }));
    expect(upstream.revalidations).toEqual([{ sessionId, timeoutMs: 30_000 }]);
    upstream.answerRevalidation(sessionId, 30_000);
    expect(foreign.frames()[0]?.readInt32BE(4)).toBe(0);
  });
});

describe('the first ephemeral of a local session', () => {
  it('is answered -120 where sessions are not upgraded; nothing goes to the leader', () => {
    const { upstream, client } = local(false);
    client.send(create(1, '/a', '', EPHEMERAL), create(2, '/s', '', EPHEMERAL_SEQUENTIAL));
    client.send(request(3, 15, createBody('/b', '', EPHEMERAL)));
    expect(client.replies()).toEqual(['1/0/-120', '2/0/-120', '3/0/-120']);
    expect(upstream.queue).toEqual([]);
    client.send(create(4, '/c'));
    upstream.commit();
    expect(client.replies()).toEqual(['4/1/0']);
  });

  it('is answered in its turn', () => {
    const { upstream, client } = local(false);
    client.send(create(1, '/a'), create(2, '/e', '', EPHEMERAL), exists(3, '/a'));
    expect(client.replies()).toEqual([]);
    upstream.commit();
    expect(client.replies()).toEqual(['1/1/0', '2/1/-120', '3/1/0']);
  });

  it('in a multi is refused with the whole of it', () => {
    const { upstream, client } = local(false);
    client.send(
      request(1, 14, (w) => {
        for (const [path, flags] of [
          ['/a', 0],
          ['/e', EPHEMERAL],
        ] as const) {
          w.writeInt(1);
          w.writeBool(false);
          w.writeInt(-1);
          createBody(path, '', flags)(w);
        }
        w.writeInt(-1);
        w.writeBool(true);
        w.writeInt(-1);
      }),
    );
    expect(client.replies()).toEqual(['1/0/-120']);
    expect(upstream.queue).toEqual([]);
  });

  it('makes the session known to all, with the same id, in front of it', () => {
    const { world, upstream, client } = local(true);
    client.send(create(1, '/e', 'mine', EPHEMERAL), getData(2, '/e'));
    expect(upstream.queue.map(({ request: { operation, cxid } }) => [operation.lastOp, cxid])).toEqual([
      ['SESS', 0],
      ['CREA', 1],
    ]);
    expect(upstream.localSessions?.size).toBe(0);
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/0', '2/2/0']);
    expect(world.database.sessions.timeoutOf(client.sessionId)).toBe(30_000);
    expect(world.database.tree.ephemeralsOf(client.sessionId)).toEqual(['/e']);
    client.send(create(3, '/f', '', EPHEMERAL), closeSession(4));
    upstream.commit();
    expect(client.replies()).toEqual(['3/3/0', '4/4/0']);
    expect(world.database.sessions.size).toBe(0);
  });

  it('behind a sync waits for it, and the session is known to all before', () => {
    const { upstream, client } = local(true);
    upstream.hasLateSyncs = true;
    client.send(sync(1, '/'), create(2, '/e', '', EPHEMERAL));
    upstream.commit();
    expect(client.replies()).toEqual([]);
    upstream.answerSync();
    expect(client.replies()).toEqual(['1/1/0']);
    upstream.commit();
    expect(client.replies()).toEqual(['2/2/0']);
  });

  it('is waited for by a client that comes back meanwhile', () => {
    const all = local(true);
    all.client.send(create(1, '/e', '', EPHEMERAL));
    const again = reconnect(all, all.client);
    expect(all.upstream.revalidations).toEqual([]);
    expect(again.frames()).toEqual([]);
    all.upstream.commit();
    expect(all.upstream.revalidations).toEqual([{ sessionId: all.client.sessionId, timeoutMs: 30_000 }]);
    all.upstream.answerRevalidation(all.client.sessionId, 30_000);
    expect(again.frames()[0]?.readBigInt64BE(8)).toBe(all.client.sessionId);
  });
});

describe('a leader whose servers have local sessions', () => {
  const here = { ownerName: 'here' };

  function leader(): { sessions: SessionTracker; own: Set<bigint> } {
    const own = new Set<bigint>();
    const untracked = new UntrackedSessions(3, own);
    return { sessions: new SessionTracker({ tickMs: 1000, isStandalone: false, untracked }, 0), own };
  }

  it('carries out what a session asks that it does not know, unless it has been its own', () => {
    const { sessions, own } = leader();
    const [foreign, mine] = [0x0200_0000_0000_0001n, 0x0300_0000_0000_0001n];
    own.add(mine);
    expect(sessions.check(foreign, here)).toBe(0);
    expect(sessions.check(mine, here)).toBe(0);
    own.delete(mine);
    expect(sessions.check(mine, here)).toBe(-112);
  });

  it('knows its own by the high byte of the id, which is negative from 128 on', () => {
    for (const serverId of [127, 128, 255, 456]) {
      const untracked = new UntrackedSessions(serverId, new Set<bigint>());
      const mine = new SessionIds(serverId, 1_700_000_000_000).take(() => false);
      expect([untracked.check(mine), untracked.check(0x0200_0000_0000_0001n)]).toEqual([-112, 0]);
    }
  });

  it('gives no ephemeral to one that it does not know', () => {
    const { sessions, own } = leader();
    own.add(0x0300_0000_0000_0001n);
    expect(sessions.checkGlobal(0x0200_0000_0000_0001n, here)).toBe(-112);
    expect(sessions.checkGlobal(0x0300_0000_0000_0001n, here)).toBe(-112);
  });

  it('refuses what comes late from a session that was known to all and is over', () => {
    const { sessions } = leader();
    const foreign = 0x0200_0000_0000_0001n;
    sessions.track(foreign, 4000, 0);
    sessions.remove(foreign);
    expect(sessions.check(foreign, here)).toBe(-112);
  });
});

describe('many of them', () => {
  it('a leader remembers the last 100,000 that ended', () => {
    const untracked = new UntrackedSessions(3, new Set<bigint>());
    const first = 0x0200_0000_0000_0000n;
    for (let i = 0n; i <= 100_000n; i++) untracked.onEnded(first + i);
    expect([0n, 1n, 100_000n].map((i) => untracked.check(first + i))).toEqual([0, -112, -112]);
  });

  it('those that expire together end in turns', () => {
    const world = new ClientWorld();
    const { localSessions } = world.serveLocally('follower', true);
    for (let i = 0; i < 450; i++) localSessions?.create(4000);
    const ended = (): number => world.metrics.connections.staleSessionsExpired.value;
    while (ended() === 0) {
      world.clock.now += 500;
      localSessions?.onTick();
      if (world.clock.now > 20_000) throw new Error('none expired');
      world.clock.advance(500);
    }
    expect(localSessions?.size).toBe(0);
    expect(ended()).toBe(450);
  });
});

describe('what is told of local sessions', () => {
  it('dump lists them before those of all', () => {
    const world = new ClientWorld({ fourLetterWords: new Set(['dump', 'mntr']) });
    const upstream = world.serveLocally('follower', true);
    const client = world.openSession(upstream);
    client.send(setData(1, '/none', ''));
    const ask = (word: string): string => {
      const asking = world.connect();
      asking.send(Buffer.from(word));
      return asking.text();
    };
    const id = `0x${client.sessionId.toString(16)}`;
    expect(ask('dump').replace(/expire at .*/, 'expire at T:')).toContain(
      `SessionTracker dump:\nLocal Session Sets (1)/(1):\n1 expire at T:\n\t${id}\nGlobal Sessions(0):\nephemeral`,
    );
    expect(ask('mntr')).toContain('zk_local_sessions\t1\n');
    expect(ask('mntr')).toContain('zk_global_sessions\t0\n');
    const leader = new ClientWorld({ fourLetterWords: new Set(['dump']) });
    leader.serveLocally('leader', true);
    const asking = leader.connect();
    asking.send(Buffer.from('dump'));
    expect(asking.text()).toMatch(/Local Session Sets \(0\)\/\(0\):\nGlobal Session Sets \(0\)\/\(0\):\n/);
  });
});
