import { OpCode } from '../../../src/jute/codes.ts';
import { makeZxid, ZXID_NONE, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import {
  intBody,
  learnerInfo,
  PacketType,
  readRevalidated,
  requestBody,
  revalidateBody,
} from '../../../src/zab/wire/packets.ts';
import { type Case, meet, STRANGER } from '../script/learner-stages.ts';
import type { Scenario, Script } from '../script/script.ts';
import { dialLeader, introduce, type ScriptedLink } from '../script/scripted-servers.ts';

const { ack, ackEpoch, commit, followerInfo, leaderInfo, newLeader, ping, proposal } = PacketType;
const { request, revalidate, sync, upToDate } = PacketType;

const LONG_MIN = -(2 ** 63);

function info(bytes: number, version = 0x10000): Buffer {
  const whole = learnerInfo(STRANGER, ZXID_ZERO);
  whole.writeInt32BE(version, 8);
  return whole.subarray(0, bytes);
}

const INSTEAD_OF_INFO: readonly Case[] = [
  ['ACK', /instead of FOLLOWERINFO/, ({ link }) => link.send(ack, 1)],
  ['no LearnerInfo', /older than/, ({ link }) => link.send(followerInfo, 0)],
  ['LearnerInfo of nothing', /older than/, ({ link }) => link.send(followerInfo, 0, info(0))],
  ['LearnerInfo of 4 bytes', /older than/, ({ link }) => link.send(followerInfo, 0, info(4))],
  ['LearnerInfo of a sid', /older than/, ({ link }) => link.send(followerInfo, 0, info(8))],
  ['an old protocol', /older than/, ({ link }) => link.send(followerInfo, 0, info(20, 1))],
  ['the own id', /our own id/, ({ link, script }) => introduce(link, { sid: script.leader })],
  [
    'a newer configuration',
    /has configuration/,
    ({ link }) => introduce(link, { sid: STRANGER, configVersion: makeZxid(1, 1) }),
  ],
  [
    'a negative sid, as an observer',
    /server id -5 is negative/,
    ({ link }) => introduce(link, { sid: -5, observer: true }),
  ],
  ['a sid out of range', /server id/, ({ link }) => link.send(followerInfo, 0, Buffer.alloc(20, 0x7f))],
  ['an epoch out of range', /beyond/, ({ link }) => link.send(followerInfo, LONG_MIN, info(20))],
  [
    'an epoch far ahead',
    /further ahead than one server is believed/,
    ({ link }) => introduce(link, { sid: STRANGER, acceptedEpoch: 0x1ffffe }),
  ],
  ['more than is due', /unreasonable length 4097/, ({ link }) => link.send(followerInfo, 0, Buffer.alloc(4097))],
  [
    'more ids than are due',
    /packet of more than 4096 bytes/,
    ({ link }) => link.send(followerInfo, 0, info(20), [{ scheme: 'x'.repeat(3000), id: 'y'.repeat(3000) }]),
  ],
  ['HTTP', /no type of a quorum packet/, ({ link }) => link.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
  [
    'a byte and the end',
    /closed/,
    ({ link }) => {
      link.write(Buffer.alloc(1));
      link.close();
    },
  ],
  ['nothing', /silent while joining/, () => {}],
  [
    'an epoch to come, as a stranger',
    /has accepted epoch/,
    ({ link }) => introduce(link, { sid: STRANGER, acceptedEpoch: 500 }),
  ],
];

const INSTEAD_OF_ACKEPOCH: readonly Case[] = [
  ['REQUEST', /REQUEST instead of ACKEPOCH/, ({ link }) => link.send(request)],
  ['ACKEPOCH without an epoch', /without data/, ({ link }) => link.send(ackEpoch, 0)],
  ['half an epoch', /./, ({ link }) => link.send(ackEpoch, 0, Buffer.alloc(3))],
  [
    'an epoch that it has not accepted',
    /speaks of epoch 900/,
    ({ link }) => link.send(ackEpoch, makeZxid(900, 5), intBody(1)),
  ],
  ['epoch -2', /ACKEPOCH with epoch -2/, ({ link }) => link.send(ackEpoch, 0, intBody(-2))],
  ['a negative zxid', /ACKEPOCH with epoch 0/, ({ link }) => link.send(ackEpoch, LONG_MIN, intBody(0))],
  ['nothing', /silent while joining/, () => {}],
];

const BEFORE_NEWLEADERS_ACK: readonly Case[] = [
  ['REVALIDATE', /REVALIDATE before UPTODATE/, ({ link }) => link.send(revalidate, ZXID_NONE, revalidateBody(1n, 1))],
  ['REQUEST', /REQUEST before UPTODATE/, ({ link }) => link.send(request, ZXID_NONE, Buffer.alloc(16))],
  ['ACK of what is to come', /the last proposal is/, ({ link, epoch }) => link.send(ack, makeZxid(epoch, 0xffff))],
  ['nothing', /made no progress/, () => {}],
];

const WHILE_SERVING: readonly Case[] = [
  ['ACK of what is to come', /the last proposal is/, ({ link, epoch }) => link.send(ack, makeZxid(epoch, 0xffff))],
  ['an answer to no PING', /PING that was not sent/, ({ link, epoch }) => link.send(ping, makeZxid(epoch, 0xffff))],
  ['REQUEST of nothing', /REQUEST without data/, ({ link }) => link.send(request)],
  ['half a REQUEST', /./, ({ link }) => link.send(request, ZXID_NONE, Buffer.alloc(10))],
  ['REVALIDATE of nothing', /REVALIDATE without data/, ({ link }) => link.send(revalidate)],
  ['half a session in a PING', /./, ({ link }) => link.send(ping, link.next(ping, 'PING').zxid, Buffer.alloc(7))],
  ['nothing', /the learner was silent/, () => {}],
  [
    'answers to PINGs and nothing else',
    /a proposal was not acknowledged/,
    ({ link, script }) => {
      answerPings(link);
      script.flood('/node', 3);
    },
  ],
];

function answerPings(link: ScriptedLink): void {
  link.onPacket = (packet) => {
    if (packet.type === ping) link.send(ping, packet.zxid, Buffer.alloc(0));
  };
}

/** Things odd and allowed: none of them ends a link. */
function oddities(script: Script): void {
  const { leader } = script;
  const link = dialLeader(script, leader);
  // As servers from before 3.5 introduce themselves, without a configuration.
  link.send(followerInfo, 0, info(12));
  const epoch = Math.floor(link.next(leaderInfo, 'LEADERINFO').zxid / 0x100000000);
  script.write('/node', 'while a learner joins');
  const before = script.view(leader).tip;
  link.send(ackEpoch, before, intBody(epoch));
  link.next(newLeader, 'NEWLEADER');
  script.write('/node', 'while a learner is synchronised');
  const first = link.next(proposal, 'PROPOSAL').zxid;
  script.write('/node', 'once more');
  const second = link.next(proposal, 'PROPOSAL').zxid;
  // Acknowledged before NEWLEADER is, in the wrong order, and twice.
  for (const zxid of [second, first, second]) link.send(ack, zxid);
  link.send(ack, makeZxid(epoch, 0));
  link.next(upToDate, 'UPTODATE');
  answerPings(link);
  for (const zxid of [makeZxid(epoch, 0), first, second, first]) link.send(ack, zxid);
  link.send(commit, second);
  link.send(77, second);
  link.send(revalidate, ZXID_NONE, revalidateBody(0x77n, 4000));
  script.expect(readRevalidated(link.next(revalidate, 'REVALIDATE')).valid, false, 'a session nobody knows');
  const { sessionId } = script.client.client;
  const touched = Buffer.alloc(12);
  touched.writeBigInt64BE(sessionId);
  touched.writeInt32BE(4000, 8);
  link.onPacket = (packet) => {
    if (packet.type === ping) link.send(ping, packet.zxid, touched);
  };
  for (const [type, body] of [
    [OpCode.create, Buffer.alloc(0)],
    [OpCode.create, Buffer.alloc(40, 0x41)],
    [OpCode.multi, Buffer.alloc(5)],
    [OpCode.getData, Buffer.alloc(8)],
    [-1, Buffer.alloc(3)],
    [4711, Buffer.alloc(3)],
    [OpCode.createSession, Buffer.alloc(1)],
  ] as const) {
    link.send(request, ZXID_NONE, requestBody(sessionId, 100_005, type, body), [{ scheme: 'ip', id: '10.0.0.9' }]);
  }
  link.send(request, ZXID_NONE, requestBody(sessionId, 100_007, OpCode.create, Buffer.alloc(2)));
  link.send(request, ZXID_NONE, requestBody(sessionId, 100_006, OpCode.sync, Buffer.alloc(0)));
  link.next(sync, 'SYNC');
  script.run(2000);
  script.expect(link.isClosed, false, 'the link of who is only odd is closed');
  link.close();
  link.untilClosed('that');
}

export const scenario: Scenario = {
  name: 'a learner that says what no learner says',
  about: 'in every phase: garbage, packets out of place, silence; the leader closes that link and goes on',
  voters: 3,
  play(script) {
    script.begin();
    script.create('/node');
    for (const each of INSTEAD_OF_INFO) meet(script, { sid: script.leader }, 'info', each);
    for (const each of INSTEAD_OF_ACKEPOCH) meet(script, { sid: script.leader }, 'ackEpoch', each);
    for (const each of BEFORE_NEWLEADERS_ACK) meet(script, { sid: script.leader }, 'newLeader', each);
    for (const each of WHILE_SERVING) meet(script, { sid: script.leader }, 'serving', each);
    oddities(script);
    script.write('/node', 'after');
    script.expect(script.read('/node'), 'after', 'the node');
  },
};
