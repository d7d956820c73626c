import { takePieces } from '../../base/pieces.ts';
import type { Stream } from '../../io/net.ts';
import { OUTPUT_PAUSE_BYTES } from './client-limits.ts';
import type { Resumable, TurnEnd } from './turn-end.ts';

/**
 * The answer to a four-letter word on its way to the client: some pieces in each turn, the next ones when the client has
 * taken most of those before. So an answer about a million of anything holds up nobody, and takes no more memory than a
 * short one.
 */
export interface WordHost {
  readonly isClosed: boolean;
  /** Something was sent. */
  onTold(isAll: boolean): void;
}

export class WordOutput implements Resumable {
  private readonly pieces: Iterator<string>;
  private readonly stream: Stream;
  private readonly turnEnd: TurnEnd;
  private readonly host: WordHost;
  private isWaiting = false;

  constructor(answer: Iterable<string>, stream: Stream, turnEnd: TurnEnd, host: WordHost) {
    this.pieces = answer[Symbol.iterator]();
    this.stream = stream;
    this.turnEnd = turnEnd;
    this.host = host;
  }

  resume(): void {
    if (this.host.isClosed) return;
    const { text, isAll } = takePieces(this.pieces);
    if (text !== '') this.stream.write(Buffer.from(text, 'utf8'));
    this.host.onTold(isAll);
    if (isAll) return;
    this.isWaiting = this.stream.bufferedBytes > OUTPUT_PAUSE_BYTES;
    if (!this.isWaiting) this.turnEnd.resume(this);
  }

  /** The client has taken all that was sent. */
  onDrain(): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    this.turnEnd.resume(this);
  }
}
