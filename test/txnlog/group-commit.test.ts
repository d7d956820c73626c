import { describe, expect, test } from 'vitest';
import type { Zxid } from '../../src/jute/zxid.ts';
import type { Store } from '../../src/txnlog/store.ts';
import type { StoreOptions } from '../../src/txnlog/store-options.ts';
import { Lab, payloadOf, seenBy, zxid } from './lab.ts';

/** A started store, the disk's effects and what the store announced, in one list. */
function watched(options: Partial<StoreOptions> = {}): { lab: Lab; store: Store; events: string[] } {
  const lab = new Lab(1, { preAllocBytes: 0, ...options });
  const { store } = lab.start();
  const events: string[] = [];
  store.handlers = {
    onDurable: (zxid) => events.push(`synced ${zxid}`),
    onFatal: (error) => events.push(`fatal ${error.exitCode} ${error.message}`),
  };
  lab.disk.onEffect = ({ kind, path }, phase) => {
    if (phase === 'after' && path.includes('/log.')) events.push(`${kind} ${path.slice(path.lastIndexOf('/') + 1)}`);
  };
  return { lab, store, events };
}

function append(store: Store, ...zxids: number[]): void {
  for (const one of zxids) store.append(one as Zxid, payloadOf(one));
}

describe('group commit', () => {
  test('the appends of one turn are one write and one sync', () => {
    const { lab, store, events } = watched();
    append(store, 1, 2, 3);
    expect(store.lastAppended).toBe(3);
    expect(store.lastDurable).toBe(0);
    lab.run();
    expect(events).toEqual(['create log.1', 'write log.1', 'write log.1', 'sync log.1', 'synced 3']);
    expect(store.lastDurable).toBe(3);
  });

  test('what arrives while a sync is in flight is the next group, of any size', () => {
    const { lab, store, events } = watched();
    append(store, 1);
    lab.run();
    events.length = 0;
    append(store, 2);
    for (const one of [3, 4, 5]) lab.clock.after(0.1 + one / 100, () => append(store, one));
    lab.run();
    expect(events).toEqual(['write log.1', 'sync log.1', 'synced 2', 'write log.1', 'sync log.1', 'synced 5']);
  });

  test('nothing is announced between a write and its sync', () => {
    const { lab, store, events } = watched();
    lab.disk.timing = { ...lab.disk.timing, syncMs: 1000 };
    append(store, 1);
    lab.run(4000);
    events.length = 0;
    append(store, 2);
    lab.run(900);
    expect(events).toEqual(['write log.1']);
    lab.run(200);
    expect(events).toEqual(['write log.1', 'sync log.1', 'synced 2']);
  });

  test('a task waits for what was appended before it, and for nothing after', () => {
    const { lab, store, events } = watched();
    append(store, 1);
    store.whenDurable(() => events.push('after 1'));
    append(store, 2);
    lab.clock.after(0.2, () => {
      append(store, 3);
      store.whenDurable(() => events.push('after 3'));
    });
    store.whenDurable(() => events.push('after 2'));
    lab.run();
    expect(events.filter((event) => /synced|after/.test(event))).toEqual([
      'synced 2',
      'after 1',
      'after 2',
      'synced 3',
      'after 3',
    ]);
  });

  test('with nothing to wait for a task runs soon, but never inside the call', () => {
    const { lab, store, events } = watched();
    store.whenDurable(() => events.push('ran'));
    expect(events).toEqual([]);
    lab.run();
    expect(events).toEqual(['ran']);
  });

  test('a group is cut at some megabytes, so that its beginning is acknowledged sooner', () => {
    const { lab, store, events } = watched();
    for (let i = 1; i <= 5; i++) store.append(i as Zxid, payloadOf(i, 1_500_000));
    lab.run();
    expect(events.filter((event) => event.startsWith('synced'))).toEqual(['synced 2', 'synced 4', 'synced 5']);
  });

  test('with forceSync=no there are writes and no syncs', () => {
    const { lab, store, events } = watched({ forceSync: false });
    append(store, 1, 2);
    lab.run(5000);
    expect(events).toEqual(['create log.1', 'write log.1', 'write log.1', 'synced 2']);
  });

  test('a slow sync is warned about and counted', () => {
    const { lab, store } = watched({ fsyncWarningThresholdMs: 20 });
    append(store, 1);
    lab.run();
    expect(store.facts.log).toMatchObject({ syncs: 1, slowSyncs: 0, records: 1 });
    lab.disk.timing = { ...lab.disk.timing, syncMs: 21 };
    append(store, 2);
    lab.run();
    expect(store.facts.log).toMatchObject({ syncs: 2, slowSyncs: 1, records: 2 });
    expect(lab.lines).toContain('warn syncing the transaction log was slow; every write waits for it');
  });

  test('an append that leaves a hole is a bug of ours', () => {
    const { store } = watched();
    append(store, 1);
    expect(() => append(store, 3)).toThrow('append of 3 after 1');
    expect(() => append(store, 1)).toThrow('append of 1 after 1');
  });
});

describe('files', () => {
  test('the next append after a roll starts one, named after it', () => {
    const { lab, store } = watched();
    append(store, 1);
    store.roll();
    append(store, 2, 3);
    store.roll();
    store.roll();
    lab.run();
    append(store, 4);
    lab.run();
    expect(lab.files().filter((name) => name.startsWith('log.'))).toEqual(['log.1', 'log.2', 'log.4']);
  });

  test('grow in steps of zeros, sixteen bytes off as with Apache', () => {
    const { lab, store } = watched({ preAllocBytes: 65536 });
    append(store, 1);
    lab.run();
    append(store, 2);
    lab.run();
    expect(lab.disk.read('/data/version-2/log.1').length).toBe(65536 + 16);
    for (let i = 3; i < 650; i++) append(store, i);
    lab.run();
    append(store, 650);
    lab.run();
    expect(lab.disk.read('/data/version-2/log.1').length).toBe(2 * 65536 + 16);
  });

  test('are never without their header, nor padded before they have a transaction (ZOOKEEPER-2332)', () => {
    const { lab, store } = watched({ preAllocBytes: 65536 });
    const seen = new Set<string>();
    lab.disk.onEffect = () => {
      if (!lab.files().includes('log.1')) return;
      const log = lab.disk.read('/data/version-2/log.1');
      if (log.length === 0) return;
      const records = log.subarray(16).some((byte) => byte !== 0);
      seen.add(`${log.toString('latin1', 0, 4)} ${log.length === 16 ? 'alone' : records ? 'records' : 'zeros'}`);
    };
    append(store, 1);
    lab.run();
    append(store, 2);
    lab.run();
    expect([...seen]).toEqual(['ZKLG alone', 'ZKLG records']);
  });

  test('end at txnLogSizeLimitInKb', () => {
    const { lab, store } = watched({ txnLogSizeLimitBytes: 200 });
    for (let i = 1; i <= 6; i++) {
      append(store, i);
      lab.run();
    }
    expect(lab.files().filter((name) => name.startsWith('log.'))).toEqual(['log.1', 'log.3', 'log.5']);
  });

  test('never come before a snapshot, without which Apache would not start on them', () => {
    const { lab, store } = watched();
    append(store, 1);
    lab.run();
    expect(lab.files()).toEqual(['log.1', 'snapshot.0', 'synced']);
  });

  test('what is appended by one process is not appended to by the next', () => {
    const { lab, store } = watched();
    append(store, 1);
    lab.run();
    lab.close(store);
    const next = lab.start().store;
    append(next, 2);
    lab.run();
    expect(lab.files().filter((name) => name.startsWith('log.'))).toEqual(['log.1', 'log.2']);
  });
});

describe('a role that ends', () => {
  test('what was not handed to the disk is never written, and nobody hears of what was', () => {
    const { lab, store, events } = watched();
    append(store, 1);
    lab.run();
    events.length = 0;
    append(store, 2);
    store.whenDurable(() => events.push('an old role was told'));
    lab.run(0.3);
    append(store, 3);
    store.whenDurable(() => events.push('an old role was told'));
    store.quiesce(() => events.push(`at rest at ${store.lastAppended} = ${store.lastDurable}`));
    lab.run();
    expect(events).toEqual(['write log.1', 'sync log.1', 'at rest at 2 = 2']);
    lab.powerLoss();
    expect(seenBy(lab.start().database)).toEqual([1, 2]);
  });

  test('before anything was handed over, all of it is dropped', () => {
    const { lab, store, events } = watched();
    append(store, 1, 2);
    store.quiesce(() => events.push(`at rest at ${store.lastAppended} = ${store.lastDurable}`));
    lab.run();
    expect(events).toEqual(['at rest at 0 = 0']);
  });

  test('while its file is being made, the file is taken back', () => {
    const { lab, store, events } = watched();
    append(store, zxid(1, 1));
    lab.run();
    events.length = 0;
    store.roll();
    append(store, zxid(1, 2));
    lab.clock.after(0.001, () => store.quiesce(() => events.push('at rest')));
    lab.run();
    expect(events).toEqual(['create log.100000002', 'write log.100000002', 'unlink log.100000002', 'at rest']);
    append(store, zxid(2, 1));
    lab.run();
    expect(lab.files()).toContain('log.200000001');
  });

  test('the next role appends where the log stands, and is told', () => {
    const { lab, store, events } = watched();
    append(store, 1, 2);
    lab.run();
    append(store, 3);
    store.quiesce(() => append(store, zxid(1, 1)));
    lab.run();
    expect(events.filter((event) => event.startsWith('synced'))).toEqual(['synced 2', `synced ${zxid(1, 1)}`]);
  });

  test('a second end before the first came to rest waits with it', () => {
    const { lab, store, events } = watched();
    append(store, 1);
    lab.run(0.1);
    store.quiesce(() => events.push('first'));
    store.quiesce(() => events.push('second'));
    lab.run();
    expect(events.slice(-2)).toEqual(['first', 'second']);
  });
});

describe('a disk that fails', () => {
  test.each(['write', 'sync', 'truncate', 'create', 'syncDir'] as const)(
    'in %s: one fatal, and nothing after it',
    (kind) => {
      const { lab, store, events } = watched({ preAllocBytes: 4096 });
      if (kind === 'write' || kind === 'sync' || kind === 'truncate') {
        append(store, 1);
        lab.run();
      }
      events.length = 0;
      let failures = 0;
      lab.disk.fault = (operation, path) => {
        if (operation !== kind || (kind !== 'syncDir' && !path.includes('/log.'))) return undefined;
        // Only once: a second try would succeed, and must not be made.
        return failures++ === 0 ? 'EIO' : undefined;
      };
      append(store, store.lastAppended + 1);
      store.whenDurable(() => events.push('told'));
      lab.run();
      append(store, store.lastAppended + 1);
      store.whenDurable(() => events.push('told'));
      store.quiesce(() => events.push('at rest'));
      lab.run(5000);
      expect(events.filter((event) => !/^(create|write|truncate) log/.test(event))).toHaveLength(1);
      expect(events.find((event) => event.startsWith('fatal'))).toMatch(
        /^fatal 10 cannot write the transaction log .*EIO/,
      );
      expect(failures).toBe(1);
    },
  );

  test('that is full is one plain line, and nothing of the group is answered', () => {
    const { lab, store, events } = watched();
    append(store, 1);
    lab.run();
    events.length = 0;
    lab.disk.capacityBytes = lab.disk.usedBytes + 1024;
    for (let i = 2; i < 9; i++) store.append(i as Zxid, payloadOf(i, 600));
    lab.run();
    expect(events.at(-1)).toBe(
      'fatal 10 no space left for the transaction log /data/version-2/log.1: nothing of the last group was answered',
    );
    expect(store.lastDurable).toBe(1);
    lab.kill();
    lab.disk.capacityBytes = Number.POSITIVE_INFINITY;
    expect(seenBy(lab.start().database)[0]).toBe(1);
  });
});

describe('the note of what is synced', () => {
  const note = (lab: Lab): string[] =>
    lab.disk
      .read('/data/version-2/synced')
      .toString()
      .match(/\d+ log\.\S+ \d+ \S+/g) as string[];

  test('comes before the first byte of a file, follows a second behind, and is exact after a close', () => {
    const { lab, store } = watched();
    append(store, 1);
    lab.run(500);
    expect(note(lab)).toEqual(['1 log.1 0 0']);
    append(store, 2);
    lab.run(1500);
    const end = lab.disk.read('/data/version-2/log.1').length;
    expect(note(lab)).toEqual([`2 log.1 ${end} 2`, '1 log.1 0 0']);
    append(store, 3);
    lab.run(10);
    lab.close(store);
    expect(note(lab)[1]).toBe(`3 log.1 ${lab.disk.read('/data/version-2/log.1').length} 3`);
  });

  test('is itself durable before the first transaction of a file is written', () => {
    const { lab, store } = watched();
    append(store, 1);
    lab.run();
    const effects: string[] = [];
    lab.disk.onEffect = ({ kind, path }, phase) => {
      if (phase === 'after') effects.push(`${kind} ${path.slice(path.lastIndexOf('/') + 1)}`);
    };
    store.roll();
    append(store, 2);
    lab.run();
    expect(effects).toEqual([
      'create log.2',
      'write log.2',
      'write synced',
      'sync synced',
      'write log.2',
      'sync log.2',
      'syncDir version-2',
    ]);
  });

  test('follows under a load without pause too', () => {
    const { lab, store } = watched();
    let next = 1;
    const timer = lab.clock.every(0.2, () => append(store, next++));
    lab.run(3500);
    timer.cancel();
    expect(Number(note(lab)[0]?.split(' ')[0])).toBeGreaterThanOrEqual(3);
  });

  test('losing one of its two sectors leaves the other', () => {
    const { lab, store } = watched();
    append(store, 1);
    lab.run(1500);
    lab.close(store);
    for (const sector of [0, 512]) {
      lab.disk.put('/data/version-2/synced', lab.disk.read('/data/version-2/synced').fill(0, sector, sector + 512));
      const { store: next } = lab.start();
      expect(next.lastDurable).toBe(1);
      lab.close(next);
    }
    expect(lab.lines).toContain('warn not readable: nothing is known of what was synced');
  });
});
