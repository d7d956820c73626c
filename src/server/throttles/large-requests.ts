/** How much of memory large requests may take that are not answered yet. */
export interface LargeRequestOptions {
  /** A longer request is a large one; undefined: none is. */
  readonly thresholdBytes: number | undefined;
  /** All of them together. */
  readonly maxBytes: number;
}

export class LargeRequests {
  private readonly thresholdBytes: number;
  private readonly maxBytes: number;
  private bytes = 0;

  constructor({ thresholdBytes, maxBytes }: LargeRequestOptions) {
    this.thresholdBytes = thresholdBytes ?? Number.POSITIVE_INFINITY;
    this.maxBytes = maxBytes;
  }

  /** There are none any more. */
  clear(): void {
    this.bytes = 0;
  }

  /** Asked when its length is known, and once more when it has come in whole: others may have come before it. */
  hasRoomFor(length: number): boolean {
    return length <= this.thresholdBytes || this.bytes + length <= this.maxBytes;
  }

  add(length: number): void {
    if (length > this.thresholdBytes) this.bytes += length;
  }

  remove(length: number): void {
    if (length > this.thresholdBytes) this.bytes -= length;
  }
}
