import type { Zxid } from '../../jute/zxid.ts';
import type { HostPort, ServerSpec } from './server-spec.ts';

/** The servers that count, and the sets of them that are enough. */
export interface Quorum {
  /** The participants. */
  readonly voters: ReadonlySet<number>;
  /** Servers that are no voters are not counted, wherever the acknowledgement came from (ZOOKEEPER-2959). */
  containsQuorum(acks: ReadonlySet<number>): boolean;
}

/**
 * Says which sets of voters decide. One object is one configuration of the ensemble, and never changes; a
 * reconfiguration is a new object with a higher version. majority.ts and hierarchical.ts are the two kinds,
 * quorum-config.ts reads and chooses.
 */
export interface QuorumVerifier extends Quorum {
  /** The zxid of the reconfiguration that made it; 0 for one that was only ever in a file. */
  readonly version: Zxid;
  /** Everyone, observers included, in the order `text()` prints them. */
  readonly members: ReadonlyMap<number, ServerSpec>;
  /** Candidates of weight 0 are never elected. 0 as well for who is no voter. */
  weightOf(sid: number): number;
  /**
   * The configuration as Apache writes it to the wire, the config znode and files: a line for each `server.N`
   * (then groups and weights), and `version=<hex>` at the end without a newline.
   */
  text(): string;
  /** The same kind, members and rules, whatever the versions. */
  sameAs(other: QuorumVerifier): boolean;
  withVersion(version: Zxid): QuorumVerifier;
  /** The same with this client address for `sid`, which `text()` leaves out because zoo.cfg's clientPort named it. */
  withStaticClient(sid: number, client: HostPort): QuorumVerifier;
}

/**
 * Acknowledgements counted against one or two configurations at once: while a reconfiguration is proposed, a
 * quorum of the present and of the next one is needed.
 */
export class AckTracker {
  private readonly quorums: readonly Quorum[];
  private readonly acked = new Set<number>();

  constructor(quorums: readonly Quorum[]) {
    this.quorums = quorums;
  }

  get acks(): ReadonlySet<number> {
    return this.acked;
  }

  /** Whether `sid` is a voter of any of the configurations; others are not kept. */
  add(sid: number): boolean {
    for (const { voters } of this.quorums) {
      if (!voters.has(sid)) continue;
      this.acked.add(sid);
      return true;
    }
    return false;
  }

  remove(sid: number): void {
    this.acked.delete(sid);
  }

  has(sid: number): boolean {
    return this.acked.has(sid);
  }

  hasAllQuorums(): boolean {
    for (const quorum of this.quorums) {
      if (!quorum.containsQuorum(this.acked)) return false;
    }
    return true;
  }
}
