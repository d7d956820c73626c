import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/datatree/database.ts';
import { readTxn } from '../../src/jute/txns.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import type { Store } from '../../src/txnlog/store.ts';
import { fatalOf, Lab, payloadOf, seenBy, zxid } from './lab.ts';

interface Standing {
  lab: Lab;
  store: Store;
  database: Database;
}

/** Logs 1-3, 4-6, 7-9; snapshots at 0 and, unless left out, 6; logs in a directory of their own. */
function standing(withSnapshot = true): Standing {
  const lab = new Lab(1, { dataLogDir: '/logs' });
  const { store, database } = lab.start();
  for (const first of [1, 4, 7]) {
    for (const zxid of [first, first + 1, first + 2]) {
      lab.appendSynced(store, zxid);
      database.apply(readTxn(payloadOf(zxid)));
    }
    store.roll();
    if (withSnapshot && first === 4) store.takeSnapshot(database.startCut(), () => {});
    lab.run();
  }
  return { lab, store, database };
}

function truncate(store: Store, to: number): boolean {
  return store.truncate(to as Zxid);
}

function logs(lab: Lab): string[] {
  return lab.files('/logs/version-2').filter((name) => name.startsWith('log.'));
}

describe('a truncate', () => {
  test('cuts in the middle of a file, and the files after it', () => {
    const { lab, store } = standing();
    expect(truncate(store, 5)).toBe(true);
    expect(seenBy(store.recover())).toEqual([1, 2, 3, 4, 5]);
    expect(logs(lab)).toEqual(['log.1', 'log.4']);
    expect([store.lastAppended, store.lastDurable]).toEqual([5, 5]);
  });

  test('takes the snapshots above it along (ZOOKEEPER-4837)', () => {
    const { lab, store } = standing();
    expect(lab.files()).toContain('snapshot.6');
    truncate(store, 5);
    expect(lab.files()).toEqual(['snapshot.0']);
  });

  test('at the end of a file leaves that file as it is', () => {
    const { lab, store } = standing();
    expect(truncate(store, 6)).toBe(true);
    expect(logs(lab)).toEqual(['log.1', 'log.4']);
    expect(lab.files()).toEqual(['snapshot.0', 'snapshot.6']);
    expect(seenBy(store.recover())).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('to the last transaction changes nothing that counts', () => {
    const { store } = standing();
    expect(truncate(store, 9)).toBe(true);
    expect(seenBy(store.recover())).toHaveLength(9);
  });

  test('is followed by a log that can be replayed (ZOOKEEPER-1489)', () => {
    const { lab, store } = standing();
    truncate(store, 5);
    store.recover();
    lab.appendSynced(store, zxid(2, 1), zxid(2, 2));
    lab.powerLoss();
    const { database } = lab.start();
    expect(seenBy(database)).toEqual([1, 2, 3, 4, 5, zxid(2, 1), zxid(2, 2)]);
  });

  test('to a point that the history does not have is refused, and nothing is changed', () => {
    for (const to of [10, zxid(1, 1), zxid(0, 7.5)]) {
      const { lab, store } = standing();
      expect(truncate(store, to)).toBe(false);
      expect(logs(lab)).toEqual(['log.1', 'log.4', 'log.7']);
      expect(seenBy(store.recover())).toHaveLength(9);
    }
  });

  test('below the oldest snapshot is refused: there is nothing to start from', () => {
    const { lab, store } = standing();
    lab.disk.mount(lab.clock).unlink('/data/version-2/snapshot.0');
    expect(truncate(store, 5)).toBe(false);
    expect(truncate(store, 7)).toBe(true);
  });

  test('to a snapshot that the log begins right after leaves the snapshot alone', () => {
    const { lab, store } = standing();
    const disk = lab.disk.mount(lab.clock);
    for (const name of ['log.1', 'log.4']) disk.unlink(`/logs/version-2/${name}`);
    disk.unlink('/data/version-2/snapshot.0');
    expect(truncate(store, 6)).toBe(true);
    expect([logs(lab), lab.files()]).toEqual([[], ['snapshot.6']]);
    expect(seenBy(store.recover())).toEqual([1, 2, 3, 4, 5, 6]);
    lab.appendSynced(store, 7);
    lab.powerLoss();
    expect(seenBy(lab.start().database)).toHaveLength(7);
  });

  test('works where nothing is known of what was synced, as in a directory of Apache', () => {
    const { lab, store } = standing();
    lab.close(store);
    lab.disk.mount(lab.clock).unlink('/logs/version-2/synced');
    const { store: again } = lab.start();
    expect(truncate(again, 5)).toBe(true);
    expect(seenBy(again.recover())).toEqual([1, 2, 3, 4, 5]);
    expect(again.missingUpTo).toBeUndefined();
  });

  test('gives up the snapshot that is being written', () => {
    const { lab, store, database } = standing(false);
    let outcome = '';
    store.takeSnapshot(database.startCut(), (error) => {
      outcome = error?.message ?? 'written';
    });
    truncate(store, 5);
    lab.run();
    expect(outcome).toBe('given up');
    expect(lab.files()).toEqual(['snapshot.0']);
    expect(seenBy(store.recover())).toEqual([1, 2, 3, 4, 5]);
  });

  test.each(['write', 'sync', 'rename', 'unlink', 'truncate', 'syncDir'] as const)(
    'on a disk that fails in %s stops the peer (ZOOKEEPER-3701), and the next start finishes it or has it undone',
    (kind) => {
      for (const code of ['EIO', 'ENOSPC']) {
        const { lab, store } = standing();
        let failed = false;
        lab.disk.fault = (operation) => {
          if (operation !== kind || failed) return undefined;
          failed = true;
          return code;
        };
        const failure = fatalOf(() => truncate(store, 5));
        expect(failure.exitCode).toBe(13);
        expect(failure.message).toMatch(/^cannot cut the log after zxid 0x5: /);
        lab.kill();
        const { database } = lab.start();
        expect([5, 9]).toContain(seenBy(database).length);
      }
    },
  );

  test('makes no later torn tail look like damage', () => {
    const { lab, store } = standing();
    lab.close(store);
    const { store: again } = lab.start();
    truncate(again, 7);
    again.recover();
    again.append(8 as Zxid, payloadOf(8));
    again.append(9 as Zxid, payloadOf(9));
    lab.run();
    expect(lab.disk.read('/logs/version-2/synced').toString()).toContain(' log.8 0 7 ');
  });
});

describe('reading the log for a learner', () => {
  function entries(store: Store, from: number): number[] | undefined {
    const cursor = store.logs.readFrom(from as Zxid);
    if (cursor === undefined) return undefined;
    const zxids: number[] = [];
    for (let entry = cursor.next(); entry !== undefined; entry = cursor.next()) {
      expect(entry.payload.equals(payloadOf(entry.zxid))).toBe(true);
      zxids.push(entry.zxid);
    }
    return zxids;
  }

  test('begins at the zxid and goes through the files', () => {
    const { store } = standing();
    expect(entries(store, 5)).toEqual([5, 6, 7, 8, 9]);
    expect(entries(store, 4)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(entries(store, 9)).toEqual([9]);
    expect(entries(store, 10)).toEqual([]);
  });

  test('is not offered when the disk does not reach back that far', () => {
    const { lab, store } = standing();
    lab.disk.mount(lab.clock).unlink('/logs/version-2/log.1');
    expect(entries(store, 3)).toBeUndefined();
    expect(entries(store, 4)).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test('ends at what was synced when it began', () => {
    const { lab, store } = standing();
    const cursor = store.logs.readFrom(8 as Zxid);
    lab.appendSynced(store, 10);
    expect([cursor?.next()?.zxid, cursor?.next()?.zxid, cursor?.next()?.zxid]).toEqual([8, 9, undefined]);
  });

  test('keeps its files from being purged', () => {
    const { lab, store, database } = standing();
    const cursor = store.logs.readFrom(2 as Zxid);
    for (const zxid of [10, 11, 12]) {
      lab.appendSynced(store, zxid);
      database.apply(readTxn(payloadOf(zxid)));
      store.roll();
      store.takeSnapshot(database.startCut(), () => {});
      lab.run();
    }
    store.purge();
    expect(logs(lab)).toContain('log.1');
    for (let zxid = 2; zxid <= 9; zxid++) expect(cursor?.next()?.zxid).toBe(zxid);
    expect(cursor?.next()).toBeUndefined();
    store.purge();
    expect(logs(lab)).toEqual(['log.a', 'log.b', 'log.c']);
  });

  test('ends at a hole, and is not offered from before it any more', () => {
    const { lab, store } = standing();
    lab.disk.flipBit('/logs/version-2/log.4', 16 + 13 + payloadOf(1).length + 50, 1);
    expect(entries(store, 2)).toEqual([2, 3, 4]);
    expect(lab.lines).toContain('warn the log on disk has a hole; learners from before it will be sent a snapshot');
    expect([entries(store, 2), entries(store, 4)]).toEqual([undefined, undefined]);
    expect(entries(store, 7)).toEqual([7, 8, 9]);
  });

  test('is not offered where a hole is the first thing there', () => {
    const { lab, store } = standing();
    lab.disk.flipBit('/logs/version-2/log.4', 16 + 40, 1);
    expect(entries(store, 4)).toEqual([7, 8, 9]);
    expect(entries(store, 3)).toEqual([3]);
    expect(entries(store, 3)).toBeUndefined();
    lab.disk.fault = (operation) => (operation === 'read' ? 'EIO' : undefined);
    expect([store.logs.readFrom(7 as Zxid), store.logs.bytesFrom(7 as Zxid)]).toEqual([
      undefined,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test('ends where the disk fails, or the log ends too early, and is not offered again', () => {
    const failing = standing();
    const cursor = failing.store.logs.readFrom(2 as Zxid);
    failing.lab.disk.fault = (operation, path) => (operation === 'read' && path.endsWith('log.7') ? 'EIO' : undefined);
    const seen: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) seen.push(cursor?.next()?.zxid);
    expect(seen).toEqual([2, 3, 4, 5, 6, undefined]);
    expect(failing.store.logs.readFrom(2 as Zxid)).toBeUndefined();
    const short = standing();
    short.lab.disk.flipBit('/logs/version-2/log.7', 16 + 13 + payloadOf(1).length + 50, 1);
    expect(entries(short.store, 6)).toEqual([6, 7]);
    expect(entries(short.store, 6)).toBeUndefined();
  });

  test('is counted in bytes without the padding', () => {
    const { store } = standing();
    const record = 13 + payloadOf(1).length;
    expect(store.logs.bytesFrom(8 as Zxid)).toBe(16 + 3 * record);
    expect(store.logs.bytesFrom(3 as Zxid)).toBe(3 * (16 + 3 * record));
  });
});
