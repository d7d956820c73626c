import fc from 'fast-check';
import { DeadProcess } from '../sim/world/disk.ts';
import { Driver, type Step } from './driver.ts';
import { Lab } from './lab.ts';

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 4 }),
      newEpoch: fc.boolean(),
      bytes: fc.constantFrom(0, 8, 400, 700, 3000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0.01, 0.3, 0.7, 2, 30, 1500) }),
  },
  fc.constantFrom<Step>(
    { kind: 'roll' },
    { kind: 'snapshot' },
    { kind: 'purge' },
    { kind: 'epoch' },
    { kind: 'quiesce' },
  ),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), keep: fc.nat(30) }) },
  fc.record({ kind: fc.constant('install' as const), keep: fc.nat(30), more: fc.nat(3) }),
  fc.constant<Step>({ kind: 'restart' }),
  fc.record({ kind: fc.constant('crash' as const), power: fc.boolean() }),
);

/** Effects until the next crash, and whether it takes the machine along. */
const crashes = fc.array(
  fc.record({ effects: fc.integer({ min: 1, max: 60 }), after: fc.boolean(), power: fc.boolean() }),
  {
    maxLength: 6,
  },
);

/** Any steps, with crashes at any places, in recovery too; at the end the power is lost once more. */
export const anyHistory = fc.property(
  fc.array(step, { minLength: 1, maxLength: 30 }),
  crashes,
  fc.integer(),
  (steps, planned, seed) => {
    const lab = new Lab(seed, {
      preAllocBytes: seed % 2 === 0 ? 4096 : 0,
      dataLogDir: seed % 3 === 0 ? '/data' : '/logs',
      snapRetainCount: 2,
    });
    const driver = new Driver(lab);
    const left = [...planned];
    let effects = 0;
    lab.disk.onEffect = (_effect, phase) => {
      if (phase === 'before') effects++;
      const next = left[0];
      if (next === undefined || effects < next.effects || (phase === 'after') !== next.after) return;
      left.shift();
      effects = 0;
      if (next.power) lab.powerLoss();
      else lab.kill();
      throw new DeadProcess('crash');
    };
    const boot = (): void => {
      while (!survives(() => driver.boot()));
    };
    boot();
    for (const one of steps) if (driver.run([one])) boot();
    lab.disk.onEffect = () => {};
    lab.powerLoss();
    driver.recoverAndGoOn();
  },
);

function survives(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof DeadProcess) return false;
    throw error;
  }
}
