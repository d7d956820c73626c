import { OpCode } from '../../../src/jute/codes.ts';
import { makeZxid, ZXID_NONE } from '../../../src/jute/zxid.ts';
import { intBody, PacketType, readRevalidated, requestBody, revalidateBody } from '../../../src/zab/wire/packets.ts';
import { type Case, meet, STRANGER, type Stage } from '../script/learner-stages.ts';
import type { Scenario, Script } from '../script/script.ts';
import { dialLeader, introduce } from '../script/scripted-servers.ts';

const { ack, ackEpoch, inform, leaderInfo, newLeader, ping, request, revalidate, sync, upToDate } = PacketType;

const PORT = 2191;
const LONG_MIN = -(2 ** 63);

const CASES: readonly (readonly [Stage, ...Case])[] = [
  ['info', 'ACK', /ACK instead of OBSERVERINFO, on the port for observers/, ({ link }) => link.send(ack, 1)],
  ['info', 'FOLLOWERINFO', /FOLLOWERINFO instead of OBSERVERINFO/, ({ link }) => introduce(link, { sid: STRANGER })],
  [
    'info',
    'an epoch to come',
    /has accepted epoch 500, our leader's is/,
    ({ link }) => introduce(link, { sid: STRANGER, observer: true, acceptedEpoch: 500 }),
  ],
  ['ackEpoch', 'REQUEST', /REQUEST instead of ACKEPOCH/, ({ link }) => link.send(request)],
  ['ackEpoch', 'epoch -2', /ACKEPOCH with epoch -2/, ({ link }) => link.send(ackEpoch, 0, intBody(-2))],
  ['ackEpoch', 'a negative zxid', /ACKEPOCH with epoch 0/, ({ link }) => link.send(ackEpoch, LONG_MIN, intBody(0))],
  [
    'ackEpoch',
    'a zxid of another epoch',
    /ACKEPOCH with epoch 1 and zxid/,
    ({ link }) => link.send(ackEpoch, makeZxid(900, 5), intBody(1)),
  ],
  [
    'ackEpoch',
    'more, while it waits to be caught up with',
    /ACK before this server has answered/,
    ({ link, epoch }) => {
      link.send(ackEpoch, makeZxid(epoch, 0xffff), intBody(epoch));
      link.send(ack, 1);
    },
  ],
  ['newLeader', 'REQUEST', /REQUEST before UPTODATE/, ({ link }) => link.send(request, ZXID_NONE, Buffer.alloc(16))],
  [
    'newLeader',
    'REVALIDATE',
    /REVALIDATE before UPTODATE/,
    ({ link }) => link.send(revalidate, ZXID_NONE, revalidateBody(1n, 1)),
  ],
  ['newLeader', 'nothing', /made no progress/, () => {}],
  ['serving', 'ACK of what is to come', /by an observer/, ({ link, epoch }) => link.send(ack, makeZxid(epoch, 0xffff))],
  ['serving', 'REQUEST of nothing', /REQUEST without data/, ({ link }) => link.send(request)],
  ['serving', 'nothing', /the learner was silent/, () => {}],
];

/** It has no zxid to tell, says odd things that are allowed, and asks for what it leaves before it is answered. */
function oddities(script: Script, follower: number): void {
  const link = dialLeader(script, follower, PORT);
  introduce(link, { sid: STRANGER, observer: true, acceptedEpoch: 1 });
  const epoch = Math.floor(link.next(leaderInfo, 'LEADERINFO').zxid / 0x100000000);
  link.send(ackEpoch, ZXID_NONE, intBody(1));
  link.next(newLeader, 'NEWLEADER');
  script.expect(link.snapshots, 1, 'snapshots for one that has nothing');
  link.send(ack, makeZxid(epoch, 0));
  link.next(upToDate, 'UPTODATE');
  link.onPacket = (packet) => {
    if (packet.type === ping) link.send(ping, packet.zxid, Buffer.alloc(0));
  };
  link.send(77, 1);
  link.send(revalidate, ZXID_NONE, revalidateBody(0x77n, 4000));
  script.expect(readRevalidated(link.next(revalidate, 'REVALIDATE')).valid, false, 'a session that there is not');
  script.write('/node', 'for an observer');
  script.expect(link.next(inform, 'INFORM').data !== undefined, true, 'an INFORM with the transaction');
  const asked = requestBody(0x77n, 100_001, OpCode.sync, Buffer.alloc(0));
  link.send(request, ZXID_NONE, asked);
  link.next(sync, 'SYNC');
  // The session of a client of that follower itself: it is not the observer's to speak for.
  const { sessionId } = script.client.client;
  link.send(request, ZXID_NONE, requestBody(sessionId, 100_002, OpCode.create, Buffer.alloc(40, 0x41)));
  script.run(2000);
  script.expect(link.isClosed, false, 'the link of one that is only odd is closed');
  link.send(revalidate, ZXID_NONE, revalidateBody(0x78n, 4000));
  link.send(request, ZXID_NONE, asked);
  link.close();
  link.untilClosed('that');
  script.run(2000);
}

export const scenario: Scenario = {
  name: 'an observer that says what no observer says',
  about:
    'in every phase at a follower that serves observers: garbage, packets out of place, silence; that link is closed',
  voters: 3,
  config: { observerMasterPort: PORT, quorumListenOnAllIPs: 'true' },
  play(script) {
    script.begin(3);
    script.create('/node');
    script.client.moveTo('zk1');
    script.until(
      'a connection to the follower',
      () => script.client.client.server === 'zk1' && script.client.isConnected,
    );
    for (const [stage, ...each] of CASES) meet(script, { sid: 1, port: PORT, observer: true }, stage, each);
    oddities(script, 1);
    script.write('/node', 'after');
    script.expect(script.read('/node'), 'after', 'the node');
  },
};
