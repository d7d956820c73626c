import type { ToLeader } from '../../../src/zab/learner/learner-ports.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4685',
  about: 'a proposal is acknowledged before NEWLEADER is, and the leader goes on leading',
  voters: 3,
  mutant: 'count proposals before NEWLEADER is acknowledged',
  play(s) {
    s.begin();
    s.create('/a');
    // The one that comes back has not taken the leader's epoch for its own yet.
    const [back, old] = s.followers as [number, number];
    s.kill(back);
    const first = s.leader;
    s.kill(first);
    s.start(first);
    s.untilServing();
    const { leader } = s;
    // The other one keeps proposals open, so that they come with the synchronisation and are on disk first.
    s.slowDisk(30, leader === old ? first : old);
    const epoch = s.view(leader).currentEpoch;
    const { diff } = s.syncs;
    let isReordered = false;
    s.at(back, 'newLeader', () => {
      // As Apache's learners may: the acknowledgement of NEWLEADER comes behind that of a proposal.
      const link = s.view(back).leaderLink as ToLeader;
      const send = link.send.bind(link);
      let held: Parameters<typeof send>[0] | undefined;
      link.send = (packet) => {
        if (packet.type === PacketType.ack && held === undefined && !isReordered) {
          held = packet;
          return;
        }
        send(packet);
        if (packet.type !== PacketType.ack || held === undefined || isReordered) return;
        isReordered = true;
        send(held);
      };
    });
    for (let i = 0; i < 120; i++) {
      s.flood('/a', 2);
      s.run(2);
      if (i === 20) s.start(back);
    }
    s.untilServing();
    s.expect(isReordered, true, 'the order was another one');
    s.expect(s.view(leader).currentEpoch, epoch, 'the epoch');
    s.expect(s.syncs.diff, diff + 1, 'synchronisations by DIFF');
  },
};
