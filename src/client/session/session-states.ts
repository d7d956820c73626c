import { ErrorCode } from '../../jute/codes.ts';
import { ZooKeeperError } from '../errors.ts';
import { EventStream } from '../event-stream.ts';
import type { SessionState } from './session-options.ts';

/** Where a session stands, for those who wait for it or follow it. */
export type StateListener = (state: SessionState) => void;

/** A reader that is further behind sees the newest so many. */
const MOST_WAITING_STATES = 100;

export class SessionStates {
  private state: SessionState = 'connecting';
  private readonly listeners = new Set<StateListener>();

  onState(state: SessionState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener(state);
  }

  /** `listener` is told of every change from here on. The function that is returned ends that. */
  add(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** The state now and each one after it; ends behind one that is the last. */
  stream(signal: AbortSignal | undefined): EventStream<SessionState> {
    let remove = (): void => {};
    const stream = new EventStream<SessionState>({
      limit: MOST_WAITING_STATES,
      onOverflow: (waiting, next) => [...waiting.slice(1), next],
      onEnd: () => remove(),
      signal,
    });
    const push = (state: SessionState): void => {
      stream.push(state);
      if (isOver(state)) stream.end();
    };
    remove = this.add(push);
    push(this.state);
    if (signal?.aborted === true) remove();
    return stream;
  }

  /** Resolves once there is a session; rejects when it is over before that, and with the reason of `signal`. */
  connected(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        remove();
        reject(signal?.reason);
      };
      const settle = (): void => {
        if (this.state === 'connecting') return;
        remove();
        signal?.removeEventListener('abort', onAbort);
        if (isOver(this.state)) reject(new ZooKeeperError(codeOfState(this.state)));
        else resolve();
      };
      const remove = this.add(settle);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      else settle();
    });
  }
}

export function isOver(state: SessionState): boolean {
  return state === 'expired' || state === 'closed' || state === 'authFailed';
}

/** The error of a request that such a session does not take, or does not answer any more. */
export function codeOfState(state: SessionState): number {
  if (state === 'expired') return ErrorCode.sessionExpired;
  return state === 'authFailed' ? ErrorCode.authFailed : ErrorCode.connectionLoss;
}
