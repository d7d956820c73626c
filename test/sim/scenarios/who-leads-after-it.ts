import { makeZxid } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario, Script } from '../script/script.ts';
import { lead, ScriptedLeader, ScriptedVoter } from '../script/scripted-servers.ts';
import { ask, change, config, expectVoters, line, threeAndOneMore } from './members-that-change.ts';

/** Reconfigurations and hand-overs by who leads when they are over, and how that one comes to it. */

/** Of all servers, since their start. */
function elections(s: Script): number {
  return s.world.observer.views.reduce((sum, { sid }) => sum + s.said(sid, 'the election is over'), 0);
}

export const leavesWithoutElection: Scenario = {
  name: 'a leader that leaves, and nobody elects',
  about: 'the follower with the most is named, and all of them, the one that left included, follow it at once',
  voters: 4,
  config,
  play(s) {
    s.begin();
    s.create('/a', 'before');
    const { leader } = s;
    const before = elections(s);
    s.expect(change(s, undefined, `${leader}`).err, 0, 'it leaves');
    s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 5000);
    s.untilServing();
    s.expect(elections(s), before, 'elections');
    s.write('/a', 'after');
    s.expect(change(s, line(leader)).err, 0, 'it is back');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
  },
};

/** The leader alone has the reconfiguration on its disk when all of them lose their power. */
function diesWithIt(s: Script, leader: number, joining: string | undefined, leaving?: string): void {
  const others = s.world.observer.views.map(({ sid }) => sid).filter((sid) => sid !== leader);
  const client = s.addClient('one who asks');
  s.until('a connection', () => client.isConnected);
  s.slowDisk(60_000, ...others);
  const tip = s.view(leader).durable;
  ask(s, joining, leaving, client);
  s.until('it is on its disk', () => s.view(leader).durable > tip, 10_000);
  s.powerLoss(...others);
  s.kill(leader);
  s.slowDisk(0.5, ...others);
}

export const historyLeavesItOut: Scenario = {
  name: 'a leader that its own history leaves out',
  about: 'it alone remembers that it leaves, is elected for that and decides it; with UPTODATE its learners leave',
  voters: 3,
  config,
  play(s) {
    s.begin(3);
    s.create('/a', 'before');
    diesWithIt(s, 3, undefined, '3');
    s.start(1, 2, 3);
    s.until('a leader of the members', () => s.leader === 1 || s.leader === 2, 20_000);
    s.expect(s.said(3, 'a quorum has this history; leading') > 0, true, 'it led once more');
    s.untilServing();
    expectVoters(s, '1,2', 1, 2, 3);
    s.write('/a', 'after');
    s.expect(change(s, line(3)).err, 0, 'it is back');
    expectVoters(s, '1,2,3', 1, 2, 3);
  },
};

export const historyDecides: Scenario = {
  name: 'a leader alone has the new members in its history',
  about: 'elected again it decides them, and the next change of the members is not told to wait',
  voters: 4,
  config,
  play(s) {
    threeAndOneMore(s, 'before');
    s.expect(s.leader, 3, 'the leader');
    diesWithIt(s, 3, line(4));
    s.start(1, 2, 3, 4);
    s.untilServing();
    s.expect(s.leader, 3, 'the leader again');
    s.write('/a', 'after');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
    s.expect(change(s, line(4, 'observer')).err, 0, 'the next change');
    s.expect(change(s, line(4)).err, 0, 'and back');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
  },
};

export const rollOver: Scenario = {
  name: 'an epoch whose counter runs out ends without an election',
  about: 'the leader hands over before it is used up, again and again',
  voters: 3,
  counterLimit: 40,
  play(s) {
    s.begin();
    s.create('/a', '0');
    const before = elections(s);
    for (let i = 0; i < 150; i++) s.write('/a', `${i}`);
    s.expect(elections(s), before, 'elections');
    s.world.observer.limits.maxCounter = undefined;
  },
};

export const toAnObserver: Scenario = {
  name: 'a leader hands over to an observer',
  about: 'who may not lead is not followed; its learner looks for a leader at once',
  voters: 3,
  observers: 1,
  play(s) {
    s.begin();
    s.create('/node', 'before');
    s.kill(1, 2, 3, 4);
    s.start(1);
    const other = new ScriptedVoter(s, 2, [1], 3);
    const leader = new ScriptedLeader(s, 3, [1, 2]);
    const led = lead(s, leader, 1, 'upToDate');
    const named = Buffer.alloc(8);
    named.writeBigInt64BE(4n);
    const looked = s.said(1, 'looking for a leader');
    led.link.send(PacketType.handOver, makeZxid(led.epoch, 0), named);
    led.link.untilClosed('the leader handed over');
    s.run(100);
    s.expect(s.said(1, 'looking for a leader') - looked, 1, 'elections');
    other.stop();
    leader.stop();
    s.start(2, 3, 4);
    s.untilServing();
    s.expect(s.read('/node'), 'before', '/node');
  },
};
