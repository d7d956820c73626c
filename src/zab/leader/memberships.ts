import type { Quorum, QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { LoneLead } from './lone-lead.ts';

/**
 * The members by which a leader counts: those in force, and with them those that are proposed and not decided. A version
 * is the zxid of the reconfiguration, so a version says which proposals need a quorum of both: it and all behind it.
 * Those before it need the one in force alone.
 *
 * Once it is decided the members of before are asked no more. None of them can lead alone from then on: a quorum of theirs
 * has the reconfiguration on disk, and whoever has it there looks for a quorum of the new ones as well.
 */
export class Memberships {
  private verifiers!: readonly QuorumVerifier[];
  private counted!: readonly Quorum[];
  private readonly lone: LoneLead;

  /** The one in force, then the one proposed, if there is one. */
  constructor(verifiers: readonly QuorumVerifier[], lone: LoneLead) {
    this.lone = lone;
    this.use(verifiers);
  }

  get all(): readonly QuorumVerifier[] {
    return this.verifiers;
  }

  /** Each of these is needed. */
  get quorums(): readonly Quorum[] {
    return this.counted;
  }

  get inForce(): QuorumVerifier {
    return this.verifiers[0] as QuorumVerifier;
  }

  get newest(): QuorumVerifier {
    return this.verifiers.at(-1) as QuorumVerifier;
  }

  neededFor(zxid: Zxid): readonly Quorum[] {
    return this.counted.length > 1 && zxid < this.newest.version ? this.counted.slice(0, 1) : this.counted;
  }

  isVoter(sid: number): boolean {
    return this.verifiers.some((verifier) => verifier.voters.has(sid));
  }

  isMember(sid: number): boolean {
    return this.verifiers.some((verifier) => verifier.members.has(sid));
  }

  propose(next: QuorumVerifier): void {
    this.use([this.inForce, next]);
  }

  /** The one proposed is in force. */
  decide(): void {
    this.use([this.newest]);
  }

  /**
   * Members that were only ever in a file get the start of this epoch for their version, as ZooKeeper has it. The files
   * of servers that are to join, which know a part of them, are older then. Undefined: they have one.
   */
  renumber(epochStart: Zxid): QuorumVerifier | undefined {
    if (this.newest.version !== ZXID_ZERO) return undefined;
    this.propose(this.inForce.withVersion(epochStart));
    return this.newest;
  }

  /** The other one of two voters does not follow, at half tick `now`. */
  askOracle(now: number): void {
    this.lone.ask(this.verifiers, now);
  }

  /** A voter follows, and counts. */
  voterFollows(): void {
    this.lone.end();
  }

  /** The epoch that this leader takes together with those that are connected. */
  epochFrom(wanted: number, connected: ReadonlySet<number>): number {
    return this.lone.epochFrom(wanted, this.verifiers, connected);
  }

  private use(verifiers: readonly QuorumVerifier[]): void {
    this.verifiers = verifiers;
    this.counted = verifiers.map((verifier) => this.lone.quorumOf(verifier));
  }
}
