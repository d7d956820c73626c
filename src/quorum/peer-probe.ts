import type { Database } from '../datatree/database.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { StoreProbe } from '../txnlog/store-probe.ts';
import type { LeaderLimits } from '../zab/leader/leader-ports.ts';
import type { ToLeader } from '../zab/learner/learner-ports.ts';
import type { QuorumPacket } from '../zab/wire/packets.ts';
import type { Primary } from './roles/primary.ts';

/**
 * The events that a peer tells an observer, by their names in the protocol. A simulator judges by them what no client
 * can see. Nothing of this changes what the peer does. A handler may throw, and then it is as if the peer had.
 */
export interface PeerProbe extends StoreProbe {
  /** Read whenever they matter. */
  readonly limits: LeaderLimits;
  onRoleBegan(): void;
  /** Log and tree are settled again. */
  onRoleEnded(): void;
  /** About to be appended to the log: proposed by this peer where it leads or is alone, else by its leader. */
  onAppend(zxid: Zxid, payload: Buffer): void;
  /** The disk has everything up to `zxid`. */
  onDurable(zxid: Zxid): void;
  /** Everything up to `zxid` is decided: by this peer where it leads, else by its leader. */
  onCommit(zxid: Zxid): void;
  /** `isDecided`: by a role, rather than the undecided end of a log between two of them. */
  onApplied(zxid: Zxid, payload: Buffer, isDecided: boolean): void;
  /** The tree is another one: after a cut, or a snapshot. */
  onReplaced(database: Database): void;
  /** As a learner: about to dial its leader, whom it talks to by this. */
  onLeaderLink(link: ToLeader): void;
  /** As a learner: its leader sent this, and it was not looked at yet. */
  onLeaderPacket(packet: QuorumPacket): void;
  /** As a learner: about to acknowledge `zxid`. */
  onAck(zxid: Zxid): void;
  /** As a learner: it is synchronised, and about to serve. */
  onServing(): void;
  /** As a leader: a quorum has acknowledged NEWLEADER. */
  onEstablished(epochStart: Zxid): void;
  /** As a leader, or alone: this orders the writes from now on. */
  onPrimary(primary: Primary): void;
}
