import { describe, expect, test } from 'vitest';
import { readTxn } from '../../src/jute/txns.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { takeInitializeMarker } from '../../src/txnlog/data-dir.ts';
import type { StoreOptions } from '../../src/txnlog/store-options.ts';
import { databaseOf, fatalOf, Lab, payloadOf, seenBy, zxid } from './lab.ts';

const DIR = '/data/version-2';

describe('opening', () => {
  test('makes the directories', () => {
    const lab = new Lab(1, { dataDir: '/var/lib/zookeeper/data', dataLogDir: '/var/lib/zookeeper/log' });
    lab.open();
    expect(lab.files('/var/lib/zookeeper/data/version-2')).toEqual([]);
    expect(lab.files('/var/lib/zookeeper/log/version-2')).toEqual([]);
  });

  test('does not make them with datadir.autocreate=false', () => {
    const lab = new Lab(1, { dataDirAutocreate: false });
    const refusal = fatalOf(() => lab.open());
    expect([refusal.exitCode, refusal.message]).toEqual([
      3,
      '/data/version-2 is missing, and datadir.autocreate is false',
    ]);
  });

  test.each([{ dataLogDir: '/data' }, { dataLogDir: '/logs' }])(
    'is refused to a second process before it writes: %j',
    (options) => {
      const lab = new Lab(1, options);
      const { store } = lab.start();
      lab.appendSynced(store, 1);
      const before = lab.disk.usedBytes;
      let effects = 0;
      lab.disk.onEffect = () => {
        effects++;
      };
      const refusal = fatalOf(() => lab.open());
      expect([refusal.exitCode, refusal.message]).toEqual([3, '/data is in use by another server']);
      expect([effects, lab.disk.usedBytes]).toEqual([0, before]);
      lab.close(store);
      lab.open();
    },
  );

  test('of a directory whose logs another server has is refused, and the other directory let go', () => {
    const lab = new Lab(1, { dataLogDir: '/logs' });
    const { store } = lab.start();
    const other = new Lab(1);
    Object.assign(other, { disk: lab.disk });
    other.options = { ...lab.options, dataDir: '/other' };
    expect(fatalOf(() => other.open()).message).toBe('/logs is in use by another server');
    lab.close(store);
    other.open();
  });

  test('is possible again after the process was killed', () => {
    const lab = new Lab();
    lab.start();
    lab.kill();
    lab.start();
  });

  test.each([
    ['/logs/version-2/snapshot.5', 'dataDir'],
    ['/data/version-2/log.5', 'dataLogDir'],
  ])('refuses %s, which belongs in %s', (path, belongsIn) => {
    const lab = new Lab(1, { dataLogDir: '/logs' });
    lab.disk.put(path, Buffer.from('misplaced'));
    expect(fatalOf(() => lab.open()).message).toBe(`${path} belongs in ${belongsIn}: check dataDir and dataLogDir`);
  });

  test('refuses a zxid in a name that it cannot place', () => {
    const lab = new Lab();
    lab.disk.put('/data/version-2/log.ffffffffffffff', Buffer.alloc(0));
    expect(fatalOf(() => lab.start()).message).toBe(
      '/data/version-2/log.ffffffffffffff: zxid ffffffffffffff is out of range',
    );
  });

  test('leaves alone what is not ours', () => {
    const lab = new Lab();
    for (const name of ['log.1.bak', 'snapshot.2.tmp', 'README', 'zoo.cfg.dynamic.next']) {
      lab.disk.put(`/data/version-2/${name}`, Buffer.from('kept'));
    }
    const { store } = lab.start();
    lab.appendSynced(store, 1);
    expect(lab.files()).toEqual(
      expect.arrayContaining(['log.1.bak', 'snapshot.2.tmp', 'README', 'zoo.cfg.dynamic.next']),
    );
  });

  test('refuses a change of history that it cannot read', () => {
    const lab = new Lab();
    lab.disk.put('/data/version-2/history-change', Buffer.from('install'));
    expect(fatalOf(() => lab.open()).message).toContain('/data/version-2/history-change');
    lab.disk.put('/data/version-2/history-change', Buffer.from('install snapshot.5\n'));
    expect(fatalOf(() => lab.open()).message).toContain('/data/version-2/snapshot.5 was to become the whole history');
  });
});

describe('a history', () => {
  test('is empty at first, and stays so through starts without a write', () => {
    const lab = new Lab();
    for (let i = 0; i < 2; i++) {
      const { store, database } = lab.start();
      expect([store.isEmpty, store.lastAppended, seenBy(database), store.missingUpTo]).toEqual([
        true,
        0,
        [],
        undefined,
      ]);
      lab.close(store);
    }
    expect(lab.files()).toEqual([]);
  });

  test('is one as soon as there is a transaction, an epoch, or a snapshot of something', () => {
    const logged = new Lab();
    const first = logged.start().store;
    logged.appendSynced(first, 1);
    expect(first.isEmpty).toBe(false);
    logged.kill();
    expect(logged.start().store.isEmpty).toBe(false);
    const accepted = new Lab();
    accepted.start().store.epochs.setAccepted(1);
    accepted.powerLoss();
    expect(accepted.start().store.isEmpty).toBe(false);
    const snapshot = new Lab();
    const { store, database } = snapshot.start();
    database.setLastProcessed(zxid(1, 0));
    store.takeSnapshot(database.startCut(), () => {});
    snapshot.run();
    snapshot.kill();
    expect(snapshot.start().store.isEmpty).toBe(false);
  });

  test('is none where an Apache server was started once and never joined', () => {
    const lab = new Lab();
    const { store, database } = lab.start();
    store.takeSnapshot(database.startCut(), () => {});
    lab.run();
    lab.kill();
    for (const name of ['acceptedEpoch', 'currentEpoch']) lab.disk.put(`/data/version-2/${name}`, Buffer.from('0'));
    expect(lab.files()).toEqual(['acceptedEpoch', 'currentEpoch', 'snapshot.0']);
    expect(lab.start().store.isEmpty).toBe(true);
  });

  test('fills the recent log with the last of what was replayed', () => {
    const lab = new Lab();
    const { store } = lab.start();
    for (let i = 1; i <= 700; i++) store.append(i as Zxid, payloadOf(i));
    lab.run();
    lab.kill();
    const { recent } = lab.start().store;
    expect([recent.length, recent.minZxid, recent.maxZxid]).toEqual([500, 201, 700]);
    expect(recent.all()[249]?.payload.equals(payloadOf(450))).toBe(true);
  });

  test("keeps ephemerals of sessions that are no more: they are the leader's to delete, for everyone alike", () => {
    const lab = new Lab();
    const { store } = lab.start();
    const ephemeral = readTxn(payloadOf(1));
    expect(ephemeral.body.kind).toBe('create');
    const payload = payloadOf(1);
    // The header's client and, behind path, data and ACL, the flag that makes it an ephemeral of that session.
    payload.writeBigInt64BE(0x1234n, 0);
    payload[payload.length - 5] = 1;
    store.append(1 as Zxid, payload);
    lab.run();
    lab.kill();
    const { database } = lab.start();
    expect([seenBy(database), database.tree.ephemeralCount, database.sessions.size]).toEqual([[1], 1, 0]);
  });
});

describe('closing', () => {
  test('syncs what was appended, and lets the directories go', () => {
    const lab = new Lab();
    const { store } = lab.start();
    const synced: number[] = [];
    store.handlers = { onDurable: (zxid) => synced.push(zxid), onFatal() {} };
    for (const one of [1, 2, 3]) store.append(one as Zxid, payloadOf(one));
    lab.close(store);
    expect(synced).toEqual([3]);
    lab.powerLoss();
    expect(seenBy(lab.start().database)).toEqual([1, 2, 3]);
  });

  test('waits for the snapshot that it gives up', () => {
    const lab = new Lab();
    const { store, database } = lab.start();
    let outcome = '';
    store.takeSnapshot(database.startCut(), (error) => {
      outcome = error?.message ?? 'written';
    });
    lab.run(0.01);
    lab.close(store);
    expect([outcome, lab.files()]).toEqual(['given up', []]);
  });
});

describe('purging', () => {
  /** A snapshot after each of `count` transactions, each with a log of its own. */
  function standing(count: number, options: Partial<StoreOptions> = {}): Lab {
    const lab = new Lab(1, { preAllocBytes: 0, ...options });
    const { store, database } = lab.start();
    for (let one = 1; one <= count; one++) {
      lab.appendSynced(store, one);
      database.apply(readTxn(payloadOf(one)));
      store.roll();
      store.takeSnapshot(database.startCut(), () => {});
      lab.run();
    }
    lab.close(store);
    return lab;
  }

  function purge(lab: Lab): string[] {
    const { store } = lab.start();
    store.purge();
    lab.close(store);
    return lab.files().filter((name) => name !== 'synced');
  }

  test('keeps three snapshots, and the newest log that begins at or below the oldest of them', () => {
    const lab = standing(6);
    expect(purge(lab)).toEqual(['log.4', 'log.5', 'log.6', 'snapshot.4', 'snapshot.5', 'snapshot.6']);
    expect(purge(lab)).toHaveLength(6);
    expect(seenBy(lab.start().database)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('keeps a log that begins below and goes on beyond', () => {
    const lab = standing(6);
    lab.disk.mount(lab.clock).unlink('/data/version-2/log.4');
    expect(purge(lab)).toEqual(['log.3', 'log.5', 'log.6', 'snapshot.4', 'snapshot.5', 'snapshot.6']);
  });

  test('counts no snapshot that was not written to its end (ZOOKEEPER-3231)', () => {
    const lab = standing(6);
    const { store } = lab.start();
    for (const name of ['snapshot.2.gz', 'snapshot.5.snappy']) {
      lab.disk.put(`/data/version-2/${name}`, Buffer.from('not compressed'));
    }
    lab.disk.put('/data/version-2/snapshot.7', Buffer.alloc(3));
    store.purge();
    expect(lab.files().filter((name) => name.startsWith('snapshot'))).toEqual([
      'snapshot.4',
      'snapshot.5',
      'snapshot.5.snappy',
      'snapshot.6',
      'snapshot.7',
    ]);
  });

  test('removes nothing while no snapshot is whole', () => {
    const lab = new Lab();
    const { store } = lab.start();
    lab.appendSynced(store, 1);
    lab.disk.put('/data/version-2/snapshot.0', Buffer.alloc(20));
    store.purge();
    expect(lab.files()).toEqual(['log.1', 'snapshot.0', 'synced']);
  });

  test('keeps as many as autopurge.snapRetainCount says', () => {
    expect(purge(standing(6, { snapRetainCount: 5 })).filter((name) => name.startsWith('snapshot'))).toHaveLength(5);
  });

  test('that the disk refuses is warned about', () => {
    const lab = standing(6);
    const { store } = lab.start();
    lab.disk.fault = (operation) => (operation === 'unlink' ? 'EROFS' : undefined);
    store.purge();
    expect(lab.lines).toContain('warn old snapshots and logs could not be purged');
  });
});

describe('files an operator leaves', () => {
  test('initialize is taken once, from dataDir as from dataLogDir', () => {
    for (const path of ['/data/initialize', '/logs/initialize']) {
      const lab = new Lab(1, { dataLogDir: '/logs' });
      lab.disk.put(path, Buffer.alloc(0));
      lab.start();
      const take = (): boolean => takeInitializeMarker(lab.disk.mount(lab.clock), '/data', '/logs');
      expect([take(), take()]).toEqual([true, false]);
      lab.powerLoss();
      expect(take()).toBe(false);
    }
  });
});

describe('a file that cannot be looked at is not taken for a missing one', () => {
  const names = ['history-change', 'acceptedEpoch', 'currentEpoch', 'synced', 'log-order'];

  test.each(names)('at a start: %s', (name) => {
    for (const code of ['EIO', 'EACCES', 'ELOOP']) {
      const lab = new Lab();
      const { store } = lab.start();
      store.epochs.setAccepted(1);
      store.epochs.setCurrent(1);
      lab.appendSynced(store, 0x100000001);
      lab.close(store);
      const files = lab.files();
      lab.disk.fault = (operation, path) => (operation === 'look' && path === `${DIR}/${name}` ? code : undefined);
      const { message } = fatalOf(() => lab.start());
      expect(message).toContain(`${DIR}/${name}`);
      expect(message).toContain(code);
      lab.disk.fault = () => undefined;
      expect(lab.files()).toEqual(files);
      expect(seenBy(lab.start().database)).toEqual([0x100000001]);
    }
  });

  test('nor while a snapshot gets its name: what may stand there already stays', () => {
    const lab = new Lab();
    const { store, database } = lab.start();
    lab.appendSynced(store, 1);
    const before = lab.disk.read(`${DIR}/snapshot.0`);
    lab.disk.fault = (operation, path) => (operation === 'look' && path.endsWith('/snapshot.0') ? 'EIO' : undefined);
    let outcome: string | undefined;
    store.takeSnapshot(database.startCut(), (error) => {
      outcome = error?.message;
    });
    lab.run(500);
    expect(outcome).toContain('/snapshot.0');
    expect(lab.disk.read(`${DIR}/snapshot.0`)).toEqual(before);
  });
});

test('what a failed sync may have left in memory only is on the disk after the next recovery', () => {
  let kept = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const lab = new Lab(seed);
    const { store } = lab.start();
    lab.appendSynced(store, 1);
    lab.disk.fault = (operation, path) => (operation === 'sync' && path.includes('/log.') ? 'EIO' : undefined);
    for (const zxid of [2, 3, 4]) store.append(zxid as Zxid, payloadOf(zxid, 700));
    lab.run();
    lab.disk.fault = () => undefined;
    lab.kill();
    const seen = seenBy(lab.start().database);
    lab.powerLoss();
    expect(seenBy(lab.start().database)).toEqual(seen);
    if (seen.length === 4) kept++;
  }
  expect(kept).toBeGreaterThan(10);
});

test('sizes are those of the files', () => {
  const lab = new Lab(1, { preAllocBytes: 0, dataLogDir: '/logs' });
  const { store, database } = lab.start();
  lab.appendSynced(store, 1);
  const snapshotBytes = lab.disk.read('/data/version-2/snapshot.0').length;
  expect(store.facts.bytesOnDisk()).toEqual({
    dataDir: snapshotBytes,
    logDir: 16 + 13 + payloadOf(1).length + 1024,
  });
  expect([store.facts.newestSnapshot, database.lastProcessedZxid]).toEqual([undefined, ZXID_ZERO]);
});

test('a log that counts on past 2^32, as one of a standalone server of Apache, is whole', () => {
  const lab = new Lab(1, { isAlone: true });
  const { store } = lab.start();
  store.installSnapshot(databaseOf(lab.options, [0xfffffffd]).startCut(), () => {});
  lab.run();
  lab.appendSynced(store, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001);
  store.roll();
  lab.appendSynced(store, 0x100000002);
  lab.close(store);
  const again = lab.start();
  const written = [0xfffffffd, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x100000002];
  expect([seenBy(again.database), again.store.lastDurable]).toEqual([written, 0x100000002]);
  lab.close(again.store);
  lab.disk.remove(`${DIR}/log.100000002`);
  expect(fatalOf(() => lab.start()).message).toContain('ends at zxid 0x100000001');
});

test('in a log that counts past 2^32 a hole is one as everywhere', () => {
  for (const missing of ['log.ffffffff', 'log.100000001']) {
    const lab = new Lab();
    const { store } = lab.start();
    store.installSnapshot(databaseOf(lab.options, [0xfffffffd]).startCut(), () => {});
    lab.run();
    for (const zxid of [0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x100000002]) {
      store.roll();
      lab.appendSynced(store, zxid);
    }
    lab.close(store);
    lab.disk.remove(`${DIR}/${missing}`);
    expect(fatalOf(() => lab.start()).message).toContain('transactions in between are missing');
  }
});
