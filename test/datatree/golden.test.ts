import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Database } from '../../src/datatree/database.ts';
import { contentCrc, digestFrom, isOutsideDigest } from '../../src/datatree/digest/digest.ts';
import { SnapshotDecoder } from '../../src/datatree/snapshot/snapshot-decoder.ts';
import type { Acl } from '../../src/jute/data-records.ts';
import { readTxn } from '../../src/jute/txns.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import {
  acls,
  buffer,
  type Fields,
  fieldsOf,
  golden,
  goldenBytes,
  list,
  long,
  number,
  statPersisted,
  text,
} from '../jute/golden.ts';
import { comparable, dump, OPTIONS, sessionsOf } from './histories.ts';

const FILE_HEADER_BYTES = 16;
const root = new URL('../golden/files/', import.meta.url);
const dirs = readdirSync(root).sort();

function filesOf(dir: string, pattern: RegExp): string[] {
  const zxidOf = (name: string): number => Number.parseInt(name.split('.')[1] as string, 16);
  return readdirSync(new URL(`${dir}/`, root))
    .filter((name) => pattern.test(name))
    .sort((a, b) => zxidOf(a) - zxidOf(b))
    .map((name) => `files/${dir}/${name}`);
}

interface Logged {
  payload: string;
  digest: Fields | null;
}

function logOf(dir: string): Logged[] {
  return filesOf(dir, /^log\..*\.jsonl$/).flatMap((file) =>
    golden(file)
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as Logged),
  );
}

function linesOf(file: string): Fields[] {
  return golden(`${file}.jsonl`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Fields);
}

function load(file: string, zxid: number): Database {
  const decoder = new SnapshotDecoder(OPTIONS);
  expect(decoder.push(goldenBytes(file).subarray(FILE_HEADER_BYTES))).toBe(true);
  return decoder.finish(zxid as Zxid);
}

const zxidOfFile = (file: string): number => Number.parseInt(file.slice(file.lastIndexOf('.') + 1), 16);
const snapshots = dirs.flatMap((dir) => filesOf(dir, /^snapshot\.[0-9a-f]+$/).map((file) => ({ dir, file })));

describe('the log of a real server', () => {
  test.each(dirs)('%s leads to the digests it names', (dir) => {
    const db = new Database(OPTIONS);
    let compared = 0;
    for (const logged of logOf(dir)) {
      db.apply(readTxn(Buffer.from(logged.payload, 'hex')));
      const digest = logged.digest ?? null;
      if (digest === null) continue;
      compared++;
      expect(db.tree.digest(), text(digest.treeDigest)).toBe(long(digest.treeDigest));
    }
    expect([db.digestMismatches, compared > 0]).toEqual([0, !/3\.[45]|no-digest/.test(dir)]);
  });
});

describe('the snapshot of a real server', () => {
  test.each(snapshots)('$file is loaded as it was written', ({ file }) => {
    const db = load(file, zxidOfFile(file));
    const parts = linesOf(file);
    const aclOf = new Map<string, readonly Acl[]>([
      ['-1', [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]],
      ...parts
        .filter((part) => part.part === 'acl')
        .map((part): [string, readonly Acl[]] => [text(part.id), acls(part.acl) as Acl[]]),
    ]);
    const nodes = dump(db);
    const written = parts.filter((part) => part.part === 'node');
    expect(nodes.size).toBe(written.length);
    let sum = 0n;
    for (const part of written) {
      const path = text(part.path) === '' ? '/' : text(part.path);
      const { cversion: creates, ephemeralOwner: owner, ...stat } = statPersisted(part.stat);
      const acl = aclOf.get(text(part.acl)) as Acl[];
      expect(nodes.get(path), path).toEqual({ ...stat, creates, owner, acl, data: part.data });
      sum += BigInt(text(part.digest));
    }
    expect(db.tree.digest()).toBe(sum);
    const sessions = list(parts.find((part) => part.part === 'sessions')?.sessions).map(fieldsOf);
    expect(sessionsOf(db)).toEqual(
      new Map(sessions.map((session): [bigint, number] => [long(session.id), number(session.timeout)])),
    );
  });

  test.each(snapshots)('$file and the log behind it lead to the state the whole log leads to', ({ dir, file }) => {
    const straight = new Database(OPTIONS);
    const loaded = load(file, zxidOfFile(file));
    for (const { payload } of logOf(dir)) {
      const txn = readTxn(Buffer.from(payload, 'hex'));
      straight.apply(txn);
      loaded.apply(txn);
    }
    const nodes = dump(straight);
    // Releases before 3.5 have no config node, and a quorum server fills it outside the log.
    const config = dump(loaded).get('/zookeeper/config');
    if (config === undefined) nodes.delete('/zookeeper/config');
    else if (dir.startsWith('quorum')) nodes.set('/zookeeper/config', config);
    expect(comparable(dump(loaded))).toEqual(comparable(nodes));
    expect(loaded.tree.digest()).toBe(straight.tree.digest());
  });
});

describe('the digest of a node', () => {
  interface Entry {
    path: string;
    data: string | null;
    stat: Fields;
    digest: string;
  }
  /** Fields that only arithmetic beyond a double's can hold; no counter of ours gets there. */
  const fits = (entry: Entry): boolean => text(entry.stat.czxid) !== '9223372036854775807';

  test('is what Apache computes', () => {
    const entries = (JSON.parse(golden('digests.json')) as Entry[]).filter(fits);
    expect(entries.length).toBe(9);
    for (const entry of entries) {
      const digest = digestFrom(contentCrc(entry.path, buffer(entry.data)), statPersisted(entry.stat));
      expect(isOutsideDigest(entry.path) ? 0 : digest, `${entry.path} ${entry.data}`).toBe(Number(entry.digest));
    }
  });
});
