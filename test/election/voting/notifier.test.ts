import { expect, test } from 'vitest';
import { ELECTION_DEFAULTS } from '../../../src/election/voting/election-host.ts';
import { Notifier, type Word } from '../../../src/election/voting/notifier.ts';
import { ZXID_ZERO } from '../../../src/jute/zxid.ts';
import { electorate, THREE } from '../parts.ts';

const WORD: Word = { leader: 1, zxid: ZXID_ZERO, round: 1n, peerEpoch: 0, state: 'looking' };

function notifierOf1(): { notifier: Notifier; told: number[] } {
  const told: number[] = [];
  const notifier = new Notifier(1, ELECTION_DEFAULTS, electorate(THREE), { send: (sid) => told.push(sid) });
  notifier.begin(1000);
  return { notifier, told };
}

function waits(notifier: Notifier, abstaining: boolean): number[] {
  const waited: number[] = [];
  for (let i = 0, nowMs = 1000; i < 11; i++) {
    waited.push(notifier.dueMs - nowMs);
    nowMs = notifier.dueMs;
    notifier.tellAgain(WORD, nowMs, abstaining);
  }
  return waited;
}

test('all other voters are told', () => {
  const { notifier, told } = notifierOf1();
  notifier.tellVoters(WORD);
  expect(told).toEqual([2, 3]);
});

test('each wait is twice as long, up to a minute', () => {
  const { notifier } = notifierOf1();
  expect(waits(notifier, false)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
});

test('who abstains asks every five seconds at least', () => {
  const { notifier } = notifierOf1();
  expect(waits(notifier, true)).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000, 5000]);
});

test('a stranger is answered once in 50 ms, and anew in another election', () => {
  const { notifier, told } = notifierOf1();
  for (const nowMs of [1000, 1049, 1050, 1051]) notifier.tellStranger(4, WORD, nowMs);
  expect(told).toEqual([4, 4]);
  notifier.begin(1052);
  notifier.tellStranger(4, WORD, 1052);
  expect(told).toEqual([4, 4, 4]);
});
