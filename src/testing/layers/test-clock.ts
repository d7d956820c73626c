import type { Clock, Timer } from '../../io/clock.ts';
import type { Gate } from './gate.ts';

/**
 * The time of a whole ensemble: real time, and what was skipped of it. Each peer has a view of its own, with a wall clock
 * that can be wrong by itself.
 */
interface Due {
  readonly dueMs: number;
  readonly task: () => void;
}

/** setTimeout takes no more. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export class TestClock {
  private skippedMs = 0;
  private dues: Due[] = [];
  private timer: NodeJS.Timeout | undefined = undefined;

  nowMs(): number {
    return performance.now() + this.skippedMs;
  }

  wallMs(): number {
    return Math.floor(Date.now() + this.skippedMs);
  }

  /** Skips `ms`, and runs what is due by then, in order of time. */
  skip(ms: number): void {
    this.skippedMs += ms;
    this.runDue();
  }

  at(dueMs: number, task: () => void): Due {
    const due = { dueMs, task };
    let place = this.dues.length;
    while (place > 0 && (this.dues[place - 1] as Due).dueMs > dueMs) place--;
    this.dues.splice(place, 0, due);
    if (place === 0) this.arm();
    return due;
  }

  cancel(due: Due): void {
    const place = this.dues.indexOf(due);
    if (place < 0) return;
    this.dues.splice(place, 1);
    if (place === 0) this.arm();
  }

  private runDue(): void {
    const nowMs = this.nowMs();
    for (let next = this.dues[0]; next !== undefined && next.dueMs <= nowMs; next = this.dues[0]) {
      this.dues.shift();
      next.task();
    }
    this.arm();
  }

  private arm(): void {
    clearTimeout(this.timer);
    const next = this.dues[0];
    if (next === undefined) return;
    const waitMs = Math.max(0, Math.ceil(next.dueMs - this.nowMs()));
    this.timer = setTimeout(() => this.runDue(), Math.min(waitMs, LONGEST_TIMEOUT_MS));
  }
}

export class PeerClock implements Clock {
  /** The error of this peer's wall clock, ms. */
  wrongByMs = 0;
  private readonly clock: TestClock;
  private readonly gate: Gate;
  private readonly timers = new Set<PeerTimer>();
  private isShut = false;

  constructor(clock: TestClock, gate: Gate) {
    this.clock = clock;
    this.gate = gate;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  wallMs(): number {
    return this.clock.wallMs() + this.wrongByMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const timer = new PeerTimer(this.clock, this.timers);
    this.arm(timer, delayMs, () => {
      this.timers.delete(timer);
      this.run(timer, task);
    });
    return timer;
  }

  every(periodMs: number, task: () => void): Timer {
    const timer = new PeerTimer(this.clock, this.timers);
    const turn = (): void => {
      this.arm(timer, periodMs, turn);
      this.run(timer, task);
    };
    this.arm(timer, periodMs, turn);
    return timer;
  }

  afterTurn(task: () => void): void {
    setImmediate(() => this.gate.run(task));
  }

  shut(): void {
    this.isShut = true;
    for (const timer of [...this.timers]) timer.cancel();
  }

  /**
   * A timer that was due while its peer was paused, and is cancelled before it goes on, never runs. One that was due more
   * than once runs once.
   */
  private run(timer: PeerTimer, task: () => void): void {
    if (timer.isAtGate) return;
    timer.isAtGate = true;
    this.gate.run(() => {
      timer.isAtGate = false;
      if (!timer.isCancelled) task();
    });
  }

  private arm(timer: PeerTimer, delayMs: number, task: () => void): void {
    if (this.isShut || timer.isCancelled) return;
    this.timers.add(timer);
    timer.due = this.clock.at(this.clock.nowMs() + Math.max(0, delayMs), task);
  }
}

class PeerTimer implements Timer {
  due: Due | undefined = undefined;
  isCancelled = false;
  isAtGate = false;
  private readonly clock: TestClock;
  private readonly timers: Set<PeerTimer>;

  constructor(clock: TestClock, timers: Set<PeerTimer>) {
    this.clock = clock;
    this.timers = timers;
  }

  cancel(): void {
    this.isCancelled = true;
    this.timers.delete(this);
    if (this.due !== undefined) this.clock.cancel(this.due);
  }
}
