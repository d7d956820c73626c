import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Reconfig, Result } from '../judges/history.ts';
import { MAY_RECONFIGURE } from '../plan/plan.ts';
import type { Scenario, Script } from '../script/script.ts';

/** Reconfigurations that clients ask of a leader, in worlds where somebody dies of them. */
export function line(sid: number, role = 'participant', ports = '2888:3888', client = 2181): string {
  return `server.${sid}=zk${sid}:${ports}:${role};${client}`;
}

export function change(s: Script, joining: string | undefined, leaving?: string): Result {
  s.do({ op: 'auth', scheme: 'digest', credentials: 'super:secret' });
  return s.do({
    op: 'reconfig',
    ...(joining === undefined ? {} : { joining }),
    ...(leaving === undefined ? {} : { leaving }),
  });
}

/** Three voters serve `/a`, and a server that knows them follows. */
export function threeAndOneMore(s: Script, data: string): void {
  s.votersAre(1, 2, 3);
  for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3]);
  s.configure(4, [1, 2, 3, 4]);
  s.start(1, 2, 3);
  s.untilServing();
  s.create('/a', data);
  s.start(4);
  s.untilServing();
}

/** Asked, and nobody waits for it. */
export function ask(s: Script, joining: string | undefined, leaving?: string, client = s.client): void {
  s.ask({ op: 'auth', scheme: 'digest', credentials: 'super:secret' }, client);
  s.ask(
    {
      op: 'reconfig',
      ...(joining === undefined ? {} : { joining }),
      ...(leaving === undefined ? {} : { leaving }),
    },
    client,
  );
}

export function votersAt(s: Script, sid: number): string {
  return [...(s.view(sid).peer?.book?.active.voters ?? [])].join();
}

export function expectVoters(s: Script, voters: string, ...sids: number[]): void {
  for (const sid of sids) {
    s.until(`the voters ${voters} at ${sid}`, () => votersAt(s, sid) === voters, 10_000);
    s.expect(s.view(sid).peer?.book?.lastSeen, undefined, `a membership that is not decided at ${sid}`);
  }
}

export const config = { ...MAY_RECONFIGURE, standaloneEnabled: 'false' };

export const oneToFiveAndBack: Scenario = {
  name: 'from one member to five and back',
  about: 'each joins as a follower without a vote and becomes a voter; the first leader leaves as the last but one',
  voters: 5,
  config,
  play(s) {
    const load = s.addLoad();
    s.votersAre(1);
    s.configure(1, [1]);
    for (const sid of [2, 3]) s.configure(sid, [1, sid]);
    for (const sid of [4, 5]) s.configure(sid, [1, 2, 3, sid]);
    s.start(1);
    s.untilServing();
    s.create('/members', '1');
    s.expect(change(s, line(2)).err, ErrorCode.newConfigNoQuorum, 'two members of which one is not there');
    s.start(2, 3);
    s.untilServing();
    s.expect(change(s, `${line(2)},${line(3)}`).err, 0, 'three members');
    expectVoters(s, '1,2,3', 1, 2, 3);
    s.write('/members', '3');
    s.start(4, 5);
    s.untilServing();
    s.expect(change(s, `${line(4)},${line(5)}`).err, 0, 'five members');
    expectVoters(s, '1,2,3,4,5', 1, 2, 3, 4, 5);
    s.write('/members', '5');
    s.kill(4, 5);
    s.write('/members', '3 of 5');
    s.start(4, 5);
    s.untilServing();
    s.expect(change(s, undefined, '4,5').err, 0, 'three of five');
    expectVoters(s, '1,2,3', 1, 2, 3, 4, 5);
    s.kill(4, 5);
    s.write('/members', '3 again');
    s.expect(change(s, undefined, '1').err, 0, 'without the leader');
    s.until('another leader', () => s.leader === 2 || s.leader === 3, 5000);
    s.untilServing();
    s.write('/members', '2');
    const [gone, last] = s.leader === 2 ? [3, 2] : [2, 3];
    s.expect(change(s, undefined, `${gone}`).err, 0, 'one again');
    expectVoters(s, `${last}`, 1, 2, 3);
    s.kill(1, gone);
    s.write('/members', '1');
    s.expect(s.read('/members'), '1', 'what is written');
    // All of them are members again at the end.
    for (const sid of [1, 2, 3, 4, 5]) {
      if (sid === last) continue;
      s.edit(
        sid,
        (text) => `${text.replace(/^(server\..*|dynamicConfigFile=.*)\n/gm, '')}${line(last)}\n${line(sid)}\n`,
      );
      s.start(sid);
    }
    s.untilServing();
    const all = [1, 2, 3, 4, 5].filter((sid) => sid !== last).map((sid) => line(sid));
    s.expect(change(s, all.join()).err, 0, 'five again');
    expectVoters(s, '1,2,3,4,5', 1, 2, 3, 4, 5);
    s.expect(load.isServed, true, 'the load is served');
  },
};

export const bothQuorums: Scenario = {
  name: 'a reconfiguration that the new members have not',
  about: 'the leader proposes new members that do not answer, and dies: those of before go on without them',
  voters: 5,
  config,
  mutant: 'decide a reconfiguration by the members of before alone',
  play(s) {
    threeAndTwoNewcomers(s);
    s.start(1, 2, 3);
    s.untilServing();
    s.start(4, 5);
    s.untilServing();
    s.create('/a', 'before');
    const [one, two] = [1, 2, 3].filter((sid) => sid !== s.leader) as [number, number];
    const leader = s.leader;
    // 4 and 5 are on no disk any more when they are to be a quorum with the leader.
    s.slowDisk(60_000, 4, 5);
    ask(s, `${line(4)},${line(5)}`, `${one},${two}`);
    s.until(
      'it is seen',
      () => s.view(one).peer?.book?.lastSeen !== undefined && s.view(two).peer?.book?.lastSeen !== undefined,
    );
    s.run(500);
    s.expect(votersAt(s, leader), '1,2,3', 'who decides');
    s.kill(leader, 4, 5);
    s.slowDisk(0.5, 4, 5);
    s.run(8000);
    // Both of before remember what was proposed, and do not decide without a quorum of that.
    s.expect(s.leader, 0, 'a leader of the members of before alone');
    s.start(leader, 4, 5);
    s.untilServing();
    s.write('/a', 'after');
  },
};

export const lostFiles: Scenario = {
  name: 'files of the members are lost',
  about: 'two of three were left out, have their first zoo.cfg again, and do not elect one of themselves',
  voters: 5,
  config,
  mutant: 'believe the files beside zoo.cfg alone',
  play(s) {
    threeAndTwoNewcomers(s);
    s.start(1, 2, 3);
    s.untilServing();
    s.start(4, 5);
    s.untilServing();
    s.create('/a', 'of three');
    s.expect(change(s, `${line(4)},${line(5)}`, '1,2').err, 0, 'the change');
    expectVoters(s, '3,4,5', 1, 2, 3, 4, 5);
    s.kill(1, 2);
    s.write('/a', 'of the new three');
    s.kill(3, 4, 5);
    for (const sid of [1, 2]) s.configure(sid, [1, 2, 3]);
    s.start(1, 2);
    s.run(10_000);
    s.expect(s.leader, 0, 'a leader of those who were left out');
    s.start(4, 5, 3);
    s.until('service', () => s.isServing(3) && s.isServing(4) && s.isServing(5), 20_000);
    s.expect(s.read('/a', s.addClient('reader', 4)), 'of the new three', 'what is written');
    s.untilServing();
    // A membership proposed an epoch ago is in force, also at one of whom its file alone says that it is a member.
    s.kill(1);
    s.configure(1, [1, 2, 3]);
    s.start(1);
    s.untilServing();
    expectVoters(s, '3,4,5', 1);
    s.expect(change(s, `${line(1)},${line(2)}`).err, 0, 'all of them');
    expectVoters(s, '1,2,3,4,5', 1, 2, 3, 4, 5);
  },
};

export const leaderLeaves: Scenario = {
  name: 'a leader removes itself and dies',
  about:
    'at every moment of it: what was acknowledged stays, and the rest have one leader of the members of before or after',
  voters: 4,
  config,
  play(s) {
    s.begin();
    s.create('/a', '0');
    for (const [i, moment] of (['proposed', 'synced', 'committed', 'applied'] as const).entries()) {
      const leader = s.leader;
      s.write('/a', `before ${moment}`);
      const crash = s.crashAt(leader, moment, i % 2 === 0 ? 'power' : 'killed');
      ask(s, line(leader, 'observer'));
      s.until(`its end when it is ${moment}`, () => crash.happened, 10_000);
      s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 20_000);
      s.write('/a', `after ${moment}`);
      s.start(leader);
      s.untilServing();
      s.expect(change(s, line(leader)).err, 0, 'it votes again');
      s.until('all four vote', () => votersAt(s, leader) === '1,2,3,4', 10_000);
      s.untilServing();
    }
  },
};

export const badDays: Scenario = {
  name: 'two reconfigurations at once, one without a quorum, and a joiner that dies half-way',
  about: 'the second is told to wait, the next is refused, and the members of before serve all along',
  voters: 4,
  config,
  play(s) {
    const load = s.addLoad();
    threeAndOneMore(s, '0');
    // Two at once: the disks take their time to decide the first.
    s.slowDisk(300, 1, 2, 3, 4);
    s.ask({ op: 'auth', scheme: 'digest', credentials: 'super:secret' });
    const first = s.ask({ op: 'reconfig', joining: line(4) });
    const second = s.ask({ op: 'reconfig', leaving: '1' });
    s.until('both answers', () => first.result !== undefined && second.result !== undefined, 20_000);
    s.expect(first.result?.err, 0, 'the first');
    s.expect(second.result?.err, ErrorCode.reconfigInProgress, 'the second');
    s.slowDisk(0.5, 1, 2, 3, 4);
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);

    // One that would lose the quorum: two of the three left are not there.
    const leader = s.leader;
    const [down, other, third] = [1, 2, 3, 4].filter((sid) => sid !== leader) as [number, number, number];
    s.kill(down);
    s.expect(change(s, undefined, `${other},${third}`).err, ErrorCode.newConfigNoQuorum, 'a pair of which one is down');
    s.start(down);
    s.untilServing();
    s.expect(change(s, undefined, `${down}`).err, 0, 'it leaves');

    // It comes again with nothing, and dies while it is synchronised: it joins all the same, later.
    s.kill(down);
    s.view(down).machine.wipe();
    s.world.observer.wiped(s.view(down));
    s.configure(down, [1, 2, 3, 4]);
    const crash = s.crashAt(down, 'installing');
    s.start(down);
    s.until('its end', () => crash.happened, 20_000);
    s.write('/a', 'without it');
    s.start(down);
    s.untilServing();
    s.expect(change(s, line(down)).err, 0, 'it joins');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
    s.expect(load.isServed, true, 'the load is served');
  },
};

export const portsChange: Scenario = {
  name: 'ports of members change while they run',
  about: 'quorum and election ports of a follower and of the leader, and the port of clients',
  voters: 3,
  config,
  play(s) {
    s.begin();
    s.create('/a', '0');
    const leader = s.leader;
    const [one] = s.followers as [number];
    s.expect(change(s, line(one, 'participant', '2890:3890')).err, 0, 'a follower moves');
    s.write('/a', 'a follower moved');
    s.until('its new port', () => s.view(one).machine.host.listeners.has(3890));
    s.expect(change(s, line(leader, 'participant', '2891:3891')).err, 0, 'the leader moves');
    s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 10_000);
    s.untilServing();
    s.write('/a', 'the leader moved');
    s.kill(s.leader);
    s.until('the next leader', () => s.leader !== 0, 20_000);
    s.write('/a', 'after a death');
    s.start(1, 2, 3);
    s.untilServing();
    for (const sid of [1, 2, 3]) {
      s.expect(change(s, line(sid)).err, 0, `server ${sid} is where it was`);
      s.run(3000);
      s.untilServing();
    }
  },
};

export const undecidedNewcomers: Scenario = {
  name: 'newcomers while a reconfiguration is not decided',
  about: 'the new members, synchronised before the members of before have decided, do not lead alone',
  voters: 5,
  config,
  mutant: 'put members in force at a newcomer that are only proposed',
  play(s) {
    threeAndTwoNewcomers(s);
    s.start(1, 2, 3);
    s.untilServing();
    s.start(4, 5);
    s.untilServing();
    s.create('/a', 'before');
    const { leader } = s;
    const [one, two] = [1, 2, 3].filter((sid) => sid !== leader) as [number, number];
    s.slowDisk(60_000, one, two);
    ask(s, `${line(4)},${line(5)}`, `${one},${two}`);
    s.until('it is seen', () => s.view(4).peer?.book?.lastSeen !== undefined);
    s.run(200);
    for (const sid of [4, 5]) {
      s.breakStreams(leader, sid);
      s.until('the end of a role', () => !s.isServing(sid));
    }
    s.until('they are synchronised', () => s.isServing(4) && s.isServing(5), 5000);
    s.kill(leader, one, two);
    s.slowDisk(0.5, one, two);
    s.run(10_000);
    s.expect(s.leader, 0, 'a leader of the new members alone');
    s.start(leader, one, two);
    s.untilServing();
    s.write('/a', 'after');
  },
};

export const neverDecided: Scenario = {
  name: 'members that were never decided',
  about: 'proposed by a leader that was cut off; the others lead on, and it forgets them when it follows again',
  voters: 5,
  config,
  mutant: 'keep members in mind that were never decided',
  play(s) {
    threeAndTwoNewcomers(s);
    s.start(1, 2, 3);
    s.untilServing();
    s.create('/a', 'before');
    const { leader } = s;
    const lonely = s.addClient('lonely', leader);
    s.until('a connection', () => lonely.isConnected);
    s.isolate(leader);
    ask(s, `${line(4)},${line(5)}`, undefined, lonely);
    s.until('it is seen', () => s.view(leader).peer?.book?.lastSeen !== undefined);
    s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 20_000);
    s.write('/a', 'after');
    s.heal();
    s.untilServing();
    s.expect(s.view(leader).peer?.book?.lastSeen, undefined, 'what it remembers');
    s.kill(s.leader);
    s.until('the next leader', () => s.leader !== 0, 20_000);
    s.write('/a', 'by two of three');
    s.start(1, 2, 3);
    s.start(4, 5);
    s.untilServing();
  },
};

const REFUSED: readonly (readonly [Omit<Reconfig, 'op'>, number])[] = [
  [{ joining: 'nonsense' }, ErrorCode.badArguments],
  [{ joining: 'server.x=zk9:1:2;3' }, ErrorCode.marshallingError],
  [{ joining: 'server.-1=zk9:1:2;3' }, ErrorCode.badArguments],
  [{ joining: 'server.9=zk9:1:2' }, ErrorCode.badArguments],
  [{ joining: 'server.9=zk9:1:1;3' }, ErrorCode.badArguments],
  [{ joining: 'server.9=zk1:2888:9;3' }, ErrorCode.badArguments],
  [{ joining: 'server.9=zk9:1:2;zk1:2888' }, ErrorCode.badArguments],
  [{ leaving: 'x' }, ErrorCode.marshallingError],
  [{ leaving: '1,2,3' }, ErrorCode.badArguments],
  [{ joining: `server.9=${'z'.repeat(32_768)}:1:2:observer;3` }, ErrorCode.badArguments],
  [{ leaving: '1', version: 77n }, ErrorCode.badVersion],
  [{ members: '' }, ErrorCode.marshallingError],
  [{ members: 'tickTime=5' }, ErrorCode.badArguments],
  [{ members: line(9) }, ErrorCode.newConfigNoQuorum],
];

/** The answer to an operator who asks for a forecast: the code of the refusal, 0 for none, or who leads. */
export function forecast(
  s: Script,
  sid: number,
  { joining, leaving, members, version = -1n }: Omit<Reconfig, 'op'>,
): string {
  let said = '';
  const { machine, peer } = s.view(sid);
  machine.run(() => {
    const request = { joiningServers: joining, leavingServers: leaving, newMembers: members, curConfigId: version };
    const answer = peer?.asked.forecast(request) ?? '';
    said = typeof answer === 'string' ? answer : `${answer.refused?.code ?? 0}`;
  });
  s.until('the forecast', () => said !== '');
  return said;
}

export const refused: Scenario = {
  name: 'reconfigurations that are refused',
  about:
    'each with its answer, by a user who may not ask for it as well; and members in groups, which are named all at once',
  voters: 3,
  config,
  play(s) {
    s.begin();
    s.expect(s.do({ op: 'reconfig', leaving: '1' }).err, ErrorCode.noAuth, 'nobody in particular');
    s.do({ op: 'auth', scheme: 'digest', credentials: 'super:secret' });
    for (const [asked, err] of REFUSED) {
      s.expect(forecast(s, s.leader, asked), `${err}`, `the forecast of ${JSON.stringify({ ...asked, version: '' })}`);
      s.expect(s.do({ op: 'reconfig', ...asked }).err, err, JSON.stringify({ ...asked, version: `${asked.version}` }));
    }
    s.expect(s.do({ op: 'reconfig', joining: `${line(1)},${line(2)},${line(3)}` }).err, 0, 'client addresses');
    s.expect(s.do({ op: 'reconfig', joining: 'server.9=zk9:1:2:observer;127.0.0.1:2181' }).err, 0, 'an observer');
    const version = BigInt(s.view(1).peer?.book?.active.version ?? 0);
    const groups = `${line(1)},${line(2)},${line(3)},group.1=1:2:3`;
    const [follower] = s.followers as [number];
    s.expect(forecast(s, follower, {}), `this server does not lead; server ${s.leader} does`, 'a follower');
    const moved = {
      joining: `${line(1, 'participant', '1:2')},${line(2, 'observer')},${line(4, 'observer')}`,
      leaving: '9',
    };
    s.expect(forecast(s, s.leader, moved), '0', 'one moves, one observes, one joins and one goes');
    s.expect(forecast(s, s.leader, { members: groups }), '0', 'members in groups');
    s.expect(s.do({ op: 'reconfig', members: groups, version }).err, 0, 'members in groups');
    s.expect(forecast(s, s.leader, { members: `${groups},weight.3=2` }), '0', 'another weight');
    s.expect(s.do({ op: 'reconfig', leaving: '1' }).err, ErrorCode.badArguments, 'one of a group');
    s.expect(s.do({ op: 'reconfig', members: `${line(1)},${line(2)},${line(3)}` }).err, 0, 'without groups again');
    s.untilServing();
  },
};

export const noSuccessor: Scenario = {
  name: 'the only new member is gone when it is decided',
  about:
    'the leader, which is no member any more, steps down without a successor; the new member leads when it is back',
  voters: 4,
  observers: 1,
  config,
  play(s) {
    s.votersAre(1, 2, 3);
    for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3], [5]);
    for (const sid of [4, 5]) s.configure(sid, sid === 4 ? [1, 2, 3, 4] : [1, 2, 3], [5]);
    s.start(1, 2, 3);
    s.untilServing();
    s.start(4, 5);
    s.untilServing();
    s.create('/a', 'before');
    const { leader } = s;
    const others = [1, 2, 3].filter((sid) => sid !== leader);
    s.slowDisk(100, ...others);
    s.votersAre(4);
    ask(s, line(4), '1,2,3');
    s.until('it is on the disk of the new member', () => s.view(4).peer?.book?.lastSeen !== undefined, 5000);
    s.run(20);
    s.kill(4);
    s.until('it is decided', () => s.said(leader, 'the new members have no leader yet') > 0, 10_000);
    s.slowDisk(0.5, ...others);
    s.start(4);
    s.until('the new leader', () => s.leader === 4, 20_000);
    s.untilServing();
    s.write('/a', 'after');
    s.votersAre(1, 2, 3, 4);
    s.expect(change(s, [1, 2, 3].map((sid) => line(sid)).join()).err, 0, 'all of them');
    s.untilServing();
  },
};

export const inGroups: Scenario = {
  name: 'members in groups change while one is away',
  about: 'it has them when it is back: the same ones with a later version, and then with another weight',
  voters: 3,
  config,
  play(s) {
    s.begin(3);
    s.create('/a', '0');
    s.do({ op: 'auth', scheme: 'digest', credentials: 'super:secret' });
    const groups = `${line(1)},${line(2)},${line(3)},group.1=1:2:3`;
    s.expect(s.do({ op: 'reconfig', members: groups }).err, 0, 'members in groups');
    s.untilServing();
    for (const members of [groups, `${groups},weight.3=2`]) {
      s.kill(1);
      s.expect(s.do({ op: 'reconfig', members }).err, 0, members);
      s.start(1);
      s.untilServing();
      s.expect(s.view(1).peer?.book?.active.text(), s.view(3).peer?.book?.active.text(), 'the members at 1');
    }
    s.expect(s.do({ op: 'reconfig', members: `${line(1)},${line(2)},${line(3)}` }).err, 0, 'without groups again');
    s.untilServing();
  },
};

/** Three members, and the files of two servers that know them and themselves. */
function threeAndTwoNewcomers(s: Script): void {
  s.votersAre(1, 2, 3);
  for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3]);
  for (const sid of [4, 5]) s.configure(sid, [1, 2, 3, sid]);
}
