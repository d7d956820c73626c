import type { LearnerInfo } from '../../server/monitoring/server-info.ts';
import type { LearnerWire } from '../../zab/leader/learner-link.ts';
import type { LinkInfo } from '../../zab/leader/learner-links.ts';
import type { LearnerState } from '../state-dump.ts';

/** A learner, as the admin command `observers` tells of it. */
export function learnerInfo(sid: number, wire: LearnerWire): LearnerInfo {
  const { remoteAddress, queuedPackets, queuedBytes, counts } = wire;
  return {
    sid,
    remoteAddress,
    queuedPackets,
    queuedBytes,
    establishedMs: counts.establishedMs,
    packetsReceived: counts.packetsReceived,
    packetsSent: counts.packetsSent,
    requests: counts.requests,
    lastZxid: counts.lastZxid,
  };
}

export function learnerState({ sid, observer, phase, wire }: LinkInfo): LearnerState {
  return { sid, observer, phase, queued: wire.queuedBytes };
}
