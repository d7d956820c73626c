import { ConfigError } from '../../base/errors.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { inJavaOrder } from './java-order.ts';
import { memberLines, membersInOrder, sameMembers, versionHex, votersOf, withClient } from './majority.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import type { HostPort, ServerSpec } from './server-spec.ts';

/**
 * Voters in disjoint groups, each voter with a weight. A quorum has more than half of the weight in more than half of
 * the groups, groups of weight 0 left out (ZooKeeper Administrator's Guide, "hierarchical quorums").
 *
 * Apache's rules as they are: every participant needs a group; weight 1 unless given; halves are rounded down. A group
 * may name servers that are no participants. Then their weight has to be given, and it counts for the whole of the
 * group although they can never acknowledge.
 */
export class Hierarchical implements QuorumVerifier {
  readonly version: Zxid;
  readonly members: ReadonlyMap<number, ServerSpec>;
  readonly voters: ReadonlySet<number>;
  private readonly groupOf: ReadonlyMap<number, number>;
  private readonly weights: ReadonlyMap<number, number>;
  private readonly groupWeights = new Map<number, number>();
  private readonly groupsThatCount: number;

  /** `groupOf`: server to group. `weights`: server to weight. Throws ConfigError. */
  constructor(
    members: Iterable<ServerSpec>,
    version: Zxid,
    groupOf: ReadonlyMap<number, number>,
    weights: ReadonlyMap<number, number>,
  ) {
    this.version = version;
    this.members = membersInOrder(members);
    this.voters = votersOf(this.members);
    this.groupOf = groupOf;
    const allWeights = new Map(weights);
    for (const sid of this.voters) {
      if (!groupOf.has(sid)) throw new ConfigError(`server.${sid} is in no group; add it to one group.N=id:id:...`);
      if (!allWeights.has(sid)) allWeights.set(sid, 1);
    }
    this.weights = allWeights;
    for (const [sid, group] of groupOf) {
      const weight = allWeights.get(sid);
      if (weight === undefined) {
        throw new ConfigError(
          `group.${group} names server ${sid}, which is no participant; leave it out or give weight.${sid}`,
        );
      }
      this.groupWeights.set(group, (this.groupWeights.get(group) ?? 0) + weight);
    }
    let counting = 0;
    for (const weight of this.groupWeights.values()) {
      if (weight !== 0) counting++;
    }
    this.groupsThatCount = counting;
  }

  weightOf(sid: number): number {
    return this.voters.has(sid) ? (this.weights.get(sid) as number) : 0;
  }

  containsQuorum(acks: ReadonlySet<number>): boolean {
    const acked = new Map<number, number>();
    for (const sid of this.voters) {
      if (!acks.has(sid)) continue;
      const group = this.groupOf.get(sid) as number;
      acked.set(group, (acked.get(group) ?? 0) + (this.weights.get(sid) as number));
    }
    let groups = 0;
    for (const [group, weight] of acked) {
      if (weight > Math.floor((this.groupWeights.get(group) as number) / 2)) groups++;
    }
    return groups > Math.floor(this.groupsThatCount / 2);
  }

  text(): string {
    let lines = memberLines(this.members);
    const byGroup = new Map<number, number[]>();
    for (const sid of inJavaOrder(this.groupOf.keys())) {
      const group = this.groupOf.get(sid) as number;
      const sids = byGroup.get(group);
      if (sids === undefined) byGroup.set(group, [sid]);
      else sids.push(sid);
    }
    for (const group of inJavaOrder(byGroup.keys())) {
      lines += `group.${group}=${(byGroup.get(group) as number[]).join(':')}\n`;
    }
    for (const sid of inJavaOrder(this.weights.keys())) lines += `weight.${sid}=${this.weights.get(sid)}\n`;
    return `${lines}version=${versionHex(this.version)}`;
  }

  sameAs(other: QuorumVerifier): boolean {
    return (
      other instanceof Hierarchical &&
      sameMembers(this.members, other.members) &&
      sameMap(this.groupOf, other.groupOf) &&
      sameMap(this.weights, other.weights)
    );
  }

  withVersion(version: Zxid): Hierarchical {
    return new Hierarchical(this.members.values(), version, this.groupOf, this.weights);
  }

  withStaticClient(sid: number, client: HostPort): Hierarchical {
    return new Hierarchical(withClient(this.members, sid, client), this.version, this.groupOf, this.weights);
  }
}

function sameMap(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    if (b.get(key) !== value) return false;
  }
  return true;
}
