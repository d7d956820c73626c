import { counterOf, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import type { Actor } from '../clients/actor.ts';
import type { Op } from '../judges/history.ts';
import type { Scenario, Script } from '../script/script.ts';

/** Requests while the leadership is handed over, when they are more than can wait. */
interface Scene {
  readonly leader: number;
  readonly local: Actor;
  readonly remote: Actor;
}

/** Room for a handful of small requests, and none for one of this length. */
const ROOM_BYTES = 2000;
const TOO_LONG = 'x'.repeat(ROOM_BYTES);
const MUCH_ROOM_BYTES = 1 << 20;
/** Of an epoch, and the first of the last eighth. */
const COUNTERS = 40;
const ROLLS_OVER_AT = 35;

function scene(s: Script, roomBytes: number): Scene {
  s.world.observer.limits.maxHeldBytes = roomBytes;
  s.begin();
  s.create('/a', '0');
  const { leader } = s;
  const [follower] = [1, 2, 3].filter((sid) => sid !== leader) as [number, number];
  const [local, remote] = [s.addClient('of the leader', leader), s.addClient('of a follower', follower)];
  s.until('connections', () => local.isConnected && remote.isConnected);
  return { leader, local, remote };
}

function write(s: Script, data: string, client: Actor): Op {
  return s.ask({ op: 'setData', path: '/a', data, version: -1 }, client);
}

function transfer(s: Script, sid: number): { answer: string } {
  const asked = { answer: '' };
  const { machine, peer } = s.view(sid);
  machine.run(() => {
    peer?.asked.transfer(undefined, (error) => {
      asked.answer = error?.message ?? 'handed over';
    });
  });
  return asked;
}

function tooMuch(who: 'local' | 'remote'): Scenario {
  return {
    name: `more than can wait for a hand-over, asked ${who === 'local' ? 'of the leader itself' : 'through a follower'}`,
    about: 'the leader leads on and answers all of it, in the order in which it was asked',
    voters: 3,
    ...(who === 'local' ? { mutant: 'hold what is asked of a leader without a limit' } : {}),
    play(s) {
      const { leader, local, remote } = scene(s, ROOM_BYTES);
      s.slowDisk(1200, 1, 2, 3);
      const client = who === 'local' ? local : remote;
      const before = write(s, 'before', local);
      s.run(100);
      const asked = transfer(s, leader);
      const held = [write(s, 'held', local), write(s, 'held too', remote)];
      s.run(50);
      s.expect(asked.answer, '', 'the answer while there is room');
      held.push(write(s, TOO_LONG, client));
      s.run(50);
      s.expect(asked.answer, 'more is asked meanwhile than can wait for it', 'the answer');
      s.slowDisk(0.5, 1, 2, 3);
      s.until('all answers', () => [before, ...held].every(({ result }) => result !== undefined), 20_000);
      s.expect([before, ...held].map(({ result }) => result?.err).join(), '0,0,0,0', 'the writes');
      s.expect(s.leader, leader, 'the leader');
      // Those of learners come behind the leader's own.
      s.expect(s.read('/a', client), who === 'local' ? 'held too' : TOO_LONG, 'the last of them');
    },
  };
}

export const ofTheLeader: Scenario = tooMuch('local');
export const throughAFollower: Scenario = tooMuch('remote');

export const tooLate: Scenario = {
  name: 'asked of a leader that has handed over, and more than can wait',
  about: 'it cannot take the hand-over back: nobody is answered by it, and the next leader serves all',
  voters: 3,
  play(s) {
    const { leader, local, remote } = scene(s, 0);
    const asked = transfer(s, leader);
    s.until('the word to all', () => s.said(leader, 'handing over the leadership') > 0);
    write(s, 'late', local);
    write(s, 'late too', remote);
    s.until('the answer', () => asked.answer !== '');
    s.expect(asked.answer, 'handed over', 'the answer');
    s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 10_000);
    s.untilServing();
    s.write('/a', 'after');
  },
};

export const ofAMovingSession: Scenario = {
  name: 'a session that is to be known to all, and moves while the leadership is handed over',
  about:
    'its createSession waits at the leader, and so does the question of the next server whether it is alive: it is',
  voters: 3,
  config: { localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true' },
  mutant: 'deny a session that has become known while its refusal waited',
  play(s) {
    s.begin();
    s.create('/a', '0');
    const { leader } = s;
    const local = s.addClient('of the leader', leader);
    s.until('a connection', () => local.isConnected);
    for (const from of s.followers) {
      const [to] = s.followers.filter((sid) => sid !== from) as [number];
      for (const target of [to, leader]) {
        const moving = s.addClient(`from ${from} to ${target}`, from);
        s.until('a connection', () => moving.isConnected);
        const { sessionId } = moving.client;
        s.slowDisk(1200, 1, 2, 3);
        write(s, 'before', local);
        s.run(100);
        const asked = transfer(s, leader);
        s.ask({ op: 'create', path: `/e${from}${target}`, data: '', flags: 1 }, moving);
        s.run(20);
        moving.moveTo(`zk${target}`);
        s.until('the answer', () => asked.answer !== '');
        s.expect(asked.answer, 'no follower has everything yet', 'the answer');
        s.slowDisk(0.5, 1, 2, 3);
        s.until('its connection', () => moving.client.server === `zk${target}` && moving.isConnected, 10_000);
        s.expect(moving.client.sessionId, sessionId, 'its session');
        s.expect(s.leader, leader, 'the leader');
      }
    }
  },
};

export const heldTwice: Scenario = {
  name: 'a hand-over that comes to nothing, and another one at once',
  about:
    'what waits for the first waits for the second as it came: a sync is not answered before the write in front of it',
  voters: 3,
  counterLimit: COUNTERS,
  play(s) {
    const { leader, local, remote } = scene(s, MUCH_ROOM_BYTES);
    const proposed = (): number => counterOf(s.view(leader).machine.peer?.parts.replica.lastZxid ?? ZXID_ZERO);
    while (proposed() < ROLLS_OVER_AT - 2) s.write('/a', `${proposed()}`);
    s.slowDisk(1200, 1, 2, 3);
    write(s, 'before', local);
    s.run(100);
    const asked = transfer(s, leader);
    // With the first of these the counter of the epoch is nearly used up, and a hand-over begins by itself.
    write(s, 'held', local);
    write(s, 'held too', remote);
    s.ask({ op: 'sync', path: '/' }, remote);
    s.until('the answer', () => asked.answer !== '');
    s.expect(asked.answer, 'no follower has everything yet', 'the answer');
    s.slowDisk(0.5, 1, 2, 3);
    s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 20_000);
    s.untilServing();
    s.write('/a', 'after');
  },
};
