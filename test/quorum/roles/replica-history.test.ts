import { expect, it } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import type { PeerParts } from '../../../src/quorum/peer-parts.ts';
import { ReplicaHistory } from '../../../src/quorum/roles/replica-history.ts';

it('while the log is looked through for one learner, all are told later, and the directory is not listed', () => {
  let listed = 0;
  let isBusy = true;
  const logs = {
    get isBusy() {
      return isBusy;
    },
    bytesFrom: () => {
      listed++;
      return 1000;
    },
    isNear: () => !isBusy,
    readFrom: () => undefined,
  };
  const history = new ReplicaHistory({ store: { logs } } as unknown as PeerParts);
  for (let acks = 0; acks < 100; acks++) expect(history.diskFrom(5 as Zxid, 2000)).toBe('later');
  expect(listed).toBe(0);
  isBusy = false;
  expect([history.diskFrom(5 as Zxid, 2000), history.diskFrom(5 as Zxid, 999), listed]).toEqual([
    undefined,
    undefined,
    2,
  ]);
});
