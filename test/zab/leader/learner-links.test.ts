import { expect, test } from 'vitest';
import { zxid } from '../ensemble.ts';
import {
  ack,
  ackEpoch,
  answerPings,
  established,
  info,
  OBSERVER,
  ONE,
  observerInfo,
  payload,
  TWO,
} from '../established-leader.ts';

test('a second connection of a server ends the first', () => {
  const host = established();
  host.open(11, [info(1, 1)]);
  expect(host.said).toEqual(['close 1: the learner has connected again']);
  host.propose(payload('1:1'));
  host.onPacket(ONE, ack('1:1'));
  expect(host.leader.lastCommitted).toBe(zxid('1:0'));
});

test('who is silent for syncLimit is given up, and with the quorum the leader', () => {
  const host = established();
  host.halfTicks(4);
  expect(host.said).toEqual([]);
  host.halfTicks(2);
  expect(host.said).toEqual([
    'close 1: the learner was silent',
    'step down: no quorum of learners is connected and answers',
  ]);
});

test('who answers and does not acknowledge is given up as well', () => {
  const host = established();
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  host.propose(payload('1:1'));
  host.onPacket(TWO, ack('1:1'));
  for (let i = 0; i < 5; i++) {
    host.halfTicks(1);
    answerPings(host, ONE);
    answerPings(host, TWO);
  }
  expect(host.said.at(-1)).toBe('close 1: a proposal was not acknowledged');
});

test('a steady delay below the limit is none, however many proposals pass', () => {
  const host = established();
  for (let i = 1; i <= 30; i++) {
    host.propose(payload(`1:${i}`));
    if (i > 2) host.onPacket(ONE, ack(`1:${i - 2}`));
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.said.filter((line) => line.startsWith('close'))).toEqual([]);
});

test('a learner that joins has initLimit for each step, and longer while it takes bytes', () => {
  const host = established();
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  for (let i = 1; i <= 50; i++) {
    host.took(OBSERVER, i * 1000);
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.said.filter((line) => line.startsWith('close'))).toEqual([]);
  for (let i = 0; i < 11; i++) {
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.said.at(-1)).toBe('close 4: synchronising made no progress');
});

test('a link that is not read from is closed at the limit, and nobody else notices', () => {
  const host = established({ maxLinkQueueBytes: 1000 });
  host.open(OBSERVER, [observerInfo(4), ackEpoch(), ack('1:0')]);
  host.took(OBSERVER, 0, 1001);
  host.propose(payload('1:1'));
  host.onPacket(ONE, ack('1:1'));
  expect(host.leader.lastCommitted).toBe(zxid('1:1'));
  host.halfTicks(1);
  expect(host.said.at(-1)).toBe('close 4: the learner takes less than is sent to it');
});
