import { gzipSync } from 'node:zlib';
import { silentLog } from '../src/base/log.ts';
import { Database, type DatabaseOptions } from '../src/datatree/database.ts';
import { hashKeyFrom } from '../src/datatree/tree/path-hash.ts';
import { writeCreateRequest, writeMultiHeader, writeSetWatches } from '../src/jute/client-records.ts';
import { OpCode } from '../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../src/jute/data-records.ts';
import { type CreateTxn, readTxn, type TxnBody, writeTxn } from '../src/jute/txns.ts';
import { Writer } from '../src/jute/writer.ts';
import type { Zxid } from '../src/jute/zxid.ts';
import { AuthRegistry, DEFAULT_AUTH_OPTIONS } from '../src/server/auth/auth-registry.ts';
import { WATCHES_FORGOTTEN_A_TURN } from '../src/server/connection/client-limits.ts';
import type { ReadContext } from '../src/server/operations/operation.ts';
import { setWatches } from '../src/server/operations/reads/set-watches.ts';
import { multi } from '../src/server/operations/writes/multi.ts';
import { closeSession } from '../src/server/operations/writes/session.ts';
import { Prep } from '../src/server/prep/prep.ts';
import { Request } from '../src/server/request.ts';
import { SessionTracker } from '../src/server/sessions/session-tracker.ts';
import { serverRows } from './server-stalls.ts';
import { COUNT, longestOf, printHead, row } from './stall-rows.ts';

/**
 * Measures single turns of the loop whose length clients decide: trees, watches and snapshots, each with COUNT
 * entries. Run with `node --import ./scripts/ts.mjs bench/stalls.ts [count [words of the rows]]`; the machine should be idle.
 */
const SESSION = 0x77n;
const OPTIONS: DatabaseOptions = {
  extendedTypes: true,
  emulate353Ttl: false,
  digest: true,
  hashKey: hashKeyFrom(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
  log: silentLog,
};
const WATCHER = { onWatchEvent() {}, mayRead: () => true };

class Bench {
  readonly db = new Database(OPTIONS);
  private zxid = 0;

  apply(body: TxnBody): void {
    const zxid = ++this.zxid as Zxid;
    this.db.apply({ header: { clientId: SESSION, cxid: 0, zxid, time: 1, type: body.type }, body, digest: undefined });
  }

  create(path: string, more: Partial<CreateTxn> = {}): void {
    const base = {
      kind: 'create',
      type: OpCode.create,
      path,
      data: Buffer.from('x'),
      acl: [...OPEN_ACL_UNSAFE],
    } as const;
    this.apply({ ...base, ephemeral: false, parentCVersion: -1, ttl: 0n, ...more } as CreateTxn);
  }

  children(parent: string, more: Partial<CreateTxn> = {}): string[] {
    const paths = Array.from({ length: COUNT }, (_, i) => `${parent}/n${i}`);
    for (const path of paths) this.create(path, more);
    return paths;
  }
}

const NOTHING = Buffer.alloc(0);

function prepOf(database: Database): Prep {
  const sessions = new SessionTracker({ tickMs: 1000, isStandalone: true }, 0);
  sessions.track(SESSION, 30_000, 0);
  return new Prep({
    database,
    sessions,
    auth: new AuthRegistry(DEFAULT_AUTH_OPTIONS),
    options: { ...OPTIONS, enforceQuota: false, reconfigEnabled: false, listClosedPaths: true, maxTxnBytes: 16 << 20 },
    members: undefined,
    log: silentLog,
    clock: { nowMs: () => 0, wallMs: () => 1 },
  });
}

/** As many creates as fit in a frame, all below one node. */
function largeMulti(): { prep: Prep; request: () => Request; bench: Bench } {
  const bench = new Bench();
  bench.create('/p');
  const w = new Writer();
  for (let i = 0; i < 20_000; i++) {
    writeMultiHeader(w, OpCode.create, false, -1);
    const request = { path: `/p/n${i}`, data: NOTHING, acl: [...OPEN_ACL_UNSAFE], flags: 0, ttl: -1n };
    writeCreateRequest(w, request, false);
  }
  writeMultiHeader(w, -1, true, -1);
  const body = w.take();
  const asker = { sessionId: SESSION, authIds: [], owner: undefined };
  return { prep: prepOf(bench.db), bench, request: () => new Request(asker, 1, multi, body, 0) };
}

printHead();

function withChildren(more: Partial<CreateTxn> = {}): { bench: Bench; paths: string[] } {
  const bench = new Bench();
  bench.create('/p');
  return { bench, paths: bench.children('/p', more) };
}

function distinctAcl(i: number): Acl[] {
  return [{ perms: 31, id: { scheme: 'digest', id: `user${i}:x` } }];
}

row('closeSession with ephemerals, applied', () => {
  const { bench, paths } = withChildren({ ephemeral: true });
  return () => bench.apply({ kind: 'closeSession', type: OpCode.closeSession, paths });
});
row('closeSession with ephemerals, prepared and written', () => {
  const { bench } = withChildren({ ephemeral: true });
  const prep = prepOf(bench.db);
  const request = new Request({ sessionId: SESSION, authIds: [], owner: undefined }, 0, closeSession, NOTHING, 0);
  const w = new Writer();
  return () => {
    writeTxn(w, prep.prepare(request, (bench.db.lastProcessedZxid + 1) as Zxid));
    w.take();
  };
});
row('closeSession with ephemerals, read from its bytes and applied', () => {
  const { bench } = withChildren({ ephemeral: true });
  const prep = prepOf(bench.db);
  const request = new Request({ sessionId: SESSION, authIds: [], owner: undefined }, 0, closeSession, NOTHING, 0);
  const w = new Writer();
  writeTxn(w, prep.prepare(request, (bench.db.lastProcessedZxid + 1) as Zxid));
  const bytes = w.take();
  return () => {
    const txn = readTxn(bytes);
    bench.db.apply(txn);
    prep.onApplied(txn.header.zxid);
  };
});
row('multi of 20,000 creates, read, prepared and written', () => {
  const { prep, request, bench } = largeMulti();
  const w = new Writer();
  return () => {
    writeTxn(w, prep.prepare(request(), (bench.db.lastProcessedZxid + 1) as Zxid));
    w.take();
  };
});
row('multi of 20,000 creates, read from its bytes and applied', () => {
  const { prep, request, bench } = largeMulti();
  const w = new Writer();
  writeTxn(w, prep.prepare(request(), (bench.db.lastProcessedZxid + 1) as Zxid));
  const bytes = w.take();
  return () => {
    const txn = readTxn(bytes);
    bench.db.apply(txn);
    prep.onApplied(txn.header.zxid);
  };
});
row('setWatches, one step', () => {
  const { bench, paths } = withChildren();
  const lists = { data: paths, exist: [], child: [], persistent: [], persistentRecursive: [] };
  const w = new Writer();
  writeSetWatches(w, { relativeZxid: bench.db.lastProcessedZxid, ...lists }, false);
  const body = w.take();
  // The first step is the longest: it also looks at the frame as a whole.
  return () => setWatches.begin(body).go(WATCHER, { database: bench.db } as unknown as ReadContext);
});
row('a connection with watches closes, one turn', () => {
  const { bench, paths } = withChildren();
  for (const path of paths) bench.db.tree.watches.addData(path, WATCHER);
  return () => bench.db.tree.watches.removeWatcher(WATCHER, WATCHES_FORGOTTEN_A_TURN);
});
row('a change seen by as many watchers, before their output', () => {
  const bench = new Bench();
  bench.create('/p');
  for (let i = 0; i < COUNT; i++) bench.db.tree.watches.addData('/p', { onWatchEvent() {}, mayRead: () => true });
  return () => bench.apply({ kind: 'setData', type: OpCode.setData, path: '/p', data: NOTHING, version: 1 });
});
row('getChildren', () => {
  const { bench } = withChildren();
  const w = new Writer();
  return () => bench.db.tree.writeChildren(bench.db.tree.lookup('/p'), w);
});
row('getAllChildrenNumber', () => {
  const { bench } = withChildren();
  return () => bench.db.tree.allChildrenNumber('/p');
});
row('a quota is set: usage counted anew', () => {
  const { bench } = withChildren();
  bench.create('/zookeeper/quota/p');
  return () => bench.create('/zookeeper/quota/p/zookeeper_stats');
});
longestOf('containers and TTLs looked through: the longest turn', () => {
  const { bench } = withChildren({ type: OpCode.createContainer });
  const steps = bench.db.tree.containerCandidates(1e12, 1);
  return () => steps.next().done !== true;
});
row('a snapshot begins, with sessions and ACLs', () => {
  const bench = new Bench();
  for (let i = 0; i < COUNT; i++) {
    bench.db.sessions.put(BigInt(i), 1000);
    bench.create(`/n${i}`, { acl: distinctAcl(i) });
  }
  return () => bench.db.startCut();
});
row('setData at depth 2,000 while a snapshot is open', () => {
  const bench = new Bench();
  const path = (depth: number): string => '/a'.repeat(depth);
  for (let depth = 1; depth <= 2000; depth++) bench.create(path(depth));
  bench.db.startCut();
  const deepest = path(2000);
  return () =>
    bench.apply({ kind: 'setData', type: OpCode.setData, path: deepest, data: Buffer.from('y'), version: 1 });
});
for (const kib of [64, 16]) {
  row(`one slice of ${kib} KiB compressed by gz`, () => {
    const slice = Buffer.from(Array.from({ length: kib * 1024 }, (_, i) => ((i * 7919) % 251) ^ (i >> 5)));
    return () => gzipSync(slice);
  });
}
await serverRows();
