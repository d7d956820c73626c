import { expect, test } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import { writeTxn } from '../../../src/jute/txns.ts';
import { Writer } from '../../../src/jute/writer.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import type { LogShelf } from '../../../src/txnlog/log/log-shelf.ts';
import type { Store } from '../../../src/txnlog/store.ts';
import { Lab } from '../lab.ts';

const DATA = Buffer.alloc(100_000, 'x');

function payloadOf(zxid: number): Buffer {
  const w = new Writer();
  const header = { clientId: 1n, cxid: zxid, zxid: zxid as Zxid, time: 1, type: OpCode.create };
  const node = {
    path: `/n${zxid}`,
    data: DATA,
    acl: [...OPEN_ACL_UNSAFE],
    ephemeral: false,
    parentCVersion: zxid,
    ttl: 0n,
  };
  writeTxn(w, { header, body: { kind: 'create', type: OpCode.create, ...node }, digest: undefined });
  return Buffer.from(w.take());
}

/** A log of one file of ten megabytes, and the files read of it since the last time. */
function standing(): { lab: Lab; store: Store; reads: () => number; marks: LogShelf['marks'] } {
  const lab = new Lab(1, { preAllocBytes: 1 << 20 });
  const { store } = lab.start();
  for (let zxid = 1; zxid <= 100; zxid++) store.append(zxid as Zxid, payloadOf(zxid));
  lab.run(1000);
  expect(store.lastDurable).toBe(100);
  let reads = 0;
  lab.disk.fault = (operation) => {
    if (operation === 'read') reads++;
    return undefined;
  };
  const since = (): number => {
    const before = reads;
    reads = 0;
    return before;
  };
  return { lab, store, reads: since, marks: (store.logs as LogShelf).marks };
}

function firstFrom(store: Store, zxid: number): number | undefined {
  const cursor = store.logs.readFrom(zxid as Zxid);
  const first = cursor?.next()?.zxid;
  cursor?.close();
  return first;
}

test('a learner from far inside a file waits while it is looked through, a megabyte in a turn', () => {
  const { lab, store, reads } = standing();
  expect(store.logs.isNear(95 as Zxid)).toBe(false);
  expect(reads()).toBeLessThanOrEqual(3);
  expect(store.logs.isNear(2 as Zxid)).toBe(false);
  let turns = 0;
  while (!store.logs.isNear(95 as Zxid)) {
    lab.run(1);
    turns++;
  }
  expect(turns).toBeLessThan(20);
  expect(reads()).toBeGreaterThan(9);
  expect(firstFrom(store, 95)).toBe(95);
  expect(reads()).toBeLessThanOrEqual(5);
  for (const zxid of [1, 2, 50, 94]) {
    expect([store.logs.isNear(zxid as Zxid), firstFrom(store, zxid)]).toEqual([true, zxid]);
  }
});

test('the look goes on where it ended before', () => {
  const { lab, store, reads } = standing();
  store.logs.isNear(5 as Zxid);
  lab.run(20);
  expect(store.logs.isNear(5 as Zxid)).toBe(true);
  expect(reads()).toBeLessThan(8);
  expect(store.logs.isNear(60 as Zxid)).toBe(false);
  lab.run(20);
  expect([store.logs.isNear(60 as Zxid), firstFrom(store, 60)]).toEqual([true, 60]);
});

test('it ends with damage', () => {
  const { lab, store, marks } = standing();
  lab.disk.flipBit('/data/version-2/log.1', 3_050_000, 1);
  for (let i = 0; i < 3 && !store.logs.isNear(95 as Zxid); i++) lab.run(50);
  expect([store.logs.isNear(95 as Zxid), marks.isBusy]).toEqual([true, false]);
  expect(firstFrom(store, 95)).toBeUndefined();
});

test('it ends with the readers and with the history', () => {
  const { lab, store, marks } = standing();
  expect([store.logs.isNear(95 as Zxid), marks.isBusy]).toEqual([false, true]);
  marks.stop();
  lab.run(50);
  expect(store.logs.isNear(95 as Zxid)).toBe(false);
});

test('a disk that fails while it is looked through is left to the reader', () => {
  const { lab, store } = standing();
  store.logs.isNear(95 as Zxid);
  lab.disk.fault = (operation) => (operation === 'read' ? 'EIO' : undefined);
  lab.run(50);
  expect(store.logs.isNear(95 as Zxid)).toBe(true);
  expect(store.logs.readFrom(95 as Zxid)).toBeUndefined();
});
