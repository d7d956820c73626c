import { describe, expect, test } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { ZXID_NONE, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import { PacketType, QuorumPacket, requestBody, revalidateBody } from '../../../src/zab/wire/packets.ts';
import { majority, zxid } from '../ensemble.ts';
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
  sentSince,
  TWO,
} from '../established-leader.ts';
import { hexOf, LoneLeader, packet } from '../lone-hosts.ts';

test('one server alone leads at once', () => {
  const host = new LoneLeader({ self: 1, verifiers: [majority([1], [])] });
  host.leader.start();
  expect(host.said).toEqual(['acceptedEpoch 1', 'currentEpoch 1', 'established 1:0']);
  host.propose(payload('1:1'));
  host.leader.barrier(5);
  expect(host.said.slice(3)).toEqual(['commit 1:1', 'barrier 5 passed']);
});

describe('proposals', () => {
  test('committed in order, once a quorum has them on disk', () => {
    const host = established();
    host.isDiskQuick = false;
    for (const at of ['1:1', '1:2', '1:3']) expect(host.propose(payload(at))).toBe(zxid(at));
    expect(host.leader.lastProposed - host.leader.lastCommitted).toBe(3);
    host.onPacket(ONE, ack('1:2'));
    expect(host.said).toEqual([]);
    host.syncDisk();
    expect(host.said).toEqual(['commit 1:1', 'commit 1:2']);
    host.onPacket(ONE, ack('1:3'));
    expect(host.said.at(-1)).toBe('commit 1:3');
    expect(sentSince(host, ONE)).toEqual([
      'PROPOSAL 1:1 t1:1',
      'PROPOSAL 1:2 t1:2',
      'PROPOSAL 1:3 t1:3',
      'COMMIT 1:1',
      'COMMIT 1:2',
      'COMMIT 1:3',
    ]);
  });

  test('without the own disk, by a quorum of others', () => {
    const host = established();
    host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
    host.isDiskQuick = false;
    host.propose(payload('1:1'));
    host.onPacket(ONE, ack('1:1'));
    host.onPacket(TWO, ack('1:1'));
    expect(host.said).toContain('commit 1:1');
    expect(host.lastZxid).toBe(zxid('1:0'));
  });

  test('acknowledgements of observers, of strangers, and of voters that only observe do not count', () => {
    const host = established();
    host.open(OBSERVER, [observerInfo(4), ackEpoch(), ack('1:0')]);
    host.open(7, [info(7, 1), ackEpoch('1:0', -1), ack('1:0')]);
    host.open(TWO, [observerInfo(2), ackEpoch(), ack('1:0')]);
    host.propose(payload('1:1'));
    for (const link of [OBSERVER, 7, TWO]) host.onPacket(link, ack('1:1'));
    expect(host.leader.lastCommitted).toBe(zxid('1:0'));
    // One that follows without a vote gets what followers get.
    expect(sentSince(host, 7)).toEqual(['PROPOSAL 1:1 t1:1']);
    host.onPacket(ONE, ack('1:1'));
    expect(sentSince(host, 7).at(-1)).toBe('COMMIT 1:1');
    expect(sentSince(host, TWO)).toEqual(['INFORM 1:1 t1:1']);
  });

  test('ZOOKEEPER-4685: acknowledgements before NEWLEADER is are kept, and count behind it', () => {
    const host = established();
    host.isDiskQuick = false;
    host.propose(payload('1:1'));
    host.onLinkClosed(ONE);
    host.syncDisk();
    host.open(TWO, [info(2, 1), ackEpoch('0:0', -1)]);
    host.onPacket(TWO, ack('1:1'));
    expect(host.leader.lastCommitted).toBe(zxid('1:0'));
    expect(host.shown(TWO).slice(-2)).toEqual(['NEWLEADER 1:0', 'PROPOSAL 1:1 t1:1']);
    host.onPacket(TWO, ack('1:0'));
    expect(host.said.filter((line) => line.startsWith('commit'))).toEqual(['commit 1:1']);
    expect(host.shown(TWO).slice(-2)).toEqual(['UPTODATE', 'COMMIT 1:1']);
  });

  test('older servers acknowledge what a DIFF brought: nobody minds', () => {
    const host = established();
    host.onPacket(ONE, ack('0:5'));
    host.onPacket(ONE, ack('1:0'));
    expect(host.said).toEqual([]);
  });

  test('a leader whose disk does not answer for syncLimit makes room for another', () => {
    const host = established();
    host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
    host.isDiskQuick = false;
    for (let i = 1; i <= 8; i++) {
      host.propose(payload(`1:${i}`));
      for (const link of [ONE, TWO]) host.onPacket(link, ack(`1:${i}`));
      // Late, and never later than the limit: that is a slow disk.
      if (i === 3) host.syncDisk();
      host.halfTicks(1);
      for (const link of [ONE, TWO]) answerPings(host, link);
    }
    expect(host.said.at(-1)).toBe('step down: the disk here does not answer; others may lead on');
    expect(host.said.filter((line) => line.startsWith('commit')).length).toBe(8);
  });

  test('ZOOKEEPER-1277: the last number of an epoch is not used', () => {
    const host = established({ initialCounter: 0xfffffffd });
    expect(host.propose(payload('1:4294967294'))).toBe(zxid('1:4294967294'));
    expect(host.propose(payload('1:4294967295'))).toBeUndefined();
    expect(host.said.at(-1)).toContain('step down: the counter of this epoch is used up');
  });

  test('nothing is asked of the host any more when the role is over', () => {
    const host = established();
    host.onLinkClosed(ONE);
    host.halfTicks(2);
    expect(host.said).toEqual(['step down: no quorum of learners is connected and answers']);
    host.onPacket(ONE, ack('1:0'));
    host.onLinkClosed(ONE);
    expect(host.said.length).toBe(1);
  });
});

describe('what learners ask', () => {
  test('requests, sessions, and answers to them', () => {
    const host = established();
    const ids = [{ scheme: 'ip', id: '127.0.0.1' }];
    host.onPacket(
      ONE,
      new QuorumPacket(PacketType.request, ZXID_NONE, requestBody(7n, 3, OpCode.create, Buffer.from('body')), ids),
    );
    host.onPacket(ONE, packet('revalidate', ZXID_NONE, revalidateBody(7n, 4000)));
    expect(host.said).toEqual([
      'request on learner link 1 from 1: session 7 cxid 3 type 1 body',
      'revalidate on learner link 1 from 1: session 7 4000 ms',
    ]);
    host.link(ONE).answerRevalidate(7n, true);
    expect(hexOf(host.sentTo(ONE).at(-1) as QuorumPacket)).toBe(
      '00000006ffffffffffffffff00000009000000000000000701ffffffff',
    );
  });

  test('a packet of a kind that is not known is passed over', () => {
    const host = established();
    host.onPacket(ONE, new QuorumPacket(77, ZXID_ZERO));
    expect(host.said).toEqual([]);
  });
});
