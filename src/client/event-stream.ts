/**
 * Events for a `for await`: those that came before they were asked for wait, up to a limit. The one who feeds it says what
 * stands for those that were too many.
 */
export interface EventStreamOptions<T> {
  readonly limit: number;
  /** Takes the place of everything that waits when one more is too many. */
  readonly onOverflow: (waiting: readonly T[], next: T) => readonly T[];
  /** Once, when it ends, whoever ended it. */
  readonly onEnd: () => void;
  /** Ends it; the reader sees the end, not an error. */
  readonly signal?: AbortSignal | undefined;
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

const DONE = { done: true, value: undefined } as const;

export class EventStream<T> implements AsyncIterableIterator<T> {
  private readonly options: EventStreamOptions<T>;
  private waiting: T[] = [];
  private readers: Reader<T>[] = [];
  private isOver = false;
  private failure: { readonly reason: unknown } | undefined = undefined;
  private readonly onAbort = (): void => this.end();

  constructor(options: EventStreamOptions<T>) {
    this.options = options;
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
    if (options.signal?.aborted === true) this.end();
  }

  push(event: T): void {
    if (this.isOver) return;
    const reader = this.readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: event });
    else if (this.waiting.length < this.options.limit) this.waiting.push(event);
    else this.waiting = [...this.options.onOverflow(this.waiting, event)];
  }

  /** Events that wait are still read. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.signal?.removeEventListener('abort', this.onAbort);
    for (const reader of this.readers.splice(0)) reader.resolve(DONE);
    this.options.onEnd();
  }

  /** The reader meets the error behind what waits. */
  fail(reason: unknown): void {
    if (this.isOver) return;
    const reader = this.readers.shift();
    if (reader === undefined) this.failure = { reason };
    else reader.reject(reason);
    this.end();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const event = this.waiting.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.failure !== undefined) {
      const { reason } = this.failure;
      this.failure = undefined;
      return Promise.reject(reason);
    }
    if (this.isOver) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.waiting = [];
    this.failure = undefined;
    this.end();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
