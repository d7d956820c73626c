import { Writer } from '../../jute/writer.ts';

/**
 * Writers for connections that have something to say in this turn. A connection holds one from its first reply of
 * the turn until the flush, so ten thousand idle connections hold none. When many speak at once (a watch of
 * everybody fires) the rest get small ones, which are not kept.
 */
const KEPT_WRITERS = 64;
const KEPT_CHUNK_BYTES = 64 * 1024;
const SPARE_CHUNK_BYTES = 512;

/** A part that has written something in this turn. */
export interface HasOutput {
  flush(): void;
}

export class WriterPool {
  private readonly free: Writer[] = [];
  private readonly kept = new Set<Writer>();

  take(): Writer {
    const writer = this.free.pop();
    if (writer !== undefined) return writer;
    if (this.kept.size === KEPT_WRITERS) return new Writer(SPARE_CHUNK_BYTES);
    const made = new Writer(KEPT_CHUNK_BYTES);
    this.kept.add(made);
    return made;
  }

  /** Everything in it has been taken. One that had to grow far is not kept: it would hold on to its buffer. */
  give(writer: Writer): void {
    if (!this.kept.has(writer)) return;
    if (writer.heldBytes > 4 * KEPT_CHUNK_BYTES) this.kept.delete(writer);
    else this.free.push(writer);
  }
}
