import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { HostPort, ServerSpec } from '../../election/quorum/server-spec.ts';
import type { Clock } from '../../io/clock.ts';
import type { Random } from '../../io/random.ts';
import type { PeerConfig } from '../config/peer-config.ts';

/** From whom a learner gets what is decided: the leader, or for an observer a follower with `observerMasterPort`. */
export interface LearnerMaster {
  readonly sid: number;
  readonly addresses: readonly HostPort[];
  /** None of those before answered, or there are none: an observer waits a part of `observer.reconnectDelayMs` first. */
  readonly isLast: boolean;
}

/** `observerMasterPort` is the same on every server; 0: observers learn from the leader. */
type LearnerMastersOptions = Pick<PeerConfig, 'observerMasterPort' | 'initLimitTicks' | 'tickTimeMs'>;

/**
 * Which server an observer learns from. As in Apache the voters are tried in an order of this observer's own, one with each
 * attempt. The leader is left out, for it has no such port; and it is asked on its own port once no follower has answered for
 * `initLimit`, where an observer of Apache's would stay outside.
 */
export class LearnerMasters {
  private readonly options: LearnerMastersOptions;
  private readonly random: Random;
  private readonly clock: Clock;
  private order: number[] = [];
  private at = 0;
  private failingSinceMs: number | undefined = undefined;

  constructor(options: LearnerMastersOptions, random: Random, clock: Clock) {
    this.options = options;
    this.random = random;
    this.clock = clock;
  }

  /** For the next attempt of an observer whose leader is `leader`. */
  next(leader: ServerSpec, { members, voters }: QuorumVerifier): LearnerMaster {
    const candidates = this.options.observerMasterPort > 0 ? [...voters].filter((sid) => sid !== leader.sid) : [];
    if (candidates.length === 0) return leaderItself(leader);
    this.failingSinceMs ??= this.clock.nowMs();
    if (this.clock.nowMs() - this.failingSinceMs > this.options.initLimitTicks * this.options.tickTimeMs) {
      this.failingSinceMs = undefined;
      return leaderItself(leader);
    }
    const known = new Set(this.order);
    if (candidates.some((sid) => !known.has(sid))) {
      this.order = shuffled(voters, this.random);
      this.at = 0;
    }
    for (;;) {
      const isLast = this.at >= this.order.length;
      if (isLast) this.at = 0;
      const sid = this.order[this.at++] as number;
      const spec = members.get(sid);
      if (spec === undefined || !candidates.includes(sid)) continue;
      const addresses = spec.addresses.map(({ host }) => ({ host, port: this.options.observerMasterPort }));
      return { sid, addresses, isLast };
    }
  }

  /** The one given last has synchronised this observer. */
  reached(): void {
    this.failingSinceMs = undefined;
  }
}

export function leaderItself({ sid, addresses }: ServerSpec): LearnerMaster {
  return { sid, addresses: addresses.map(({ host, quorumPort }) => ({ host, port: quorumPort })), isLast: true };
}

function shuffled(sids: ReadonlySet<number>, random: Random): number[] {
  const order = [...sids];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
