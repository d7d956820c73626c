import type { Clock, Timer } from '../../../src/io/clock.ts';
import type { Scheduler, SimProcess } from './scheduler.ts';
import { turnMs } from './work.ts';

/** 2026-01-01T00:00:00Z, where the wall clocks of simulated worlds start unless told otherwise. */
export const SIM_EPOCH_MS = 1_767_225_600_000;

/** Virtual time as one process sees it. Its wall clock may be set wrong and may jump; its monotonic clock never does. */
export class SimClock implements Clock {
  private readonly scheduler: Scheduler;
  private readonly process: SimProcess;
  /** Each look finds it so much later, as on a machine with too little time for its processes. */
  lookMs = 0;
  private wallOffsetMs = 0;
  private latestMs = 0;

  constructor(process: SimProcess) {
    this.process = process;
    this.scheduler = process.scheduler;
  }

  nowMs(): number {
    // Never back: a long turn ends later than the next one begins.
    this.latestMs = Math.max(
      this.latestMs + this.lookMs,
      this.scheduler.nowUs / 1000 + turnMs(this.scheduler.turnWork),
    );
    return this.latestMs;
  }

  wallMs(): number {
    return SIM_EPOCH_MS + this.wallOffsetMs + Math.floor(this.scheduler.nowUs / 1000);
  }

  /** The operator, or NTP, sets the clock. */
  jumpWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.scheduler.after(Math.max(0, Math.ceil(delayMs * 1000)), this.process, task);
  }

  every(periodMs: number, task: () => void): Timer {
    return new Periodic(this, periodMs, task);
  }

  afterTurn(task: () => void): void {
    this.scheduler.after(0, this.process, task);
  }
}

class Periodic implements Timer {
  private readonly clock: SimClock;
  private readonly periodMs: number;
  private readonly task: () => void;
  private next: Timer;

  constructor(clock: SimClock, periodMs: number, task: () => void) {
    this.clock = clock;
    this.periodMs = periodMs;
    this.task = task;
    this.next = clock.after(periodMs, this.turn);
  }

  cancel(): void {
    this.next.cancel();
  }

  // Armed anew before the task runs, so that the task may cancel, and from now on, so that a pause ends in one call.
  private readonly turn = (): void => {
    this.next = this.clock.after(this.periodMs, this.turn);
    this.task();
  };
}
