import { expect, test } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { writeTxn } from '../../../src/jute/txns.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { makeZxid, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { Ledger } from './ledger.ts';
import { membershipChanges } from './membership.ts';
import type { View } from './observer.ts';

const CHANGE = makeZxid(1, 1);

function payloadOf(zxid: Zxid, text: string): Buffer {
  const w = new Writer();
  writeTxn(w, {
    header: { clientId: 1n, cxid: 1, zxid, time: 0, type: OpCode.reconfig },
    body: { kind: 'setData', type: OpCode.reconfig, path: '/zookeeper/config', data: Buffer.from(text), version: 1 },
    digest: undefined,
  });
  return w.take();
}

test('a reconfiguration is under way from the moment somebody has it until it is decided or in no log', () => {
  const ledger = new Ledger();
  const views = [1, 2, 3].map((sid) => ({ sid, logTip: ZXID_ZERO, durable: ZXID_ZERO })) as View[];
  const [first, second] = views as [View, View, View];
  const decided: (readonly number[])[] = [];
  const changes = membershipChanges(ledger, views, (voters) => decided.push(voters));
  const lines = [1, 2].map((sid) => `server.${sid}=zk${sid}:2888:3888:participant;2181`);
  const payload = payloadOf(CHANGE, [...lines, 'server.4=zk4:2888:3888:observer;2181', 'version=100000001'].join('\n'));
  expect(changes.undecided()).toEqual([]);

  ledger.propose({ zxid: CHANGE, payload, previous: ZXID_ZERO, proposer: 1 });
  first.logTip = CHANGE;
  changes.onProposed?.(first, CHANGE, payload);
  expect(changes.undecided()).toEqual([[1, 2]]);

  first.logTip = ZXID_ZERO;
  expect(changes.undecided()).toEqual([]);

  for (const view of [first, second]) {
    view.logTip = CHANGE;
    view.durable = CHANGE;
  }
  expect(changes.undecided()).toEqual([[1, 2]]);
  changes.onCommitted?.(first, CHANGE);
  expect(changes.undecided()).toEqual([]);
  expect(decided).toEqual([[1, 2]]);
});
