import { AckTracker, type Quorum } from '../quorum/quorum-verifier.ts';
import type { Electorate } from './electorate.ts';
import type { Notification } from './notification.ts';
import { type ReceivedVote, supports } from './vote.ts';

/** The latest vote of each server, and what a quorum of them says: the rule by which an election ends. */
export class VoteTable {
  private readonly electorate: Electorate;
  private readonly votes = new Map<number, ReceivedVote>();

  constructor(electorate: Electorate) {
    this.electorate = electorate;
  }

  set(sid: number, vote: ReceivedVote): void {
    this.votes.set(sid, vote);
  }

  has(sid: number): boolean {
    return this.votes.has(sid);
  }

  delete(sid: number): void {
    this.votes.delete(sid);
  }

  /** Forgets whoever votes for another. */
  keepVotesFor(mayBeElected: (leader: number) => boolean): void {
    for (const [sid, vote] of this.votes) if (!mayBeElected(vote.leader)) this.votes.delete(sid);
  }

  clear(): void {
    this.votes.clear();
  }

  isSupported(vote: ReceivedVote): boolean {
    return this.isQuorumOf(this.electorate.quorums, vote);
  }

  /**
   * Of either membership, while one is proposed. The followers of a leader decide nothing, and a membership that was
   * proposed may be one of servers that never were.
   */
  isFollowed(vote: ReceivedVote): boolean {
    return this.electorate.verifiers.some((verifier) => this.isQuorumOf([verifier], vote));
  }

  private isQuorumOf(quorums: readonly Quorum[], vote: ReceivedVote): boolean {
    const tracker = new AckTracker(quorums);
    for (const [sid, other] of this.votes) {
      if (supports(vote, other)) tracker.add(sid);
    }
    return tracker.hasAllQuorums();
  }

  /** It has said so itself: those who follow it may not have noticed yet that it is gone. */
  saysItLeads(sid: number): boolean {
    return this.votes.get(sid)?.state === 'leading';
  }
}

export function received(n: Notification): ReceivedVote {
  const { leader, zxid, round, peerEpoch, state, version } = n;
  return { leader, zxid, round, peerEpoch, state, version };
}
