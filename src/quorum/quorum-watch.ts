import type { Log } from '../base/log.ts';
import type { Reach } from '../election/mesh/reach.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import type { Clock, Timer } from '../io/clock.ts';
import type { LearnerState } from './state-dump.ts';

/**
 * Says why this peer does not serve, for as long as it does not. It names who is missing, where that server should be
 * and why it is not reached, how many are needed, and what can be done. A peer that waits in silence looks like one
 * that hangs.
 */
export interface WatchedPeer {
  readonly self: number;
  /** All members whose quorum is needed. */
  readonly verifiers: readonly QuorumVerifier[];
  /** looking, leader, follower or observer. */
  readonly mode: string;
  /** Looks, and may not count for the want of a history. */
  readonly isAbstaining: boolean;
  readonly reach: readonly Reach[];
  /** Of a leader that has no quorum yet. */
  readonly learners: readonly LearnerState[];
  /** The last answer of the oracle; undefined: there is none, or it was not asked. */
  readonly oracle?: string | undefined;
}

/** The first dials have an outcome by then. */
const FIRST_MS = 1000;
const EVERY_MS = 10_000;

const WAYS_OUT = {
  members: 'start those that are missing, or correct the server lines',
  history:
    'start all servers; only if data is lost for good, and what is left is to be kept: the file initialize ' +
    '(OPERATIONS, An empty server)',
  leader: 'none yet: it follows from the log of the leader, or the next election comes by itself',
} as const;

export class QuorumWatch {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly peer: () => WatchedPeer;
  private timer: Timer | undefined = undefined;

  constructor(clock: Clock, log: Log, peer: () => WatchedPeer) {
    this.clock = clock;
    this.log = log;
    this.peer = peer;
  }

  /** It does not serve. Elections that lead to nothing do not begin anew. */
  begin(): void {
    this.timer ??= this.clock.after(FIRST_MS, () => this.say());
  }

  end(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private say(): void {
    this.timer = this.clock.after(EVERY_MS, () => this.say());
    const peer = this.peer();
    const present = new Set([peer.self]);
    const missing: string[] = [];
    for (const { sid, address, trouble } of peer.reach) {
      const why = trouble ?? this.missesLeader(peer, sid);
      if (why === undefined) present.add(sid);
      else if (peer.verifiers.some(({ voters }) => voters.has(sid))) missing.push(`${sid} at ${address}: ${why}`);
    }
    const here: string[] = [];
    const needed: number[] = [];
    let isQuorum = true;
    for (const verifier of peer.verifiers) {
      const voters = [...verifier.voters];
      here.push(`${voters.filter((sid) => present.has(sid)).length} of ${voters.length}`);
      needed.push(fewestFor(verifier, present));
      isQuorum &&= verifier.containsQuorum(present);
    }
    this.log.info(
      {
        state: peer.mode,
        voters: here.join(', '),
        needed: needed.join(', '),
        missing: missing.length === 0 ? 'none' : missing.join('; '),
        ...(peer.oracle === undefined ? {} : { oracle: peer.oracle }),
        wayOut: isQuorum ? (peer.isAbstaining ? WAYS_OUT.history : WAYS_OUT.leader) : WAYS_OUT.members,
      },
      isQuorum ? 'not serving: a quorum is there, and no leader that serves' : 'not serving: no quorum',
    );
  }

  private missesLeader(peer: WatchedPeer, sid: number): string | undefined {
    if (peer.mode !== 'leader' || peer.learners.some((learner) => learner.sid === sid)) return undefined;
    return 'it answers in elections, and does not follow this leader';
  }
}

/** Voters of a quorum, with those here and as few others as possible. */
function fewestFor(verifier: QuorumVerifier, present: ReadonlySet<number>): number {
  const sids = new Set([...verifier.voters].filter((sid) => present.has(sid)));
  for (const sid of verifier.voters) {
    if (verifier.containsQuorum(sids)) break;
    sids.add(sid);
  }
  for (const sid of [...sids]) {
    sids.delete(sid);
    if (!verifier.containsQuorum(sids)) sids.add(sid);
  }
  return sids.size;
}
