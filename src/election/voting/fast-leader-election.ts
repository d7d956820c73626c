import { assert } from '../../base/assert.ts';
import type { Log } from '../../base/log.ts';
import { epochOf, isWholeHistory, ZXID_NONE, ZXID_OBSERVER, zxidText } from '../../jute/zxid.ts';
import type { QuorumVerifier } from '../quorum/quorum-verifier.ts';
import type { Candidate, ElectionHost, ElectionOptions, SettledState } from './election-host.ts';
import { Electorate } from './electorate.ts';
import { type Notification, type PeerState, readNotification } from './notification.ts';
import { Notifier, type Word } from './notifier.ts';
import { RollCall } from './roll-call.ts';
import { isBetter, type ReceivedVote, type Standing, type Vote } from './vote.ts';
import { received, VoteTable } from './vote-table.ts';

/**
 * Finds out who leads: ZooKeeper's FastLeaderElection, version 3 of its election algorithms, without threads and
 * clocks. Every looking voter tells all others whom it would follow, and goes over to a candidate that stands better
 * (vote.ts). It decides once a quorum says the same in the same round and nothing better came for `finalizeWaitMs`. A
 * server that looks while an ensemble is settled joins it when a quorum follows one leader and that leader says so
 * itself (ZOOKEEPER-975, 1514, 1732). Settled servers answer those who look.
 *
 * An empty voter abstains until history-roll.ts lets it count. While it abstains it belongs to no round. Its messages
 * have zxid -1, which makes every Apache release since 3.6 overlook it. They have round 0, which makes the older ones
 * overlook it too, and makes every looking server answer it at once with its vote. These answers are what "told" means:
 * a looking server's vote is never below that server's history. The first message on a connection is not trusted to be
 * one, because servers repeat their last message, however old, when a connection comes about (peer-mesh.ts); it is
 * asked for again. Two that abstain answer each other in round 1, which nobody answers.
 *
 * Not decided here: whether the elected leader gets its quorum of followers (zab), which connections there are
 * (peer-mesh.ts), what is done with a newer configuration (the host).
 */
const ROUND_OF_QUESTIONS = 0n;
const ROUND_OF_ANSWERS = 1n;

export class FastLeaderElection {
  readonly self: number;
  private readonly options: ElectionOptions;
  private readonly host: ElectionHost;
  private readonly log: Log;

  private readonly electorate: Electorate;
  private readonly notifier: Notifier;
  private readonly rollCall: RollCall;
  /** Votes of the present round. */
  private readonly votes: VoteTable;
  /** The votes of settled servers, of any round. */
  private readonly settledVotes: VoteTable;

  private state: PeerState | 'idle' = 'idle';
  private candidate!: Candidate;
  private round = 0n;
  /** The server that this one would follow, looking; that it follows, settled. */
  private vote: Vote = { leader: 0, zxid: ZXID_NONE, round: 0n, peerEpoch: 0 };
  /** A quorum says the same; when to believe it if nothing better comes. */
  private finalizeAtMs: number | undefined = undefined;
  /** A voter without a history; and whether it belongs to no round until it may count. */
  private empty = false;
  private abstaining = false;
  /** The servers that sent something since the last connection to them came about. */
  private readonly heardFrom = new Set<number>();

  constructor(self: number, options: ElectionOptions, host: ElectionHost) {
    this.self = self;
    this.options = options;
    this.host = host;
    this.log = host.log;
    this.electorate = new Electorate(self, options, host.log, host.oracle);
    this.notifier = new Notifier(self, options, this.electorate, host);
    this.rollCall = new RollCall(self, options, this.electorate, host.log);
    this.votes = new VoteTable(this.electorate);
    this.settledVotes = new VoteTable(this.electorate);
  }

  get isLooking(): boolean {
    return this.state === 'looking';
  }

  /** Waits as a learner that does not count. */
  get isAbstaining(): boolean {
    return this.state === 'looking' && this.abstaining;
  }

  /** Proposed while looking, settled otherwise. */
  get currentVote(): Vote {
    return this.vote;
  }

  /** When `onTick` has something to do; undefined: not before the next notification. */
  get deadlineMs(): number | undefined {
    if (this.state !== 'looking') return undefined;
    const otherMs = this.abstaining ? this.rollCall.deadlineMs : this.finalizeAtMs;
    const { dueMs } = this.notifier;
    return otherMs !== undefined && otherMs < dueMs ? otherMs : dueMs;
  }

  /** A new election. `next`: a configuration proposed but not known to be committed; its quorum is needed as well. */
  start(candidate: Candidate, verifier: QuorumVerifier, nowMs: number, next?: QuorumVerifier): void {
    this.candidate = candidate;
    this.electorate.use(verifier, next);
    this.state = 'looking';
    this.round = nextRound(this.round);
    this.clearTables();
    this.rollCall.begin();
    this.notifier.begin(nowMs);
    const { peerEpoch, zxid, empty } = candidate;
    this.empty = this.isVoter && (empty || !isWholeHistory(peerEpoch, zxid));
    this.rollCall.heardOf(candidate);
    this.abstaining = this.empty;
    if (this.abstaining) this.abstain(nowMs);
    else this.propose(this.ownStanding(), nowMs);
  }

  /**
   * Sets the state that this server is in from now on, and the vote it answers with. The host calls it again when the
   * leader's epoch is known: a vote that kept the epoch of before would never match those of later joiners
   * (ZOOKEEPER-1732, 1818).
   */
  settle(state: SettledState, vote: Vote): void {
    this.state = state;
    this.vote = vote;
    this.clearTables();
  }

  /** The configuration changed. */
  setConfig(verifier: QuorumVerifier, next?: QuorumVerifier): void {
    this.electorate.use(verifier, next);
    if (this.state !== 'looking') return;
    // It looks until it is started with them: a server that is no voter any more may not be elected meanwhile.
    const mayBeElected = (sid: number): boolean => this.electorate.isVoter(sid);
    this.votes.keepVotesFor(mayBeElected);
    this.settledVotes.keepVotesFor(mayBeElected);
    if (!mayBeElected(this.vote.leader)) this.finalizeAtMs = undefined;
  }

  /** A new connection to `sid` carries messages; the first one it brings may be an old one. */
  onConnected(sid: number): void {
    this.heardFrom.delete(sid);
  }

  onNotification(from: number, bytes: Buffer, nowMs: number): void {
    const n = readNotification(bytes);
    if (typeof n === 'string') {
      this.log.warn({ from, reason: n }, 'a notification was dropped');
      return;
    }
    const fresh = this.heardFrom.has(from);
    this.heardFrom.add(from);
    if (this.takesNewerConfig(from, n)) return;
    if (!this.electorate.isVoter(from)) {
      if (n.state === 'looking' && (this.state !== 'looking' || this.isVoter)) {
        this.notifier.tellStranger(from, this.word(), nowMs);
      }
      return;
    }
    if (this.state !== 'looking') {
      if (n.state !== 'looking') return;
      this.tell(from);
      this.host.onLooking(from);
      return;
    }
    const hasMissedOurVote = n.state === 'looking' && this.hasMissedOurVote(from, n);
    this.onVote(from, n, fresh, nowMs);
    if (hasMissedOurVote && !this.abstaining && this.isVoter) this.tell(from);
  }

  onTick(nowMs: number): void {
    assert(this.state === 'looking', 'only who looks has a deadline');
    if (this.finalizeAtMs !== undefined && nowMs >= this.finalizeAtMs) {
      this.finalizeAtMs = undefined;
      // Those who supported it may have settled for another one meanwhile.
      if (this.isProposalSupported()) {
        this.elect(this.vote);
        return;
      }
    }
    if (this.abstaining) this.maybeCount(nowMs);
    if (nowMs < this.notifier.dueMs) return;
    this.notifier.tellAgain(this.word(), nowMs, this.abstaining);
    if (this.abstaining) this.rollCall.sayWaiting(nowMs);
    else if (this.electorate.mayHaveLoneLeader) this.checkQuorum(nowMs);
  }

  /**
   * A server that looks in an earlier round is told the present one. A voter that looks in this round, and was settled
   * when it last answered, has dropped our vote. It would hear of it with our next repetition alone, 200 ms later, as
   * from Apache's servers. Once only: its word takes the place of that answer.
   */
  private hasMissedOurVote(from: number, n: Notification): boolean {
    if (isQuestion(n)) return true;
    if (n.round !== this.round) return n.round < this.round;
    return this.settledVotes.has(from) && !this.isBetterFor(n, this.vote);
  }

  // ---- votes

  private onVote(from: number, n: Notification, fresh: boolean, nowMs: number): void {
    if (!this.electorate.isVoter(n.leader)) {
      // A voter of the members to come alone has nobody to vote for yet, and would be alone in its round for good.
      const isOfLaterRound = n.state === 'looking' && n.leader === ZXID_OBSERVER && n.round > this.round;
      if (isOfLaterRound && !this.abstaining && n.zxid !== ZXID_NONE) {
        this.onLookingVote(from, n, nowMs);
        return;
      }
      this.log.debug({ from, leader: n.leader }, 'a vote for a server that is no voter is ignored');
      return;
    }
    this.rollCall.heardOf(n);
    // Everyone is taken at the latest word: who looks follows nobody, and who follows is no vote of this round.
    switch (n.state) {
      case 'looking':
        this.settledVotes.delete(from);
        this.rollCall.onTold(from, n, fresh);
        if (this.abstaining) this.onVoteWhileAbstaining(from, n, fresh, nowMs);
        else if (n.zxid !== ZXID_NONE) this.onLookingVote(from, n, nowMs);
        else this.votes.delete(from);
        return;
      case 'following':
      case 'leading':
        this.rollCall.forget(from);
        this.votes.delete(from);
        this.onSettledVote(from, n, fresh, nowMs);
        return;
      case 'observing':
        return;
    }
  }

  private onLookingVote(from: number, n: Notification, nowMs: number): void {
    // A decision that is only waiting to be sure is reopened by a better vote and by nothing else (ZOOKEEPER-3109).
    if (this.finalizeAtMs !== undefined && !this.isBetterFor(n, this.vote)) {
      if (n.round === this.round) this.votes.set(from, received(n));
      return;
    }
    if (n.round > this.round) {
      this.round = n.round;
      this.votes.clear();
      this.finalizeAtMs = undefined;
      if (this.empty && this.mustAbstainAgain(nowMs)) {
        this.onVoteWhileAbstaining(from, n, true, nowMs);
        return;
      }
      const own = this.ownStanding();
      this.votes.set(from, received(n));
      this.propose(this.isBetterFor(n, own) ? n : own, nowMs);
      return;
    }
    if (n.round < this.round) {
      this.votes.delete(from);
      return;
    }
    this.votes.set(from, received(n));
    if (this.isBetterFor(n, this.vote)) this.propose(n, nowMs);
    else this.checkQuorum(nowMs);
  }

  private onSettledVote(from: number, n: Notification, fresh: boolean, nowMs: number): void {
    const vote = received(n);
    if (!this.abstaining && n.round === this.round) {
      // Apache keeps no version in this table, so the leader alone is compared there.
      this.votes.set(from, { ...vote, version: 0 });
      if (this.isDecided(vote, this.votes)) {
        this.elect(vote);
        return;
      }
    }
    this.settledVotes.set(from, vote);
    if (this.isDecided(vote, this.settledVotes) || (fresh && this.isOfLoneLeader(from, n))) {
      this.round = n.round;
      this.elect(vote);
    } else if (!this.abstaining) {
      this.checkQuorum(nowMs);
    }
  }

  /** Takes up a proposal of the present round and tells everyone. */
  private propose(standing: Standing, nowMs: number): void {
    this.vote = { leader: standing.leader, zxid: standing.zxid, round: this.round, peerEpoch: standing.peerEpoch };
    this.finalizeAtMs = undefined;
    this.votes.set(this.self, { ...this.vote, state: 'looking', version: 0 });
    this.tellVoters();
    this.checkQuorum(nowMs);
  }

  private checkQuorum(nowMs: number): void {
    if (this.finalizeAtMs !== undefined || !this.isProposalSupported()) return;
    this.finalizeAtMs = nowMs + this.options.finalizeWaitMs;
  }

  private isProposalSupported(): boolean {
    return this.votes.isSupported({ ...this.vote, state: 'looking', version: 0 });
  }

  /**
   * An ensemble is settled when a quorum follows one leader and that leader says so. When they all say that it is this
   * server, the round must be its own. An empty server does not believe that it leads with a better history than it
   * has: their word is then from a time before it lost that history.
   */
  private isDecided(vote: ReceivedVote, votes: VoteTable): boolean {
    if (vote.leader !== this.self) return votes.isFollowed(vote) && votes.saysItLeads(vote.leader);
    if (!votes.isSupported(vote)) return false;
    const mine = !this.empty || (!this.abstaining && !isBetter(vote, this.ownStanding()));
    return mine && vote.round === this.round;
  }

  /**
   * Of two voters the other one leads, so there is nobody whose vote would make a quorum with its own. Apache follows it when
   * the oracle says no to the server that looks. Here it is followed in any case: with a yes to both there would be two.
   */
  private isOfLoneLeader(from: number, n: Notification): boolean {
    return this.electorate.mayHaveLoneLeader && n.state === 'leading' && n.leader === from;
  }

  private elect(vote: Vote): void {
    const decided: Vote = { leader: vote.leader, zxid: vote.zxid, round: vote.round, peerEpoch: vote.peerEpoch };
    const state: SettledState =
      decided.leader === this.self ? 'leading' : this.candidate.participant ? 'following' : 'observing';
    const isOwnVote =
      this.vote.leader === decided.leader &&
      this.vote.zxid === decided.zxid &&
      this.vote.peerEpoch === decided.peerEpoch;
    const emptyButCounts = this.empty && !this.abstaining && isOwnVote;
    this.settle(state, decided);
    this.log.info(
      { leader: decided.leader, round: Number(decided.round), zxid: zxidText(decided.zxid), state },
      'the election is over',
    );
    this.host.elected({ vote: decided, state, emptyButCounts });
  }

  private isBetterFor(standing: Standing, than: Standing): boolean {
    return this.electorate.mayLead(standing.leader) && isBetter(standing, than);
  }

  private ownStanding(): Standing {
    const { participant, zxid, peerEpoch } = this.candidate;
    const leader = this.electorate.present.voters.has(this.self) ? this.self : ZXID_OBSERVER;
    return participant ? { leader, zxid, peerEpoch } : { leader, zxid: ZXID_OBSERVER, peerEpoch: ZXID_OBSERVER };
  }

  private get isVoter(): boolean {
    return this.candidate.participant && this.electorate.isVoter(this.self);
  }

  // ---- empty voters

  private abstain(nowMs: number): void {
    this.abstaining = true;
    this.finalizeAtMs = undefined;
    this.vote = this.noVote();
    if (this.candidate.initialize) this.rollCall.vouchedFor(nowMs);
    this.log.info(
      { voters: this.electorate.present.voters.size },
      'this voter has no history: it does not count until it is synchronised or all voters have answered',
    );
    this.tellVoters();
    this.maybeCount(nowMs);
  }

  private onVoteWhileAbstaining(from: number, n: Notification, fresh: boolean, nowMs: number): void {
    if (isQuestion(n)) {
      this.notifier.tell(from, { ...this.word(), round: ROUND_OF_ANSWERS });
    } else if (!fresh) {
      this.tell(from);
    }
    this.maybeCount(nowMs);
  }

  private maybeCount(nowMs: number): void {
    const round = this.rollCall.roundOfVoters(this.round);
    if (!this.rollCall.mayCount(round, nowMs)) return;
    this.abstaining = false;
    this.round = round;
    this.votes.clear();
    let best = this.ownStanding();
    for (const [sid, standing] of this.rollCall.votesIn(round)) {
      this.votes.set(sid, { ...standing, round, state: 'looking', version: 0 });
      if (this.isBetterFor(standing, best)) best = standing;
    }
    this.notifier.hurry(nowMs);
    this.propose(best, nowMs);
  }

  /** A new round: what made this voter count has to be so in that round too. True when it abstains again. */
  private mustAbstainAgain(nowMs: number): boolean {
    if (this.rollCall.mayCount(this.round, nowMs)) return false;
    this.abstaining = true;
    this.vote = this.noVote();
    this.tellVoters();
    return true;
  }

  /** An epoch above 0 says that there is a history after all, if not a whole one. */
  private noVote(): Vote {
    const { peerEpoch, zxid } = this.candidate;
    const epoch = Math.max(peerEpoch, epochOf(zxid));
    return { leader: this.self, zxid: ZXID_NONE, round: ROUND_OF_QUESTIONS, peerEpoch: epoch };
  }

  // ---- configurations

  /** True when the notification led to other members and is done with. */
  private takesNewerConfig(from: number, n: Notification): boolean {
    if (n.configText === undefined || this.state !== 'looking' || !this.options.adoptNewerConfig) return false;
    const newer = this.electorate.newerMembers(from, n.configText);
    if (newer === undefined) return false;
    this.host.onNewerConfig(newer);
    if (!newer.sameAs(this.electorate.present)) return true;
    this.electorate.renumber(newer);
    return false;
  }

  // ---- sending

  private tellVoters(): void {
    this.notifier.tellVoters(this.word());
  }

  private tell(sid: number): void {
    this.notifier.tell(sid, this.word());
  }

  private word(): Word {
    assert(this.state !== 'idle', 'nothing to say before the first election');
    return { ...this.vote, state: this.state };
  }

  private clearTables(): void {
    this.votes.clear();
    this.settledVotes.clear();
    this.finalizeAtMs = undefined;
  }
}

/** A voter that abstains asks in this way for everybody's vote. */
function isQuestion(n: Notification): boolean {
  return n.state === 'looking' && n.zxid === ZXID_NONE && n.round === ROUND_OF_QUESTIONS;
}

/**
 * As Java's long: after the largest comes the smallest. A stranger can say any round, and it has to go on after that.
 */
function nextRound(round: bigint): bigint {
  return BigInt.asIntN(64, round + 1n);
}
