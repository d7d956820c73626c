import type { Log } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Net } from '../io/net.ts';
import type { Random } from '../io/random.ts';
import type { ClientKerberos } from './client-kerberos.ts';
import type { ClientTls } from './client-tls.ts';
import type { SessionState } from './session/session-options.ts';
import type { Watcher } from './watches/watch-table.ts';

/** How a client is made, and what each of its operations may be told. */
export interface ClientOptions {
  /** The timeout asked for; `sessionTimeoutMs` of the client is the one the server grants. 30,000 by default. */
  readonly sessionTimeoutMs?: number;
  /** Also be content with a server that has no quorum and only answers reads. */
  readonly readOnly?: boolean;
  /** Takes over a session that another client had. */
  readonly session?: { readonly id: bigint; readonly password: Buffer };
  readonly onState?: (state: SessionState) => void;
  /** ms until a call rejects with operationTimeout, unless the call says otherwise; by default it waits for its connection. */
  readonly timeoutMs?: number;
  /**
   * False: a request whose answer is lost with the connection rejects with connectionLoss, as with other clients. By default it is
   * looked for, and asked again where that is safe.
   */
  readonly retry?: boolean;
  /** Requests that may wait for their answers; one more rejects with throttledOp. 65,536 by default. */
  readonly maxPendingRequests?: number;
  /** The same in bytes; 64 MiB by default. */
  readonly maxPendingBytes?: number;
  /** The longest request, in bytes, as `jute.maxbuffer` of the servers; 1,048,575 by default. Longer ones are not sent. */
  readonly juteMaxBuffer?: number;
  /** A server (host:port) was dialled and gave no session; the next one is tried by itself. */
  readonly onAttemptFailed?: (server: string, reason: string) => void;
  readonly log?: Log;
  /** The longest reply accepted, in bytes; 64 MiB by default. */
  readonly maxFrameBytes?: number;
  /** Clock, network and randomness of a simulation; the real ones by default. */
  readonly world?: { readonly clock: Clock; readonly net: Net; readonly random: Random };
  /** Speak TLS, for `secureClientPort` or a unified port; with `true` as Node.js trusts, and without a certificate. */
  readonly tls?: ClientTls | boolean;
  /**
   * Log in by SASL on every connection, before anything else: DIGEST-MD5 with a name and a password, or Kerberos. A refusal ends the
   * session as `authFailed`; a KDC that does not answer is asked again with the next connection.
   */
  readonly sasl?: { readonly username: string; readonly password: string } | { readonly kerberos: ClientKerberos };
}

export interface ConnectOptions extends ClientOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms until `connect` is rejected with each server's failure; by default the session timeout that is asked for. */
  readonly connectTimeoutMs?: number;
}

/**
 * An operation given up on rejects with the signal's reason, or with operationTimeout. A request that was sent is carried out all
 * the same; one that was not is not sent any more.
 */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** As in ClientOptions, for this call. */
  readonly retry?: boolean | undefined;
}

export interface MarkOptions {
  /**
   * The mark by which a node is found when the answer to its creation was lost. True puts `_c_<random UUID>-` before
   * the last name, as Curator's protection does; a text is a part of the name already that nobody else uses.
   */
  readonly mark?: boolean | string;
}

export interface WatchStreamOptions {
  /** persistent by default; persistentRecursive tells of everything below as well. */
  readonly mode?: 'persistent' | 'persistentRecursive';
  /** Notices that wait for a slow reader; more become one gap. 1,000 by default. */
  readonly maxWaiting?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface WatchOptions extends CallOptions {
  /** Told once, of the first change after the answer. */
  readonly watch?: Watcher;
}

export interface VersionOptions extends CallOptions {
  /** Only if the node is at this version; any by default. */
  readonly version?: number;
}

export interface RemoveWatchesOptions extends CallOptions {
  /** Forget the watchers here even without a connection; the server does so when it is not told of them again. */
  readonly local?: boolean;
}

/** `joining` and `leaving` change the membership, `members` replaces it. Each has server.N lines or ids with commas. */
export interface Reconfiguration {
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
  /** Only if the configuration is of that version; any by default. */
  readonly fromVersion?: bigint;
}
