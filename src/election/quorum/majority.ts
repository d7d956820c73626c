import type { Zxid } from '../../jute/zxid.ts';
import { inJavaOrder } from './java-order.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { type HostPort, printServerSpec, type ServerSpec, sameServerSpec } from './server-spec.ts';

/** More than half of the voters; what is used unless the configuration names groups or weights. */
export class Majority implements QuorumVerifier {
  readonly version: Zxid;
  readonly members: ReadonlyMap<number, ServerSpec>;
  readonly voters: ReadonlySet<number>;

  constructor(members: Iterable<ServerSpec>, version: Zxid) {
    this.version = version;
    this.members = membersInOrder(members);
    this.voters = votersOf(this.members);
  }

  weightOf(sid: number): number {
    return this.voters.has(sid) ? 1 : 0;
  }

  containsQuorum(acks: ReadonlySet<number>): boolean {
    let count = 0;
    for (const sid of this.voters) {
      if (acks.has(sid)) count++;
    }
    return count > Math.floor(this.voters.size / 2);
  }

  text(): string {
    return `${memberLines(this.members)}version=${versionHex(this.version)}`;
  }

  sameAs(other: QuorumVerifier): boolean {
    return other instanceof Majority && sameMembers(this.members, other.members);
  }

  withVersion(version: Zxid): Majority {
    return new Majority(this.members.values(), version);
  }

  withStaticClient(sid: number, client: HostPort): Majority {
    return new Majority(withClient(this.members, sid, client), this.version);
  }
}

export function membersInOrder(members: Iterable<ServerSpec>): Map<number, ServerSpec> {
  const bySid = new Map<number, ServerSpec>();
  for (const member of members) bySid.set(member.sid, member);
  return new Map(inJavaOrder(bySid.keys()).map((sid) => [sid, bySid.get(sid) as ServerSpec]));
}

export function votersOf(members: ReadonlyMap<number, ServerSpec>): Set<number> {
  const voters = new Set<number>();
  for (const member of members.values()) {
    if (member.role === 'participant') voters.add(member.sid);
  }
  return voters;
}

export function memberLines(members: ReadonlyMap<number, ServerSpec>): string {
  let lines = '';
  for (const member of members.values()) lines += `server.${member.sid}=${printServerSpec(member)}\n`;
  return lines;
}

export function sameMembers(a: ReadonlyMap<number, ServerSpec>, b: ReadonlyMap<number, ServerSpec>): boolean {
  if (a.size !== b.size) return false;
  for (const member of a.values()) {
    const other = b.get(member.sid);
    if (other === undefined || !sameServerSpec(member, other)) return false;
  }
  return true;
}

export function withClient(members: ReadonlyMap<number, ServerSpec>, sid: number, client: HostPort): ServerSpec[] {
  return [...members.values()].map((member) =>
    member.sid === sid ? { ...member, client, clientFromStatic: true } : member,
  );
}

export function versionHex(version: Zxid): string {
  return BigInt.asUintN(64, BigInt(version)).toString(16);
}
