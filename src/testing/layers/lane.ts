import { Fifo } from '../../base/fifo.ts';

/**
 * One direction of a connection: what goes through it keeps its order, and can be held or slowed down. While nothing is
 * asked for, everything passes at once. Delays are in real time, which is the time of those who wait at the other end.
 */
interface Step {
  readonly task: () => void;
  readonly bytes: number;
  readonly dueMs: number;
}

export class Lane {
  /** Added to the way of everything that comes from now on, ms. */
  slowMs = 0;
  private readonly waiting = new Fifo<Step>();
  private readonly onMoved: () => void;
  private bytes = 0;
  private holds = 0;
  private timer: NodeJS.Timeout | undefined = undefined;
  private isOver = false;

  /** `onMoved`: nothing is held back any more. */
  constructor(onMoved: () => void = () => {}) {
    this.onMoved = onMoved;
  }

  /** Bytes that wait here. */
  get heldBytes(): number {
    return this.bytes;
  }

  get isMoving(): boolean {
    return this.holds === 0 && this.waiting.length === 0;
  }

  pass(task: () => void, bytes = 0, delayMs = 0): void {
    if (this.isOver) return;
    const waitMs = this.slowMs + delayMs;
    if (waitMs === 0 && this.isMoving) {
      task();
      return;
    }
    this.waiting.push({ task, bytes, dueMs: performance.now() + waitMs });
    this.bytes += bytes;
    this.move();
  }

  /** Nothing passes until the answer is called. */
  hold(): () => void {
    this.holds++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.holds--;
      this.move();
    };
  }

  /** Everything that waits is dropped, and all that comes later. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    while (this.waiting.shift() !== undefined);
    this.bytes = 0;
  }

  private move(): void {
    clearTimeout(this.timer);
    if (this.isOver || this.holds > 0) return;
    const held = this.waiting.length > 0;
    for (let next = this.waiting.peek(); next !== undefined; next = this.waiting.peek()) {
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.move(), Math.ceil(waitMs));
        return;
      }
      this.waiting.shift();
      this.bytes -= next.bytes;
      next.task();
      if (this.isOver || this.holds > 0) return;
    }
    if (held) this.onMoved();
  }
}
