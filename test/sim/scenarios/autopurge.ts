import { MAX_COUNTER, makeZxid } from '../../../src/jute/zxid.ts';
import { databaseOf } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';

const HOUR_MS = 3_600_000;

export const scenario: Scenario = {
  name: 'autopurge',
  about: 'a server that is alone keeps three snapshots and what they need, hour after hour, and starts from them',
  voters: 1,
  config: { 'autopurge.purgeInterval': 1, snapCount: 4, tickTime: 60_000, snapSizeLimitInKb: -1 },
  play(s) {
    s.start(1);
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.create('/node');
    for (let hour = 0; hour < 2; hour++) {
      for (let i = 0; i < 40; i++) {
        s.write('/node', `${hour} ${i}`);
        s.run(10);
      }
      s.expect(s.files(1, 'snapshot.').length > 3, true, 'more than three snapshots');
      s.run(HOUR_MS);
      s.expect(s.files(1, 'snapshot.').length, 3, 'snapshots');
    }
    s.powerLoss(1);
    s.start(1);
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.expect(s.read('/node'), '1 39', 'the node');

    // The counter of 32 bits is used up.
    const { peer } = s.view(1);
    if (peer === undefined) return;
    databaseOf(peer).setLastProcessed(makeZxid(0, MAX_COUNTER));
    s.write('/node', 'the next epoch');
    s.expect(s.view(1).tip, makeZxid(1, 1), 'the zxid');
  },
};
