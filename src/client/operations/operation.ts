import type { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';

/** Something that can be asked, and what is done when its answer was lost with the connection. */
export interface Operation<T> {
  readonly type: number;
  /** Named in errors. */
  readonly path: string | undefined;
  readonly write: (w: Writer) => void;
  readonly read: (r: Reader, err: number) => T;
  /** An error code that is an answer here. */
  readonly accepted?: number;
  /** undefined: nobody can say what became of it. */
  readonly whenLost?: WhenLost<T>;
}

/** To ask twice does no harm; or how to find out what became of it. */
export type WhenLost<T> = 'ask again' | FindOut<T>;

/**
 * Looks at the tree on the next connection. `askedAfter` is older than anything that the request did, `body` is its record.
 */
export type FindOut<T> = (askedAfter: Zxid, body: Reader) => Promise<Finding<T>>;

/**
 * `done` and `not done` are proofs. `not done` lets the request go out once more, `unknown` fails it with connectionLoss.
 */
export type Finding<T> = { readonly is: 'done'; readonly value: T } | { readonly is: 'not done' | 'unknown' };

export const NOT_DONE = { is: 'not done' } as const;
export const UNKNOWN = { is: 'unknown' } as const;
