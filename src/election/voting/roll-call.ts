import type { Log } from '../../base/log.ts';
import { ZXID_NONE } from '../../jute/zxid.ts';
import type { ElectionOptions } from './election-host.ts';
import type { Electorate } from './electorate.ts';
import { HistoryRoll, hasHistory } from './history-roll.ts';
import type { Notification } from './notification.ts';
import type { Standing } from './vote.ts';

/**
 * The answers that a voter without a history has from the others, and since when. They say whether it may count by the
 * rule of history-roll.ts, in which round it then begins, and whose votes it has in that round already.
 *
 * A voter has told when its message was sent since the connection to it came about: a server repeats its last message,
 * however old, on a new connection (peer-mesh.ts). A history is told anew in every round; that there is none does not
 * depend on rounds.
 */
interface Told {
  readonly standing: Standing;
  readonly round: bigint;
  readonly abstains: boolean;
  readonly fresh: boolean;
}

const SAY_WAITING_MS = 60_000;

export class RollCall {
  private readonly self: number;
  private readonly options: ElectionOptions;
  private readonly electorate: Electorate;
  private readonly log: Log;
  private readonly told = new Map<number, Told>();
  /** A history exists somewhere: what looks like a first start is none. For as long as this object lives. */
  private historyHeardOf = false;
  private firstStartSinceMs: number | undefined = undefined;
  private initializeAtMs: number | undefined = undefined;
  private saidWaitingMs = Number.NEGATIVE_INFINITY;

  constructor(self: number, options: ElectionOptions, electorate: Electorate, log: Log) {
    this.self = self;
    this.options = options;
    this.electorate = electorate;
    this.log = log;
  }

  /** A new election. */
  begin(): void {
    this.told.clear();
    this.firstStartSinceMs = undefined;
    this.initializeAtMs = undefined;
  }

  /** The operator vouches for what may be lost; others are asked first whether they know better. */
  vouchedFor(nowMs: number): void {
    this.initializeAtMs = nowMs + this.options.minNotificationMs;
  }

  heardOf({ peerEpoch, zxid }: Omit<Standing, 'leader'>): void {
    if (hasHistory(peerEpoch, zxid)) this.historyHeardOf = true;
  }

  /** `from` is looking. */
  onTold(from: number, n: Notification, fresh: boolean): void {
    const abstains = n.zxid === ZXID_NONE;
    const before = this.told.get(from);
    this.told.set(from, {
      standing: { leader: n.leader, zxid: n.zxid, peerEpoch: n.peerEpoch },
      round: n.round,
      abstains,
      fresh: fresh || (before?.fresh ?? false),
    });
  }

  /** `sid` is not looking any more. */
  forget(sid: number): void {
    this.told.delete(sid);
  }

  /** The round of those who vote, if anybody does: an abstaining voter that begins to count begins there. */
  roundOfVoters(ownRound: bigint): bigint {
    let round: bigint | undefined;
    for (const told of this.told.values()) {
      if (!told.abstains && (round === undefined || told.round > round)) round = told.round;
    }
    return round ?? ownRound;
  }

  votesIn(round: bigint): [sid: number, standing: Standing][] {
    const votes: [number, Standing][] = [];
    for (const [sid, told] of this.told) {
      if (!told.abstains && told.round === round) votes.push([sid, told.standing]);
    }
    return votes;
  }

  mayCount(round: bigint, nowMs: number): boolean {
    const roll = new HistoryRoll(this.electorate.verifiers);
    roll.onTold(this.self, false);
    for (const [sid, told] of this.told) {
      const history = hasHistory(told.standing.peerEpoch, told.standing.zxid);
      if (told.fresh && (!history || told.round === round)) roll.onTold(sid, history);
    }
    if (this.initializeAtMs !== undefined && nowMs >= this.initializeAtMs) {
      this.log.warn({}, 'this voter has no history and counts, because of the file initialize');
      return true;
    }
    if (roll.everyoneTold()) {
      this.log.info({ round: Number(round) }, 'all voters have told their history: this voter counts');
      return true;
    }
    if (this.historyHeardOf || !roll.isFirstStart()) {
      this.firstStartSinceMs = undefined;
      return false;
    }
    this.firstStartSinceMs ??= nowMs;
    if (nowMs < this.firstStartSinceMs + this.options.firstStartWaitMs) return false;
    this.log.info({ missing: this.whoHasNotTold() }, 'no voter that answered has a history: taken for a first start');
    return true;
  }

  /** When `mayCount` may say something else, should nobody tell more until then. */
  get deadlineMs(): number | undefined {
    const dueMs: number[] = [];
    if (this.initializeAtMs !== undefined) dueMs.push(this.initializeAtMs);
    if (this.firstStartSinceMs !== undefined) dueMs.push(this.firstStartSinceMs + this.options.firstStartWaitMs);
    return dueMs.length === 0 ? undefined : Math.min(...dueMs);
  }

  sayWaiting(nowMs: number): void {
    if (nowMs - this.saidWaitingMs < SAY_WAITING_MS) return;
    this.saidWaitingMs = nowMs;
    this.log.info({ waitingFor: this.whoHasNotTold() }, 'still without a history, and waiting');
  }

  private whoHasNotTold(): string {
    return this.electorate.voters.filter((sid) => sid !== this.self && this.told.get(sid)?.fresh !== true).join(',');
  }
}
