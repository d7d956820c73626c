import type { QuorumVerifier } from '../../../election/quorum/quorum-verifier.ts';
import { ZXID_ZERO } from '../../../jute/zxid.ts';
import type { LearnerLink } from '../learner-link.ts';
import type { Proposals } from '../proposals.ts';

/**
 * The follower that leads best in the place of this leader. Of those that may lead by `members` it has the most on its
 * disk, so that nothing proposed is dropped that need not be. Undefined: there is none.
 */
export function successorAmong(
  followers: readonly LearnerLink[],
  proposals: Proposals,
  members: QuorumVerifier,
): number | undefined {
  let best: number | undefined;
  let most = ZXID_ZERO;
  for (const { sid } of followers) {
    const acked = proposals.ackOf(sid);
    if (members.weightOf(sid) === 0 || (best !== undefined && acked <= most)) continue;
    best = sid;
    most = acked;
  }
  return best;
}
