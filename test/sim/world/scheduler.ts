import { workDone } from './work.ts';

/**
 * The simulated world's one queue of events, ordered by (time, sequence), and the processes they belong to. Time is
 * virtual and jumps from event to event; nothing happens except in an event, and no event runs inside another. The
 * trace hash runs over everything that fired, so two runs that differ anywhere differ in it.
 *
 * clock.ts, net.ts and the simulated disk are built on this and hold no queue of their own.
 */

/** Microseconds of virtual time: whole numbers, so that adding delays is exact. */
export type Micros = number;

export class SimEvent {
  time: Micros;
  sequence: number;
  /** In the queue, and not set aside because its process is paused. */
  queued = true;
  /** undefined: the world's own (a cable, a disk controller); it happens whatever state the processes are in. */
  readonly process: SimProcess | undefined;
  task: (() => void) | undefined;
  private readonly scheduler: Scheduler;

  constructor(scheduler: Scheduler, time: Micros, sequence: number, process: SimProcess | undefined, task: () => void) {
    this.scheduler = scheduler;
    this.time = time;
    this.sequence = sequence;
    this.process = process;
    this.task = task;
  }

  cancel(): void {
    if (this.task === undefined) return;
    this.task = undefined;
    if (this.queued) this.scheduler.onCancelled();
  }
}

/** So many events at one moment mean that time will never go on. */
const MOST_AT_ONCE = 1_000_000;

export class Scheduler {
  /** Hears what each event of a process has cost. */
  onTurn: (process: SimProcess, work: number) => void = () => {};
  private readonly heap: SimEvent[] = [];
  private time: Micros = 0;
  private sequence = 0;
  private cancelled = 0;
  private traceHash = 0x811c9dc5;
  private fired = 0;
  private firedNow = 0;
  private turnBegan = 0;

  get nowUs(): Micros {
    return this.time;
  }

  get nowMs(): number {
    return this.time / 1000;
  }

  /** The price of the present turn so far. */
  get turnWork(): number {
    return workDone() - this.turnBegan;
  }

  /** How many events have run. */
  get eventCount(): number {
    return this.fired;
  }

  /** Events waiting, cancelled ones not counted. */
  get pending(): number {
    return this.heap.length - this.cancelled;
  }

  /** Over time, order and notes of everything so far. */
  get hash(): string {
    return (this.traceHash >>> 0).toString(16).padStart(8, '0');
  }

  /** Makes something that the order of events alone does not show part of the trace. */
  note(value: number): void {
    const h = Math.imul(this.traceHash ^ value, 0x01000193);
    this.traceHash = h ^ (h >>> 15);
  }

  noteText(text: string): void {
    for (let i = 0; i < text.length; i++) this.note(text.charCodeAt(i));
  }

  noteBytes(bytes: Uint8Array): void {
    this.note(bytes.length);
    const end = Math.min(bytes.length, 64);
    for (let i = 0; i < end; i++) this.note(bytes[i] as number);
  }

  at(time: Micros, process: SimProcess | undefined, task: () => void): SimEvent {
    const event = new SimEvent(this, time < this.time ? this.time : time, this.sequence++, process, task);
    this.push(event);
    return event;
  }

  after(delay: Micros, process: SimProcess | undefined, task: () => void): SimEvent {
    return this.at(this.time + delay, process, task);
  }

  /** Runs the next event; false when there is none. */
  step(): boolean {
    for (;;) {
      const event = this.heap[0];
      if (event === undefined) return false;
      this.pop();
      const task = event.task;
      if (task === undefined) {
        this.cancelled--;
        continue;
      }
      if (event.time > this.time) this.firedNow = 0;
      else if (++this.firedNow > MOST_AT_ONCE) throw new Error(`time stands still at ${this.time} us`);
      this.time = event.time;
      const process = event.process;
      if (process !== undefined) {
        if (process.isDead) continue;
        if (process.isPaused) {
          process.defer(event);
          continue;
        }
      }
      event.task = undefined;
      this.fired++;
      this.note(event.time | 0);
      this.note(event.sequence);
      if (process === undefined) {
        task();
      } else {
        this.turnBegan = workDone();
        try {
          task();
        } catch (error) {
          process.onThrow(error);
        }
        this.onTurn(process, workDone() - this.turnBegan);
      }
      return true;
    }
  }

  /** Everything up to and including that moment; the clock stands there afterwards. */
  runUntilMs(timeMs: number): void {
    const end = Math.round(timeMs * 1000);
    for (;;) {
      const next = this.nextTime();
      if (next === undefined || next > end) break;
      this.step();
    }
    if (end > this.time) this.time = end;
  }

  runForMs(durationMs: number): void {
    this.runUntilMs(this.nowMs + durationMs);
  }

  /** Until `done()` after some event, at most `limitMs`; whether it came about. */
  runUntil(done: () => boolean, limitMs: number): boolean {
    const end = this.time + Math.round(limitMs * 1000);
    while (!done()) {
      const next = this.nextTime();
      if (next === undefined || next > end) {
        this.time = Math.max(this.time, end);
        return done();
      }
      this.step();
    }
    return true;
  }

  onCancelled(): void {
    this.cancelled++;
    if (this.cancelled > 1024 && this.cancelled > this.heap.length / 2) this.compact();
  }

  /** Puts an event that was set aside back into the queue, behind what is due at this moment. */
  requeue(event: SimEvent): void {
    if (event.task === undefined) return;
    event.time = this.time;
    event.sequence = this.sequence++;
    event.queued = true;
    this.push(event);
  }

  private nextTime(): Micros | undefined {
    for (;;) {
      const event = this.heap[0];
      if (event === undefined) return undefined;
      if (event.task !== undefined) return event.time;
      this.pop();
      this.cancelled--;
    }
  }

  private compact(): void {
    const live = this.heap.filter((event) => event.task !== undefined);
    live.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
    this.heap.length = 0;
    // Sorted is a heap.
    for (const event of live) this.heap.push(event);
    this.cancelled = 0;
  }

  private push(event: SimEvent): void {
    const heap = this.heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as SimEvent;
      if (!before(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  private pop(): void {
    const heap = this.heap;
    const last = heap.pop() as SimEvent;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= size) break;
      let child = heap[childAt] as SimEvent;
      const right = heap[childAt + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        childAt++;
      }
      if (!before(child, last)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

/** How a process ends: with its kernel alive, which closes what it had open, or with the whole machine. */
export type Death = 'killed' | 'power';

/**
 * One run of a program: it is paused and goes on, or dies and never comes back (a restart is a new SimProcess). When
 * it dies, every event of it that has not run yet is void; what clock, network and disk must do then hangs on `onDeath`.
 */
export class SimProcess {
  readonly name: string;
  readonly scheduler: Scheduler;
  /** Takes an exception of one of its events; unless set, the simulation stops with it. */
  onThrow: (error: unknown) => void = (error) => {
    throw error;
  };
  private dead = false;
  private paused = false;
  private deferred: SimEvent[] = [];
  private readonly deathTasks: ((death: Death) => void)[] = [];

  constructor(scheduler: Scheduler, name: string) {
    this.scheduler = scheduler;
    this.name = name;
  }

  get isDead(): boolean {
    return this.dead;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  onDeath(task: (death: Death) => void): void {
    this.deathTasks.push(task);
  }

  /** SIGSTOP: time goes on, its events wait. */
  pause(): void {
    this.paused = true;
  }

  /** SIGCONT: everything that became due meanwhile happens now, in the order it was due. */
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    const deferred = this.deferred;
    this.deferred = [];
    for (const event of deferred) this.scheduler.requeue(event);
  }

  kill(death: Death = 'killed'): void {
    if (this.dead) return;
    this.dead = true;
    this.deferred = [];
    for (const task of this.deathTasks) task(death);
  }

  defer(event: SimEvent): void {
    event.queued = false;
    this.deferred.push(event);
  }
}
