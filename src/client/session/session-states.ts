import { ErrorCode } from '../../jute/codes.ts';
import { ZooKeeperError } from '../errors.ts';
import type { SessionState } from './client-session.ts';

/** Where a session stands, for those who wait for it. */
export class SessionStates {
  private state: SessionState = 'connecting';
  private readonly listener: (state: SessionState) => void;
  private readonly waiters = new Set<() => void>();

  constructor(listener: (state: SessionState) => void = () => {}) {
    this.listener = listener;
  }

  onState(state: SessionState): void {
    this.state = state;
    for (const settle of [...this.waiters]) settle();
    this.listener(state);
  }

  /** Resolves once there is a session; rejects when it is over before that, and with the reason of `signal`. */
  connected(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.waiters.delete(settle);
        reject(signal?.reason);
      };
      const settle = (): void => {
        if (this.state === 'connecting') return;
        this.waiters.delete(settle);
        signal?.removeEventListener('abort', onAbort);
        if (this.state === 'connected' || this.state === 'connectedReadOnly') resolve();
        else reject(new ZooKeeperError(codeOfState(this.state)));
      };
      this.waiters.add(settle);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted === true) onAbort();
      else settle();
    });
  }
}

function codeOfState(state: SessionState): number {
  if (state === 'expired') return ErrorCode.sessionExpired;
  return state === 'authFailed' ? ErrorCode.authFailed : ErrorCode.connectionLoss;
}
