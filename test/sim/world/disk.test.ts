import { describe, expect, test } from 'vitest';
import { type Disk, DiskError } from '../../../src/io/disk.ts';
import { SimClock } from './clock.ts';
import { DeadProcess, SECTOR_BYTES, SimDisk } from './disk.ts';
import { SimRandom } from './random.ts';
import { Scheduler, SimProcess } from './scheduler.ts';

interface World {
  readonly scheduler: Scheduler;
  readonly sim: SimDisk;
  readonly disk: Disk;
}

function world(seed: number): World {
  const scheduler = new Scheduler();
  const sim = new SimDisk(new SimRandom(seed));
  const disk = sim.mount(new SimClock(new SimProcess(scheduler, 'p')));
  disk.makeDir('/data');
  return { scheduler, sim, disk };
}

/** The states found after a power loss, over many seeds. */
function outcomes(prepare: (world: World) => void, look: (sim: SimDisk) => string): string[] {
  const found = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const one = world(seed);
    prepare(one);
    one.sim.powerLoss();
    found.add(look(one.sim));
  }
  return [...found].sort();
}

function create(disk: Disk, path: string, text: string, durable: boolean): void {
  const file = disk.open(path, 'create');
  file.writeAt(Buffer.from(text), 0);
  if (durable) {
    file.syncNow();
    disk.syncDir('/data');
  }
  file.close();
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return 'none';
}

const listing = (sim: SimDisk): string => sim.list('/data').join(' ');

describe('a power loss', () => {
  test('leaves what was synced', () => {
    const durable = outcomes(
      ({ disk }) => create(disk, '/data/a', 'text', true),
      (sim) => sim.read('/data/a').toString(),
    );
    expect(durable).toEqual(['text']);
  });

  test('may take a created file, and may leave it empty', () => {
    const found = outcomes(
      ({ disk }) => create(disk, '/data/a', 'text', false),
      (sim) => (sim.list('/data').length === 0 ? 'gone' : JSON.stringify(sim.read('/data/a').toString())),
    );
    expect(found).toEqual(['""', '"\\u0000\\u0000\\u0000\\u0000"', '"text"', 'gone']);
  });

  test('keeps, loses or mixes sectors that were written since the sync, and versions of one', () => {
    const letters = (sim: SimDisk): string => {
      const bytes = sim.read('/data/a');
      return [0, 1, 2].map((sector) => String.fromCharCode(bytes[sector * SECTOR_BYTES] as number)).join('');
    };
    const found = outcomes(({ disk }) => {
      create(disk, '/data/a', 'a'.repeat(3 * SECTOR_BYTES), true);
      const file = disk.open('/data/a', 'write');
      file.writeAt(Buffer.alloc(3 * SECTOR_BYTES, 'b'), 0);
      file.writeAt(Buffer.alloc(SECTOR_BYTES, 'c'), SECTOR_BYTES);
    }, letters);
    for (const possible of ['aaa', 'bcb', 'aab', 'baa', 'bbb', 'acb']) expect(found).toContain(possible);
    expect(found.every((state) => /^[ab][abc][ab]$/.test(state))).toBe(true);
  });

  test('leaves what was written through, and loses or mixes what was written beside it', () => {
    const letters = (sim: SimDisk): string => {
      const bytes = sim.read('/data/a');
      return [0, 1, 2].map((sector) => String.fromCharCode(bytes[sector * SECTOR_BYTES] as number)).join('');
    };
    const through = (until: number, syncsLie: boolean): string[] =>
      outcomes(({ disk, sim, scheduler }) => {
        create(disk, '/data/a', 'a'.repeat(3 * SECTOR_BYTES), true);
        sim.syncsLie = syncsLie;
        sim.timing = { writeMs: 1, syncMs: 10, slowSyncOneIn: 0, slowSyncMs: 0 };
        const file = disk.open('/data/a', 'writeThrough');
        file.writeAt(Buffer.alloc(SECTOR_BYTES, 'b'), 0);
        file.write([Buffer.alloc(SECTOR_BYTES, 'b'), Buffer.alloc(SECTOR_BYTES, 'c')], SECTOR_BYTES, () => {});
        scheduler.runForMs(until);
      }, letters);
    expect(through(20, false)).toEqual(['abc', 'bbc']);
    // Written, and power goes before it is synced: any of it may have arrived.
    for (const possible of ['aaa', 'aba', 'aac', 'abc', 'bbc']) expect(through(5, false)).toContain(possible);
    expect(through(20, true)).toContain('aaa');
  });

  test('may undo a cut, and never shows what was beyond one', () => {
    const found = outcomes(
      ({ disk }) => {
        create(disk, '/data/a', 'a'.repeat(600), true);
        const file = disk.open('/data/a', 'write');
        file.truncate(10);
        file.truncate(20);
      },
      (sim) => sim.read('/data/a').toString().replaceAll('\0', '0'),
    );
    expect(found).toContain('a'.repeat(600));
    expect(found).toContain(`${'a'.repeat(10)}${'0'.repeat(10)}`);
    const regrown = world(1);
    create(regrown.disk, '/data/a', 'a'.repeat(600), true);
    const file = regrown.disk.open('/data/a', 'write');
    file.truncate(10);
    file.syncNow();
    regrown.sim.powerLoss();
    const later = regrown.sim.mount(new SimClock(new SimProcess(regrown.scheduler, 'q'))).open('/data/a', 'write');
    later.truncate(600);
    expect(regrown.sim.read('/data/a').toString().replaceAll('\0', '')).toBe('a'.repeat(10));
  });

  test('may undo renames and unlinks one by one, and not after a syncDir', () => {
    const change = ({ disk }: World): void => {
      create(disk, '/data/a', 'a', true);
      create(disk, '/data/b', 'b', true);
      disk.rename('/data/a', '/data/c');
      disk.unlink('/data/b');
    };
    expect(outcomes(change, listing)).toEqual(['a', 'a b', 'b c', 'c']);
    expect(
      outcomes((one) => {
        change(one);
        one.disk.syncDir('/data');
      }, listing),
    ).toEqual(['c']);
  });

  test('leaves the old file or the new one under a name that was replaced', () => {
    const found = outcomes(
      ({ disk }) => {
        create(disk, '/data/a', 'old', true);
        create(disk, '/data/new', 'new', true);
        disk.rename('/data/new', '/data/a');
      },
      (sim) => `${listing(sim)}: ${sim.read('/data/a').toString()}`,
    );
    expect(found).toEqual(['a new: old', 'a: new']);
  });

  test('keeps nothing that a lying sync promised', () => {
    const found = outcomes(({ sim, disk }) => {
      sim.syncsLie = true;
      create(disk, '/data/a', 'text', true);
    }, listing);
    expect(found).toEqual(['', 'a']);
  });

  test('is the same for the same seed', () => {
    const once = (): string => {
      const { sim, disk } = world(7);
      for (const name of ['a', 'b', 'c', 'd']) create(disk, `/data/${name}`, name.repeat(2000), false);
      sim.powerLoss();
      return sim
        .list('/data')
        .map((name) => sim.read(`/data/${name}`).toString())
        .join('|');
    };
    expect(once()).toBe(once());
  });
});

describe('a killed process', () => {
  test('leaves all that it wrote to the others', () => {
    const { sim, disk, scheduler } = world(1);
    create(disk, '/data/a', 'text', false);
    sim.kill();
    expect(sim.read('/data/a').toString()).toBe('text');
    const next = sim.mount(new SimClock(new SimProcess(scheduler, 'q')));
    expect(next.readSmall('/data/a').toString()).toBe('text');
  });

  test('may or may not have done what it had just begun, and is told nothing', () => {
    const found = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { sim, disk, scheduler } = world(seed);
      const file = disk.open('/data/a', 'create');
      let told = false;
      file.write([Buffer.from('te'), Buffer.from('xt')], 0, () => {
        told = true;
      });
      sim.kill();
      scheduler.runForMs(100);
      expect(told).toBe(false);
      found.add(sim.read('/data/a').toString());
    }
    expect([...found].sort()).toEqual(['', 't', 'te', 'tex', 'text']);
  });

  test('can do nothing more, and its locks are free', () => {
    const { sim, disk, scheduler } = world(1);
    const file = disk.open('/data/a', 'create');
    expect(disk.lock('/data')).toBeDefined();
    expect(disk.lock('/data')).toBeUndefined();
    sim.kill();
    expect(() => file.writeAt(Buffer.from('late'), 0)).toThrow(DeadProcess);
    expect(() => disk.unlink('/data/a')).toThrow(DeadProcess);
    expect(sim.mount(new SimClock(new SimProcess(scheduler, 'q'))).lock('/data')).toBeDefined();
  });
});

describe('while it works', () => {
  test('it answers as a disk does', () => {
    const { disk } = world(1);
    create(disk, '/data/a', 'text', true);
    expect(codeOf(() => disk.open('/data/a', 'create'))).toBe('EEXIST');
    expect(codeOf(() => disk.open('/data/b', 'write'))).toBe('ENOENT');
    expect(codeOf(() => disk.list('/elsewhere'))).toBe('ENOENT');
    expect(codeOf(() => disk.unlink('/data/b'))).toBe('ENOENT');
    const target = Buffer.alloc(10);
    expect(disk.open('/data/a', 'read').readAt(target, 2)).toBe(2);
    expect([disk.stat('/data/a').bytes, disk.exists('/data'), disk.exists('/data/b')]).toEqual([4, true, false]);
  });

  test('it takes its time, on the clock of the process', () => {
    const { sim, disk, scheduler } = world(1);
    sim.timing = { writeMs: 1, syncMs: 5, slowSyncOneIn: 2, slowSyncMs: 400 };
    const file = disk.open('/data/a', 'create');
    const took = new Set<number>();
    for (let i = 0; i < 30; i++) {
      const start = scheduler.nowMs;
      file.sync(() => took.add(Math.round(scheduler.nowMs - start)));
      scheduler.runForMs(1000);
    }
    expect([...took].sort((a, b) => a - b)).toEqual([5, 400]);
  });

  test('a full disk takes what there is room for', () => {
    const { sim, disk } = world(1);
    sim.capacityBytes = 4 * SECTOR_BYTES;
    const file = disk.open('/data/a', 'create');
    file.writeAt(Buffer.alloc(4 * SECTOR_BYTES, 'a'), 0);
    expect(codeOf(() => file.writeAt(Buffer.from('b'), 4 * SECTOR_BYTES))).toBe('ENOSPC');
    // Bytes that are there already can be written over.
    file.writeAt(Buffer.from('c'), 0);
  });

  test('faults are asked for by operation and path', () => {
    const { sim, disk } = world(1);
    create(disk, '/data/a', 'text', true);
    sim.fault = (operation, path) => (operation === 'read' && path === '/data/a' ? 'EIO' : undefined);
    expect(codeOf(() => disk.readSmall('/data/a'))).toBe('EIO');
    sim.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    expect(codeOf(() => disk.open('/data/a', 'write').syncNow())).toBe('EIO');
  });

  test('misuse is an error of the test: two operations at once, or bytes that change under way', () => {
    const { disk, scheduler } = world(1);
    const file = disk.open('/data/a', 'create');
    const bytes = Buffer.from('text');
    file.write([bytes], 0, () => {});
    expect(() => file.sync(() => {})).toThrow('one operation at a time');
    bytes[0] = 0;
    expect(() => scheduler.runForMs(100)).toThrow('changed while');
  });
});

test('what is written through takes a write and a sync, one operation, and fails as either', () => {
  const { sim, disk, scheduler } = world(1);
  sim.timing = { writeMs: 1, syncMs: 10, slowSyncOneIn: 0, slowSyncMs: 0 };
  create(disk, '/data/a', 'text', true);
  const told: string[] = [];
  const file = disk.open('/data/a', 'writeThrough');
  const write = (): void =>
    file.write([Buffer.from('new')], 0, (error) => told.push(`${error?.code} after ${Math.round(scheduler.nowMs)}`));
  write();
  scheduler.runForMs(5);
  expect(() => file.sync(() => {})).toThrow('one operation at a time');
  scheduler.runForMs(95);
  for (const failing of ['write', 'sync']) {
    sim.fault = (operation) => (operation === failing ? 'EIO' : undefined);
    write();
    scheduler.runForMs(100);
  }
  expect(told).toEqual(['undefined after 11', 'EIO after 101', 'EIO after 211']);
});

test('a file sync that fails calls everything clean: written, dropped, or in memory only, until it is written again', () => {
  const found = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const { sim, disk } = world(seed);
    create(disk, '/data/a', 'old!', true);
    sim.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    const file = disk.open('/data/a', 'write');
    file.writeAt(Buffer.from('new!'), 0);
    expect(codeOf(() => file.syncNow())).toBe('EIO');
    sim.fault = () => undefined;
    file.syncNow();
    const seen = sim.read('/data/a').toString();
    const isHonest = sim.unsyncedIn('/data', 'a') === undefined;
    file.close();
    sim.kill();
    expect(sim.read('/data/a').toString()).toBe(seen);
    sim.powerLoss();
    found.add(`${seen} ${isHonest} ${sim.read('/data/a').toString()}`);
  }
  expect([...found].sort()).toEqual(['new! false old!', 'new! true new!', 'old! true old!']);

  const { sim, disk } = world(3);
  create(disk, '/data/a', 'old!', true);
  const file = disk.open('/data/a', 'write');
  sim.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
  for (let i = 0; i < 3; i++) {
    file.writeAt(Buffer.from('new!'), 0);
    expect(codeOf(() => file.syncNow())).toBe('EIO');
  }
  sim.fault = () => undefined;
  file.writeAt(Buffer.from('new!'), 0);
  file.syncNow();
  sim.powerLoss();
  expect(sim.read('/data/a').toString()).toBe('new!');
});

test('what is not mounted is not there, comes back as it was, and hides what was written in its place', () => {
  const { sim, disk } = world(1);
  create(disk, '/data/a', 'old', true);
  const mount = sim.unmount('/data');
  expect(disk.exists('/data')).toBe(false);
  disk.makeDir('/data');
  create(disk, '/data/b', 'new', true);
  mount();
  expect(sim.list('/data')).toEqual(['a']);
  expect(sim.read('/data/a').toString()).toBe('old');
});

test('what somebody else put there is known until the process has written it', () => {
  const { sim, disk } = world(1);
  sim.put('/data/a', Buffer.from('foreign'));
  create(disk, '/data/b', 'own', true);
  expect([...sim.tampered]).toEqual(['/data/a']);
  disk.rename('/data/b', '/data/a');
  expect([...sim.tampered]).toEqual([]);
});
