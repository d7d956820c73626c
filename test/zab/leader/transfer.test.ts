import { expect, test } from 'vitest';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import { zxid } from '../ensemble.ts';
import { ack, ackEpoch, established, info, OBSERVER, ONE, observerInfo, payload, TWO } from '../established-leader.ts';
import { type LoneLeader, packet } from '../lone-hosts.ts';

/** 3 leads 1 and 2, and the observer 4. */
function led(): LoneLeader {
  const host = established();
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  host.open(OBSERVER, [observerInfo(4), ackEpoch(), ack('1:0')]);
  for (const link of [ONE, TWO, OBSERVER]) host.sentTo(link).length = 0;
  return host;
}

/** `1` is asked whether it would lead; `leads 1` is told. */
function handOvers(host: LoneLeader, link: number): string[] {
  return host
    .sentTo(link)
    .filter(({ type }) => type === PacketType.handOver)
    .map(({ zxid: at, data }) => `${at === 0 ? '' : 'leads '}${data?.readBigInt64BE(0)}`);
}

function answers(host: LoneLeader, link: number): void {
  const asked = host.sentTo(link).find(({ type }) => type === PacketType.handOver);
  host.onPacket(link, packet('handOver', zxid('0:0'), asked?.data));
}

test('a follower that answers and has everything takes over, and all are told', () => {
  const host = led();
  host.propose(payload('1:1'));
  host.onPacket(ONE, ack('1:1'));
  expect(host.leader.transfer()).toBeUndefined();
  expect([ONE, TWO, OBSERVER].map((link) => handOvers(host, link))).toEqual([['1'], ['2'], []]);
  answers(host, TWO);
  expect(handOvers(host, ONE)).toEqual(['1']);
  host.onPacket(TWO, ack('1:1'));
  expect([ONE, TWO, OBSERVER].map((link) => handOvers(host, link))).toEqual([
    ['1', 'leads 2'],
    ['2', 'leads 2'],
    ['leads 2'],
  ]);
  expect(host.leader.isTransferring).toBe(true);
  expect(host.propose(payload('1:2'))).toBeUndefined();
  // The other one has not answered, and may be one of Apache's, which would stay.
  host.onLinkClosed(TWO);
  expect(host.ends).toEqual(['step down: handed over to 2, to 2']);
});

test('one that came later has everything that was decided before', () => {
  const host = established();
  host.propose(payload('1:1'));
  host.onPacket(ONE, ack('1:1'));
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  host.sentTo(TWO).length = 0;
  expect(host.leader.transfer(2)).toBeUndefined();
  answers(host, TWO);
  expect(handOvers(host, TWO)).toEqual(['2', 'leads 2']);
});

test('the one that is asked for takes over, and no other one', () => {
  const host = led();
  expect(host.leader.transfer(1)).toBeUndefined();
  expect(handOvers(host, TWO)).toEqual([]);
  host.onPacket(TWO, packet('handOver', zxid('0:0'), Buffer.alloc(8)));
  expect(host.leader.isTransferring).toBe(true);
  expect(handOvers(host, TWO)).toEqual([]);
  answers(host, ONE);
  expect(handOvers(host, TWO)).toEqual(['leads 1']);
});

test('where nobody answers, as of Apache, it leads on', () => {
  const host = led();
  expect(host.leader.transfer()).toBeUndefined();
  host.halfTicks(1);
  expect(host.said.filter((line) => line.startsWith('no hand-over'))).toEqual([]);
  host.halfTicks(1);
  expect(host.said.filter((line) => line.startsWith('no hand-over'))).toEqual([
    'no hand-over: no server of ours that follows has answered',
  ]);
  expect(host.leader.isTransferring).toBe(false);
  expect(host.propose(payload('1:1'))).toBe(zxid('1:1'));
});

test.each([
  [9, 'server 9 is no voter that follows'],
  [4, 'server 4 is no voter that follows'],
] as const)('to server %i it is refused', (to, reason) => {
  expect(led().leader.transfer(to)).toBe(reason);
});

test('it is refused twice', () => {
  const host = led();
  host.leader.transfer();
  expect(host.leader.transfer()).toBe('it is handed over already');
});
