/** One line of the log in so long for a kind of event that a stranger can cause; the next one says how many there were not. */
const LINE_MS = 1000;

export class LineLimit {
  private lastMs = Number.NEGATIVE_INFINITY;
  private suppressed = 0;

  say(line: (suppressed: number) => void): void {
    const nowMs = performance.now();
    if (nowMs - this.lastMs < LINE_MS) {
      this.suppressed++;
      return;
    }
    this.lastMs = nowMs;
    line(this.suppressed);
    this.suppressed = 0;
  }
}
