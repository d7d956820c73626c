import { assert } from '../base/assert.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { epochOf, ZXID_NONE, ZXID_OBSERVER, type Zxid, zxidHex } from '../jute/zxid.ts';
import { HistoryRoll, hasHistory, isWholeHistory } from './empty-voters.ts';
import { type Notification, type PeerState, readNotification, writeNotification } from './notification.ts';
import { parseQuorumText } from './quorum/quorum-config.ts';
import { AckTracker, type QuorumVerifier } from './quorum/quorum-verifier.ts';
import { isBetter, type ReceivedVote, type Standing, supports, type Vote } from './vote.ts';

/**
 * Who leads: ZooKeeper's FastLeaderElection, version 3 of its election algorithms, without threads and clocks. Every
 * looking voter tells all others whom it would follow, goes over to whoever stands better (vote.ts), and decides
 * once a quorum says the same in the same round and nothing better came for `finalizeWaitMs`. Whoever looks while an
 * ensemble is settled joins it when a quorum follows one leader and that leader says so itself (ZOOKEEPER-975,
 * 1514, 1732); whoever is settled answers those who look.
 *
 * An empty voter abstains until empty-voters.ts lets it count. Abstaining it belongs to no round. What it sends has
 * zxid -1, which makes every Apache release since 3.6 overlook it, and round 0, which makes the older ones overlook
 * it too and makes every looking server answer it at once with its vote. These answers are what "told" means: a
 * looking server's vote is never below its own history. The first message on a connection is not trusted to be one,
 * because servers repeat their last message, however old, when a connection comes about (peer-mesh.ts); it is asked for
 * again. Two that abstain answer each other in round 1, which nobody answers.
 *
 * Not decided here: whether the elected leader gets its quorum of followers (zab), which connections there are
 * (peer-mesh.ts), what is done with a newer configuration (the host).
 */
export interface Candidate {
  /** False for observers, who learn the outcome but have no part in it. */
  readonly participant: boolean;
  readonly zxid: Zxid;
  /** The current epoch of this server's history; 0 when it has none. */
  readonly peerEpoch: number;
  /** Not synchronised yet, even if zxid and epoch look like it: see empty-voters.ts. */
  readonly empty: boolean;
  /** The operator left the file `initialize`. */
  readonly initialize: boolean;
}

export interface ElectionOptions {
  readonly finalizeWaitMs: number;
  readonly minNotificationMs: number;
  readonly maxNotificationMs: number;
  /** How long empty voters wait for those who are away before they take it for a first start. */
  readonly firstStartWaitMs: number;
  /** A newer configuration in a notification is handed to the host; false where reconfiguration is switched off. */
  readonly adoptNewerConfig: boolean;
  readonly multiAddress: boolean;
  readonly standaloneEnabled: boolean;
}

export const ELECTION_DEFAULTS: ElectionOptions = {
  finalizeWaitMs: 200,
  minNotificationMs: 200,
  maxNotificationMs: 60_000,
  firstStartWaitMs: 3000,
  adoptNewerConfig: true,
  multiAddress: false,
  standaloneEnabled: true,
};

export interface Outcome {
  readonly vote: Vote;
  readonly state: SettledState;
  /**
   * An empty voter that empty-voters.ts let count, and that voted for this leader: what it tells the leader may count
   * as well. False for every other voter, and for an empty one that only joins an ensemble.
   */
  readonly emptyButCounts: boolean;
}

export type SettledState = 'following' | 'leading' | 'observing';

/** The host never calls back into the election from inside these. */
export interface ElectionHost {
  send(sid: number, notification: Buffer): void;
  /** The election is over for this server; it answers with this vote from now on. */
  elected(outcome: Outcome): void;
  /** This server is settled, and `sid`, a voter, looks for a leader. */
  onLooking(sid: number): void;
  /** A looking server met a newer configuration: take it over, and `start` again unless only its version differs. */
  onNewerConfig(verifier: QuorumVerifier): void;
  readonly log: Log;
}

/** Nothing is as important as a first start, and nothing is lost by asking: an abstaining voter asks this often. */
const ABSTAINING_MAX_NOTIFICATION_MS = 5000;
const SAY_WAITING_MS = 60_000;
const STRANGERS_EVERY_MS = 50;
const ROUND_OF_QUESTIONS = 0;
const ROUND_OF_ANSWERS = 1;

interface Told {
  readonly standing: Standing;
  readonly round: number;
  readonly abstains: boolean;
  readonly fresh: boolean;
}

export class FastLeaderElection {
  readonly self: number;
  private readonly options: ElectionOptions;
  private readonly host: ElectionHost;
  private readonly log: Log;

  private state: PeerState | 'idle' = 'idle';
  private verifier!: QuorumVerifier;
  private verifiers: readonly QuorumVerifier[] = [];
  private configText = '';
  private config: Buffer = Buffer.alloc(0);
  /** The last configuration of others that was read and not taken over: notifications repeat it. */
  private passedOverText: string | undefined = undefined;
  private candidate!: Candidate;
  private round = 0;
  /** Whom this server would follow, looking; whom it follows, settled. */
  private vote: Vote = { leader: 0, zxid: ZXID_NONE, round: 0, peerEpoch: 0 };

  /** Votes of the present round. */
  private readonly votes = new Map<number, ReceivedVote>();
  /** What settled servers say, of whatever round. */
  private readonly settledVotes = new Map<number, ReceivedVote>();
  private finalizeAtMs: number | undefined = undefined;
  private resendAtMs = 0;
  private intervalMs = 0;

  // Empty voters
  private abstaining = false;
  private empty = false;
  private roll: HistoryRoll = new HistoryRoll([]);
  private readonly told = new Map<number, Told>();
  private readonly strangersAnsweredMs = new Map<number, number>();
  /** Who sent something since the last connection to it came about. */
  private readonly heardFrom = new Set<number>();
  /** A history exists somewhere: what looks like a first start is none. For as long as this object lives. */
  private historyHeardOf = false;
  private firstStartSinceMs: number | undefined = undefined;
  private initializeAtMs: number | undefined = undefined;
  private saidWaitingMs = Number.NEGATIVE_INFINITY;

  constructor(self: number, options: ElectionOptions, host: ElectionHost) {
    this.self = self;
    this.options = options;
    this.host = host;
    this.log = host.log;
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
    const others = this.abstaining ? [this.initializeAtMs, this.firstStartDueMs()] : [this.finalizeAtMs];
    let deadlineMs = this.resendAtMs;
    for (const other of others) {
      if (other !== undefined && other < deadlineMs) deadlineMs = other;
    }
    return deadlineMs;
  }

  /** A new election. `next`: a configuration proposed but not known to be committed; its quorum is needed as well. */
  start(candidate: Candidate, verifier: QuorumVerifier, nowMs: number, next?: QuorumVerifier): void {
    this.candidate = candidate;
    this.useConfig(verifier, next);
    this.state = 'looking';
    this.round++;
    this.clearTables();
    this.told.clear();
    this.strangersAnsweredMs.clear();
    this.firstStartSinceMs = undefined;
    this.initializeAtMs = undefined;
    this.intervalMs = this.options.minNotificationMs;
    this.resendAtMs = nowMs + this.intervalMs;
    const { peerEpoch, zxid, empty } = candidate;
    this.empty = this.isVoter && (empty || !isWholeHistory(peerEpoch, zxid));
    if (hasHistory(peerEpoch, zxid)) this.historyHeardOf = true;
    this.abstaining = this.empty;
    if (this.abstaining) this.abstain(nowMs);
    else this.propose(this.ownStanding(), nowMs);
  }

  /**
   * What this server is from now on, and the vote it answers with. The host calls it again when the leader's epoch is
   * known: a vote that kept the epoch of before would never match those of later joiners (ZOOKEEPER-1732, 1818).
   */
  settle(state: SettledState, vote: Vote): void {
    this.state = state;
    this.vote = vote;
    this.clearTables();
  }

  /** The configuration changed while this server is settled. */
  setConfig(verifier: QuorumVerifier, next?: QuorumVerifier): void {
    this.useConfig(verifier, next);
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
    if (!this.isValidVoter(from)) {
      if (n.state === 'looking') this.answerStranger(from, nowMs);
      return;
    }
    if (this.state !== 'looking') {
      if (n.state !== 'looking') return;
      this.sendTo(from);
      this.host.onLooking(from);
      return;
    }
    const hasMissedOurVote = n.state === 'looking' && this.hasMissedOurVote(from, n);
    this.onVote(from, n, fresh, nowMs);
    if (hasMissedOurVote && !this.abstaining && this.isVoter) this.sendTo(from);
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
    if (nowMs < this.resendAtMs) return;
    this.sendToVoters();
    const max = this.abstaining ? ABSTAINING_MAX_NOTIFICATION_MS : Number.POSITIVE_INFINITY;
    this.intervalMs = Math.min(this.intervalMs * 2, this.options.maxNotificationMs, max);
    this.resendAtMs = nowMs + this.intervalMs;
    if (this.abstaining && nowMs - this.saidWaitingMs >= SAY_WAITING_MS) {
      this.saidWaitingMs = nowMs;
      this.log.info({ waitingFor: this.whoHasNotTold() }, 'still without a history, and waiting');
    }
  }

  /**
   * Whoever looks in an earlier round is told the present one. Who looks in this one, and was settled when it last
   * answered, has dropped our vote: it would hear of it with our next repetition alone, 200 ms later, as from Apache's
   * servers. Once only: its word takes the place of that answer.
   */
  private hasMissedOurVote(from: number, n: Notification): boolean {
    if (n.round !== this.round) return n.round < this.round;
    return this.settledVotes.has(from) && !this.isBetterFor(n, this.vote);
  }

  /**
   * Observers learn from these answers whom to follow. Not every word of theirs is answered: an observer of Apache's
   * in a later round than ours answers each of our answers, and two servers that take each other for strangers would
   * go on for ever as well.
   */
  private answerStranger(sid: number, nowMs: number): void {
    if (this.state === 'looking' && !this.isVoter) return;
    if (nowMs - (this.strangersAnsweredMs.get(sid) ?? Number.NEGATIVE_INFINITY) < STRANGERS_EVERY_MS) return;
    this.strangersAnsweredMs.set(sid, nowMs);
    this.sendTo(sid);
  }

  // ---- votes

  private onVote(from: number, n: Notification, fresh: boolean, nowMs: number): void {
    if (!this.isValidVoter(n.leader)) {
      this.log.debug({ from, leader: n.leader }, 'a vote for a server that is no voter is ignored');
      return;
    }
    if (hasHistory(n.peerEpoch, n.zxid)) this.historyHeardOf = true;
    // Everyone is taken at the latest word: who looks follows nobody, and who follows is no vote of this round.
    switch (n.state) {
      case 'looking':
        this.settledVotes.delete(from);
        this.onTold(from, n, fresh);
        if (this.abstaining) this.onVoteWhileAbstaining(from, n, fresh, nowMs);
        else if (n.zxid !== ZXID_NONE) this.onLookingVote(from, n, nowMs);
        else this.votes.delete(from);
        return;
      case 'following':
      case 'leading':
        this.told.delete(from);
        this.votes.delete(from);
        this.onSettledVote(from, n, nowMs);
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

  private onSettledVote(from: number, n: Notification, nowMs: number): void {
    const vote = received(n);
    if (!this.abstaining && n.round === this.round) {
      // Apache keeps no version in this table, so the leader alone is compared there.
      this.votes.set(from, { ...vote, version: 0 });
      if (this.isSupported(vote, this.votes) && this.leaderConfirms(vote, this.votes)) {
        this.elect(vote);
        return;
      }
    }
    this.settledVotes.set(from, vote);
    if (this.isSupported(vote, this.settledVotes) && this.leaderConfirms(vote, this.settledVotes)) {
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
    this.sendToVoters();
    this.checkQuorum(nowMs);
  }

  private checkQuorum(nowMs: number): void {
    if (this.finalizeAtMs !== undefined || !this.isProposalSupported()) return;
    this.finalizeAtMs = nowMs + this.options.finalizeWaitMs;
  }

  private isProposalSupported(): boolean {
    return this.isSupported({ ...this.vote, state: 'looking', version: 0 }, this.votes);
  }

  private isSupported(vote: ReceivedVote, votes: ReadonlyMap<number, ReceivedVote>): boolean {
    const tracker = new AckTracker(this.verifiers);
    for (const [sid, other] of votes) {
      if (supports(vote, other)) tracker.add(sid);
    }
    return tracker.hasAllQuorums();
  }

  /**
   * The elected leader must have said itself that it leads: those who follow may not have noticed yet that it is
   * gone. When they all say that it is this server, the round must be its own; and an empty one does not believe
   * it of a better history than it has, since their word is then from a time before it lost that.
   */
  private leaderConfirms(vote: Vote, votes: ReadonlyMap<number, ReceivedVote>): boolean {
    if (vote.leader === this.self) {
      const mine = !this.empty || (!this.abstaining && !isBetter(vote, this.ownStanding()));
      return mine && vote.round === this.round;
    }
    return votes.get(vote.leader)?.state === 'leading';
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
      { leader: decided.leader, round: decided.round, zxid: zxidHex(decided.zxid), state },
      'the election is over',
    );
    this.host.elected({ vote: decided, state, emptyButCounts });
  }

  /** Servers of weight 0 are never elected (ZOOKEEPER-1465). */
  private isBetterFor(standing: Standing, than: Standing): boolean {
    if (!this.verifiers.some((verifier) => verifier.weightOf(standing.leader) > 0)) return false;
    return isBetter(standing, than);
  }

  private ownStanding(): Standing {
    const { participant, zxid, peerEpoch } = this.candidate;
    const leader = this.verifier.voters.has(this.self) ? this.self : ZXID_OBSERVER;
    return participant ? { leader, zxid, peerEpoch } : { leader, zxid: ZXID_OBSERVER, peerEpoch: ZXID_OBSERVER };
  }

  private get isVoter(): boolean {
    return this.candidate.participant && this.isValidVoter(this.self);
  }

  private isValidVoter(sid: number): boolean {
    for (const verifier of this.verifiers) {
      if (verifier.voters.has(sid)) return true;
    }
    return false;
  }

  // ---- empty voters

  private abstain(nowMs: number): void {
    this.abstaining = true;
    this.finalizeAtMs = undefined;
    this.vote = this.noVote();
    if (this.candidate.initialize) this.initializeAtMs = nowMs + this.options.minNotificationMs;
    this.log.info(
      { voters: this.verifier.voters.size },
      'this voter has no history: it does not count until it is synchronised or all voters have answered',
    );
    this.sendToVoters();
    this.maybeCount(nowMs);
  }

  private onTold(from: number, n: Notification, fresh: boolean): void {
    const abstains = n.zxid === ZXID_NONE;
    const before = this.told.get(from);
    this.told.set(from, {
      standing: { leader: n.leader, zxid: n.zxid, peerEpoch: n.peerEpoch },
      round: n.round,
      abstains,
      fresh: fresh || (before?.fresh ?? false),
    });
  }

  private onVoteWhileAbstaining(from: number, n: Notification, fresh: boolean, nowMs: number): void {
    if (n.zxid === ZXID_NONE && n.round === ROUND_OF_QUESTIONS) {
      this.host.send(from, writeNotification({ ...this.vote, state: 'looking', round: ROUND_OF_ANSWERS }, this.config));
    } else if (!fresh) {
      this.sendTo(from);
    }
    this.maybeCount(nowMs);
  }

  /** The round of those who vote: an abstaining voter that begins to count begins there. */
  private roundOfVoters(): number {
    let round = 0;
    for (const told of this.told.values()) {
      if (!told.abstains && told.round > round) round = told.round;
    }
    return round === 0 ? this.round : round;
  }

  private maybeCount(nowMs: number): void {
    const round = this.roundOfVoters();
    if (!this.mayCount(round, nowMs)) return;
    this.abstaining = false;
    this.round = round;
    this.votes.clear();
    let best = this.ownStanding();
    for (const [sid, told] of this.told) {
      if (told.abstains || told.round !== round) continue;
      this.votes.set(sid, { ...told.standing, round, state: 'looking', version: 0 });
      if (this.isBetterFor(told.standing, best)) best = told.standing;
    }
    this.intervalMs = this.options.minNotificationMs;
    this.resendAtMs = nowMs + this.intervalMs;
    this.propose(best, nowMs);
  }

  private mayCount(round: number, nowMs: number): boolean {
    this.roll.clear();
    this.roll.onTold(this.self, false);
    for (const [sid, told] of this.told) {
      // A history is told anew in every round; that there is none does not depend on rounds.
      const history = hasHistory(told.standing.peerEpoch, told.standing.zxid);
      if (told.fresh && (!history || told.round === round)) this.roll.onTold(sid, history);
    }
    if (this.initializeAtMs !== undefined && nowMs >= this.initializeAtMs) {
      this.log.warn({}, 'this voter has no history and counts, because of the file initialize');
      return true;
    }
    if (this.roll.everyoneTold()) {
      this.log.info({ round }, 'all voters have told their history: this voter counts');
      return true;
    }
    if (this.historyHeardOf || !this.roll.isFirstStart()) {
      this.firstStartSinceMs = undefined;
      return false;
    }
    this.firstStartSinceMs ??= nowMs;
    if (nowMs < (this.firstStartDueMs() as number)) return false;
    this.log.info({ missing: this.whoHasNotTold() }, 'no voter that answered has a history: taken for a first start');
    return true;
  }

  private firstStartDueMs(): number | undefined {
    return this.firstStartSinceMs === undefined ? undefined : this.firstStartSinceMs + this.options.firstStartWaitMs;
  }

  /** A new round: what made this voter count has to be so in that round too. True when it abstains again. */
  private mustAbstainAgain(nowMs: number): boolean {
    if (this.mayCount(this.round, nowMs)) return false;
    this.abstaining = true;
    this.vote = this.noVote();
    this.sendToVoters();
    return true;
  }

  /** An epoch above 0 says that there is a history after all, if not a whole one. */
  private noVote(): Vote {
    const { peerEpoch, zxid } = this.candidate;
    const epoch = Math.max(peerEpoch, epochOf(zxid));
    return { leader: this.self, zxid: ZXID_NONE, round: ROUND_OF_QUESTIONS, peerEpoch: epoch };
  }

  private whoHasNotTold(): string {
    const missing: number[] = [];
    for (const verifier of this.verifiers) {
      for (const sid of verifier.voters) {
        if (sid !== this.self && this.told.get(sid)?.fresh !== true && !missing.includes(sid)) missing.push(sid);
      }
    }
    return missing.join(',');
  }

  // ---- configurations

  private useConfig(verifier: QuorumVerifier, next: QuorumVerifier | undefined): void {
    this.verifier = verifier;
    this.verifiers = next !== undefined && next.version > verifier.version ? [verifier, next] : [verifier];
    this.configText = verifier.text();
    this.config = Buffer.from(this.configText, 'utf8');
    this.roll = new HistoryRoll(this.verifiers);
  }

  /** True when the notification led to other members and is done with. */
  private takesNewerConfig(from: number, n: Notification): boolean {
    if (n.configText === undefined || this.state !== 'looking' || !this.options.adoptNewerConfig) return false;
    if (n.configText === this.configText || n.configText === this.passedOverText) return false;
    this.passedOverText = n.configText;
    let verifier: QuorumVerifier;
    try {
      const { multiAddress, standaloneEnabled } = this.options;
      verifier = parseQuorumText(n.configText, { multiAddress, standaloneEnabled, otherKeys: 'refuse' });
    } catch (error) {
      this.log.warn({ from, reason: messageOf(error) }, 'the configuration in a notification is not usable');
      return false;
    }
    if (verifier.version <= this.verifier.version) return false;
    this.log.info({ from, version: zxidHex(verifier.version) }, 'a newer configuration came with a notification');
    this.passedOverText = undefined;
    this.host.onNewerConfig(verifier);
    if (!verifier.sameAs(this.verifier)) return true;
    this.useConfig(verifier, this.verifiers[1]);
    return false;
  }

  // ---- sending

  private sendToVoters(): void {
    const message = this.message();
    const sent = new Set<number>([this.self]);
    for (const verifier of this.verifiers) {
      for (const sid of verifier.voters) {
        if (sent.has(sid)) continue;
        sent.add(sid);
        this.host.send(sid, message);
      }
    }
  }

  private sendTo(sid: number): void {
    this.host.send(sid, this.message());
  }

  private message(): Buffer {
    assert(this.state !== 'idle', 'nothing to say before the first election');
    return writeNotification({ ...this.vote, state: this.state }, this.config);
  }

  private clearTables(): void {
    this.votes.clear();
    this.settledVotes.clear();
    this.finalizeAtMs = undefined;
  }
}

function received(n: Notification): ReceivedVote {
  const { leader, zxid, round, peerEpoch, state, version } = n;
  return { leader, zxid, round, peerEpoch, state, version };
}
