import { progressLine } from '../zk/terminal/progress-bar.ts';

/**
 * Says before something long begins how much there is and how long it takes, and shows at a terminal how far it is. Both
 * go to standard error.
 */
const LONG_MS = 2000;
const REDRAWN_EVERY_MS = 200;
/** Copied, summed and replayed on an ordinary machine; only for the guess before. */
const BYTES_PER_MS = 50_000;
const MEBI = 1 << 20;

export class Meter {
  private readonly what: string;
  private readonly files: number;
  private total: number;
  private readonly startedMs = Date.now();
  private done = 0;
  private drawnMs = 0;

  /** `total` 0: the first step tells how much there is. */
  constructor(what: string, files: number, total: number) {
    this.what = what;
    this.files = files;
    this.total = total;
    this.announce();
  }

  readonly step = (bytes: number, total = this.total): void => {
    if (this.total === 0 && total > 0) {
      this.total = total;
      this.announce();
    }
    this.done += bytes;
    const nowMs = Date.now();
    if (process.stderr.isTTY !== true || nowMs - this.startedMs < LONG_MS || nowMs - this.drawnMs < REDRAWN_EVERY_MS) {
      return;
    }
    this.drawnMs = nowMs;
    const all = Math.max(this.total, this.done);
    const line = progressLine('MiB', Math.floor(this.done / MEBI), Math.ceil(all / MEBI), nowMs - this.startedMs);
    process.stderr.write(`\r${line}`);
  };

  private announce(): void {
    const { files, total } = this;
    if (total / BYTES_PER_MS < LONG_MS) return;
    const seconds = Math.ceil(total / BYTES_PER_MS / 1000);
    process.stderr.write(
      `${this.what} ${files} ${files === 1 ? 'file' : 'files'}, ${mebibytes(total)}: about ${seconds} s\n`,
    );
  }

  end(): void {
    if (this.drawnMs > 0) process.stderr.write('\r\x1b[K');
  }
}

export function mebibytes(bytes: number): string {
  return bytes < MEBI ? `${bytes} bytes` : `${(bytes / MEBI).toFixed(1)} MiB`;
}
