import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Database } from '../../src/datatree/database.ts';
import type { SnapshotCut } from '../../src/datatree/snapshot/snapshot-cut.ts';
import { SnapshotDecoder } from '../../src/datatree/snapshot/snapshot-decoder.ts';
import type { CutTree } from '../../src/datatree/tree/tree-views.ts';
import { writeAcls } from '../../src/jute/data-records.ts';
import type { Txn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { DumbTree } from './dumb-tree.ts';
import { comparable, dump, histories, OPTIONS, replay, sessionsOf } from './histories.ts';

function expectSame(db: Database, model: DumbTree): void {
  const nodes = dump(db);
  expect(comparable(nodes)).toEqual(comparable(model.nodes));
  expect(sessionsOf(db)).toEqual(model.sessions);
  expect(db.tree.digest()).toBe(model.digest());
  expect(db.tree.nodeCount).toBe(model.nodes.size + 1);
  let ephemerals = 0;
  for (const sessionId of db.tree.ephemeralOwners()) {
    expect(db.tree.ephemeralsOf(sessionId).sort()).toEqual(model.ephemeralsOf(sessionId).sort());
    ephemerals += db.tree.ephemeralsOf(sessionId).length;
  }
  expect(db.tree.ephemeralCount).toBe(ephemerals);
}

describe('apply', () => {
  test('does what the dumb tree does, transaction by transaction', () => {
    fc.assert(
      fc.property(histories(60), (txns) => {
        const db = new Database(OPTIONS);
        const model = new DumbTree();
        for (const txn of txns) {
          const done = db.apply(txn);
          const errors = model.apply(txn);
          expect(done.items === undefined ? [done.err] : done.items.map((item) => item.err)).toEqual(errors);
          expect(db.lastProcessedZxid).toBe(txn.header.zxid);
          expect(db.tree.digest()).toBe(model.digest());
        }
        expectSame(db, model);
        // Quota usage too, which each server counts for itself.
        expect([...dump(db)].sort()).toEqual([...model.nodes].sort());
        expect(db.digestMismatches).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('changes nothing by a transaction that is in the state already', () => {
    fc.assert(
      fc.property(histories(40), fc.nat(), (txns, from) => {
        const db = replay(txns);
        const before = [dump(db), sessionsOf(db), db.tree.digest()];
        replay(txns.slice(from % (txns.length + 1)), db);
        expect([dump(db), sessionsOf(db), db.tree.digest()]).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });
});

/** What to do next while a snapshot is taken: read so many bytes of a cut, or apply. */
const schedules = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 20 });

function decode(bytes: Buffer, zxid: Zxid, chunkBytes: number): Database {
  const decoder = new SnapshotDecoder(OPTIONS);
  for (let at = 0; at < bytes.length; at += chunkBytes) decoder.push(bytes.subarray(at, at + chunkBytes));
  expect(decoder.rest.length).toBe(0);
  return decoder.finish(zxid);
}

describe('a snapshot cut', () => {
  test('holds the state at its start, however the state goes on meanwhile', () => {
    fc.assert(
      fc.property(
        histories(60),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        schedules,
        fc.integer({ min: 1, max: 500 }),
        (txns, starts, schedule, chunkBytes) => {
          const db = new Database(OPTIONS);
          const cuts: RunningCut[] = [];
          let step = 0;
          for (let i = 0; i <= txns.length; i++) {
            for (const start of starts) if (start % (txns.length + 1) === i) cuts.push(new RunningCut(db, i));
            for (const cut of cuts) cut.next(schedule[step++ % schedule.length] as number);
            const txn = txns[i];
            if (txn !== undefined) db.apply(txn);
          }
          for (const cut of cuts) {
            while (!cut.done) cut.next(schedule[step++ % schedule.length] || 64);
            const loaded = decode(Buffer.concat(cut.parts), db.lastProcessedZxid, chunkBytes);
            const then = replay(txns.slice(0, cut.at));
            expect(comparable(dump(loaded))).toEqual(comparable(dump(then)));
            expect([sessionsOf(loaded), loaded.tree.digest()]).toEqual([sessionsOf(then), then.tree.digest()]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('followed by the rest of the history comes to the same end', () => {
    fc.assert(
      fc.property(histories(60), fc.nat(), (txns, start) => {
        const at = start % (txns.length + 1);
        const then = replay(txns.slice(0, at));
        const cut = new RunningCut(then, at);
        while (!cut.done) cut.next(256);
        const loaded = replay(txns.slice(at), decode(Buffer.concat(cut.parts), then.lastProcessedZxid, 1000));
        const straight = replay(txns);
        expect(comparable(dump(loaded))).toEqual(comparable(dump(straight)));
        expect([sessionsOf(loaded), loaded.tree.digest(), loaded.digestMismatches]).toEqual([
          sessionsOf(straight),
          straight.tree.digest(),
          0,
        ]);
        expect(loaded.lastProcessedZxid).toBe(straight.lastProcessedZxid);
      }),
      { numRuns: 20 },
    );
  });
});

class RunningCut {
  readonly at: number;
  readonly parts: Buffer[] = [];
  done = false;
  private readonly cut: SnapshotCut;

  constructor(db: Database, at: number) {
    this.at = at;
    this.cut = db.startCut();
    expect(this.cut.zxid).toBe(db.lastProcessedZxid);
    expect(this.cut.digest).toBe(db.tree.digest());
  }

  next(bytes: number): void {
    if (bytes === 0 || this.done) return;
    const part = this.cut.next(bytes);
    if (part === undefined) this.done = true;
    else this.parts.push(part);
  }
}

/**
 * A snapshot as Apache writes one: sessions and ACLs of the start, then node after node as each is when its turn comes,
 * its children those it had when it was written itself.
 */
function fuzzySnapshot(db: Database, txns: readonly Txn[], at: number, pauses: readonly number[]): Buffer {
  const w = new Writer();
  w.writeInt(db.sessions.size);
  db.sessions.forEach((sessionId, timeoutMs) => {
    w.writeLong(sessionId);
    w.writeInt(timeoutMs);
  });
  const acls = db.tree.copyAcls();
  w.writeInt(acls.count);
  for (const entry of acls.entries) {
    if (entry === undefined) continue;
    w.writeSafeLong(entry.id);
    writeAcls(w, entry.acl);
  }
  let applied = at;
  let written = 0;
  const visit = (path: string): void => {
    const node = db.tree.lookup(path);
    if (node < 0) return;
    // Only a cut may write a node by itself.
    (db.tree as unknown as CutTree).writeNode(node, w);
    const names = db.tree.childNames(node);
    const pause = pauses[written++ % pauses.length] as number;
    for (let i = 0; i < pause && applied < txns.length; i++) db.apply(txns[applied++] as Txn);
    for (const name of names) visit(`${path}/${name}`);
  };
  visit('');
  w.writeString('/');
  return w.take();
}

describe('a fuzzy snapshot', () => {
  test('becomes the right state when the log is replayed over it', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(histories(80), fc.nat(), pauses, (txns, start, sizes) => {
        const at = start % (txns.length + 1);
        const running = replay(txns.slice(0, at));
        const zxid = running.lastProcessedZxid;
        const loaded = decode(fuzzySnapshot(running, txns, at, sizes), zxid, 1000);
        for (const txn of txns.slice(at)) loaded.apply({ ...txn, digest: undefined });
        const straight = replay(txns);
        expect(comparable(dump(loaded))).toEqual(comparable(dump(straight)));
        expect([sessionsOf(loaded), loaded.tree.digest()]).toEqual([sessionsOf(straight), straight.tree.digest()]);
        expect(loaded.tree.nodeCount).toBe(straight.tree.nodeCount);
        // What is counted while loading and kept up from there equals what a fresh count gives.
        const again = decode(whole(loaded), loaded.lastProcessedZxid, 1000);
        expect([...dump(again)].sort()).toEqual([...dump(loaded)].sort());
      }),
      { numRuns: 60 },
    );
  });
});

function whole(db: Database): Buffer {
  const cut = db.startCut();
  const parts: Buffer[] = [];
  for (let part = cut.next(1000); part !== undefined; part = cut.next(1000)) parts.push(part);
  return Buffer.concat(parts);
}
