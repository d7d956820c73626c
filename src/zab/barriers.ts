import { Fifo } from '../base/fifo.ts';
import type { Zxid } from '../jute/zxid.ts';

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

export interface BarrierSource {
  /** Has a quorum, the leader included, answered this round or a later one? */
  isRoundAnswered(round: number): boolean;
  /** Begins the next round. */
  beginRound(): void;
  /** For a learner's link: COMMIT or INFORM went out before. For the host: its own tree has it. */
  isReached(barrier: Barrier): boolean;
  pass(barrier: Barrier): void;
}

export class Barriers {
  private readonly source: BarrierSource;
  private lastRound = 0;
  /** Two queues: the own disk, which the host's questions wait for, must not hold up those of the learners. */
  private readonly ofHost = new Fifo<Barrier>();
  private readonly ofLinks = new Fifo<Barrier>();

  constructor(source: BarrierSource) {
    this.source = source;
  }

  get pending(): number {
    return this.ofHost.length + this.ofLinks.length;
  }

  /** A round was begun, for whatever reason. */
  roundBegun(round: number): void {
    this.lastRound = round;
  }

  /** A learner came or left: the open round may have asked too few to be answered. */
  neighboursChanged(): void {
    if (this.pending > 0) this.source.beginRound();
  }

  ask(zxid: Zxid | undefined, link: number | undefined, token: number): void {
    const queue = link === undefined ? this.ofHost : this.ofLinks;
    queue.push({ round: this.lastRound + 1, zxid, link, token });
    this.advance();
  }

  /** To be called whenever a PING was answered, or something was committed or applied. */
  advance(): void {
    if (this.pending === 0) return;
    const wanted = Math.max(this.ofHost.last()?.round ?? 0, this.ofLinks.last()?.round ?? 0);
    if (wanted > this.lastRound && this.source.isRoundAnswered(this.lastRound)) this.source.beginRound();
    this.drain(this.ofHost);
    this.drain(this.ofLinks);
  }

  private drain(queue: Fifo<Barrier>): void {
    for (let head = queue.peek(); head !== undefined; head = queue.peek()) {
      if (head.round > this.lastRound || !this.source.isRoundAnswered(head.round) || !this.source.isReached(head))
        return;
      queue.shift();
      this.source.pass(head);
    }
  }
}
