import { Fifo } from '../../base/fifo.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { LearnerLink } from './learner-link.ts';

/**
 * Questions that wait until the leader is known to have led after they were asked: a `sync` of a client, wherever it is
 * connected. ZooKeeper answers it once everything outstanding at the leader is committed. A leader that was deposed and
 * does not know it yet has nothing outstanding, and so answers at once with a stale tree. Here a quorum must have
 * answered a PING sent after the question. A voter that answers has followed no one else by then, so nobody can have
 * led instead before the question was asked. Nothing changes on the wire.
 *
 * PINGs go out in rounds, and a question waits for the first round begun after it. While the last round is open,
 * questions gather for the next: under load one round serves many.
 */
export interface Barrier<Question> {
  /** The round of PINGs that answers it. */
  readonly round: number;
  /** The last proposal when it was asked; undefined when nothing was under way. */
  readonly zxid: Zxid | undefined;
  /** The learner that asked; undefined: somebody at the leader itself, with `question`. */
  readonly learner: LearnerLink | undefined;
  readonly question: Question | undefined;
}

/** The rounds of PINGs; others begin them as well. */
export interface Rounds {
  readonly lastRound: number;
  begin(): void;
  /** Has a quorum, the leader included, answered this round or a later one? */
  isAnswered(round: number): boolean;
}

export interface BarrierSource<Question> {
  /** For a learner: COMMIT or INFORM went out before. At the leader itself: its own tree has it. */
  isReached(barrier: Barrier<Question>): boolean;
  pass(barrier: Barrier<Question>): void;
}

export class Barriers<Question> {
  private readonly rounds: Rounds;
  private readonly source: BarrierSource<Question>;
  /** Two queues: the leader's disk, which its own questions wait for, must not hold up those of the learners. */
  private readonly own = new Fifo<Barrier<Question>>();
  private readonly ofLearners = new Fifo<Barrier<Question>>();

  constructor(rounds: Rounds, source: BarrierSource<Question>) {
    this.rounds = rounds;
    this.source = source;
  }

  get pending(): number {
    return this.own.length + this.ofLearners.length;
  }

  /** A learner came or left: the open round may have asked too few to be answered. */
  neighboursChanged(): void {
    if (this.pending > 0) this.rounds.begin();
  }

  ask(zxid: Zxid | undefined, question: Question): void {
    this.own.push({ round: this.rounds.lastRound + 1, zxid, learner: undefined, question });
    this.advance();
  }

  askFor(learner: LearnerLink, zxid: Zxid | undefined): void {
    this.ofLearners.push({ round: this.rounds.lastRound + 1, zxid, learner, question: undefined });
    this.advance();
  }

  /** To be called whenever a PING was answered, or something was committed or applied. */
  advance(): void {
    if (this.pending === 0) return;
    const wanted = Math.max(this.own.last()?.round ?? 0, this.ofLearners.last()?.round ?? 0);
    const { lastRound } = this.rounds;
    if (wanted > lastRound && this.rounds.isAnswered(lastRound)) this.rounds.begin();
    this.drain(this.own);
    this.drain(this.ofLearners);
  }

  private drain(queue: Fifo<Barrier<Question>>): void {
    for (let head = queue.peek(); head !== undefined; head = queue.peek()) {
      if (head.round > this.rounds.lastRound || !this.rounds.isAnswered(head.round)) return;
      if (!this.source.isReached(head)) return;
      queue.shift();
      this.source.pass(head);
    }
  }
}
