import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../src/base/log.ts';
import { takePieces } from '../src/base/pieces.ts';
import type { Database } from '../src/datatree/database.ts';
import { NodeDisk } from '../src/io/node-disk.ts';
import { openNodeWorld } from '../src/io/node-world.ts';
import { OpCode } from '../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../src/jute/data-records.ts';
import { writeTxn } from '../src/jute/txns.ts';
import { Writer } from '../src/jute/writer.ts';
import type { Zxid } from '../src/jute/zxid.ts';
import { Primary, type PrimaryOptions, type PrimaryParts } from '../src/quorum/roles/primary.ts';
import type { ClientConnection } from '../src/server/connection/client-connection.ts';
import { FourLetterWords } from '../src/server/monitoring/four-letter/four-letter-words.ts';
import { LogFileReader } from '../src/txnlog/log/log-file-reader.ts';
import type { LogShelf } from '../src/txnlog/log/log-shelf.ts';
import { Store } from '../src/txnlog/store.ts';
import { defaultStoreOptions } from '../src/txnlog/store-options.ts';
import { ClientWorld, connectRequest } from '../test/server/client-harness.ts';
import { COUNT, isWanted, longestOf, row } from './stall-rows.ts';

/** Turns of a server as a whole: roles that begin and end, words, learners that come, files that go. */
const WORDS = 'stat cons dump wchc wchp mntr'.split(' ');

function apply(db: Database, zxid: number, sessionId: bigint, path: string, ephemeral: boolean): void {
  const header = { clientId: sessionId, cxid: 0, zxid: zxid as Zxid, time: 1, type: OpCode.create };
  const node = { path, data: Buffer.from('x'), acl: [...OPEN_ACL_UNSAFE], ephemeral, parentCVersion: -1, ttl: 0n };
  db.apply({ header, body: { kind: 'create', type: OpCode.create, ...node }, digest: undefined });
}

/** As many clients as `count`, each with a session, an ephemeral and a watch. */
function crowd(count: number): ClientWorld {
  const world = new ClientWorld({ maxClientCnxns: 0, fourLetterWords: new Set(WORDS) }, -1);
  const upstream = world.serve();
  for (let i = 0; i < count; i++) {
    const client = world.connect(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    client.stream.deliver(connectRequest());
  }
  upstream.commit();
  world.clock.endTurn();
  const first = world.database.lastProcessedZxid + 1;
  let i = 0;
  for (const connection of world.server.view.connections) {
    const path = `/n${i}`;
    apply(world.database, first + i++, connection.sessionId, path, true);
    world.database.tree.watches.addData(path, connection);
  }
  return world;
}

const wordRow = (word: string): string =>
  `${word} of connections with a session, an ephemeral and a watch each: the longest turn`;

function wordsRows(): void {
  if (!isWanted(...WORDS.map(wordRow))) return;
  const world = crowd(COUNT);
  const { view } = world.server;
  const info = { quorum: () => undefined, leader: () => undefined } as never;
  const words = new FourLetterWords(view, info, world.host);
  const asking = [...view.connections][0] as ClientConnection;
  for (const word of WORDS) {
    longestOf(wordRow(word), () => {
      const pieces = words.answer(Buffer.from(word), asking)[Symbol.iterator]();
      return () => !takePieces(pieces).isAll;
    });
  }
}

function primaryOf(db: Database, later: (() => void)[]): Primary {
  const clock = {
    nowMs: () => 0,
    wallMs: () => 1,
    every: () => ({ cancel() {} }),
    afterTurn: (task: () => void) => later.push(task),
  };
  const parts = { replica: { database: db }, auth: undefined, clock, log: silentLog } as unknown as PrimaryParts;
  const options = { tickMs: 2000, containerCheckIntervalMs: 60_000, containerMaxPerMinute: 10_000, serverId: 1 };
  return new Primary(parts, options as unknown as PrimaryOptions, { submitWrite() {} });
}

function roleRows(): void {
  longestOf('a role begins with sessions, an ephemeral each: the longest turn', () => {
    const { database } = new ClientWorld();
    for (let i = 1; i <= COUNT; i++) {
      database.sessions.put(BigInt(i), 30_000);
      apply(database, i, BigInt(i), `/n${i}`, true);
    }
    const later: (() => void)[] = [() => primaryOf(database, later).closeDeadSessions()];
    return () => {
      for (const task of later.splice(0)) task();
      return later.length > 0;
    };
  });
  longestOf('a role ends with connections: the longest turn', () => {
    const world = crowd(COUNT);
    let isFirst = true;
    return () => {
      if (isFirst) world.server.stop();
      else world.clock.oneTurn();
      isFirst = false;
      return world.server.view.connections.size > 0;
    };
  });
  row('a PING of a learner with sessions that were heard', () => {
    const { database } = new ClientWorld();
    for (let i = 1; i <= COUNT; i++) database.sessions.put(BigInt(i), 30_000);
    const later: (() => void)[] = [];
    const { sessions } = primaryOf(database, later);
    while (!sessions.adoptMore());
    return () => {
      for (let i = 1; i <= COUNT; i++) sessions.touch(BigInt(i), 30_000, 3000);
    };
  });
}

const PLACE = 'the place of a learner in a log of ten times as many transactions: read from the start';
const LOOKED = 'the place of a learner in that log, looked through: the longest turn';
const FOUND = 'the place of a learner in that log, once it was looked through';

/** A log of one file, of transactions of about 200 bytes: ten for each of COUNT. */
async function logRows(dir: string): Promise<void> {
  if (!isWanted(PLACE, LOOKED, FOUND)) return;
  const world = openNodeWorld(silentLog);
  const database = {
    extendedTypes: false,
    emulate353Ttl: false,
    digest: true,
    hashKey: { low: 1, high: 2 },
    log: silentLog,
  };
  const store = Store.open(world, { ...defaultStoreOptions(dir, database), forceSync: false }, silentLog);
  store.handlers = { onDurable() {}, onFatal() {} };
  store.recover();
  const w = new Writer(512);
  const last = COUNT * 10;
  for (let zxid = 1; zxid <= last; zxid++) {
    writeTxn(w, {
      header: { clientId: 1n, cxid: 1, zxid: zxid as Zxid, time: 1, type: OpCode.setData },
      body: { kind: 'setData', type: OpCode.setData, path: '/n', data: Buffer.alloc(100, 7), version: 1 },
      digest: { version: 2, treeDigest: 1n },
    });
    store.append(zxid as Zxid, w.take());
    if (zxid % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  while (store.lastDurable < last) await new Promise((resolve) => setImmediate(resolve));
  const place = (last - 5) as Zxid;
  const path = join(dir, 'version-2', 'log.1');
  row(PLACE, () => () => {
    const reader = new LogFileReader(new NodeDisk({ onThrow() {} }), path);
    for (let record = reader.next(); record !== undefined && record.zxid < place; record = reader.next());
    reader.close();
  });
  const { marks } = store.logs as LogShelf;
  let longest = 0;
  marks.clear();
  store.logs.isNear(place);
  while (marks.isBusy) {
    const start = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, performance.now() - start);
  }
  console.log(`| ${LOOKED} | ${longest.toFixed(1)} |`);
  row(FOUND, () => () => {
    if (!store.logs.isNear(place)) throw new Error('not there');
    store.logs.readFrom(place)?.close();
  });
  await new Promise<void>((resolve) => store.close(resolve));
  world.shut();
}

function fileRows(dir: string): void {
  const data = Buffer.alloc(1 << 20, 7);
  row('a log or snapshot of 256 MB is purged', () => {
    const path = join(dir, 'large');
    for (let i = 0; i < 256; i++) writeFileSync(path, data, { flag: i === 0 ? 'w' : 'a' });
    const disk = new NodeDisk({ onThrow() {} });
    return () => disk.unlink(path);
  });
}

export async function serverRows(): Promise<void> {
  roleRows();
  wordsRows();
  const dir = mkdtempSync(join(tmpdir(), 'bench-stalls-'));
  try {
    fileRows(dir);
    await logRows(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
