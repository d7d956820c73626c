import { Writer } from '../../jute/writer.ts';

/**
 * Writers for connections that have something to say in this turn. A connection holds one from its first reply of
 * the turn until the flush, so ten thousand idle connections hold none.
 *
 * The first few are large: connections with many requests under way need that, and there are seldom many of those at
 * once. Where hundreds answer one request each, the rest get small ones, and those are kept as well: a buffer made for
 * each answer costs more than the answer. When everybody speaks at once (a watch of everybody fires) those beyond get one
 * that is not kept.
 */
const LARGE_WRITERS = 64;
const LARGE_CHUNK_BYTES = 64 * 1024;
const SMALL_WRITERS = 1024;
const SMALL_CHUNK_BYTES = 2 * 1024;
const SPARE_CHUNK_BYTES = 512;

/** A part that has written something in this turn. */
export interface HasOutput {
  flush(): void;
}

/** Writers of one size, made when they are first needed. */
class Shelf {
  private readonly chunkBytes: number;
  private readonly most: number;
  private readonly free: Writer[] = [];
  private readonly kept = new Set<Writer>();

  constructor(chunkBytes: number, most: number) {
    this.chunkBytes = chunkBytes;
    this.most = most;
  }

  take(): Writer | undefined {
    const writer = this.free.pop();
    if (writer !== undefined || this.kept.size === this.most) return writer;
    const made = new Writer(this.chunkBytes);
    this.kept.add(made);
    return made;
  }

  /** False: it is none of these. One that had to grow far is not kept: it would hold on to its buffer. */
  give(writer: Writer): boolean {
    if (!this.kept.has(writer)) return false;
    if (writer.heldBytes > 4 * this.chunkBytes) this.kept.delete(writer);
    else this.free.push(writer);
    return true;
  }
}

export class WriterPool {
  private readonly large = new Shelf(LARGE_CHUNK_BYTES, LARGE_WRITERS);
  private readonly small = new Shelf(SMALL_CHUNK_BYTES, SMALL_WRITERS);

  take(): Writer {
    return this.large.take() ?? this.small.take() ?? new Writer(SPARE_CHUNK_BYTES);
  }

  /** Everything in it has been taken. */
  give(writer: Writer): void {
    if (!this.large.give(writer)) this.small.give(writer);
  }
}
