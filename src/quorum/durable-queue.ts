import { Fifo } from '../base/fifo.ts';
import { ZXID_ZERO, type Zxid } from '../jute/zxid.ts';

/**
 * What a learner may do only when its own disk has everything that was appended before: one queue, so that an
 * acknowledgement never overtakes an earlier one. It belongs to one role and dies with it.
 */
interface Waiting {
  readonly zxid: Zxid;
  readonly task: () => void;
}

export class DurableQueue {
  private readonly waiting = new Fifo<Waiting>();
  private lastAppended: Zxid = ZXID_ZERO;
  private lastDurable: Zxid = ZXID_ZERO;

  onAppended(zxid: Zxid): void {
    this.lastAppended = zxid;
  }

  onDurable(zxid: Zxid): void {
    this.lastDurable = zxid;
    this.run();
  }

  /** After everything appended so far, and after every earlier task; at once if nothing is in the way. */
  push(task: () => void): void {
    this.waiting.push({ zxid: this.lastAppended, task });
    this.run();
  }

  clear(): void {
    this.waiting.clear();
  }

  private run(): void {
    for (
      let head = this.waiting.peek();
      head !== undefined && head.zxid <= this.lastDurable;
      head = this.waiting.peek()
    ) {
      this.waiting.shift();
      head.task();
    }
  }
}
