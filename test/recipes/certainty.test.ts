import { expect, test } from 'vitest';
import type { Stat } from '../../src/jute/data-records.ts';
import { writeStat } from '../../src/jute/data-records.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { Held } from '../../src/recipes/contention/held.ts';
import { claimants } from '../../src/recipes/contention/names.ts';
import { Scene, STAT } from '../client/scene.ts';

const stat: Stat = { ...STAT, czxid: 77 as Zxid };

test('a process that stood still holds nothing when it wakes, before any timer or socket says so', async () => {
  const scene = new Scene();
  scene.greet();
  const held = new Held(scene.client, '/lock/mine-0000000001', stat);
  scene.reply(scene.expectRequest().xid, 78, 0, (w) => {
    w.writeBuffer(undefined);
    writeStat(w, stat);
  });
  expect([held.isHeld, held.token]).toEqual([true, 77]);
  // The process stops here: the clock goes on, and nothing that waits is run.
  scene.clock.now += 5999;
  expect(held.isHeld).toBe(true);
  scene.clock.now += 1;
  expect(held.isHeld).toBe(false);
  expect(() => held.assertHeld()).toThrow('is not held any more');
  void held.release().catch(() => {});
});

test('a line is in the order of its numbers, of Curator and of kazoo, also when the counter has gone round', () => {
  const line = claimants([
    '_c_x-lock--2147483647',
    '_c_z-lock-2147483646',
    'fe__lock__2147483647',
    '_c_y-lock--2147483648',
    'no-member',
    'aa__rlock__2147483645',
  ]);
  expect(line.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'shared aa__rlock__2147483645',
    'exclusive _c_z-lock-2147483646',
    'exclusive fe__lock__2147483647',
    'exclusive _c_y-lock--2147483648',
    'exclusive _c_x-lock--2147483647',
  ]);
});
