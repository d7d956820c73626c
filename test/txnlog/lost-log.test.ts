import { describe, expect, test } from 'vitest';
import type { StoreOptions } from '../../src/txnlog/store-options.ts';
import { fatalOf, Lab, seenBy } from './lab.ts';

const DIR = '/data/version-2';
const ALONE: Partial<StoreOptions> = { isAlone: true, preAllocBytes: 0 };
const REFUSAL =
  `the log in ${DIR} ends at zxid 0x3, but ${DIR}/synced says that it was on disk up to 0x5: transactions that were ` +
  'acknowledged are missing. Put the missing files back, or restore a backup.';

/** Transactions 1 to 3 in one file, 4 and 5 in another one that is lost. */
function labThatLost(options: Partial<StoreOptions> = ALONE): Lab {
  const lab = new Lab(1, options);
  for (const zxids of [
    [1, 2, 3],
    [4, 5],
  ]) {
    const { store } = lab.start();
    lab.appendSynced(store, ...zxids);
    lab.close(store);
  }
  lab.disk.remove(`${DIR}/log.4`);
  return lab;
}

function withKey(lab: Lab, acceptLossAfter: string): Lab {
  lab.options = { ...lab.options, acceptLossAfter };
  return lab;
}

describe('a server by itself whose log lost what was on disk', () => {
  test('does not serve, and says how to go on', () => {
    const lab = labThatLost();
    const files = lab.files();
    const refusal = fatalOf(() => lab.start());
    expect(refusal.message).toBe(`${REFUSAL} To serve without them start once with log.acceptLossAfter=0x3`);
    expect([refusal.exitCode, lab.files()]).toEqual([10, files]);
  });

  test('goes on once it is told of this very loss, and forgets it', () => {
    const lab = withKey(labThatLost(), '0x3');
    expect(seenBy(lab.start().database)).toEqual([1, 2, 3]);
    expect(lab.lines).toContain(
      'warn acknowledged transactions are missing, and log.acceptLossAfter says to go on without them',
    );
    lab.powerLoss();
    const { store, database } = withKey(lab, '').start();
    expect([seenBy(database), store.missingUpTo]).toEqual([[1, 2, 3], undefined]);
    lab.appendSynced(store, 4);
    lab.close(store);
    expect(seenBy(lab.start().database)).toEqual([1, 2, 3, 4]);
  });

  test('refuses another loss, whatever was said about an earlier one', () => {
    for (const said of ['0x2', '3', '0x4', 'true']) {
      expect(fatalOf(() => withKey(labThatLost(), said).start()).message).toBe(
        `${REFUSAL} log.acceptLossAfter=${said} is for another end of the log. ` +
          'To serve without them start once with log.acceptLossAfter=0x3',
      );
    }
  });

  test('leaves a tail alone that was on disk and cannot be read', () => {
    const lab = new Lab(1, ALONE);
    const { store } = lab.start();
    lab.appendSynced(store, 1, 2, 3, 4, 5);
    lab.close(store);
    const log = lab.disk.read(`${DIR}/log.1`);
    const spoilt = Buffer.from(log);
    spoilt.fill(0xff, log.length - 20);
    lab.disk.put(`${DIR}/log.1`, spoilt);
    expect(fatalOf(() => lab.start()).message).toContain('ends at zxid 0x4, but');
    expect(lab.disk.read(`${DIR}/log.1`)).toEqual(spoilt);
    lab.kill();
    expect(seenBy(withKey(lab, '0x4').start().database)).toEqual([1, 2, 3, 4]);
  });

  test('is not refused when it never promised anything', () => {
    expect(seenBy(labThatLost({ ...ALONE, forceSync: false }).start().database)).toEqual([1, 2, 3]);
  });
});

test('in an ensemble the same is no reason to stop: the others have what is missing', () => {
  const lab = labThatLost({ preAllocBytes: 0 });
  const { store, database } = lab.start();
  expect([seenBy(database), store.missingUpTo]).toEqual([[1, 2, 3], 5]);
});
