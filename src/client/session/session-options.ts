import type { Log } from '../../base/log.ts';
import type { Clock } from '../../io/clock.ts';
import type { Net } from '../../io/net.ts';
import type { Random } from '../../io/random.ts';
import type { SetWatches } from '../../jute/client-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { SaslClientExchange } from '../../sasl/sasl-exchange.ts';
import type { ServerAddress } from '../connect-string.ts';
import type { PendingLimits } from './call-queue.ts';

/** The states of a session, what it is made of, and whom it tells of what happens. */
export type SessionState = 'connecting' | 'connected' | 'connectedReadOnly' | 'expired' | 'authFailed' | 'closed';

export interface SessionOptions {
  readonly servers: readonly ServerAddress[];
  readonly sessionTimeoutMs: number;
  readonly readOnly: boolean;
  /** The id of a session to take over; 0n for a new one. */
  readonly sessionId: bigint;
  readonly password: Buffer;
  /** The longest reply accepted. */
  readonly maxFrameBytes: number;
  /** The longest request sent, without its length: what the servers take, `jute.maxbuffer`. */
  readonly maxRequestBytes: number;
  readonly pendingLimits: PendingLimits;
  readonly clock: Clock;
  readonly net: Net;
  readonly random: Random;
  readonly log: Log;
  /** The login by SASL of each connection; undefined: none. */
  readonly login: BeginLogin | undefined;
}

/** A login at the server with this name and this address; `done` is called once, perhaps before it returns. */
export type BeginLogin = (
  server: { readonly host: string; readonly address: string },
  done: (begun: SaslClientExchange | LoginFault) => void,
) => void;

/** `isLasting`: to ask again gives the same. */
export interface LoginFault {
  readonly fault: string;
  readonly isLasting: boolean;
}

export interface SessionEvents {
  onState(state: SessionState): void;
  onWatchEvent(type: number, path: string, zxid: Zxid): void;
  /** The watches that a new connection is told of first. */
  watchesToRestore(lastZxid: Zxid): SetWatches[];
  onWatchesRestored(): void;
  /** A server was dialled and gave no session. */
  onAttemptFailed(server: string, reason: string): void;
}
