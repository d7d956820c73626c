import { leadsOn } from './leads-on.ts';
import { Majority } from './majority.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { printServerSpec } from './server-spec.ts';

/**
 * Tells what a change of the members would do to the quorum, before anybody asks for it. It says who comes, goes and
 * becomes another; who would have to be caught up before it counts; how many may fail before, right after, and once all
 * have caught up.
 */
export interface PlannedChange {
  readonly before: QuorumVerifier;
  /** undefined: the request names no members. */
  readonly after: QuorumVerifier | undefined;
  /** undefined: nobody leads. */
  readonly leader: number | undefined;
  /** Those that are synchronised with the leader, and the leader. */
  readonly following: ReadonlySet<number>;
  readonly refused: { readonly code: number; readonly reason: string } | undefined;
}

export interface MembershipForecast {
  /** The code and the reason of the refusal; undefined: it would be carried out. */
  readonly refused: { readonly code: number; readonly reason: string } | undefined;
  /** Sentences without a full stop: "server 4 joins as a participant". */
  readonly changes: readonly string[];
  readonly votersBefore: readonly number[];
  readonly votersAfter: readonly number[];
  /** Of the voters of after, those that do not follow. */
  readonly behind: readonly number[];
  /** How many of the voters that follow may fail, whichever they are, and the rest still decides; -1: too few follow. */
  readonly spareBefore: number;
  readonly spareAfter: number;
  /** The same when those behind have caught up. */
  readonly spareThen: number;
  /** The leader would go, or be reached elsewhere. */
  readonly handsOver: boolean;
}

export function forecastOf({ before, after, leader, following, refused }: PlannedChange): MembershipForecast {
  const next = after ?? before;
  return {
    refused,
    changes: changesBetween(before, next),
    votersBefore: sorted(before.voters),
    votersAfter: sorted(next.voters),
    behind: sorted(next.voters).filter((sid) => !following.has(sid)),
    spareBefore: spareOf(before, following),
    spareAfter: spareOf(next, following),
    spareThen: spareOf(next, next.voters),
    handsOver: leader !== undefined && !leadsOn(leader, before, next),
  };
}

function changesBetween(before: QuorumVerifier, after: QuorumVerifier): string[] {
  const changes: string[] = [];
  for (const sid of sorted(new Set([...before.members.keys(), ...after.members.keys()]))) {
    const [was, is] = [before.members.get(sid), after.members.get(sid)];
    if (is === undefined) changes.push(`server ${sid} leaves`);
    else if (was === undefined) changes.push(`server ${sid} joins as ${is.role}`);
    else if (was.role !== is.role) changes.push(`server ${sid} becomes ${is.role}`);
    else if (printServerSpec(was) !== printServerSpec(is))
      changes.push(`server ${sid} moves to ${printServerSpec(is)}`);
  }
  if (changes.length === 0 && !before.sameAs(after)) changes.push('groups or weights change');
  return changes;
}

/** Of voters with weights so many are tried, each set of them; then it is that many at least. */
const MOST_TRIED = 12;

function spareOf(members: QuorumVerifier, following: ReadonlySet<number>): number {
  const all = [...members.voters].filter((sid) => following.has(sid));
  if (!members.containsQuorum(new Set(all))) return -1;
  if (members instanceof Majority) return all.length - Math.floor(members.voters.size / 2) - 1;
  const there = all.slice(0, MOST_TRIED);
  let spare = 0;
  while (spare < there.length && decidesWithoutAny(members, there, spare + 1)) spare++;
  return spare;
}

/** Whether the rest is a quorum, whichever `count` of `there` fail. */
function decidesWithoutAny(members: QuorumVerifier, there: readonly number[], count: number): boolean {
  const isSafe = (from: number, left: number, failed: ReadonlySet<number>): boolean => {
    if (left === 0) return members.containsQuorum(new Set(there.filter((sid) => !failed.has(sid))));
    for (let i = from; i <= there.length - left; i++) {
      if (!isSafe(i + 1, left - 1, new Set([...failed, there[i] as number]))) return false;
    }
    return true;
  };
  return isSafe(0, count, new Set());
}

function sorted(sids: Iterable<number>): number[] {
  return [...sids].sort((a, b) => a - b);
}
