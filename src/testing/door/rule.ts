import type { RequestSeen } from '../../conversation/seen.ts';
import type { Fault } from './fault.ts';
import { Matcher, type OperationMatch, type Place } from './match.ts';

/**
 * The fate of operations that match. Of the request, before the server has it:
 *
 *   refuse       it is answered with an error, and not carried out
 *   delay        it comes later, and those behind it on its connection with it
 *   hold         it waits until the switch is off
 *   dropRequest  the connection breaks, and it is not carried out
 *
 * of the answer, when it was carried out:
 *
 *   answer       the client is told an error
 *   delayReply   the answer comes later, and all behind it
 *   dropReply    the connection breaks, and the answer with it
 *   loseReply    the answer does not come, nor anything behind it; the connection stays
 *   swallowReply the answer does not come, and those behind it do: no network does that, but Apache's controller
 */
export type Action =
  | { readonly kind: 'refuse' | 'answer'; readonly code: number }
  | { readonly kind: 'delay' | 'delayReply'; readonly ms: number }
  | { readonly kind: 'hold' | 'dropRequest' | 'dropReply' | 'loseReply' | 'swallowReply' };

const OF_REPLIES = new Set<Action['kind']>(['answer', 'delayReply', 'dropReply', 'loseReply', 'swallowReply']);

export class Rule implements Fault {
  readonly what: string;
  readonly action: Action;
  readonly happened: Promise<void>;
  hits = 0;
  private readonly matcher: Matcher;
  private readonly forget: (rule: Rule) => void;
  private left: number;
  private isOff = false;
  private readonly releases: (() => void)[] = [];
  private strike: () => void = () => {};

  constructor(what: string, match: OperationMatch, action: Action, forget: (rule: Rule) => void) {
    const { times = 1 } = match;
    this.what = what;
    this.matcher = new Matcher(match);
    this.action = action;
    this.forget = forget;
    this.left = times === 'always' ? Number.POSITIVE_INFINITY : times;
    this.happened = new Promise((resolve) => {
      this.strike = resolve;
    });
  }

  private get holds(): boolean {
    return this.action.kind === 'hold' || this.action.kind === 'loseReply';
  }

  get isOfReply(): boolean {
    const { kind } = this.action;
    return OF_REPLIES.has(kind);
  }

  /** Whether this operation is one of those meant, and one more is to be struck. It is counted then. */
  takes(request: RequestSeen, place: Place): boolean {
    if (this.left <= 0 || !this.matcher.matches(request, place)) return false;
    this.left--;
    this.hits++;
    // One that holds something back is there until it is undone.
    if (this.left === 0 && !this.holds) this.forget(this);
    return true;
  }

  /** It took effect. */
  struck(): void {
    this.strike();
  }

  /** To be called when the switch is off. */
  whenUndone(release: () => void): void {
    if (this.isOff) release();
    else this.releases.push(release);
  }

  undo(): void {
    this.isOff = true;
    this.left = 0;
    this.forget(this);
    for (const release of this.releases.splice(0)) release();
  }
}
