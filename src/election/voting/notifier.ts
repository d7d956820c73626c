import type { ElectionHost, ElectionOptions } from './election-host.ts';
import type { Electorate } from './electorate.ts';
import { type PeerState, writeNotification } from './notification.ts';
import type { Vote } from './vote.ts';

/**
 * Decides which servers are sent a notification, and when again. All voters are sent one at once with every new
 * proposal; as long as nothing is decided they are sent it again, after a wait that doubles each time.
 */

/** Nothing is as important as a first start, and nothing is lost by asking: an abstaining voter asks this often. */
const ABSTAINING_MAX_NOTIFICATION_MS = 5000;
/** An oracle is asked again with each repetition, and has its word when the other one of two voters is found to be dead. */
const MAX_WITH_ORACLE_MS = 1000;
const STRANGERS_EVERY_MS = 50;

export interface Word extends Vote {
  readonly state: PeerState;
}

export class Notifier {
  private readonly self: number;
  private readonly options: ElectionOptions;
  private readonly electorate: Electorate;
  private readonly host: Pick<ElectionHost, 'send'>;
  private intervalMs = 0;
  private resendAtMs = 0;
  private readonly strangersAnsweredMs = new Map<number, number>();

  constructor(self: number, options: ElectionOptions, electorate: Electorate, host: Pick<ElectionHost, 'send'>) {
    this.self = self;
    this.options = options;
    this.electorate = electorate;
    this.host = host;
  }

  /** A new election. */
  begin(nowMs: number): void {
    this.strangersAnsweredMs.clear();
    this.hurry(nowMs);
  }

  /** As often as at first from now on. */
  hurry(nowMs: number): void {
    this.intervalMs = this.options.minNotificationMs;
    this.resendAtMs = nowMs + this.intervalMs;
  }

  /** When everybody is to be told again. */
  get dueMs(): number {
    return this.resendAtMs;
  }

  tellAgain(word: Word, nowMs: number, abstaining: boolean): void {
    this.tellVoters(word);
    const max = abstaining ? ABSTAINING_MAX_NOTIFICATION_MS : Number.POSITIVE_INFINITY;
    const asking = this.electorate.mayHaveLoneLeader ? MAX_WITH_ORACLE_MS : max;
    this.intervalMs = Math.min(this.intervalMs * 2, this.options.maxNotificationMs, asking);
    this.resendAtMs = nowMs + this.intervalMs;
  }

  tellVoters(word: Word): void {
    const message = writeNotification(word, this.electorate.config);
    for (const sid of this.electorate.voters) {
      if (sid !== this.self) this.host.send(sid, message);
    }
  }

  tell(sid: number, word: Word): void {
    this.host.send(sid, writeNotification(word, this.electorate.config));
  }

  /**
   * Observers learn from these answers whom to follow. Not every word of theirs is answered. An observer of Apache's in
   * a later round than ours answers each of our answers, and two servers that take each other for strangers would go on
   * for ever as well.
   */
  tellStranger(sid: number, word: Word, nowMs: number): void {
    if (nowMs - (this.strangersAnsweredMs.get(sid) ?? Number.NEGATIVE_INFINITY) < STRANGERS_EVERY_MS) return;
    this.strangersAnsweredMs.set(sid, nowMs);
    this.tell(sid, word);
  }
}
