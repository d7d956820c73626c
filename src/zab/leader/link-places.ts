import type { LearnerLink } from './learner-link.ts';

/**
 * Places for those who have connected and not proved themselves: so many for each address, and so many in all. A host
 * that reaches the port can take them all, and still keeps no member out. The oldest of those who are not known to be
 * members makes room for a newcomer, and a member says who it is with its first packet.
 *
 * A member has two places, one of them while it waits whether its old connection is dead (rivals.ts).
 */
export const MAX_JOINING_PER_HOST = 16;
export const MAX_JOINING = 128;
/** Joining or not; observers that are no members come in any number. */
export const MAX_LEARNERS = 1024;

/** The one that has to go for a newcomer from `host`: nobody (undefined), a link, or the newcomer itself. */
export function displacedBy(
  host: string,
  links: Iterable<LearnerLink>,
  isMember: (sid: number) => boolean,
): LearnerLink | 'newcomer' | undefined {
  let total = 0;
  let joining = 0;
  let fromHost = 0;
  let oldest: LearnerLink | undefined;
  let oldestFromHost: LearnerLink | undefined;
  for (const link of links) {
    total++;
    if (link.phase === 'serving') continue;
    joining++;
    const mayGo = !isMember(link.sid);
    if (mayGo) oldest ??= link;
    if (link.wire.remoteHost !== host) continue;
    fromHost++;
    if (mayGo) oldestFromHost ??= link;
  }
  if (fromHost >= MAX_JOINING_PER_HOST) return oldestFromHost ?? 'newcomer';
  if (joining >= MAX_JOINING || total >= MAX_LEARNERS) return oldest ?? 'newcomer';
  return undefined;
}
