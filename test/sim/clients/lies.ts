import { writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { MAX_EPOCH, makeZxid, type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import { intBody, learnerInfo, PacketType, QuorumPacket, writePacket } from '../../../src/zab/wire/packets.ts';
import { ELECTION_PORT, framed, notificationOf, QUORUM_PORT } from '../script/scripted-host.ts';
import type { SimRandom } from '../world/random.ts';
import type { Garbage } from './garbled-bytes.ts';

/**
 * A stranger on the two ports of the ensemble who speaks the protocol without a fault, and lies: about epochs, rounds,
 * members and what it has acknowledged. It is no member, but for one word in a member's name. None of this may end or
 * empty the ensemble, or keep it from serving. It forges no request and takes no session over, which nobody can prevent
 * on these ports without TLS (docs/OPERATIONS.md).
 */
const LIAR = 77;
const FAR_EPOCHS = [1, 2, 9, 1000, MAX_EPOCH - 2, MAX_EPOCH - 1, MAX_EPOCH] as const;
const FAR_ROUNDS = [1n, 1000n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, -1n] as const;

export function lie(random: SimRandom, voters: number): Garbage {
  return random.chance(1, 2)
    ? { port: ELECTION_PORT, pieces: electionLies(random, voters) }
    : { port: QUORUM_PORT, pieces: learnerLies(random, voters) };
}

function electionLies(random: SimRandom, voters: number): Buffer[] {
  const sid = LIAR + random.below(3);
  const pieces = [writeInitialMessage(sid, [{ host: 'zk-none', port: ELECTION_PORT }], random.pick([1, 2]))];
  for (let i = random.between(1, 4); i > 0; i--) {
    const peerEpoch = random.pick(FAR_EPOCHS);
    const word = {
      state: random.pick(['looking', 'looking', 'leading', 'following', 'observing'] as const),
      leader: random.pick([sid, random.between(1, voters), 2 ** 40]),
      zxid: random.pick([0, 0x100000001, makeZxid(peerEpoch, 7)]) as Zxid,
      round: random.pick(FAR_ROUNDS),
      peerEpoch,
    };
    pieces.push(framed(notificationOf('today', word, random.chance(1, 3) ? membersOf(random, sid, voters) : '')));
  }
  return pieces;
}

/** A membership that was never decided, above all that were. */
function membersOf(random: SimRandom, sid: number, voters: number): string {
  const sids = random.pick([[sid], [1, sid], Array.from({ length: voters }, (_, i) => i + 1)]);
  const lines = sids.map((each) => `server.${each}=zk${each}:2888:3888:participant`);
  return [...lines, `version=${zxidHex(makeZxid(random.pick(FAR_EPOCHS), random.below(100)))}`].join('\n');
}

function learnerLies(random: SimRandom, voters: number): Buffer[] {
  const epoch = random.pick(FAR_EPOCHS);
  const isMembers = random.chance(1, 4);
  const sid = isMembers ? random.between(1, voters) : LIAR + random.below(3);
  const observes = !isMembers && random.chance(1, 2);
  const zxid = makeZxid(epoch, random.pick([0, 1, 50]));
  const info = new QuorumPacket(
    observes ? PacketType.observerInfo : PacketType.followerInfo,
    makeZxid(epoch, 0),
    learnerInfo(sid, 0 as Zxid),
  );
  const packets = [
    info,
    new QuorumPacket(PacketType.ackEpoch, zxid, intBody(random.pick([epoch, 0]))),
    new QuorumPacket(PacketType.ack, zxid),
    new QuorumPacket(PacketType.ack, makeZxid(epoch, 51)),
  ];
  const w = new Writer(256);
  for (const packet of isMembers ? [info] : packets.slice(0, random.between(1, packets.length))) writePacket(w, packet);
  return [w.take()];
}
