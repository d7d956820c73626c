import type { Exchange } from '../conversation/conversation.ts';
import type { EventSeen, ReplySeen, RequestSeen } from '../conversation/seen.ts';
import { eventText, replyDifference } from './difference.ts';

/**
 * Holds the answers of two servers against each other, request by request in the order they were asked in. Both are asked the
 * same on one connection each, so the first answer of one belongs to the first of the other.
 */
export interface Difference {
  readonly request: RequestSeen | undefined;
  readonly text: string;
}

export class Twin {
  private readonly onDifference: (difference: Difference) => void;
  private readonly answers: { readonly left: Answer[]; readonly right: Answer[] } = { left: [], right: [] };
  private readonly events: { readonly left: string[]; readonly right: string[] } = { left: [], right: [] };
  /** Answers that both have given. */
  compared = 0;

  constructor(onDifference: (difference: Difference) => void) {
    this.onDifference = onDifference;
  }

  answer(side: 'left' | 'right', reply: ReplySeen, exchange: Exchange | undefined): void {
    if (exchange === undefined || exchange.request.name === 'ping') return;
    this.answers[side].push({ reply, request: exchange.request });
    const { left, right } = this.answers;
    while (left.length > 0 && right.length > 0) {
      const [one, other] = [left.shift() as Answer, right.shift() as Answer];
      this.compared++;
      const text = replyDifference(one.reply, other.reply, 'without data');
      if (text !== undefined) this.onDifference({ request: one.request, text });
    }
  }

  event(side: 'left' | 'right', event: EventSeen): void {
    this.events[side].push(eventText(event));
    const { left, right } = this.events;
    while (left.length > 0 && right.length > 0) {
      const [one, other] = [left.shift() as string, right.shift() as string];
      if (one !== other) this.onDifference({ request: undefined, text: `event ${one} against ${other}` });
    }
  }

  /** The end: one that has said more than the other. */
  end(): void {
    for (const side of ['left', 'right'] as const) {
      const other = side === 'left' ? 'right' : 'left';
      const [more] = this.events[side];
      if (more !== undefined)
        this.onDifference({ request: undefined, text: `event ${more} at the ${side} server alone` });
      const [answer] = this.answers[side];
      if (answer !== undefined)
        this.onDifference({ request: answer.request, text: `no answer of the ${other} server` });
    }
  }
}

interface Answer {
  readonly reply: ReplySeen;
  readonly request: RequestSeen;
}
