import { ZXID_NONE } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario } from '../script/script.ts';
import { dialLeader, introduce } from '../script/scripted-servers.ts';

const { ackEpoch, commit, diff, leaderInfo, newLeader, proposal, snap } = PacketType;

export const scenario: Scenario = {
  name: 'a learner where the tree of its leader ends',
  about: 'it gets what is decided and not in that tree yet, because the disk of the leader is slow',
  voters: 3,
  // Time enough for the disk.
  config: { syncLimit: 20 },
  play(s) {
    s.begin(3);
    s.create('/node');
    s.run(100);
    s.slowDisk(3000, 3);
    const client = s.addClient('at a follower', 1);
    s.flood('/node', 3, client);
    s.run(60);
    const { tip, durable } = s.view(3);
    s.expect(s.view(1).tip > tip, true, 'whether a follower is further than the leader');
    s.expect(durable, tip, 'the tree of the leader');
    const link = dialLeader(s, 3);
    introduce(link, { sid: 99 });
    link.next(leaderInfo, 'LEADERINFO');
    link.send(ackEpoch, tip, intBody(1));
    link.next(newLeader, 'NEWLEADER');
    s.expect(link.count(diff), 1, 'DIFF');
    s.expect(link.count(proposal), s.view(1).tip - tip, 'transactions');
    link.close();

    // A snapshot for one that does not say where it stands has all that was decided when it came, so it has to wait;
    // what is decided meanwhile follows.
    s.slowDisk(0.5, 3);
    s.until('the disk of the leader', () => s.view(3).tip === s.view(1).tip);
    s.slowDisk(3000, 3);
    s.flood('/node', 1, client);
    s.run(60);
    const decided = s.view(1).tip;
    const other = dialLeader(s, 3);
    introduce(other, { sid: 98 });
    other.next(leaderInfo, 'LEADERINFO');
    other.send(ackEpoch, ZXID_NONE, intBody(0));
    s.run(60);
    s.flood('/node', 2, client);
    s.run(60);
    s.expect(other.count(snap), 0, 'snapshots before the tree has what is decided');
    other.next(newLeader, 'NEWLEADER');
    const taken = other.received.find(({ type }) => type === snap);
    s.expect(taken?.zxid, decided, 'the zxid of the snapshot');
    s.expect(other.count(commit), 2, 'decided transactions behind it');
    other.close();
    s.slowDisk(0.5, 3);
  },
};
