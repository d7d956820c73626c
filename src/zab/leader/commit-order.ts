import { Fifo } from '../../base/fifo.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { QuorumPacket } from '../wire/packets.ts';

/**
 * A COMMIT or INFORM of what was proposed behind a learner's `sync` goes out behind the answer to it. Apache's learners
 * expect both in the order in which they forwarded the requests. One that comes too early is not recognised as their
 * own client's, and none of that server's clients has an answer to a write from then on.
 */
export class CommitOrder {
  /**
   * For each `sync` that is not answered the last proposal when it was asked; and the packets that wait for the
   * answers.
   */
  private readonly syncs = new Fifo<Zxid>(8);
  private readonly held = new Fifo<QuorumPacket>(8);

  syncAsked(proposed: Zxid): void {
    this.syncs.push(proposed);
  }

  /** False: to be sent now. */
  holds(commit: QuorumPacket): boolean {
    const asked = this.syncs.peek();
    if (asked === undefined || commit.zxid <= asked) return false;
    this.held.push(commit);
    return true;
  }

  /** The oldest `sync` is answered: what was held behind it goes to the learner. */
  syncAnswered(learner: { send(packet: QuorumPacket): void }): void {
    this.syncs.shift();
    for (let packet = this.takeHeld(); packet !== undefined; packet = this.takeHeld()) learner.send(packet);
  }

  /** The next of what was held and may go. */
  private takeHeld(): QuorumPacket | undefined {
    const commit = this.held.peek();
    if (commit === undefined) return undefined;
    const asked = this.syncs.peek();
    return asked === undefined || commit.zxid <= asked ? this.held.shift() : undefined;
  }
}
