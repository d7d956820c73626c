import { ProtocolError } from '../../base/errors.ts';
import type { Counter } from '../metrics/counters.ts';

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
  private readonly rejected: Counter;
  private bytes = 0;

  constructor({ thresholdBytes, maxBytes }: LargeRequestOptions, rejected: Counter) {
    this.rejected = rejected;
    this.thresholdBytes = thresholdBytes ?? Number.POSITIVE_INFINITY;
    this.maxBytes = maxBytes;
  }

  /** There are none any more. */
  clear(): void {
    this.bytes = 0;
  }

  /**
   * Throws ProtocolError when there is no room for one more. Asked when its length is known, and again when it has come
   * in whole: others may have come before it.
   */
  check(length: number): void {
    if (length <= this.thresholdBytes || this.bytes + length <= this.maxBytes) return;
    this.rejected.add(1);
    throw new ProtocolError(
      `large requests fill largeRequestMaxBytes=${this.maxBytes}, and this one has ${length} bytes`,
    );
  }

  add(length: number): void {
    if (length > this.thresholdBytes) this.bytes += length;
  }

  remove(length: number): void {
    if (length > this.thresholdBytes) this.bytes -= length;
  }
}
