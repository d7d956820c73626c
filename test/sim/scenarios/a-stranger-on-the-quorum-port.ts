import { ZXID_NONE } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario, Script } from '../script/script.ts';
import { dialLeader, introduce, type ScriptedLink } from '../script/scripted-servers.ts';

const { ackEpoch, leaderInfo } = PacketType;
const STRANGER = 99;
const SILENT = 150;
const SLOW = 40;

/** The same leader, and everybody follows it who did. */
function nothingHappened(s: Script, leader: number, epoch: number, what: string): void {
  s.expect(s.leader, leader, `the leader after ${what}`);
  s.expect(s.view(leader).currentEpoch, epoch, `the epoch after ${what}`);
  for (const sid of [1, 2, 3]) {
    s.expect(s.view(sid).serves, true, `whether ${sid} serves after ${what}`);
    s.expect(s.said(sid, 'role over'), 0, `roles of ${sid} that are over after ${what}`);
  }
}

export const scenario: Scenario = {
  name: 'a stranger on the quorum port',
  about: 'it claims epochs and ids, is silent in numbers, and takes snapshots slowly: nothing happens to anybody',
  voters: 3,
  config: { snapCount: 1000, initLimit: 5, syncLimit: 3 },
  play(s) {
    s.begin();
    s.create('/node');
    s.untilServing();
    const { leader } = s;
    const epoch = s.view(leader).currentEpoch;
    const [follower = 0] = s.followers;

    // A follower's id, again and again, with an epoch of now, of soon and of the end of time.
    for (const acceptedEpoch of [epoch, epoch + 1, 1000, 0x1ffffe, epoch, epoch + 1]) {
      const link = dialLeader(s, leader);
      introduce(link, { sid: follower, acceptedEpoch });
      s.write('/node', `while ${acceptedEpoch} is claimed`);
      link.untilClosed(`epoch ${acceptedEpoch} with the id of a follower`);
    }
    nothingHappened(s, leader, epoch, 'claims with the id of a follower');

    // Connections that say nothing, and a follower that is away and comes back meanwhile.
    s.kill(follower);
    const silent: ScriptedLink[] = [];
    for (let i = 0; i < SILENT; i++) silent.push(dialLeader(s, leader));
    s.start(follower);
    s.until('the return of the follower', () => s.isServing(follower), 10_000);
    s.expect(
      silent.filter((link) => !link.isClosed).length <= 128,
      true,
      'whether there are no more of them than places',
    );
    for (const link of silent) link.untilClosed('silence');

    // Snapshots for those who take a byte now and then.
    for (let i = 0; i < 20; i++) s.do({ op: 'create', path: `/large${i}`, data: 'x'.repeat(30_000), flags: 0 });
    const asked = s.said(leader, 'sending a snapshot');
    for (let i = 0; i < SLOW; i++) {
      const link = dialLeader(s, leader);
      introduce(link, { sid: STRANGER + i, observer: i % 2 === 0 });
      link.next(leaderInfo, 'LEADERINFO');
      link.send(ackEpoch, ZXID_NONE, intBody(0));
      link.pause();
    }
    s.run(200);
    s.expect(s.said(leader, 'sending a snapshot') - asked, 10, 'snapshots at the same time');
    s.write('/node', 'while they are slow');
    s.until('their ends', () => s.said(leader, 'synchronising made no progress') === 10);
    s.expect(s.leader, leader, 'the leader');
    s.expect(s.view(leader).currentEpoch, epoch, 'the epoch');

    // A member that has accepted what is to come, and is heard to look, can follow nobody without another election.
    s.kill(follower);
    const { disk, dirs } = s.view(follower).machine;
    disk.put(`${dirs.snapDir}/acceptedEpoch`, Buffer.from(`${epoch + 40}`));
    s.start(follower);
    s.until('another election', () => s.said(leader, `has accepted epoch ${epoch + 40}`) > 1);
    s.untilServing();
    s.expect(s.view(follower).currentEpoch, epoch + 41, 'the epoch');
    s.write('/node', 'after');
  },
};
