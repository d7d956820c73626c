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
import { packet } from '../lone-hosts.ts';

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

test('what waits for all learners together has a limit, and voters are the last to go', () => {
  const host = established({ maxLinkQueueBytes: 1000, maxBytes: 1500 });
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  host.open(OBSERVER, [observerInfo(4), ackEpoch(), ack('1:0')]);
  host.took(ONE, 0, 900);
  host.took(TWO, 0, 600);
  host.took(OBSERVER, 0, 0, 1);
  host.halfTicks(1);
  expect(host.ends).toEqual(['close 4: too much waits for all learners together']);
  host.took(TWO, 0, 700);
  host.halfTicks(1);
  expect(host.ends.slice(1)).toEqual(['close 1: too much waits for all learners together']);
});

test('a learner that catches up has to take bytes at a rate; words that nobody asked for are no progress', () => {
  const host = established({ leastCatchUpBytes: 1000 });
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  for (let i = 1; i <= 11; i++) {
    host.took(OBSERVER, i * 900, 5000);
    host.onPacket(OBSERVER, packet('ping', zxid('1:0')));
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.ends).toEqual(['close 4: synchronising made no progress']);
  host.open(14, [observerInfo(4), ackEpoch()]);
  for (let i = 1; i <= 40; i++) {
    // Nothing for nine half ticks, then as much as that many are worth.
    host.took(14, Math.floor(i / 10) * 10_000, 5000);
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.ends.length).toBe(1);
});

test('what the kernel takes for a learner that catches up and is silent is no sign of it', () => {
  const host = established({ leastCatchUpBytes: 1000 });
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  for (let i = 1; i <= 11; i++) {
    host.took(OBSERVER, i * 100);
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.ends).toEqual(['close 4: synchronising made no progress']);
});

test('the rest of what waits for a learner that catches up may be little', () => {
  const host = established({ leastCatchUpBytes: 1000 });
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  for (let i = 1; i <= 18; i++) {
    if (i === 9) host.took(OBSERVER, 100, 0);
    else if (i < 9) host.took(OBSERVER, 0, 100);
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.ends).toEqual([]);
});

test('the first packet is due within two ticks', () => {
  const host = established();
  host.open(7);
  for (let i = 0; i < 5; i++) {
    expect(host.said).toEqual([]);
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.said).toEqual(['close 7: the learner was silent while joining']);
});

test('packets are short until the learner serves', () => {
  const host = established();
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  expect(host.link(OBSERVER).wire.maxPacketBytes).toBe(4096);
  host.onPacket(OBSERVER, ack('1:0'));
  expect(host.link(OBSERVER).wire.maxPacketBytes).toBe(1 << 20);
});
