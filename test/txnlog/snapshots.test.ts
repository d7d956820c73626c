import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/datatree/database.ts';
import { readTxn } from '../../src/jute/txns.ts';
import { adler32 } from '../../src/txnlog/adler32.ts';
import { StreamChecksum, snapshotHeader, snapshotTrailer } from '../../src/txnlog/snapshot/snapshot-format.ts';
import type { Store } from '../../src/txnlog/store.ts';
import type { StoreOptions } from '../../src/txnlog/store-options.ts';
import { databaseOf, fatalOf, Lab, payloadOf, seenBy, zxid } from './lab.ts';

const DIR = '/data/version-2';

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A store that has logged and applied transactions 1 to `count`. */
function storeWith(count: number, options: Partial<StoreOptions> = {}): { lab: Lab; store: Store; database: Database } {
  const lab = new Lab(1, options);
  const { store, database } = lab.start();
  lab.appendSynced(store, ...numbers(1, count));
  for (const zxid of numbers(1, count)) database.apply(readTxn(payloadOf(zxid)));
  return { lab, store, database };
}

/** Takes a snapshot and waits for it; the reason when it failed. */
function snapshot(lab: Lab, store: Store, database: Database): string | undefined {
  let outcome: string | undefined = 'never done';
  store.takeSnapshot(database.startCut(), (error) => {
    outcome = error?.message;
  });
  lab.run(500);
  return outcome;
}

describe('a snapshot', () => {
  test.each(['', 'gz', 'snappy'] as const)('is written and read again, compressed by %j', (snapshotCompression) => {
    const { lab, store, database } = storeWith(300, { snapshotCompression });
    expect(snapshot(lab, store, database)).toBeUndefined();
    const name = snapshotCompression === '' ? 'snapshot.12c' : `snapshot.12c.${snapshotCompression}`;
    expect(lab.files()).toContain(name);
    expect(store.facts.newestSnapshot).toMatchObject({ zxid: 300, bytes: lab.disk.read(`${DIR}/${name}`).length });
    lab.disk.mount(lab.clock).unlink(`${DIR}/log.1`);
    lab.close(store);
    const again = lab.start();
    expect(seenBy(again.database)).toEqual(numbers(1, 300));
    expect(again.database.tree.digest()).toBe(database.tree.digest());
    expect(again.database.digestMismatches).toBe(0);
  });

  test('is the state at its beginning, whatever is applied while it is written', () => {
    const { lab, store, database } = storeWith(10);
    store.takeSnapshot(database.startCut(), () => {});
    for (const zxid of [11, 12]) database.apply(readTxn(payloadOf(zxid)));
    lab.run(500);
    lab.close(store);
    lab.disk.mount(lab.clock).unlink(`${DIR}/log.1`);
    expect(seenBy(lab.start().database)).toEqual(numbers(1, 10));
  });

  test('that is given up in the middle leaves no file, and says why', () => {
    const { lab, store, database } = storeWith(10);
    const cut = database.startCut();
    const files = lab.files();
    let outcome: string | undefined;
    store.takeSnapshot(cut, (error) => {
      outcome = error?.message;
    });
    cut.giveUp('too much is kept for it');
    lab.run(500);
    expect([outcome, lab.files(), store.facts.isWritingSnapshot]).toEqual(['too much is kept for it', files, false]);
  });

  test('of a state that may be ahead of its zxid tells so, and digests are compared once that is over', () => {
    const { lab, store, database } = storeWith(3);
    database.becomeFuzzy();
    expect(snapshot(lab, store, database)).toBeUndefined();
    // As long as one with a digest, which is that of no transaction.
    const bytes = lab.disk.read(`${DIR}/snapshot.3`);
    expect(bytes.subarray(-54).toString('hex')).toContain('0000000000000000000000020000000000000000');
    lab.close(store);
    const again = lab.start().database;
    const wrong = { version: 2, treeDigest: 1n };
    again.apply({ ...readTxn(payloadOf(4)), digest: wrong });
    expect([again.digestMismatches, again.wasFuzzy]).toEqual([0, true]);
    again.fuzzyUntil(zxid(0, 5));
    again.apply({ ...readTxn(payloadOf(5)), digest: wrong });
    expect(again.digestMismatches).toBe(1);
  });

  test('ends as options say: with digest and zxid, with one of them, with neither', () => {
    const trailers = [true, false].flatMap((digest) =>
      [true, false].map((serializeLastProcessedZxid) => {
        const lab = new Lab();
        const database = { ...lab.options.database, digest };
        const { lab: written, store, database: state } = storeWith(3, { serializeLastProcessedZxid, database });
        snapshot(written, store, state);
        const bytes = written.disk.read(`${DIR}/snapshot.3`).length;
        written.close(store);
        expect(seenBy(written.start().database)).toEqual([1, 2, 3]);
        return bytes;
      }),
    );
    const [both, digestOnly, zxidOnly, neither] = trailers as [number, number, number, number];
    expect([both - neither, digestOnly - neither, zxidOnly - neither]).toEqual([33 + 21, 33, 21]);
  });

  test('is synced as it grows, so that it never holds up the log for long', () => {
    const { lab, store, database } = storeWith(1);
    for (let one = 2; one <= 20; one++) {
      store.append(zxid(0, one), payloadOf(one, 1 << 20));
      lab.run();
      database.apply(readTxn(payloadOf(one, 1 << 20)));
    }
    const effects: string[] = [];
    lab.disk.onEffect = ({ kind, path }, phase) => {
      if (phase === 'after' && path.includes('writing-')) effects.push(kind);
    };
    expect(snapshot(lab, store, database)).toBeUndefined();
    expect(effects.filter((kind) => kind === 'sync')).toHaveLength(3);
    expect(effects.at(-1)).toBe('sync');
    lab.close(store);
    expect(seenBy(lab.start().database)).toEqual(numbers(1, 20));
  });

  test('that holds more than the own log has synced is a bug of ours', () => {
    const { store, database } = storeWith(3);
    database.apply(readTxn(payloadOf(4)));
    expect(() => store.takeSnapshot(database.startCut(), () => {})).toThrow('could still lose');
  });

  test('may stand at the start of an epoch, to which no transaction belongs', () => {
    const { lab, store, database } = storeWith(3);
    database.setLastProcessed(zxid(2, 0));
    expect(snapshot(lab, store, database)).toBeUndefined();
    lab.appendSynced(store, zxid(2, 1));
    lab.close(store);
    const again = lab.start();
    expect(again.store.lastDurable).toBe(zxid(2, 1));
  });

  test('on a full disk fails in one plain line and leaves nothing; the peer serves on', () => {
    const { lab, store, database } = storeWith(300);
    lab.disk.capacityBytes = lab.disk.usedBytes + 2048;
    expect(snapshot(lab, store, database)).toBe(
      'no space left for the snapshot at 0x12c; what was written of it is removed',
    );
    expect(lab.files()).toEqual(['log.1', 'snapshot.0', 'synced']);
    expect([lab.fatal, store.facts.isWritingSnapshot]).toEqual([undefined, false]);
    lab.disk.capacityBytes = Number.POSITIVE_INFINITY;
    lab.appendSynced(store, 301);
    expect(store.lastDurable).toBe(301);
    expect(snapshot(lab, store, database)).toBeUndefined();
  });

  test.each(['create', 'write', 'sync', 'rename', 'syncDir'] as const)(
    'failing in %s leaves nothing either',
    (kind) => {
      const { lab, store, database } = storeWith(3);
      lab.disk.fault = (operation, path) =>
        operation === kind && (path.includes('snapshot.3') || kind === 'syncDir') ? 'EIO' : undefined;
      expect(snapshot(lab, store, database)).toMatch(/^EIO/);
      expect(lab.files()).toEqual(['log.1', 'snapshot.0', 'synced']);
    },
  );
});

describe('recovery', () => {
  /** Snapshots at 0, 3 and 6, logs from 1, 4 and 7 on. */
  function three(options: Partial<StoreOptions> = {}): Lab {
    const lab = new Lab(1, { preAllocBytes: 0, ...options });
    const { store, database } = lab.start();
    for (const first of [1, 4, 7]) {
      lab.appendSynced(store, ...numbers(first, first + 2));
      for (const zxid of numbers(first, first + 2)) database.apply(readTxn(payloadOf(zxid)));
      store.roll();
      if (first < 7) snapshot(lab, store, database);
    }
    lab.close(store);
    return lab;
  }

  function unlink(lab: Lab, ...names: string[]): void {
    for (const name of names) lab.disk.mount(lab.clock).unlink(`${DIR}/${name}`);
  }

  test('takes the newest snapshot and the log after it', () => {
    const lab = three();
    unlink(lab, 'log.1', 'log.4', 'snapshot.0', 'snapshot.3');
    const { store, database } = lab.start();
    expect(seenBy(database)).toEqual(numbers(1, 9));
    expect(store.recent.all().map((entry) => entry.zxid)).toEqual([7, 8, 9]);
  });

  test('passes over a damaged snapshot when the log reaches back to an older one', () => {
    for (const damage of ['flip', 'cut', 'empty'] as const) {
      const lab = three();
      const newest = lab.disk.read(`${DIR}/snapshot.6`);
      if (damage === 'flip') lab.disk.flipBit(`${DIR}/snapshot.6`, 300, 3);
      else lab.disk.put(`${DIR}/snapshot.6`, newest.subarray(0, damage === 'cut' ? 200 : 0));
      expect(seenBy(lab.start().database)).toEqual(numbers(1, 9));
      expect(lab.lines).toContain('warn passing over a snapshot that cannot be loaded');
    }
  });

  test('refuses when the log does not reach back that far', () => {
    const lab = three();
    lab.disk.flipBit(`${DIR}/snapshot.6`, 300, 3);
    unlink(lab, 'log.4');
    expect(fatalOf(() => lab.start()).message).toContain('zxid 0x7 follows 0x3');
  });

  test('refuses when without the damaged snapshot the history would end sooner', () => {
    const lab = three();
    lab.disk.flipBit(`${DIR}/snapshot.6`, 300, 3);
    unlink(lab, 'log.4', 'log.7');
    const refusal = fatalOf(() => lab.start());
    expect(refusal.message).toContain(`${DIR}/snapshot.6 cannot be loaded`);
    expect(refusal.message).toContain('the history ends at 0x3');
  });

  test('refuses when no snapshot can be loaded, and says of each why', () => {
    const lab = three();
    unlink(lab, 'snapshot.0');
    for (const name of ['snapshot.3', 'snapshot.6']) lab.disk.flipBit(`${DIR}/${name}`, 300, 3);
    const refusal = fatalOf(() => lab.start());
    expect(refusal.message).toMatch(/no snapshot in .* can be loaded: snapshot\.6: .*; snapshot\.3: /);
  });

  test('begins with an empty tree when only the snapshot of the empty tree is damaged', () => {
    const { lab, store } = storeWith(3);
    lab.close(store);
    lab.disk.put(`${DIR}/snapshot.0`, Buffer.alloc(0));
    expect(seenBy(lab.start().database)).toEqual([1, 2, 3]);
  });

  test('any flipped bit of the only snapshot is noticed or harmless', () => {
    const { lab, store, database } = storeWith(3);
    snapshot(lab, store, database);
    lab.close(store);
    unlink(lab, 'log.1', 'snapshot.0');
    const bytes = lab.disk.read(`${DIR}/snapshot.3`);
    for (let offset = 0; offset < bytes.length; offset++) {
      lab.disk.flipBit(`${DIR}/snapshot.3`, offset, offset % 8);
      try {
        const again = lab.start();
        expect(seenBy(again.database)).toEqual([1, 2, 3]);
        expect(again.database.tree.digest()).toBe(database.tree.digest());
        lab.close(again.store);
      } catch (error) {
        expect((error as Error).name).toBe('FatalError');
        lab.kill();
      }
      lab.disk.flipBit(`${DIR}/snapshot.3`, offset, offset % 8);
    }
  });

  test('says so when the log ends before a fuzzy snapshot does', () => {
    const lab = three();
    // A snapshot begun at 5 and finished at 6, and a log that was lost from 6 on.
    lab.disk.put(`${DIR}/snapshot.5`, lab.disk.read(`${DIR}/snapshot.6`));
    unlink(lab, 'snapshot.6', 'log.7');
    const log = lab.disk.read(`${DIR}/log.4`);
    lab.disk.put(`${DIR}/log.4`, log.subarray(0, log.length - 20));
    expect(lab.start().store.lastDurable).toBe(5);
    expect(lab.lines).toContain('warn the log ends before the snapshot does, which may hold a part of what is missing');
  });

  test('takes parts after the tree of an older or a later kind, and none that are altered', () => {
    const database = databaseOf(new Lab().options, [1]);
    const stream = database.startCut().next(1 << 20) as Buffer;
    const checksum = new StreamChecksum();
    checksum.add(snapshotHeader());
    checksum.add(stream);
    const sealed = Buffer.concat([
      snapshotHeader(),
      stream,
      snapshotTrailer(checksum.value, zxid(0, 1), undefined, false),
    ]);
    const versionOne = Buffer.from(`${'0'.repeat(15)}1${'0'.repeat(7)}1${'0'.repeat(7)}3${'616263'}`, 'hex');
    const seal = (bytes: Buffer): Buffer => {
      const end = Buffer.alloc(13);
      end.writeUInt32BE(adler32(bytes), 4);
      end.writeInt32BE(1, 8);
      end.write('/', 12);
      return Buffer.concat([bytes, end]);
    };
    for (const [bytes, loads] of [
      [sealed, true],
      [seal(Buffer.concat([sealed, versionOne])), true],
      [seal(Buffer.concat([sealed, Buffer.alloc(3)])), true],
      [seal(Buffer.concat([sealed, versionOne])).fill(9, sealed.length, sealed.length + 1), false],
      [seal(Buffer.concat([sealed, Buffer.alloc(8)])).fill(9, sealed.length, sealed.length + 1), false],
      [Buffer.concat([sealed, Buffer.from([0, 0, 0, 1, 0x2f])]), true],
    ] as const) {
      const lab = new Lab();
      lab.disk.put(`${DIR}/snapshot.1`, bytes);
      if (loads) expect(seenBy(lab.start().database)).toEqual([1]);
      else expect(fatalOf(() => lab.start()).message).toContain('snapshot.1');
    }
  });

  test('removes what an interrupted snapshot left', () => {
    const lab = three();
    lab.disk.put(`${DIR}/writing-snapshot.9`, Buffer.from('half'));
    lab.start();
    expect(lab.files().filter((name) => name.startsWith('writing'))).toEqual([]);
  });

  test('reads directories of their own for logs and snapshots', () => {
    const lab = three({ dataLogDir: '/logs' });
    expect(lab.files('/data/version-2')).toEqual(['snapshot.0', 'snapshot.3', 'snapshot.6']);
    expect(lab.files('/logs/version-2')).toEqual(['log.1', 'log.4', 'log.7', 'synced']);
    expect(seenBy(lab.start().database)).toEqual(numbers(1, 9));
  });
});

describe('a snapshot of the leader', () => {
  const leaders = [zxid(1, 1), zxid(1, 2), zxid(1, 3)];

  test('becomes the whole history', () => {
    const { lab, store } = storeWith(5);
    let installed = false;
    store.installSnapshot(databaseOf(lab.options, leaders).startCut(), () => {
      installed = true;
    });
    lab.run();
    expect(installed).toBe(true);
    expect(lab.files()).toEqual(['snapshot.100000003', 'synced']);
    expect([store.lastAppended, store.lastDurable, store.recent.length]).toEqual([zxid(1, 3), zxid(1, 3), 0]);
    lab.appendSynced(store, zxid(1, 4));
    lab.powerLoss();
    expect(seenBy(lab.start().database)).toEqual([...leaders, zxid(1, 4)]);
  });

  test('below where the old history ended, leaves nothing of that', () => {
    const { lab, store } = storeWith(9);
    store.installSnapshot(databaseOf(lab.options, [1, 2]).startCut(), () => {});
    lab.run();
    lab.powerLoss();
    const { store: again, database } = lab.start();
    expect(seenBy(database)).toEqual([1, 2]);
    expect(again.missingUpTo).toBeUndefined();
  });

  test('is given up when the role ends before, and the old history is whole', () => {
    const { lab, store } = storeWith(5);
    let installed = false;
    store.installSnapshot(databaseOf(lab.options, leaders).startCut(), () => {
      installed = true;
    });
    lab.run(0.03);
    store.quiesce(() => {});
    lab.run();
    expect([installed, store.facts.isWritingSnapshot]).toEqual([false, false]);
    expect(seenBy(store.recover())).toEqual([1, 2, 3, 4, 5]);
    expect(lab.files()).toEqual(['log.1', 'snapshot.0', 'synced']);
  });

  test('given up on a slow disk is out of the way before the next role begins', () => {
    const { lab, store } = storeWith(5);
    lab.disk.timing = { ...lab.disk.timing, syncMs: 3000 };
    const events: string[] = [];
    store.installSnapshot(databaseOf(lab.options, leaders).startCut(), () => events.push('first installed'));
    lab.run(20);
    store.quiesce(() => {
      events.push('at rest');
      store.installSnapshot(databaseOf(lab.options, leaders).startCut(), () => events.push('second installed'));
    });
    lab.run(1000);
    expect(events).toEqual([]);
    lab.run(20_000);
    expect(events).toEqual(['at rest', 'second installed']);
    store.append(zxid(1, 4), payloadOf(zxid(1, 4)));
    lab.run(20_000);
    expect(store.lastDurable).toBe(zxid(1, 4));
  });

  test('waits for the snapshot that is being written, which is given up', () => {
    const { lab, store, database } = storeWith(5);
    const events: string[] = [];
    store.takeSnapshot(database.startCut(), (error) => events.push(`old: ${error?.message}`));
    lab.run(0.01);
    store.installSnapshot(databaseOf(lab.options, leaders).startCut(), () => events.push('new: installed'));
    lab.run();
    expect(events).toEqual(['old: given up', 'new: installed']);
    expect(lab.files()).toEqual(['snapshot.100000003', 'synced']);
  });

  test('that the disk cannot hold stops the peer, the old history whole', () => {
    const { lab, store } = storeWith(5);
    lab.disk.capacityBytes = lab.disk.usedBytes;
    store.installSnapshot(databaseOf(lab.options, leaders).startCut(), () => {});
    lab.run();
    expect(lab.fatal?.message).toContain('no space left for the snapshot at 0x100000003');
    lab.kill();
    lab.disk.capacityBytes = Number.POSITIVE_INFINITY;
    expect(seenBy(lab.start().database)).toEqual([1, 2, 3, 4, 5]);
  });
});
