import { assert } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';

/**
 * One event of a core at a time. An answer inside an event may lead to a new request at once. A client whose write was
 * applied sends its next one; a learner's request is proposed while its packet is handled. Such a request waits here
 * until the event is over, in the order asked, and so no core is entered from inside itself.
 *
 * Events from outside (a packet, a tick, a disk that answers) never come from inside another one.
 */
export class EventTurn<Asked> {
  private readonly handle: (asked: Asked) => void;
  private readonly waiting = new Fifo<Asked>();
  private isRunning = false;

  /** `handle` is an event as well. */
  constructor(handle: (asked: Asked) => void) {
    this.handle = handle;
  }

  begin(): void {
    assert(!this.isRunning, 'events come one at a time');
    this.isRunning = true;
  }

  end(): void {
    for (let asked = this.waiting.shift(); asked !== undefined; asked = this.waiting.shift()) this.handle(asked);
    this.isRunning = false;
  }

  ask(asked: Asked): void {
    if (this.isRunning) {
      this.waiting.push(asked);
      return;
    }
    this.isRunning = true;
    this.handle(asked);
    this.end();
  }

  /** The role is over: what waits is forgotten. */
  clear(): void {
    this.waiting.clear();
  }
}
