import { writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import { writeConnectRequest, writePathWatch, writeRequestHeader } from '../../../src/jute/client-records.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { Writer } from '../../../src/jute/writer.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import {
  intBody,
  learnerInfo,
  PacketType,
  QuorumPacket,
  writePacket,
  writeTouched,
} from '../../../src/zab/wire/packets.ts';
import { ELECTION_PORT, framed, notificationOf, QUORUM_PORT } from '../script/scripted-host.ts';
import { CLIENT_PORT } from '../world/machine.ts';
import type { SimRandom } from '../world/random.ts';

/**
 * A stranger's bytes for a port: copies of what belongs there, with one byte changed, cut off anywhere, or
 * followed by nothing; and what belongs nowhere. It never speaks for a voter in words that can be understood: ZAB
 * assumes that who lies does not take part.
 */
export interface Garbage {
  readonly port: number;
  readonly pieces: readonly Buffer[];
}

/** Far from every id that is taken, and two changed bytes away from them at least. */
const UNKNOWN_SID = 2 ** 40 + 2 ** 24;
const HUGE = 600 * 1024;

export function garbage(random: SimRandom, voters: number): Garbage {
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return { port: ELECTION_PORT, pieces: spoilt(random, electionTalk(random, voters)) };
    case 3:
      return { port: ELECTION_PORT, pieces: nonsenseOfVoter(random, voters) };
    case 4:
    case 5:
      return { port: QUORUM_PORT, pieces: spoilt(random, learnerTalk(random)) };
    case 6:
      return { port: CLIENT_PORT, pieces: spoilt(random, clientTalk(random)) };
    default:
      return { port: random.pick([CLIENT_PORT, QUORUM_PORT, ELECTION_PORT]), pieces: [noise(random)] };
  }
}

function noise(random: SimRandom): Buffer {
  if (random.chance(1, 2))
    return Buffer.from(random.pick(['GET / HTTP/1.1\r\nHost: zk1\r\n\r\n', 'SSH-2.0-x\r\n', '\0']));
  return Buffer.from(Array.from({ length: random.between(1, 60) }, () => random.below(256)));
}

/** One byte is another one, or the end is missing, or both. */
function spoilt(random: SimRandom, pieces: readonly Buffer[]): Buffer[] {
  const bytes = Buffer.concat(pieces);
  if (random.chance(2, 3)) bytes[random.below(bytes.length)] = random.pick([0, 0x7f, 0x80, 0xff, random.below(256)]);
  return [random.chance(1, 2) ? bytes : bytes.subarray(0, random.below(bytes.length + 1))];
}

function initial(random: SimRandom, sid: number): Buffer {
  if (random.chance(1, 6)) {
    const old = Buffer.alloc(8);
    old.writeBigInt64BE(random.chance(1, 2) ? 0x7fffffffffffffffn : BigInt(sid));
    return old;
  }
  const hosts = [
    { host: 'zk-none', port: ELECTION_PORT },
    { host: 'zürich', port: ELECTION_PORT },
    { host: '0.0.0.0', port: ELECTION_PORT },
    { host: '0:0:0:0:0:0:0:1', port: 1 },
    { host: '', port: 0 },
  ];
  const addresses = random.shuffled(hosts).slice(0, random.between(1, 3));
  return writeInitialMessage(sid, addresses, random.chance(1, 2) ? 2 : 1);
}

function electionTalk(random: SimRandom, voters: number): Buffer[] {
  const pieces = [initial(random, UNKNOWN_SID + random.below(2000))];
  for (let i = random.below(4); i > 0; i--) {
    const word = {
      state: random.pick(['looking', 'looking', 'following', 'leading', 'observing'] as const),
      leader: random.between(-1, voters + 1),
      zxid: random.pick([-1, 0, 0x100000001, 0x700000000]) as Zxid,
      round: BigInt(random.below(20)),
      peerEpoch: random.below(9),
    };
    // No version above that of the peers: that is how a membership is replaced.
    const config = random.pick(['', 'version=0', 'server.1=zk1:2888:3888\nversion=0', 'server.1=\nversion=', 'ÿ']);
    pieces.push(framed(notificationOf(random.pick([28, 40, 44, 'today']), word, config)));
  }
  return pieces;
}

/** In the name of a voter, whose own connection it takes the place of, and which has to come back. */
function nonsenseOfVoter(random: SimRandom, voters: number): Buffer[] {
  const hello = initial(random, random.between(1, voters));
  const length = Buffer.alloc(4);
  length.writeInt32BE(random.pick([0, -1, -0x80000000, HUGE, 0x7fffffff, 27, 36, 41]));
  return random.chance(1, 3) ? [hello] : [hello, length, Buffer.alloc(random.below(60), 0xff)];
}

function learnerTalk(random: SimRandom): Buffer[] {
  const sid = UNKNOWN_SID + random.below(2000);
  const zxid = random.pick([0, 0, 0x100000000, 0x200000003, -1]) as Zxid;
  const w = new Writer(1024);
  const info = random.chance(1, 2) ? PacketType.observerInfo : PacketType.followerInfo;
  const packets = [
    new QuorumPacket(info, zxid, learnerInfo(sid, 0 as Zxid)),
    new QuorumPacket(PacketType.ackEpoch, zxid, intBody(random.between(-1, 3))),
    new QuorumPacket(random.pick([PacketType.ack, PacketType.ping, PacketType.sync, 99]), zxid, Buffer.alloc(0)),
    new QuorumPacket(PacketType.ping, zxid, writeTouched(new Writer(64), [[1n, 4000]])),
  ];
  for (const packet of packets.slice(0, random.between(1, packets.length))) writePacket(w, packet);
  return [w.take()];
}

function clientTalk(random: SimRandom): Buffer[] {
  const w = new Writer(256);
  const begun = w.beginFrame();
  writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: 0 as Zxid,
    timeoutMs: random.pick([0, 1000, 4000]),
    sessionId: random.pick([0n, 1n, -1n]),
    password: Buffer.alloc(16),
    readOnly: random.chance(1, 2),
  });
  w.endFrame(begun);
  const asked = w.beginFrame();
  writeRequestHeader(w, 1, OpCode.getData);
  writePathWatch(w, { path: '/k0', watch: true });
  w.endFrame(asked);
  return [w.take()];
}
