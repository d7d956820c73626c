import { expect, it } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { LinkCounts, QueueWatch } from '../../../src/zab/wire/link-counts.ts';

it('counts what goes over a link, the last zxid that says something, and begins again when told', () => {
  const counts = new LinkCounts(1000);
  counts.onSent(0x100000001 as Zxid);
  counts.onSent(-1 as Zxid);
  counts.packetsReceived += 3;
  counts.requests++;
  expect({ ...counts }).toEqual({
    establishedMs: 1000,
    packetsReceived: 3,
    packetsSent: 2,
    requests: 1,
    lastZxid: 0x100000001,
  });
  counts.reset();
  expect({ ...counts }).toEqual({ establishedMs: 1000, packetsReceived: 0, packetsSent: 0, requests: 0, lastZxid: 0 });
});

it('one packet of a queue at a time is watched: how long it waits behind those before it', () => {
  let nowMs = 0;
  const waits: number[] = [];
  const watch = new QueueWatch({ nowMs: () => nowMs } as ConstructorParameters<typeof QueueWatch>[0], (ms) =>
    waits.push(ms),
  );
  watch.onTaken();
  watch.onQueued(2);
  nowMs = 5;
  watch.onQueued(3);
  watch.onTaken();
  expect(waits).toEqual([]);
  watch.onTaken();
  expect(waits).toEqual([5]);
  watch.onTaken();
  nowMs = 9;
  watch.onQueued(1);
  nowMs = 10;
  watch.onTaken();
  expect(waits).toEqual([5, 1]);
});
