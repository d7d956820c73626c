import { ProtocolError } from '../../base/errors.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { PROTOCOL_VERSION, type QuorumPacket, readLearnerInfo } from '../wire/packets.ts';
import type { LinkOptions } from './leader-ports.ts';
import type { Memberships } from './memberships.ts';

/** The server id in FOLLOWERINFO or OBSERVERINFO; ProtocolError: this one is not let in. */
export function claimedSid(
  { data }: QuorumPacket,
  { self, membersOnly }: Pick<LinkOptions, 'self' | 'membersOnly'>,
  members: Memberships,
): number {
  const { sid, protocolVersion, configVersion } = readLearnerInfo(data);
  if (sid === undefined || protocolVersion < PROTOCOL_VERSION) {
    throw new ProtocolError('the learner is older than ZooKeeper 3.4');
  }
  const ownVersion = members.inForce.version;
  if (configVersion > ownVersion) {
    throw new ProtocolError(
      `learner ${sid} has configuration ${zxidHex(configVersion)}, ours is ${zxidHex(ownVersion)}`,
    );
  }
  if (sid < 0) throw new ProtocolError(`server id ${sid} is negative`);
  if (membersOnly === true && !members.isMember(sid)) {
    throw new ProtocolError(`server id ${sid} is no member's, and leader.membersOnly lets in nobody else`);
  }
  if (sid === self) throw new ProtocolError(`the learner has our own id, ${sid}`);
  return sid;
}
