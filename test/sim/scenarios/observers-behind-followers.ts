import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario, Script } from '../script/script.ts';
import { scenario as ofLocalSessions } from './local-sessions.ts';
import { change, expectVoters, line, config as mayReconfigure } from './members-that-change.ts';

const OBSERVERS = [4, 5];
const MASTERS = { observerMasterPort: 2191 };

/** The server that observer `sid` learns from. */
function masterOf(s: Script, sid: number): number | undefined {
  return s.view(sid).peer?.info.quorum()?.observerMasterId;
}

/** The observers that `sid` serves. */
function servedBy(s: Script, sid: number): string {
  const observers = s.view(sid).peer?.info.observers()?.observers ?? [];
  return observers
    .map((observer) => observer.sid)
    .sort()
    .join();
}

function untilAllServe(s: Script): void {
  s.until('service by the observers', () => OBSERVERS.every((sid) => s.isServing(sid)));
}

export const there: Scenario = {
  name: 'observers behind followers',
  about:
    'observers learn from followers, their clients write, sync and move, and they find another one when it is gone',
  voters: 3,
  observers: 2,
  config: MASTERS,
  mutant: 'answer a sync before what was decided before it is shown',
  play(s) {
    s.begin(3);
    s.create('/a', 'first');
    s.itBegins();
    untilAllServe(s);
    s.expect(servedBy(s, 3), '', 'observers at the leader');
    s.expect(
      [...servedBy(s, 1).split(','), ...servedBy(s, 2).split(',')].filter(Boolean).sort().join(),
      '4,5',
      'observers',
    );
    const client = s.addClient('of an observer', 4);
    const other = s.addClient('of the other', 5);
    s.until('connections', () => client.isConnected && other.isConnected);
    s.expect(s.do({ op: 'create', path: '/e', data: '', flags: 1 }, client).err, ErrorCode.ok, 'an ephemeral');
    s.expect(s.do({ op: 'exists', path: '/e', watch: false }, other).err, ErrorCode.ok, 'the ephemeral elsewhere');
    const { sessionId } = client.client;
    // What a sync promises, where what is decided is not shown at once: the disk of its follower is slow.
    const slowOne = masterOf(s, 4) as number;
    s.slowDisk(700, slowOne);
    for (let i = 0; i < 5; i++) {
      s.ask({ op: 'setData', path: '/a', data: `${i}`, version: -1 });
      s.run(100);
      s.expect(s.read('/a', client), `${i}`, 'what it reads behind a sync');
    }
    s.slowDisk(0.5, slowOne);
    s.run(2000);
    // From one observer to the other, to a follower, and back.
    for (const host of ['zk5', 'zk1', 'zk4', 'zk3', 'zk4']) {
      client.moveTo(host);
      s.until(`a connection to ${host}`, () => client.client.server === host && client.isConnected);
      s.expect(client.client.sessionId, sessionId, 'its session');
      s.expect(s.do({ op: 'setData', path: '/a', data: host, version: -1 }, client).err, ErrorCode.ok, 'a write');
      s.expect(s.read('/a', client), host, 'what it reads');
    }
    // Its master dies; then the leader.
    const first = masterOf(s, 4) as number;
    s.kill(first);
    s.until('the other master', () => s.isServing(4) && masterOf(s, 4) !== first);
    s.start(first);
    s.untilServing();
    s.kill(3);
    s.until('another leader', () => s.leader !== 0 && s.leader !== 3);
    untilAllServe(s);
    s.write('/a', 'later');
    s.expect(s.read('/a', client), 'later', 'what it reads');
    s.expect(client.client.sessionId, sessionId, 'its session');
    s.start(3);
    s.untilServing();
  },
};

export const slow: Scenario = {
  name: 'an observer ahead of its follower',
  about: 'an observer comes from a quick follower to a slow one, which has less: it keeps what was decided',
  voters: 3,
  observers: 2,
  config: MASTERS,
  mutant: 'cut an observer to the tree of a follower that is behind',
  play(s) {
    s.begin(3);
    s.create('/a', 'first');
    s.itBegins();
    untilAllServe(s);
    const quick = masterOf(s, 4) as number;
    const behind = quick === 1 ? 2 : 1;
    s.slowDisk(1500, behind);
    for (let i = 0; i < 20; i++) s.write('/a', `${i}`);
    s.expect(s.read('/a', s.addClient('of the observer', 4)), '19', 'what the observer shows');
    const before = s.syncs.trunc;
    s.breakStreams(4, quick);
    s.until('its new master', () => s.isServing(4) && masterOf(s, 4) === behind);
    s.expect(s.syncs.trunc, before, 'cuts');
    s.slowDisk(0.5, behind);
    s.untilServing();
  },
};

export const left: Scenario = {
  name: 'an observer whose followers do not answer',
  about: 'after initLimit it comes to the leader, and an observer in trouble is never one for good',
  voters: 3,
  observers: 1,
  config: MASTERS,
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    s.until('service by the observer', () => s.isServing(4));
    s.expect(masterOf(s, 4) === 3, false, 'it learns from the leader');
    // They follow on, and an older configuration knows no such port.
    for (const sid of [1, 2]) s.edit(sid, (config) => config.replace('observerMasterPort=2191\n', ''));
    s.restart(1);
    s.restart(2);
    s.until('its leader', () => s.isServing(4) && masterOf(s, 4) === 3);
    s.expect(servedBy(s, 3), '4', 'observers at the leader');
  },
};

export const members: Scenario = {
  name: 'other members, with observers behind followers',
  about: 'observers hear of a reconfiguration by their followers, one becomes a voter and another leader takes over',
  voters: 3,
  observers: 2,
  config: { ...mayReconfigure, ...MASTERS },
  mutant: 'tell observers of a reconfiguration as of any other transaction',
  play(s) {
    s.begin(3);
    s.create('/members');
    untilAllServe(s);
    s.expect(change(s, line(4)).err, 0, 'a voter more');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4, 5);
    s.untilServing();
    s.expect(change(s, line(4, 'observer')).err, 0, 'an observer again');
    expectVoters(s, '1,2,3', 1, 2, 3, 4, 5);
    s.untilServing();
    // The leader leaves: its followers go over to the next one, and their observers find one of them.
    s.expect(change(s, undefined, '3').err, 0, 'without the leader');
    s.until('another leader', () => s.leader === 1 || s.leader === 2);
    untilAllServe(s);
    s.write('/members', 'two');
    s.run(500);
    expectVoters(s, '1,2', 1, 2, 4, 5);
    s.write('/members', 'two');
    const led = s.leader;
    s.expect(
      s.view(led).peer?.asked.begin(undefined, () => {}),
      undefined,
      'a hand-over',
    );
    s.until('the other leader', () => s.leader !== 0 && s.leader !== led);
    untilAllServe(s);
    s.write('/members', 'handed over');
  },
};

export const local: Scenario = {
  ...ofLocalSessions,
  name: 'local sessions behind a follower',
  about: 'sessions that an observer alone knows are upgraded by way of its follower',
  config: { ...ofLocalSessions.config, ...MASTERS },
};
