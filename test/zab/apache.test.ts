import { describe, expect, test } from 'vitest';
import { Reader } from '../../src/jute/reader.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import type { Entry } from '../../src/zab/leader/leader-ports.ts';
import { intBody, learnerInfo, PacketType, QuorumPacket, readPacket } from '../../src/zab/wire/packets.ts';
import { majority, zxid } from './ensemble.ts';
import { hexOf, LoneLeader, LoneLearner } from './lone-hosts.ts';
import { type RecordedPacket, recording, SNAPSHOT_STREAM } from './recordings.ts';

/**
 * Our roles in the place of one of Apache's, against what the other one said: the same packets, in the same order, byte
 * for byte. Left out are those that depend on clients and clocks (REQUEST, REVALIDATE, SYNC, PING).
 */
const FREE = new Set<number>([PacketType.request, PacketType.revalidate, PacketType.sync, PacketType.ping]);

function decode(recorded: RecordedPacket): QuorumPacket {
  return readPacket(new Reader(Buffer.from(recorded.hex, 'hex')));
}

function fixed(packets: readonly RecordedPacket[], from: 'learner' | 'leader'): string[] {
  return packets
    .filter((packet) => packet.from === from && packet.name !== SNAPSHOT_STREAM && !FREE.has(packet.type))
    .map((packet) => packet.hex);
}

describe('our learner and the leader of Apache', () => {
  const cases = [
    { name: 'ensemble-first-quorum-1-to-3', sid: 1, last: '0:0', accepted: 0, current: 0 },
    { name: 'ensemble-first-quorum-4-to-3', sid: 4, observer: true, last: '0:0', accepted: 0, current: 0 },
    { name: 'ensemble-diff-quorum-1-to-3', sid: 1, last: '1:48', accepted: 1, current: 1 },
    { name: 'ensemble-snap-quorum-2-to-3', sid: 2, last: '0:0', accepted: 0, current: 0 },
    { name: 'ensemble-snap-quorum-4-to-3', sid: 4, observer: true, last: '0:0', accepted: 0, current: 0 },
    { name: 'ensemble-trunc-quorum-3-to-2', sid: 3, last: '1:53', accepted: 1, current: 1 },
    { name: 'ensemble-trunc-quorum-1-to-2-2', sid: 1, last: '1:52', accepted: 1, current: 1 },
    { name: 'ensemble-trunc-quorum-4-to-2-2', sid: 4, observer: true, last: '1:52', accepted: 1, current: 1 },
    { name: 'reconfig-quorum-voter-to-3', sid: 1, last: '0:0', accepted: 0, current: 0 },
    { name: 'reconfig-quorum-observer-to-3', sid: 4, observer: true, last: '0:0', accepted: 0, current: 0 },
  ];

  test.each(cases)('$name', ({ name, sid, observer = false, last, accepted, current }) => {
    const packets = recording(`${name}.jsonl`);
    const host = new LoneLearner(
      { self: sid, observer },
      { lastZxid: zxid(last), acceptedEpoch: accepted, currentEpoch: current },
    );
    host.learner.onOpen();
    for (const recorded of packets) {
      if (recorded.from === 'leader' && recorded.name !== SNAPSHOT_STREAM) host.receive(decode(recorded));
    }
    expect(host.said.filter((line) => line.startsWith('leave'))).toEqual([]);
    expect(host.sent.filter((packet) => !FREE.has(packet.type)).map(hexOf)).toEqual(fixed(packets, 'learner'));
    const pings = packets.filter((packet) => packet.from === 'leader' && packet.type === PacketType.ping);
    expect(host.sent.filter((packet) => packet.type === PacketType.ping).length).toBe(pings.length);
  });

  test('without a history, and without a word that this is meant, we say so, and ask for a snapshot', () => {
    const host = new LoneLearner({ self: 1 }, { initialize: false });
    host.learner.onOpen();
    host.receive(new QuorumPacket(PacketType.leaderInfo, zxid('1:0'), Buffer.from([0, 1, 0, 0])));
    expect(host.sent.map(hexOf).at(-1)).toBe('00000012ffffffffffffffff0000000400000000ffffffff');
  });
});

describe('our leader and the learners of Apache', () => {
  const cases = [
    { name: 'ensemble-first-quorum-1-to-3', self: 3, epoch: 0, last: '0:0', comesEarly: true },
    { name: 'ensemble-first-quorum-4-to-3', self: 3, epoch: 0, last: '0:0', comesEarly: true },
    { name: 'ensemble-diff-quorum-1-to-3', self: 3, epoch: 0, last: '0:0', before: '1:48' },
    { name: 'ensemble-snap-quorum-2-to-3', self: 3, epoch: 0, last: '0:0', before: '1:51', other: 1 },
    { name: 'ensemble-snap-quorum-4-to-3', self: 3, epoch: 0, last: '0:0', before: '1:51' },
    { name: 'ensemble-trunc-quorum-3-to-2', self: 2, epoch: 1, last: '1:52', other: 1 },
    { name: 'ensemble-trunc-quorum-1-to-2-2', self: 2, epoch: 1, last: '1:52', other: 3 },
    { name: 'ensemble-trunc-quorum-4-to-2-2', self: 2, epoch: 1, last: '1:52', other: 3 },
  ];

  test.each(cases)('$name', ({ name, self, epoch, last, before, other = 2, comesEarly = false }) => {
    const packets = recording(`${name}.jsonl`);
    const recent: Entry[] = epoch === 0 ? [] : [{ zxid: zxid(last), payload: Buffer.alloc(0) }];
    const newLeader = packets.find((packet) => packet.type === PacketType.newLeader) as RecordedPacket;
    const text = Buffer.from(newLeader.data as string, 'hex').toString('utf8');
    const members = { ...majority([1, 2, 3], [4]), text: () => text };
    const host = new LoneLeader({ self, verifiers: [members] }, { recent, acceptedEpoch: epoch, currentEpoch: epoch });
    const follower = [
      new QuorumPacket(PacketType.followerInfo, zxid(`${epoch}:0`), learnerInfo(other, ZXID_ZERO)),
      new QuorumPacket(PacketType.ackEpoch, zxid(last), intBody(epoch)),
    ];
    const learner = packets.filter((packet) => packet.from === 'learner').map(decode);

    host.leader.start();
    if (comesEarly) host.open(7, learner.splice(0, 1));
    host.open(1, follower);
    if (comesEarly) host.onPacket(7, learner.shift() as QuorumPacket);
    host.onPacket(1, new QuorumPacket(PacketType.ack, Number(newLeader.zxid) as Zxid));
    expect(host.said.at(-1)).toBe(`established ${epoch + 1}:0`);

    // Transactions committed before this learner came: all that its DIFF or SNAP leads to.
    const opening = packets.find((packet) => ['DIFF', 'SNAP', 'TRUNC'].includes(packet.name)) as RecordedPacket;
    const transactions = packets.filter((packet) => packet.name === 'PROPOSAL' || packet.name === 'INFORM');
    const missed = transactions.filter((packet) => BigInt(packet.zxid) <= BigInt(opening.zxid));
    if (before !== undefined) skipTo(host, zxid(before));
    for (const recorded of missed) commitOne(host, recorded);

    if (!comesEarly) host.open(7, learner.splice(0, 2));
    host.onPacket(7, learner.shift() as QuorumPacket);
    for (const recorded of transactions.slice(missed.length)) commitOne(host, recorded);
    for (const packet of learner) {
      if (!FREE.has(packet.type)) host.onPacket(7, packet);
    }
    const sent = host.sentTo(7).filter((packet) => !FREE.has(packet.type));
    const info = sent[0] as QuorumPacket;
    // Fields that Apache's learners do not read; all else is as Apache's leader says it.
    expect(info.data?.subarray(4).toString('hex')).toBe('4d4e475200000001');
    sent[0] = new QuorumPacket(info.type, info.zxid, info.data?.subarray(0, 4));
    expect(sent.map(hexOf)).toEqual(fixed(packets, 'leader'));
  });
});

/** As if everything up to here had been committed already. */
function skipTo(host: LoneLeader, last: Zxid): void {
  while (host.leader.lastProposed < last) {
    host.propose(Buffer.alloc(32));
    host.onPacket(1, new QuorumPacket(PacketType.ack, host.leader.lastProposed));
  }
  host.recent = host.recent.slice(-2);
}

function commitOne(host: LoneLeader, recorded: RecordedPacket): void {
  const at = Number(recorded.zxid) as Zxid;
  expect(host.propose(Buffer.from(recorded.data as string, 'hex'))).toBe(at);
  host.onPacket(1, new QuorumPacket(PacketType.ack, at));
}
