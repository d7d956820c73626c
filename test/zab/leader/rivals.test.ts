import { expect, test } from 'vitest';
import { zxid } from '../ensemble.ts';
import { ack, ackEpoch, answerPings, established, info, ONE, payload, TWO } from '../established-leader.ts';

test('a newcomer with the id of a learner that answers is turned away, and nobody else notices', () => {
  const host = established();
  expect(host.open(11, [info(1, 1)])).toEqual([]);
  host.propose(payload('1:1'));
  host.onPacket(ONE, ack('1:1'));
  expect(host.leader.lastCommitted).toBe(zxid('1:1'));
  host.halfTicks(1);
  answerPings(host, ONE);
  host.halfTicks(1);
  expect(host.said).toEqual(['commit 1:1', 'close 11: learner 1 is connected already, and answers']);
});

test('as often as it comes', () => {
  const host = established();
  for (let link = 11; link < 31; link++) {
    host.open(link, [info(1, 1)]);
    for (let i = 0; i < 2; i++) {
      host.halfTicks(1);
      answerPings(host, ONE);
    }
  }
  expect(host.said.filter((line) => line.startsWith('close 1:'))).toEqual([]);
  expect(host.leader.phase).toBe('broadcast');
});

test('an answer to a PING from before it came proves nothing', () => {
  const host = established();
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  host.halfTicks(1);
  answerPings(host, TWO);
  host.open(11, [info(1, 1)]);
  answerPings(host, ONE);
  for (let i = 0; i < 3; i++) {
    host.halfTicks(1);
    answerPings(host, TWO);
  }
  expect(host.ends).toEqual(['close 1: the learner has connected again, and is silent here']);
  expect(host.shown(11)).toEqual(['LEADERINFO 1:0']);
});

test('it is let in at once when the old connection ends, and what is still in that counts no more', () => {
  const host = established();
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  host.propose(payload('1:1'));
  host.open(11, [info(1, 1)]);
  expect(host.shown(11)).toEqual([]);
  host.onLinkClosed(ONE);
  expect(host.shown(11)).toEqual(['LEADERINFO 1:0']);
  host.onPacket(ONE, ack('1:1'));
  host.onPacket(11, ackEpoch('1:1', -1));
  expect(host.shown(11).slice(1, 3)).toEqual(['SNAP 1:0', 'NEWLEADER 1:0']);
  expect(host.leader.lastCommitted).toBe(zxid('1:0'));
});

test('a third one is turned away at once', () => {
  const host = established();
  host.open(11, [info(1, 1)]);
  host.open(12, [info(1, 1)]);
  expect(host.said).toEqual(['close 12: another connection with the id 1 is waiting already']);
});

test('a learner that catches up keeps its place for as long as it may take', () => {
  const host = established();
  host.open(TWO, [info(2), ackEpoch()]);
  host.open(12, [info(2, 1)]);
  for (let i = 0; i < 7; i++) {
    host.took(TWO, i * 1000);
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.ends).toEqual([]);
  host.onPacket(TWO, ack('1:0'));
  expect(host.shown(TWO).at(-1)).toBe('UPTODATE');
  for (let i = 0; i < 2; i++) {
    host.halfTicks(1);
    for (const link of [ONE, TWO]) answerPings(host, link);
  }
  expect(host.ends).toEqual(['close 12: learner 2 is connected already, and answers']);
});

test('who was asked something and does not say it makes room', () => {
  const host = established();
  host.open(TWO, [info(2)]);
  host.open(12, [info(2, 1)]);
  for (let i = 0; i < 3; i++) {
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.said).toEqual(['close 2: the learner has connected again, and is silent here']);
  expect(host.shown(12)).toEqual(['LEADERINFO 1:0']);
});
