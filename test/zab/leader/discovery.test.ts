import { expect, test } from 'vitest';
import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { learnerInfo } from '../../../src/zab/wire/packets.ts';
import { majority, showPacket, zxid } from '../ensemble.ts';
import { ack, ackEpoch, established, info, OBSERVER, ONE, payload } from '../established-leader.ts';
import { LoneLeader, packet } from '../lone-hosts.ts';

test('epochs, then histories, then NEWLEADER: the own epoch is durable before any of it leaves', () => {
  const host = new LoneLeader(
    {},
    { recent: [{ zxid: zxid('4:2'), payload: payload('4:2') }], acceptedEpoch: 4, currentEpoch: 4 },
  );
  host.leader.start();
  expect(host.open(ONE, [info(1, 6)]).map(showPacket)).toEqual(['LEADERINFO 7:0']);
  host.onPacket(ONE, ackEpoch('4:2', 4));
  expect(host.shown(ONE)).toEqual(['LEADERINFO 7:0', 'DIFF 4:2', 'NEWLEADER 7:0']);
  host.onPacket(ONE, ack('7:0'));
  expect(host.said).toEqual(['acceptedEpoch 7', 'currentEpoch 7', 'established 7:0']);
  expect(host.leader.lastProposed).toBe(zxid('7:0'));
});

test('while a new configuration is not decided, both have to agree', () => {
  const host = new LoneLeader({ verifiers: [majority([1, 2, 3], []), majority([3, 5, 6], [])] });
  host.leader.start();
  host.open(ONE, [info(1)]);
  expect(host.said).toEqual([]);
  host.open(5, [info(5)]);
  expect(host.said).toEqual(['acceptedEpoch 1']);
});

test.each([
  ['another packet first', packet('ack', ZXID_ZERO), 'ACK instead of FOLLOWERINFO or OBSERVERINFO'],
  ['a newer configuration', info(1, 0, 5 as Zxid), 'learner 1 has configuration 5, ours is 0'],
  ['our own id', info(3), 'the learner has our own id, 3'],
  ['no server id', packet('followerInfo', ZXID_ZERO, Buffer.alloc(0)), 'the learner is older than ZooKeeper 3.4'],
  [
    'the protocol before 3.4',
    packet('followerInfo', ZXID_ZERO, Buffer.alloc(8)),
    'the learner is older than ZooKeeper 3.4',
  ],
  [
    'an epoch beyond what a zxid holds',
    packet('followerInfo', (2 ** 54) as Zxid, learnerInfo(1, ZXID_ZERO)),
    'FOLLOWERINFO with epoch 4194304, beyond 2097151',
  ],
])('a learner is refused with %s', (_, first, reason) => {
  const host = new LoneLeader({});
  host.leader.start();
  host.open(ONE, [first]);
  expect(host.said).toEqual([`close 1: ${reason}`]);
});

test.each([
  ['nothing before LEADERINFO', [info(1), ack('1:0')], 'ACK instead of ACKEPOCH'],
  ['ACKEPOCH without an epoch', [info(1), packet('ackEpoch', ZXID_ZERO)], 'ACKEPOCH without data'],
  ['an impossible epoch', [info(1), ackEpoch('0:0', -2)], 'ACKEPOCH with epoch -2 and zxid 0'],
  [
    'an acknowledgement of what was not proposed',
    [info(1), ackEpoch(), ack('1:1')],
    'ACK of 100000001, the last proposal is 100000000',
  ],
  ['a request before UPTODATE', [info(1), ackEpoch(), packet('request', ZXID_NONE)], 'REQUEST before UPTODATE'],
])('a link ends with %s', (_, packets, reason) => {
  const host = new LoneLeader({ verifiers: [majority([1, 2, 3], [])] });
  host.leader.start();
  host.open(ONE, packets);
  expect(host.said.at(-1)).toBe(`close 1: ${reason}`);
  expect(host.leader.linkInfos()).toEqual([]);
});

test('the last epoch there is', () => {
  const host = new LoneLeader({}, { acceptedEpoch: 0x1fffff });
  host.leader.start();
  host.open(ONE, [info(1)]);
  expect(host.said).toEqual(['step down: epoch 2097152 is beyond 2097151']);
});

test('a stranger with a high epoch changes nothing, a member ends a leader below it', () => {
  const host = established();
  host.open(7, [info(7, 9)]);
  expect(host.said).toEqual(['close 7: learner 7 has accepted epoch 9, ours is 1']);
  host.open(OBSERVER, [info(4, 9)]);
  expect(host.said.at(-1)).toBe('step down: learner 4 has accepted epoch 9, ours is 1');
});

test('a voter that goes looking again ends a leader that has waited long enough', () => {
  const host = new LoneLeader({ maxEpochWaitHalfTicks: 2 });
  host.leader.start();
  host.halfTicks(2);
  host.leader.onVoterLooking(1);
  expect(host.said).toEqual([]);
  host.halfTicks(1);
  host.leader.onVoterLooking(4);
  expect(host.said).toEqual([]);
  host.leader.onVoterLooking(1);
  expect(host.said).toEqual(['step down: voter 1 looks for another leader']);
});
