import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { Database } from '../../src/datatree/database.ts';
import { SnapshotDecoder } from '../../src/datatree/snapshot/snapshot-decoder.ts';
import type { TxnBody } from '../../src/jute/txns.ts';
import { readTxn, writeTxn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { dump, histories, OPTIONS, replay, steppedThrough } from './histories.ts';
import { txn } from './txns.ts';

const names = fc.constantFrom('', 'a', 'b', '/', 'zookeeper', 'quota', 'config', 'zookeeper_limits', 'zookeeper_stats');
const paths = fc.oneof(
  fc.array(names, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
  fc.constantFrom('/zookeeper/quota/a/zookeeper_stats', '/zookeeper/quota/zookeeper_limits', '/a', '/a/b', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const data = fc.option(
  fc.oneof(
    fc.constantFrom('count=1,bytes=2', 'count=,', 'bytes=9223372036854775807').map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  ),
  { nil: undefined },
);
const text = fc.string({ maxLength: 3 });
const acl = fc.option(
  fc.array(fc.record({ perms: fc.integer(), id: fc.record({ scheme: text, id: text }) }), { maxLength: 2 }),
  { nil: undefined },
);
const int = fc.oneof(fc.integer({ min: -2, max: 3 }), fc.integer());
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Transactions that no leader would propose, of every type, about any path. */
const part: fc.Arbitrary<TxnBody> = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    type: fc.constantFrom(1, 15, 19, 21),
    path: paths,
    data,
    acl,
    ephemeral: fc.boolean(),
    parentCVersion: int,
    ttl: long,
  }),
  fc.record({ kind: fc.constant('delete' as const), type: fc.constantFrom(2, 20), path: paths }),
  fc.record({ kind: fc.constant('setData' as const), type: fc.constantFrom(5, 16), path: paths, data, version: int }),
  fc.record({ kind: fc.constant('setACL' as const), type: fc.constant(7), path: paths, acl, version: int }),
  fc.record({ kind: fc.constant('check' as const), type: fc.constant(13), path: paths, version: int }),
  fc.record({ kind: fc.constant('createSession' as const), type: fc.constant(-10), timeoutMs: int }),
  fc.record({
    kind: fc.constant('closeSession' as const),
    type: fc.constant(-11),
    paths: fc.option(fc.array(paths, { maxLength: 3 }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('error' as const), type: fc.constant(-1), err: int }),
);
const body: fc.Arbitrary<TxnBody> = fc.oneof(
  { weight: 5, arbitrary: part },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('multi' as const),
      type: fc.constant(14),
      txns: fc.array(part, { maxLength: 3 }),
    }),
  },
);
const session = fc.constantFrom(0n, 1n, -(2n ** 63n), -(2n ** 56n), -(2n ** 56n) + 5n, 2n ** 63n - 1n);

function whole(db: Database): Buffer {
  const cut = db.startCut();
  const parts: Buffer[] = [];
  for (let bytes = cut.next(512); bytes !== undefined; bytes = cut.next(512)) parts.push(bytes);
  return Buffer.concat(parts);
}

describe('apply', () => {
  test('never throws, and what it leaves behind can be written and loaded', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(body, session), { maxLength: 40, size: 'max' }), (steps) => {
        const db = new Database(OPTIONS);
        steps.forEach(([one, who], i) => {
          db.apply(txn(one, { zxid: i + 1, session: who }));
          expect(db.lastProcessedZxid).toBe(i + 1);
        });
        db.setConfig('version=0', 0 as Zxid, 1);
        steppedThrough(db.tree.containerCandidates(1e13, 1));
        const decoder = new SnapshotDecoder(OPTIONS);
        expect(decoder.push(whole(db))).toBe(true);
        const loaded = decoder.finish(db.lastProcessedZxid);
        expect([loaded.tree.digest(), loaded.tree.nodeCount]).toEqual([db.tree.digest(), db.tree.nodeCount]);
        expect([...dump(loaded).keys()].sort()).toEqual([...dump(db).keys()].sort());
      }),
      { numRuns: 100 },
    );
  });
});

const damages = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });

function damaged(bytes: Buffer, damage: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value] of damage) copy[at % copy.length] = value;
  return copy;
}

describe('damaged bytes', () => {
  test('of a snapshot are loaded or refused, nothing else', () => {
    fc.assert(
      fc.property(histories(20), damages, fc.integer({ min: 1, max: 300 }), (txns, damage, size) => {
        const stream = damaged(whole(replay(txns)), damage);
        const decoder = new SnapshotDecoder(OPTIONS);
        try {
          for (let at = 0; at < stream.length; at += size) decoder.push(stream.subarray(at, at + size));
          whole(decoder.finish(1 as Zxid));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('of a transaction are read or refused, nothing else', () => {
    fc.assert(
      fc.property(body, damages, (one, damage) => {
        const w = new Writer();
        writeTxn(w, txn(one, { digest: 5n }));
        try {
          new Database(OPTIONS).apply(readTxn(damaged(w.take(), damage)));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 250 },
    );
  });
});
