import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../src/base/log.ts';
import { openNodeWorld } from '../src/io/node-world.ts';
import { OpCode } from '../src/jute/codes.ts';
import { writeTxn } from '../src/jute/txns.ts';
import { Writer } from '../src/jute/writer.ts';
import type { Zxid } from '../src/jute/zxid.ts';
import { adler32 } from '../src/txnlog/adler32.ts';
import { Store } from '../src/txnlog/store.ts';
import { defaultStoreOptions } from '../src/txnlog/store-options.ts';

/**
 * The transaction log by itself, on the disk of the directory given (default: the system's temporary one):
 *
 *   node --import ./scripts/ts.mjs bench/log.ts [directory]
 *
 * Writers append a transaction each and append the next one when it is on disk: appends and syncs a second, and how
 * long an append waited. Then the checksum, and recovery of what was written.
 */
const DATA_BYTES = 256;
const RUN_MS = 2000;

const dir = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'bench-log-'));
const onThrow = (error: unknown): void => {
  throw error;
};
const world = openNodeWorld(silentLog);
const database = {
  extendedTypes: false,
  emulate353Ttl: false,
  digest: true,
  hashKey: { low: 1, high: 2 },
  log: silentLog,
};
const options = defaultStoreOptions(dir, database);

let last = 0;

function nextPayload(zxid: number): Buffer {
  const w = new Writer(512);
  writeTxn(w, {
    header: { clientId: 0x100n, cxid: 1, zxid: zxid as Zxid, time: 1_700_000_000_000, type: OpCode.setData },
    body: { kind: 'setData', type: OpCode.setData, path: '/bench/node', data: Buffer.alloc(DATA_BYTES, 7), version: 1 },
    digest: { version: 2, treeDigest: 1n },
  });
  return w.take();
}

function run(store: Store, writers: number): Promise<void> {
  const waits: number[] = [];
  const starts = new Map<number, number>();
  const syncsBefore = store.facts.log.syncs;
  const begin = performance.now();
  let first = last + 1;
  const appendOne = (): void => {
    last++;
    starts.set(last, performance.now());
    store.append(last as Zxid, nextPayload(last));
  };
  return new Promise((resolve) => {
    store.handlers = {
      onFatal: onThrow,
      onDurable(zxid) {
        const now = performance.now();
        const again = now - begin < RUN_MS;
        const synced = zxid - first + 1;
        for (; first <= zxid; first++) {
          waits.push(now - (starts.get(first) as number));
          starts.delete(first);
        }
        if (again) for (let i = 0; i < synced; i++) appendOne();
        else if (starts.size === 0) {
          report(writers, waits, store.facts.log.syncs - syncsBefore, now - begin);
          resolve();
        }
      },
    };
    for (let i = 0; i < writers; i++) appendOne();
  });
}

function report(writers: number, waits: number[], syncs: number, ms: number): void {
  waits.sort((a, b) => a - b);
  const at = (share: number): string => (waits[Math.floor(waits.length * share)] as number).toFixed(2);
  const perSecond = (count: number): string => Math.round((count * 1000) / ms).toLocaleString('en');
  console.log(
    `${String(writers).padStart(5)} writers  ${perSecond(waits.length).padStart(9)} appends/s  ` +
      `${perSecond(syncs).padStart(7)} syncs/s  wait ms: median ${at(0.5)}, 99% ${at(0.99)}, 99.9% ${at(0.999)}`,
  );
}

async function main(): Promise<void> {
  const store = Store.open(world, options, silentLog);
  store.recover();
  for (const writers of [1, 16, 128, 1024, 4096]) await run(store, writers);
  await new Promise<void>((resolve) => store.close(resolve));

  const begin = performance.now();
  const again = Store.open(world, options, silentLog);
  again.recover();
  const seconds = (performance.now() - begin) / 1000;
  console.log(`recovery of ${last.toLocaleString('en')} transactions: ${seconds.toFixed(2)} s`);
  await new Promise<void>((resolve) => again.close(resolve));

  for (const bytes of [300, 1 << 20]) {
    const block = Buffer.alloc(bytes, 0x5a);
    const rounds = Math.ceil((512 << 20) / bytes);
    const start = performance.now();
    for (let i = 0; i < rounds; i++) adler32(block);
    const ms = performance.now() - start;
    console.log(`adler32 of ${bytes} bytes: ${((bytes * rounds) / ms / 1e6).toFixed(2)} GB/s`);
  }
}

try {
  await main();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
