import { Fifo } from '../../base/fifo.ts';
import type { Zxid } from '../../jute/zxid.ts';

/**
 * What has to wait until the leader is known to have led after it was asked: a `sync` of a client, wherever it is
 * connected. ZooKeeper answers it once everything outstanding at the leader is committed, and a leader that was
 * deposed and does not know it yet, with nothing outstanding, answers at once with a stale tree. Here a quorum must
 * have answered a PING sent after the question: a voter that answers has followed no one else by then, so nobody can
 * have led instead before the question was asked. Nothing changes on the wire.
 *
 * PINGs go out in rounds, and a question waits for the first round begun after it. While the last round is open,
 * questions gather for the next: under load one round serves many.
 */
export interface Barrier {
  /** The round of PINGs that answers it. */
  readonly round: number;
  /** What was proposed last when it was asked; undefined when nothing was under way. */
  readonly zxid: Zxid | undefined;
  /** The learner's link that asked, or undefined for the host, which gave `token`. */
  readonly link: number | undefined;
  readonly token: number;
}

/** The rounds of PINGs; others begin them as well. */
export interface Rounds {
  readonly lastRound: number;
  begin(): void;
  /** Has a quorum, the leader included, answered this round or a later one? */
  isAnswered(round: number): boolean;
}

export interface BarrierSource {
  /** For a learner's link: COMMIT or INFORM went out before. For the host: its own tree has it. */
  isReached(barrier: Barrier): boolean;
  pass(barrier: Barrier): void;
}

export class Barriers {
  private readonly rounds: Rounds;
  private readonly source: BarrierSource;
  /** Two queues: the own disk, which the host's questions wait for, must not hold up those of the learners. */
  private readonly ofHost = new Fifo<Barrier>();
  private readonly ofLinks = new Fifo<Barrier>();

  constructor(rounds: Rounds, source: BarrierSource) {
    this.rounds = rounds;
    this.source = source;
  }

  get pending(): number {
    return this.ofHost.length + this.ofLinks.length;
  }

  /** A learner came or left: the open round may have asked too few to be answered. */
  neighboursChanged(): void {
    if (this.pending > 0) this.rounds.begin();
  }

  ask(zxid: Zxid | undefined, link: number | undefined, token: number): void {
    const queue = link === undefined ? this.ofHost : this.ofLinks;
    queue.push({ round: this.rounds.lastRound + 1, zxid, link, token });
    this.advance();
  }

  /** To be called whenever a PING was answered, or something was committed or applied. */
  advance(): void {
    if (this.pending === 0) return;
    const wanted = Math.max(this.ofHost.last()?.round ?? 0, this.ofLinks.last()?.round ?? 0);
    const { lastRound } = this.rounds;
    if (wanted > lastRound && this.rounds.isAnswered(lastRound)) this.rounds.begin();
    this.drain(this.ofHost);
    this.drain(this.ofLinks);
  }

  private drain(queue: Fifo<Barrier>): void {
    for (let head = queue.peek(); head !== undefined; head = queue.peek()) {
      if (head.round > this.rounds.lastRound || !this.rounds.isAnswered(head.round)) return;
      if (!this.source.isReached(head)) return;
      queue.shift();
      this.source.pass(head);
    }
  }
}
