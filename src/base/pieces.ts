/** Long answers in pieces, for the loop to turn in between. */

/**
 * The first `count` of something that others may change before all of it is taken: with those that were there at the
 * start counted, it comes to an end however many are added meanwhile.
 */
export function* atMost<T>(items: Iterable<T>, count: number): Generator<T> {
  if (count === 0) return;
  let taken = 0;
  for (const item of items) {
    yield item;
    if (++taken === count) return;
  }
}

/** Pieces, which are lines as a rule, that are told in one turn, and letters of them. */
const PIECES_A_TURN = 500;
const CHARS_A_TURN = 256 * 1024;

/**
 * The pieces of one turn; `isAll`: there are no more. An empty piece ends the turn: what led to it took a while.
 */
export function takePieces(pieces: Iterator<string>): { readonly text: string; readonly isAll: boolean } {
  let text = '';
  for (let i = 0; i < PIECES_A_TURN && text.length < CHARS_A_TURN; i++) {
    const { done, value } = pieces.next();
    if (done === true) return { text, isAll: true };
    if (value === '') break;
    text += value;
  }
  return { text, isAll: false };
}
