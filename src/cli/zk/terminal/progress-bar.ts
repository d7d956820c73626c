import type { Output } from '../output.ts';

/** How far a long command is, on standard error of a terminal, once it has taken longer than a moment. */
const SHOWN_AFTER_MS = 2000;
const REDRAWN_EVERY_MS = 200;
const WIDTH = 30;

export class ProgressBar {
  private readonly what: string;
  private readonly total: number;
  private readonly isShown: boolean;
  private readonly startedMs = Date.now();
  private done = 0;
  private drawnMs = 0;

  constructor(what: string, total: number, output: Output) {
    this.what = what;
    this.total = total;
    this.isShown = process.stderr.isTTY === true && !output.json;
  }

  step(by = 1): void {
    this.done += by;
    const nowMs = Date.now();
    if (!this.isShown || nowMs - this.startedMs < SHOWN_AFTER_MS || nowMs - this.drawnMs < REDRAWN_EVERY_MS) return;
    this.drawnMs = nowMs;
    process.stderr.write(`\r${progressLine(this.what, this.done, this.total, nowMs - this.startedMs)}`);
  }

  end(): void {
    if (this.drawnMs > 0) process.stderr.write('\r\x1b[K');
  }
}

/** "[##########....................] 3333 of 9999 deleted, 4 s left" */
export function progressLine(what: string, done: number, total: number, tookMs: number): string {
  const share = total === 0 ? 1 : done / total;
  const full = Math.floor(share * WIDTH);
  const leftSeconds = share === 0 ? 0 : Math.ceil(((1 - share) / share) * (tookMs / 1000));
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${done} of ${total} ${what}, ${leftSeconds} s left`;
}
