import type { Clock, Timer } from './clock.ts';

/**
 * Real time. What a task throws goes to `onThrow`, so that a broken assert stops the peer whose task it was and
 * not every peer of the process.
 */
export class NodeClock implements Clock {
  private readonly onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.onThrow = onThrow;
  }

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  after(delayMs: number, task: () => void): Timer {
    const timer = new NodeTimer();
    this.arm(timer, this.nowMs() + delayMs, task);
    return timer;
  }

  every(periodMs: number, task: () => void): Timer {
    const timer = new NodeTimer();
    const turn = (): void => {
      this.arm(timer, this.nowMs() + periodMs, turn);
      task();
    };
    this.arm(timer, this.nowMs() + periodMs, turn);
    return timer;
  }

  afterTurn(task: () => void): void {
    setImmediate(() => this.run(task));
  }

  /**
   * setTimeout turns a delay beyond 2^31 ms into 1 ms, and a purge interval in hours can be that long; and it may
   * run up to a millisecond early by the finer clock. In both cases the rest is waited for.
   */
  private arm(timer: NodeTimer, dueMs: number, task: () => void): void {
    if (timer.cancelled) return;
    const delayMs = Math.min(Math.max(Math.ceil(dueMs - this.nowMs()), 0), LONGEST_TIMEOUT_MS);
    timer.handle = setTimeout(() => {
      if (this.nowMs() < dueMs) this.arm(timer, dueMs, task);
      else this.run(task);
    }, delayMs);
  }

  private run(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.onThrow(error);
    }
  }
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

class NodeTimer implements Timer {
  handle: NodeJS.Timeout | undefined = undefined;
  cancelled = false;

  cancel(): void {
    this.cancelled = true;
    clearTimeout(this.handle);
  }
}
