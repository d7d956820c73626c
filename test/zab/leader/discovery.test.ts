import { describe, expect, test } from 'vitest';
import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { learnerInfo } from '../../../src/zab/wire/packets.ts';
import { majority, showPacket, zxid } from '../ensemble.ts';
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
  ['a negative id', info(-5), 'server id -5 is negative'],
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

test('who is no member is let in, as a learner that counts in nothing, until that is switched off', () => {
  const open = new LoneLeader({});
  open.leader.start();
  open.open(7, [info(7)]);
  open.open(8, [observerInfo(8)]);
  expect(open.said).toEqual([]);
  const shut = new LoneLeader({ membersOnly: true });
  shut.leader.start();
  shut.open(7, [info(7)]);
  shut.open(8, [observerInfo(8)]);
  shut.open(ONE, [info(1)]);
  expect(shut.said).toEqual([
    "close 7: server id 7 is no member's, and leader.membersOnly lets in nobody else",
    "close 8: server id 8 is no member's, and leader.membersOnly lets in nobody else",
    'acceptedEpoch 1',
  ]);
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

describe('an epoch above the one of the leader', () => {
  test('changes nothing where it is only a claim, of a member or not', () => {
    const host = established();
    host.open(7, [info(7, 9)]);
    host.open(OBSERVER, [info(4, 9)]);
    expect(host.said).toEqual([
      'close 7: learner 7 has accepted epoch 9, ours is 1',
      'close 4: learner 4 has accepted epoch 9, ours is 1',
    ]);
    host.leader.onVoterLooking(7);
    host.open(8, [info(7, 9)]);
    expect(host.said.at(-1)).toBe('close 8: learner 7 has accepted epoch 9, ours is 1');
    expect(host.leader.phase).toBe('broadcast');
  });

  test('ends a leader where a member says it that was heard to look for one', () => {
    const host = established();
    host.leader.onVoterLooking(4);
    host.open(OBSERVER, [info(4, 9)]);
    expect(host.said).toEqual(['step down: learner 4 has accepted epoch 9, ours is 1']);
  });

  test('is forgotten with the time, and as soon as the member follows', () => {
    const late = established();
    late.leader.onVoterLooking(4);
    for (let i = 0; i < 11; i++) {
      late.halfTicks(1);
      answerPings(late, ONE);
    }
    late.open(OBSERVER, [info(4, 9)]);
    expect(late.said.at(-1)).toBe('close 4: learner 4 has accepted epoch 9, ours is 1');

    const host = established();
    host.leader.onVoterLooking(4);
    host.open(OBSERVER, [observerInfo(4), ackEpoch(), ack('1:0')]);
    host.onLinkClosed(OBSERVER);
    host.open(14, [info(4, 9)]);
    expect(host.said.at(-1)).toBe('close 14: learner 4 has accepted epoch 9, ours is 1');
  });

  test('is believed up to a thousand above, so that no word uses all of them up', () => {
    const host = new LoneLeader({}, { acceptedEpoch: 4 });
    host.leader.start();
    host.open(TWO, [info(2, 1005)]);
    host.open(OBSERVER, [info(4, 0x1ffffe)]);
    expect(host.said).toEqual([
      'close 2: learner 2 has accepted epoch 1005, ours is 4, further ahead than one server is believed',
      'close 4: learner 4 has accepted epoch 2097150, ours is 4, further ahead than one server is believed',
    ]);
    expect(host.open(ONE, [info(1, 1004)]).map(showPacket)).toEqual(['LEADERINFO 1005:0']);
    expect(host.said.at(-1)).toBe('acceptedEpoch 1005');
  });

  test('is not spoken of in ACKEPOCH: a server accepts an epoch before it has anything of it', () => {
    const host = established();
    host.open(TWO, [info(2, 1), ackEpoch('2:7', 1)]);
    host.open(OBSERVER, [info(4, 1), ackEpoch('1:0', 2)]);
    expect(host.said).toEqual([
      'close 2: ACKEPOCH speaks of epoch 2, and 1 was accepted last',
      'close 4: ACKEPOCH speaks of epoch 2, and 1 was accepted last',
    ]);
  });
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
