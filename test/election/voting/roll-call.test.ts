import { expect, test } from 'vitest';
import { ELECTION_DEFAULTS } from '../../../src/election/voting/election-host.ts';
import type { Notification } from '../../../src/election/voting/notification.ts';
import { RollCall } from '../../../src/election/voting/roll-call.ts';
import { makeZxid, ZXID_NONE, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import { electorate, logInto, THREE } from '../parts.ts';

function rollCallOf1(lines: string[] = []): RollCall {
  const rollCall = new RollCall(1, ELECTION_DEFAULTS, electorate(THREE), logInto(lines));
  rollCall.begin();
  return rollCall;
}

function word(round: bigint, zxid = makeZxid(1, 5)): Notification {
  const peerEpoch = zxid > 0 ? 1 : 0;
  return { state: 'looking', leader: 3, zxid, round, peerEpoch, version: 2, configText: undefined };
}

const NOTHING = (round: bigint): Notification => word(round, ZXID_ZERO);

test('everyone has to tell its history in the same round', () => {
  const rollCall = rollCallOf1();
  rollCall.onTold(2, word(4n), true);
  expect(rollCall.mayCount(4n, 0)).toBe(false);
  rollCall.onTold(3, word(3n), true);
  expect(rollCall.mayCount(4n, 0)).toBe(false);
  rollCall.onTold(3, word(4n), true);
  expect(rollCall.mayCount(4n, 0)).toBe(true);
});

test('the first message of a connection tells nothing, and what was told before it stays told', () => {
  const rollCall = rollCallOf1();
  rollCall.onTold(2, word(4n), true);
  rollCall.onTold(3, word(4n), false);
  expect(rollCall.mayCount(4n, 0)).toBe(false);
  rollCall.onTold(3, word(4n), true);
  rollCall.onTold(3, word(4n), false);
  expect(rollCall.mayCount(4n, 0)).toBe(true);
  rollCall.forget(3);
  expect(rollCall.mayCount(4n, 0)).toBe(false);
});

test('a first start is believed when a quorum without a history has waited for the others', () => {
  const lines: string[] = [];
  const rollCall = rollCallOf1(lines);
  expect(rollCall.mayCount(1n, 100)).toBe(false);
  expect(rollCall.deadlineMs).toBeUndefined();
  rollCall.onTold(2, NOTHING(1n), true);
  expect(rollCall.mayCount(1n, 100)).toBe(false);
  expect(rollCall.deadlineMs).toBe(3100);
  expect(rollCall.mayCount(1n, 3099)).toBe(false);
  expect(rollCall.mayCount(1n, 3100)).toBe(true);
  expect(lines).toEqual(['no voter that answered has a history: taken for a first start']);
});

test('once a history was heard of nothing is a first start, in no later election either', () => {
  const rollCall = rollCallOf1();
  rollCall.heardOf({ peerEpoch: 1, zxid: ZXID_ZERO });
  rollCall.begin();
  rollCall.onTold(2, NOTHING(1n), true);
  expect(rollCall.mayCount(1n, 0)).toBe(false);
  expect(rollCall.mayCount(1n, 60_000)).toBe(false);
  expect(rollCall.deadlineMs).toBeUndefined();
});

test('the file initialize counts after a short wait', () => {
  const rollCall = rollCallOf1();
  rollCall.vouchedFor(1000);
  expect(rollCall.deadlineMs).toBe(1200);
  expect(rollCall.mayCount(1n, 1199)).toBe(false);
  expect(rollCall.mayCount(1n, 1200)).toBe(true);
});

test('whoever begins to count begins in the highest round of those who vote', () => {
  const rollCall = rollCallOf1();
  expect(rollCall.roundOfVoters(2n)).toBe(2n);
  rollCall.onTold(2, word(9n, ZXID_NONE), true);
  expect(rollCall.roundOfVoters(2n)).toBe(2n);
  rollCall.onTold(3, word(5n), false);
  expect(rollCall.roundOfVoters(7n)).toBe(5n);
  expect(rollCall.votesIn(5n)).toEqual([[3, { leader: 3, zxid: makeZxid(1, 5), peerEpoch: 1 }]]);
  expect(rollCall.votesIn(9n)).toEqual([]);
});

test('that it still waits is said once a minute', () => {
  const lines: string[] = [];
  const rollCall = rollCallOf1(lines);
  for (const nowMs of [0, 59_999, 60_000]) rollCall.sayWaiting(nowMs);
  expect(lines).toEqual(['still without a history, and waiting', 'still without a history, and waiting']);
});
