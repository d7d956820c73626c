import { type Stats, stat } from 'node:fs';

/**
 * Looks at files again and again, and says when one has changed and is at rest again. Looking rather than being told: a
 * Kubernetes secret changes by a link two directories up, and not every file system tells.
 */
const LOOK_MS = 1000;

export class FileWatch {
  private readonly files: readonly string[];
  private readonly onChange: () => void;
  private readonly onFirst: () => void;
  private readonly timer: NodeJS.Timeout;
  private seen: string | undefined = undefined;
  private hasChanged = false;
  private isLooking = false;

  /** `onFirst`: the files have been looked at once, and are changed ones from then on. */
  constructor(files: readonly string[], onChange: () => void, lookMs = LOOK_MS, onFirst: () => void = () => {}) {
    this.files = files;
    this.onChange = onChange;
    this.onFirst = onFirst;
    this.timer = setInterval(() => this.look(), lookMs).unref();
    this.look();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    const marks: string[] = [];
    let left = this.files.length;
    for (const [i, file] of this.files.entries()) {
      stat(file, (error, stats) => {
        marks[i] = error === null ? markOf(stats) : 'none';
        if (--left === 0) this.onLooked(marks.join(' '));
      });
    }
  }

  private onLooked(now: string): void {
    this.isLooking = false;
    if (this.seen === undefined) this.onFirst();
    const isAtRest = this.seen === undefined || this.seen === now;
    this.seen = now;
    if (!isAtRest) this.hasChanged = true;
    else if (this.hasChanged) {
      this.hasChanged = false;
      this.onChange();
    }
  }
}

function markOf({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs}-${size}-${ino}`;
}
