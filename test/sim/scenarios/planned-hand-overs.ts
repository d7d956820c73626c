import { ErrorCode } from '../../../src/jute/codes.ts';
import { makeZxid } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import { MAY_RECONFIGURE } from '../plan/plan.ts';
import type { Scenario, Script } from '../script/script.ts';
import { dialLeader, introduce, lead, ScriptedLeader, ScriptedVoter } from '../script/scripted-servers.ts';
import { forecast } from './members-that-change.ts';
import { reconfig } from './reconfigured.ts';

interface Asked {
  /** Empty as long as there is none. */
  answer: string;
}

/** An operator asks `sid` to hand over. */
function handOver(s: Script, sid: number, to?: number): Asked {
  const asked: Asked = { answer: '' };
  const { machine, peer } = s.view(sid);
  machine.run(() => {
    peer?.asked.transfer(to, (error) => {
      asked.answer = error?.message ?? 'handed over';
    });
  });
  return asked;
}

function answered(s: Script, asked: Asked): string {
  s.until('an answer to the hand-over', () => asked.answer !== '', 20_000);
  return asked.answer;
}

export const onRequest: Scenario = {
  name: 'a hand-over that an operator asks for',
  about: 'the one named takes over, once; who does not lead refuses, and one that does not follow is not named',
  voters: 3,
  observers: 1,
  play(s) {
    s.begin();
    const load = s.addLoad();
    s.create('/a', '0');
    const { leader } = s;
    const [first, second] = [1, 2, 3].filter((sid) => sid !== leader) as [number, number];
    s.expect(answered(s, handOver(s, first)), `this server does not lead; server ${leader} does`, 'a follower');
    s.expect(answered(s, handOver(s, leader, 4)), 'server 4 is no voter that follows', 'an observer');
    s.view(leader).peer?.info.leader()?.resetObservers();
    const asked = [handOver(s, leader, second), handOver(s, leader, first)];
    s.expect(asked.map((each) => answered(s, each)).join(), 'handed over,it is handed over already', 'two at once');
    s.until('the one that was named', () => s.leader === second, 5000);
    s.expect(forecast(s, second, {}), `${ErrorCode.reconfigDisabled}`, 'the forecast of a change where none may be');
    s.write('/a', 'after');
    s.untilServing();
    s.expect(load.isServed, true, 'the load is served');
  },
};

export const tooSlow: Scenario = {
  name: 'a hand-over that comes to nothing',
  about: 'no follower has everything in time: the leader leads on, and answers whoever asked it meanwhile',
  voters: 3,
  play(s) {
    s.begin();
    s.create('/a', '0');
    const { leader } = s;
    const [follower] = [1, 2, 3].filter((sid) => sid !== leader) as [number, number];
    const local = s.addClient('of the leader', leader);
    const remote = s.addClient('of a follower', follower);
    s.until('connections', () => local.isConnected && remote.isConnected);
    s.slowDisk(2500, 1, 2, 3);
    const write = (data: string, client: typeof local) =>
      s.ask({ op: 'setData', path: '/a', data, version: -1 }, client);
    const before = write('before', local);
    s.run(100);
    const asked = handOver(s, leader);
    const held = [write('held by the leader', local), write('held for a follower', remote)];
    s.expect(answered(s, asked), 'no follower has everything yet', 'the answer');
    s.slowDisk(0.5, 1, 2, 3);
    s.until('all answers', () => [before, ...held].every(({ result }) => result !== undefined), 20_000);
    s.expect([before, ...held].map(({ result }) => result?.err).join(), '0,0,0', 'the writes');
    s.expect(s.leader, leader, 'the leader');
  },
};

const line = (sid: number): string => `server.${sid}=zk${sid}:2888:3888:participant;2181`;

export const beforeMembersAreDecided: Scenario = {
  name: 'a hand-over while the members change',
  about: 'it is refused as long as it is not decided who they are; the change goes on',
  voters: 3,
  config: { ...MAY_RECONFIGURE, standaloneEnabled: 'false' },
  play(s) {
    s.begin();
    s.create('/a', '0');
    const { leader } = s;
    s.slowDisk(1000, 1, 2, 3);
    s.ask({ op: 'auth', scheme: 'digest', credentials: 'super:secret' });
    const change = s.ask({ op: 'reconfig', joining: [1, 2, 3].map(line).join() });
    s.until('it is seen', () => s.view(leader).peer?.book?.lastSeen !== undefined, 10_000);
    s.expect(answered(s, handOver(s, leader)), 'a reconfiguration is not decided yet', 'the answer');
    s.slowDisk(0.5, 1, 2, 3);
    s.until('the change', () => change.result !== undefined, 20_000);
    s.expect(change.result?.err, 0, 'the change');
    s.untilServing();
  },
};

export const toNobody: Scenario = {
  name: 'a leader hands over to a server without a vote',
  about: 'its learner looks for a leader instead; and starts again with a history that tells of no members',
  voters: 3,
  config: MAY_RECONFIGURE,
  play(s) {
    s.begin();
    s.create('/node', 'before');
    s.kill(1, 2, 3);
    s.start(1);
    const other = new ScriptedVoter(s, 2, [1], 3);
    const leader = new ScriptedLeader(s, 3, [1, 2]);
    const led = lead(s, leader, 1, 'upToDate');
    const named = Buffer.alloc(8);
    named.writeBigInt64BE(9n);
    led.link.send(PacketType.handOver, makeZxid(led.epoch, 0), named);
    led.link.untilClosed('the leader handed over');
    const next = lead(s, leader, 1, 'upToDate');
    const { zxid, payload } = next.next(reconfig(undefined));
    next.link.send(PacketType.proposal, zxid, payload);
    next.link.next(PacketType.ack, 'an acknowledgement');
    next.link.send(PacketType.commit, zxid);
    s.run(50);
    other.stop();
    leader.stop();
    s.kill(1);
    s.start(1);
    s.start(2, 3);
    s.untilServing();
    s.expect(s.read('/node'), 'before', '/node');
  },
};

export const membersOnly: Scenario = {
  name: 'a leader that leads members only',
  about: 'a learner whose id no member has is turned away with a reason, and members are not',
  voters: 3,
  config: { 'leader.membersOnly': 'true' },
  play(s) {
    s.begin();
    const { leader } = s;
    const link = dialLeader(s, leader);
    introduce(link, { sid: 9 });
    link.untilClosed('no member has its id');
    s.expect(s.said(leader, 'leader.membersOnly lets in nobody else'), 1, 'the reason');
    const [follower] = s.followers as [number];
    s.restart(follower);
    s.untilServing();
    s.create('/a');
  },
};

export const twiceAtOnce: Scenario = {
  name: 'a hand-over while the counter runs out',
  about: 'the leader hands over by itself already; an operator who asks is told so',
  voters: 3,
  counterLimit: 40,
  play(s) {
    s.begin();
    s.create('/a', '0');
    const { leader } = s;
    s.slowDisk(100, 1, 2, 3);
    const isNearlyUsedUp = (): boolean => s.said(leader, 'is nearly used up') > 0;
    for (let i = 0; i < 40 && !isNearlyUsedUp(); i++) {
      const op = s.ask({ op: 'setData', path: '/a', data: `${i}`, version: -1 });
      s.until('an answer, or the hand-over', () => op.result !== undefined || isNearlyUsedUp());
    }
    s.expect(answered(s, handOver(s, leader)), 'it is handed over already', 'the answer');
    s.slowDisk(0.5, 1, 2, 3);
    s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 10_000);
    s.untilServing();
    s.write('/a', 'after');
  },
};

export const stoppedInVain: Scenario = {
  name: 'a leader that is told to stop and has no successor in time',
  about: 'it ends all the same, without a word to what waited for the hand-over: that is asked again',
  voters: 3,
  play(s) {
    s.begin();
    s.create('/a', '0');
    const { leader } = s;
    const followers = [1, 2, 3].filter((sid) => sid !== leader) as [number, number];
    const remote = s.addClient('of a follower', followers[0]);
    s.until('a connection', () => remote.isConnected);
    s.slowDisk(4000, ...followers);
    s.ask({ op: 'setData', path: '/a', data: 'before', version: -1 });
    s.run(50);
    let isEnded = false;
    s.view(leader).machine.stop(() => {
      isEnded = true;
    });
    s.run(50);
    s.ask({ op: 'setData', path: '/a', data: 'held', version: -1 }, remote);
    s.until('its end', () => isEnded, 5000);
    s.slowDisk(0.5, ...followers);
    s.start(leader);
    s.untilServing();
    s.write('/a', 'after');
  },
};

export const alone: Scenario = {
  name: 'a leader without followers is told to hand over',
  about: 'there is nobody who could take over, and it leads on',
  voters: 1,
  config: { ...MAY_RECONFIGURE, standaloneEnabled: 'false' },
  play(s) {
    s.configure(1, [1]);
    s.start(1);
    s.untilServing();
    s.create('/a');
    s.expect(answered(s, handOver(s, 1)), 'no voter follows', 'the answer');
    s.write('/a', 'after');
  },
};
