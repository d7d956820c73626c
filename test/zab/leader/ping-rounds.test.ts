import { expect, test } from 'vitest';
import { ZXID_NONE } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import { majority, zxid } from '../ensemble.ts';
import { ack, ackEpoch, answerPings, established, info, ONE, TWO } from '../established-leader.ts';
import { LoneLeader, packet } from '../lone-hosts.ts';

test('a PING each half tick; who answers stays', () => {
  const host = established();
  for (let i = 0; i < 40; i++) {
    host.halfTicks(1);
    answerPings(host, ONE);
  }
  expect(host.said).toEqual([]);
});

test('while others are synchronised, those who are keep hearing something', () => {
  const host = new LoneLeader({ verifiers: [majority([1, 2, 3, 5, 6], [])] });
  host.leader.start();
  host.open(TWO, [info(2)]);
  host.open(ONE, [info(1), ackEpoch()]);
  host.onPacket(TWO, ackEpoch());
  host.onPacket(ONE, ack('1:0'));
  host.halfTicks(1);
  expect(host.shown(ONE).at(-1)).toBe('PING 1:0');
  // It is not answered before UPTODATE; should someone do so, it is not counted.
  host.onPacket(ONE, packet('ping', zxid('1:0'), Buffer.alloc(0)));
  host.onPacket(TWO, ack('1:0'));
  expect(host.leader.phase).toBe('broadcast');
  expect(host.shown(ONE).at(-1)).toBe('UPTODATE');
});

test('a PING is answered with the sessions heard from', () => {
  const host = established();
  host.halfTicks(1);
  const touched = Buffer.from('0000000000000007000003e80000000000000008000007d0', 'hex');
  host.onPacket(ONE, packet('ping', zxid('1:0'), touched));
  expect(host.said).toEqual(['touched: session 7 1000 ms', 'touched: session 8 2000 ms']);
});

test.each([
  ['that was not sent', packet('ping', zxid('1:0'), Buffer.alloc(0))],
  ['with another zxid', packet('ping', zxid('1:7'), Buffer.alloc(0))],
])('an answer to a PING %s ends the link', (name, answer) => {
  const host = established();
  if (name !== 'that was not sent') host.halfTicks(1);
  host.onPacket(ONE, answer);
  expect(host.said.at(-1)).toContain('close 1: answer to a PING that was not sent');
});

test('a timeout below zero ends the link, in a PING and in a REVALIDATE', () => {
  for (const type of ['ping', 'revalidate'] as const) {
    const host = established();
    host.halfTicks(1);
    const below = Buffer.from('0000000000000007ffffffff', 'hex');
    host.onPacket(ONE, packet(type, type === 'ping' ? zxid('1:0') : ZXID_NONE, below));
    expect(host.said).toEqual(['close 1: a session timeout of -1 ms']);
  }
});

test('half a session in the table of a PING ends the link', () => {
  const host = established();
  host.halfTicks(1);
  host.onPacket(ONE, packet('ping', zxid('1:0'), Buffer.alloc(13)));
  expect(host.said.at(-1)).toBe('close 1: record ends 7 bytes early');
});

test('a stalled link does not gather PINGs for barriers without end', () => {
  const host = established();
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  for (let i = 0; i < 500; i++) {
    host.leader.barrier(i);
    answerPings(host, ONE);
  }
  expect(host.said.filter((line) => line.startsWith('barrier')).length).toBe(500);
  expect(host.sentTo(TWO).filter((sent) => sent.type === PacketType.ping).length).toBeLessThan(70);
});
