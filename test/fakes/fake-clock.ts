import type { Clock, Timer } from '../../src/io/clock.ts';

interface Armed {
  readonly periodMs: number;
  readonly task: () => void;
  dueMs: number;
}

/** Time and turns that pass when the test says so. */
export class FakeClock implements Clock {
  now = 1000;
  wall = 1_700_000_000_000;
  private turn: (() => void)[] = [];
  private readonly timers = new Set<Armed>();

  nowMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.wall;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.arm(delayMs, 0, task);
  }

  every(periodMs: number, task: () => void): Timer {
    return this.arm(periodMs, periodMs, task);
  }

  afterTurn(task: () => void): void {
    this.turn.push(task);
  }

  get timerCount(): number {
    return this.timers.size;
  }

  /** Tasks to run after this turn, and those that they ask for. */
  endTurn(): void {
    while (this.turn.length > 0) this.oneTurn();
  }

  /** One turn, and not those that it asks for. */
  oneTurn(): void {
    const tasks = this.turn;
    this.turn = [];
    for (const task of tasks) task();
  }

  turns(count: number): void {
    for (let i = 0; i < count; i++) this.oneTurn();
  }

  /** The present turn ends; then the timers run in the order in which they are due, each in a turn of its own. */
  advance(ms: number): void {
    this.endTurn();
    const end = this.now + ms;
    for (let next = this.firstDue(end); next !== undefined; next = this.firstDue(end)) {
      this.passTo(next.dueMs);
      if (next.periodMs > 0) next.dueMs += next.periodMs;
      else this.timers.delete(next);
      next.task();
      this.endTurn();
    }
    this.passTo(end);
  }

  private arm(delayMs: number, periodMs: number, task: () => void): Timer {
    const timer = { dueMs: this.now + delayMs, periodMs, task };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  private firstDue(end: number): Armed | undefined {
    let first: Armed | undefined;
    for (const timer of this.timers)
      if (timer.dueMs <= end && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    return first;
  }

  private passTo(nowMs: number): void {
    this.wall += nowMs - this.now;
    this.now = nowMs;
  }
}
