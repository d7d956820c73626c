import type { Moment } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';

const MOMENTS: readonly (readonly [number, Moment])[] = [
  [3, 'recovered'],
  [3, 'acceptedEpoch'],
  [3, 'currentEpoch'],
  [3, 'established'],
  [3, 'proposed'],
  [3, 'synced'],
  [3, 'applied'],
  [1, 'recovered'],
  [1, 'acceptedEpoch'],
  [1, 'newLeader'],
  [1, 'currentEpoch'],
  [1, 'ack'],
  [1, 'serving'],
  [1, 'installing'],
  [1, 'synced'],
];

export const scenario: Scenario = {
  name: 'SIGTERM in every phase',
  about: 'a server that is told to stop does, whatever it is about and however slow its disk, and loses nothing',
  voters: 3,
  config: { snapCount: 4, snapshotSizeFactor: '-1' },
  recentBytes: 1,
  play(s) {
    s.begin();
    s.create('/node');
    for (const syncMs of [0.5, 120]) {
      s.slowDisk(syncMs, 1, 3);
      for (const [sid, moment] of MOMENTS) {
        let isEnded = false;
        // So that 1 comes back for a snapshot.
        s.powerLoss(1);
        s.write('/node', `before ${moment}`);
        if (moment !== 'installing') s.powerLoss(3);
        const trigger = s.at(sid, moment, () => {
          s.view(sid).machine.stop(() => {
            isEnded = true;
          });
          // Its neighbours go at the same time: a role that ends while its server does.
          if (syncMs > 1) s.breakStreams(1, 3);
        });
        s.start(1, 3);
        for (let i = 0; i < 200 && !isEnded; i++) {
          if (s.client.isConnected && s.client.client.depth < 5) s.flood('/node', 1);
          s.run(50);
        }
        s.expect(isEnded, true, `${sid} ended at ${moment}`);
        s.expect(trigger.happened, true, `${moment} came`);
        s.expect(s.view(sid).machine.failure, undefined, `what ended ${sid} at ${moment}`);
        s.start(1, 2, 3);
        s.untilServing();
      }
    }
    s.slowDisk(0.5, 1, 2, 3);

    // Told twice, and its role ends while the last of it goes to the disk.
    const { leader } = s;
    s.slowDisk(8000, leader);
    s.flood('/node', 3);
    s.run(20);
    let isEnded = false;
    for (let i = 0; i < 2; i++) {
      s.view(leader).machine.stop(() => {
        isEnded = true;
      });
    }
    const others = s.followers.filter((sid) => sid !== leader);
    s.powerLoss(...others);
    s.until('the end', () => isEnded);
    s.slowDisk(0.5, 1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
    s.write('/node', 'after');
    s.expect(s.read('/node'), 'after', 'the node');
  },
};
