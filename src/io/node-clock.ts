import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from './clock.ts';
import type { NodeGuard } from './node-guard.ts';

/** Real time. */
export class NodeClock implements Clock {
  private readonly guard: NodeGuard;
  private readonly armed = new Set<NodeTimer>();
  private toRun: (() => void)[] = [];

  constructor(guard: NodeGuard) {
    this.guard = guard;
  }

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  after(delayMs: number, task: () => void): Timer {
    const timer = new NodeTimer(this.armed);
    this.arm(timer, this.nowMs() + delayMs, () => {
      this.armed.delete(timer);
      this.guard.run(task);
    });
    return timer;
  }

  every(periodMs: number, task: () => void): Timer {
    const timer = new NodeTimer(this.armed);
    const turn = (): void => {
      this.arm(timer, this.nowMs() + periodMs, turn);
      this.guard.run(task);
    };
    this.arm(timer, this.nowMs() + periodMs, turn);
    return timer;
  }

  afterTurn(task: () => void): void {
    this.toRun.push(task);
    if (this.toRun.length === 1) setImmediate(this.onTurnEnd);
  }

  /** Tasks that these ask for are of the next turn. */
  private readonly onTurnEnd = (): void => {
    const { toRun } = this;
    this.toRun = [];
    for (const task of toRun) this.guard.run(task);
  };

  /** Lets the process end although timers were never cancelled. */
  shut(): void {
    for (const timer of [...this.armed]) timer.cancel();
  }

  /**
   * setTimeout turns a delay beyond 2^31 ms into 1 ms, and a purge interval in hours can be that long. It may also run
   * up to a millisecond early by the finer clock. In both cases the rest is waited for.
   */
  private arm(timer: NodeTimer, dueMs: number, task: () => void): void {
    if (timer.cancelled || this.guard.isShut) return;
    const delayMs = Math.min(Math.max(Math.ceil(dueMs - this.nowMs()), 0), LONGEST_TIMEOUT_MS);
    this.armed.add(timer);
    timer.handle = setTimeout(() => {
      if (this.nowMs() < dueMs) this.arm(timer, dueMs, task);
      else task();
    }, delayMs);
  }
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

class NodeTimer implements Timer {
  handle: NodeJS.Timeout | undefined = undefined;
  cancelled = false;
  private readonly armed: Set<NodeTimer>;

  constructor(armed: Set<NodeTimer>) {
    this.armed = armed;
  }

  cancel(): void {
    this.cancelled = true;
    this.armed.delete(this);
    clearTimeout(this.handle);
  }
}
