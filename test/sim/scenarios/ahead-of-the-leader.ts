import { intBody, PacketType } from '../../../src/zab/packets.ts';
import { dialLeader, introduce } from '../neighbour.ts';
import type { Scenario } from '../script.ts';

const { ackEpoch, diff, leaderInfo, newLeader, proposal } = PacketType;

export const scenario: Scenario = {
  name: 'a learner where the tree of its leader ends',
  about: 'it gets what is decided and not in that tree yet, because the disk of the leader is slow',
  voters: 3,
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
    s.slowDisk(0.5, 3);
  },
};
