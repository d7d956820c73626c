import type { Zxid } from '../../jute/zxid.ts';
import type { PeerState } from './notification.ts';

/** A vote says who should lead, on the strength of which history, in which round of the election. */
export interface Vote {
  readonly leader: number;
  readonly zxid: Zxid;
  readonly round: bigint;
  readonly peerEpoch: number;
}

/** A vote as it was received, with what decides how it may be compared. */
export interface ReceivedVote extends Vote {
  readonly state: PeerState;
  /** Of the notification's format; 0 in the table of the present round, as in Apache. */
  readonly version: number;
}

/** The ground on which a candidate stands. Larger wins: by epoch, then zxid, then server id. */
export interface Standing {
  readonly leader: number;
  readonly zxid: Zxid;
  readonly peerEpoch: number;
}

export function isBetter(a: Standing, b: Standing): boolean {
  if (a.peerEpoch !== b.peerEpoch) return a.peerEpoch > b.peerEpoch;
  if (a.zxid !== b.zxid) return a.zxid > b.zxid;
  return a.leader > b.leader;
}

/**
 * Whether a received vote supports `vote`. While anyone is looking, all of it must agree. Votes of an ensemble that is
 * settled agree in leader and epoch only. Their zxids and rounds are from the time when each member joined, and differ
 * for good (ZOOKEEPER-1805, 1732, 1818). Where one side is of a version that did not keep the epoch up to date, the
 * leader alone has to do.
 */
export function supports(vote: ReceivedVote, received: ReceivedVote): boolean {
  if (vote.leader !== received.leader) return false;
  if (vote.state === 'looking' || received.state === 'looking') {
    return vote.zxid === received.zxid && vote.round === received.round && vote.peerEpoch === received.peerEpoch;
  }
  return vote.version > 0 !== received.version > 0 || vote.peerEpoch === received.peerEpoch;
}
