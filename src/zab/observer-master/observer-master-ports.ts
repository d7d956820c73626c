import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { History, LeaderEvents, LinkOptions } from '../leader/leader-ports.ts';
import type { LearnerLink } from '../leader/learner-link.ts';
import type { QuorumPacket } from '../wire/packets.ts';

/**
 * The options of a follower that serves observers, and its ports. The other side of the bargain:
 *  - It begins when the follower serves, and ends with that role: all of the tree is decided.
 *  - `applied` comes for each transaction, in zxid order, and right behind it nothing else changes the history.
 *  - `onHalfTick` comes every half tickTime.
 */
export interface ObserverMasterOptions extends LinkOptions {
  /** The leader's, in which this follower was synchronised. */
  readonly epoch: number;
  /** Whom this server follows. */
  readonly leader: number;
  /** In force here at the beginning. */
  readonly verifier: QuorumVerifier;
}

/** Those who answer what observers ask: the leader, to whom it goes on. */
export interface ObserverQuestions {
  /** `ObserverMaster.revalidated` follows; for one session in the order of the calls. */
  revalidateFor(link: LearnerLink, sessionId: bigint, timeoutMs: number): void;
  /** A REQUEST, but for a `sync`. The packet is only lent. */
  request(packet: QuorumPacket): void;
  /** A `sync`: `ObserverMaster.syncAnswered(link)` follows, in the order of the calls. */
  sync(link: LearnerLink, packet: QuorumPacket): void;
  /** A session was heard from at an observer. */
  touched(sessionId: bigint, timeoutMs: number): void;
}

export interface ObserverMasterPorts {
  readonly history: History;
  readonly clients: ObserverQuestions;
  readonly events: Pick<LeaderEvents, 'catchingUp'>;
}

/** The leader's answer to a `sync` goes to `link` once the tree here has everything up to `zxid`. */
export interface AnsweredSync {
  readonly link: LearnerLink;
  readonly zxid: Zxid;
}
