/**
 * Time and the event loop, as the protocol code sees them. node-clock.ts is the real one; the simulator has its own.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start, whole or fractional. Every timeout and expiry uses this. */
  nowMs(): number;
  /** Wall clock, whole milliseconds since 1970. Only for ctime, mtime, TTL and session ids; it may jump. */
  wallMs(): number;
  /** Runs `task` once, `delayMs` from now at the earliest. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` every `periodMs`; a late turn is not made up for by a burst. */
  every(periodMs: number, task: () => void): Timer;
  /** Runs `task` when the current turn of the event loop has delivered everything it has. Batches end here. */
  afterTurn(task: () => void): void;
}

export interface Timer {
  cancel(): void;
}
