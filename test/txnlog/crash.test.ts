import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeadProcess, type Effect } from '../sim/world/disk.ts';
import { anyHistory } from './any-history.ts';
import { Driver, type Step } from './driver.ts';
import { Lab } from './lab.ts';

/**
 * Crashes at every place: the promises of src/txnlog/store.ts held against a disk that keeps no more than it must.
 * After each crash the peer recovers, which must give what was promised and nothing that was not appended, writes
 * on, loses power once more and recovers again.
 */
const append = (count: number, newEpoch = false, bytes = 8): Step => ({ kind: 'append', count, newEpoch, bytes });
const wait = (ms: number): Step => ({ kind: 'wait', ms });

const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  'groups of appends': [append(1, true), wait(0.1), append(3), wait(0.3), append(2, false, 900), wait(2), append(1)],
  'a roll and snapshots': [
    append(2, true),
    wait(3),
    { kind: 'snapshot' },
    { kind: 'roll' },
    append(2),
    wait(3),
    { kind: 'snapshot' },
    append(1),
    { kind: 'roll' },
    append(1, true),
    wait(5),
    { kind: 'purge' },
    append(2),
  ],
  'a first group that fills several sectors': [
    append(4, true, 900),
    wait(3),
    { kind: 'roll' },
    append(4, false, 900),
    wait(3),
  ],
  'a role that ends': [
    append(2, true),
    wait(0.1),
    append(2),
    { kind: 'quiesce' },
    append(2),
    wait(0.2),
    { kind: 'quiesce' },
  ],
  'a truncate over several files and a snapshot': [
    append(2, true),
    wait(3),
    { kind: 'roll' },
    append(2),
    wait(3),
    { kind: 'snapshot' },
    wait(5),
    { kind: 'roll' },
    append(2),
    wait(3),
    { kind: 'truncate', keep: 3 },
    append(2, true),
    wait(3),
  ],
  'a truncate to the end of a file': [
    append(2, true),
    wait(3),
    { kind: 'roll' },
    append(2),
    wait(3),
    { kind: 'truncate', keep: 2 },
    append(1),
    wait(3),
  ],
  'a snapshot of the leader that replaces everything': [
    append(2, true),
    wait(3),
    { kind: 'snapshot' },
    { kind: 'roll' },
    append(3),
    wait(5),
    { kind: 'install', keep: 3, more: 2 },
    append(2),
    wait(3),
    { kind: 'install', keep: 1, more: 0 },
    append(1, true),
  ],
  'the first thing a peer gets is a snapshot': [{ kind: 'install', keep: 0, more: 3 }, append(1), wait(3)],
  'epochs between appends': [
    { kind: 'epoch' },
    append(1, true),
    wait(3),
    { kind: 'epoch' },
    append(1, true),
    { kind: 'epoch' },
  ],
};

interface CrashAt {
  readonly index: number;
  readonly phase: 'before' | 'after';
  readonly power: boolean;
}

/** Runs the script on a new disk, with a crash there; the effects so far. */
function runScript(steps: readonly Step[], seed: number, crash: CrashAt | undefined, syncsLie = false): number {
  // Directories of their own for logs and snapshots, every other time: a sync of the one is none of the other.
  const lab = new Lab(seed, seed % 2 === 0 ? { dataLogDir: '/logs' } : {});
  lab.disk.syncsLie = syncsLie;
  const driver = new Driver(lab);
  let effects = 0;
  lab.disk.onEffect = (_effect: Effect, phase) => {
    if (phase === 'before') effects++;
    if (crash === undefined || effects !== crash.index || phase !== crash.phase) return;
    if (crash.power) lab.powerLoss();
    else lab.kill();
    throw new DeadProcess('crash');
  };
  let crashed = false;
  try {
    driver.boot();
    crashed = driver.run(steps);
  } catch (error) {
    if (!(error instanceof DeadProcess)) throw error;
    crashed = true;
  }
  if (crash !== undefined) expect(crashed, `effect ${crash.index} happened`).toBe(true);
  lab.disk.onEffect = () => {};
  if (!crashed) lab.kill();
  driver.recoverAndGoOn();
  return effects;
}

function crashEverywhere(steps: readonly Step[], seeds: readonly number[], syncsLie = false): void {
  const effects = Math.min(runScript(steps, 1, undefined), runScript(steps, 2, undefined));
  for (let index = 1; index <= effects; index++) {
    for (const phase of ['before', 'after'] as const) {
      runScript(steps, 1, { index, phase, power: false }, syncsLie);
      for (const seed of seeds) {
        try {
          runScript(steps, seed, { index, phase, power: true }, syncsLie);
        } catch (error) {
          throw new Error(`power lost ${phase} effect ${index}, seed ${seed}: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
    }
  }
}

describe('a crash before or after any effect on the disk loses nothing that was promised', { timeout: 60_000 }, () => {
  for (const [name, steps] of Object.entries(SCRIPTS)) {
    test(name, () => crashEverywhere(steps, [1, 2, 3]));
  }
});

describe('what relies on an order that nobody promised shows only with the right piece lost', {
  timeout: 60_000,
}, () => {
  const many = Array.from({ length: 18 }, (_, index) => index + 1);

  test('a snapshot of the leader that replaces everything', () => {
    crashEverywhere([append(1, true), wait(3), { kind: 'install', keep: 1, more: 2 }], many);
  });

  test('a first group that fills several sectors', () => {
    crashEverywhere([append(1, true), wait(3), { kind: 'roll' }, append(3, false, 900)], many);
  });

  test('a name that a killed process did not sync is there for good once it was seen', () => {
    for (const seed of many) {
      const lab = new Lab(seed);
      const { store } = lab.start();
      store.epochs.setAccepted(1);
      lab.disk.onEffect = ({ kind }, phase) => {
        if (kind !== 'rename' || phase !== 'after') return;
        lab.kill();
        throw new DeadProcess('crash');
      };
      expect(() => store.epochs.setAccepted(2)).toThrow(DeadProcess);
      lab.disk.onEffect = () => {};
      const seen = lab.start().store.epochs.acceptedEpoch;
      lab.powerLoss();
      expect(lab.start().store.epochs.acceptedEpoch).toBe(seen);
    }
  });
});

describe('the same on a disk whose syncs keep nothing', () => {
  // The check on the check: these tests are worth something only if they notice.
  for (const name of ['groups of appends', 'a roll and snapshots', 'epochs between appends'] as const) {
    test(`${name}: is noticed`, () => {
      expect(() => crashEverywhere(SCRIPTS[name] as readonly Step[], [1, 2, 3], true)).toThrow();
    });
  }
});

describe('any history of a peer', () => {
  test('survives crashes at any place, in recovery too', { timeout: 60_000 }, () => {
    fc.assert(anyHistory, { numRuns: 150 });
  });
});
