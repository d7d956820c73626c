import { PROTOCOL_VERSION, type QuorumPacket } from './packets.ts';

/**
 *   LEADERINFO body    protocolVersion int; of a leader of this kind then "MNGR", and an int of bits: what else it takes
 *
 * Apache's learners read the first int alone, and its leaders send nothing else. So a learner goes beyond Apache's
 * protocol only on a link whose leader has said, on that very link, that it takes this. Neither what the members are,
 * nor what an earlier leader said, is asked.
 */
const MARK_AT = 4;
const BITS_AT = 8;
const BODY_BYTES = 12;
const MARK = 0x4d4e4752;

/** An ACK of a proposal stands for those before it. Apache's leaders count each by itself. */
const GROUP_ACKS = 1;

export function leaderInfoBody(): Buffer {
  const body = Buffer.alloc(BODY_BYTES);
  body.writeInt32BE(PROTOCOL_VERSION);
  body.writeInt32BE(MARK, MARK_AT);
  body.writeInt32BE(GROUP_ACKS, BITS_AT);
  return body;
}

export function takesGroupAcks({ data }: QuorumPacket): boolean {
  if (data === undefined || data.length < BODY_BYTES || data.readInt32BE(MARK_AT) !== MARK) return false;
  return (data.readInt32BE(BITS_AT) & GROUP_ACKS) !== 0;
}
