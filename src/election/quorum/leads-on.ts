import type { QuorumVerifier } from './quorum-verifier.ts';

/** A leader leads on in a new membership when it is a voter there, at the addresses where its learners are connected. */
export function leadsOn(sid: number, before: QuorumVerifier, after: QuorumVerifier): boolean {
  return after.weightOf(sid) > 0 && placesOf(before, sid) === placesOf(after, sid);
}

function placesOf(members: QuorumVerifier, sid: number): string {
  return (members.members.get(sid)?.addresses ?? [])
    .map(({ host, quorumPort }) => `${host} ${quorumPort}`)
    .sort()
    .join();
}
