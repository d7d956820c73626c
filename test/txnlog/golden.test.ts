import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Zxid } from '../../src/jute/zxid.ts';
import { listLogs, listSnapshots } from '../../src/txnlog/file-names.ts';
import { DurableNote } from '../../src/txnlog/log/durable-note.ts';
import { LogFileReader } from '../../src/txnlog/log/log-file-reader.ts';
import { LogOrder } from '../../src/txnlog/log/log-order.ts';
import { LogWriter } from '../../src/txnlog/log/log-writer.ts';
import { StreamChecksum, snapshotHeader, snapshotTrailer } from '../../src/txnlog/snapshot/snapshot-format.ts';
import { loadSnapshot, looksComplete } from '../../src/txnlog/snapshot/snapshot-reader.ts';
import { Lab } from './lab.ts';

/** Directories that real servers of six releases wrote: test/golden/README.md. */
const FILES = join(import.meta.dirname, '../golden/files');
const DIRECTORIES = readdirSync(FILES);

interface Described {
  readonly header: { readonly zxid: string };
  readonly payload: string;
  readonly checksum: string;
}

function lines(file: string): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A lab whose /data/version-2 is a copy of that directory. */
function labWith(directory: string, options = {}): Lab {
  const lab = new Lab(1, options);
  for (const name of readdirSync(join(FILES, directory))) {
    if (/\.(jsonl|txt)$/.test(name)) continue;
    lab.disk.put(`/data/version-2/${name}`, readFileSync(join(FILES, directory, name)));
  }
  return lab;
}

describe.each(DIRECTORIES)('files of Apache ZooKeeper: %s', (directory) => {
  const lab = labWith(directory);
  const dir = '/data/version-2';
  const disk = lab.disk.mount(lab.clock);
  const logs = listLogs(disk, dir);

  test('every log record is read, byte for byte', () => {
    expect(logs.length).toBeGreaterThan(0);
    for (const { name } of logs) {
      const described = lines(join(FILES, directory, `${name}.jsonl`)).slice(1) as unknown as Described[];
      const reader = new LogFileReader(disk, join(dir, name));
      for (const expected of described) {
        const record = reader.next();
        expect(record?.zxid).toBe(Number(expected.header.zxid));
        expect(record?.payload.toString('hex')).toBe(expected.payload);
      }
      expect(reader.next()).toBeUndefined();
      expect(reader.defect).toBeUndefined();
      expect(reader.offset).toBe(reader.size);
    }
  });

  test('the same transactions appended by us make the same file', () => {
    for (const { name, zxid } of logs) {
      const reader = new LogFileReader(lab.disk.mount(lab.clock), join(dir, name));
      const copy = new Lab(1);
      const disk = copy.disk.mount(copy.clock);
      disk.makeDir(dir);
      const note = new DurableNote(disk, dir, copy.log);
      const options = { preAllocBytes: 0, fileLimitBytes: 0, forceSync: true, fsyncWarningMs: 1000 };
      const writer = new LogWriter({ disk, dir, note, order: new LogOrder(disk, dir) }, copy.clock, options, copy.log);
      let last = (zxid - 1) as Zxid;
      let repeated = false;
      writer.reset(last);
      for (let record = reader.next(); record !== undefined; record = reader.next()) {
        if (record.zxid === last) repeated = true;
        else writer.append(record.zxid, record.payload);
        last = record.zxid;
      }
      copy.run();
      if (repeated) continue;
      expect(copy.disk.read(`/data/version-2/${name}`).equals(readFileSync(join(FILES, directory, name)))).toBe(true);
    }
  });

  test('every snapshot is loaded, and its seals are the ones we would have put', () => {
    for (const snapshot of listSnapshots(disk, dir)) {
      expect(looksComplete(disk, dir, snapshot)).toBe(true);
      const verdict = loadSnapshot(disk, dir, snapshot, lab.options.database);
      expect(verdict.defect).toBe('');
      const described = lines(join(FILES, directory, `${snapshot.name}.jsonl`));
      const nodes = described.filter((line) => line.part === 'node');
      expect(verdict.database?.tree.nodeCount).toBe(nodes.length + 1);
      const sessions = described.find((line) => line.part === 'sessions')?.sessions as unknown[];
      expect(verdict.database?.sessions.size).toBe(sessions.length);
    }
  });

  test('the whole directory recovers, every digest on the way being the same', () => {
    const whole = labWith(directory, { snapshotTrustEmpty: true });
    const { store, database } = whole.start();
    const last = lines(join(FILES, directory, `${logs.at(-1)?.name}.jsonl`)).at(-1) as unknown as Described;
    expect(store.lastDurable).toBe(Number(last.header.zxid));
    expect(database.digestMismatches).toBe(0);
    expect(whole.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});

test('a snapshot taken apart and put together again is the same file', () => {
  for (const [directory, name, digest, withZxid] of [
    ['standalone-3.9.5', 'snapshot.2c', true, true],
    ['standalone-3.8.0', 'snapshot.2c', true, false],
    ['no-digest-3.9.5', 'snapshot.25', false, false],
    ['standalone-3.5.10', 'snapshot.2c', false, false],
  ] as const) {
    const bytes = readFileSync(join(FILES, directory, name));
    const described = lines(join(FILES, directory, `${name}.jsonl`));
    const digestPart = described.find((line) => line.part === 'zxid digest');
    const trailerBytes = 13 + (digest ? 33 : 0) + (withZxid ? 21 : 0);
    const stream = bytes.subarray(16, bytes.length - trailerBytes);
    const checksum = new StreamChecksum();
    checksum.add(snapshotHeader());
    checksum.add(stream);
    const zxid = Number.parseInt(name.split('.')[1] as string, 16) as Zxid;
    const value = digest ? BigInt(digestPart?.digest as string) : undefined;
    const ours = Buffer.concat([snapshotHeader(), stream, snapshotTrailer(checksum.value, zxid, value, withZxid)]);
    expect(ours.equals(bytes), `${directory}/${name}`).toBe(true);
  }
});

test('a member of an ensemble brings its epochs along', () => {
  const lab = labWith('quorum-3.9.5');
  const { store } = lab.start();
  expect([store.epochs.acceptedEpoch, store.epochs.currentEpoch]).toEqual([2, 2]);
  expect(store.isEmpty).toBe(false);
});

test('logs without a snapshot, as 3.4 left them, are refused unless the operator vouches for them', () => {
  const lab = labWith('standalone-3.4.14');
  expect(() => lab.start()).toThrow(/no snapshot in .*snapshot\.trust\.empty=true/);
});
