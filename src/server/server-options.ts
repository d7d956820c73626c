import type { PathStatsOptions } from './monitoring/path-stats.ts';
import type { ThrottleOptions } from './throttles/throttle-options.ts';

/** The settings of zoo.cfg about the client port, in units; each is named like its key. */
export interface ServerOptions {
  readonly clientPortListenBacklog: number | undefined;
  readonly clientTcpKeepAlive: boolean;
  readonly tickTimeMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** jute.maxbuffer: the longest frame a client may send. */
  readonly juteMaxBufferBytes: number;
  /** Connections of one address; 0 without limit. */
  readonly maxClientCnxns: number;
  /** Connections in all; 0 without limit. */
  readonly maxCnxns: number;
  /** A connection without a session is closed after this much silence. */
  readonly sessionlessCnxnTimeoutMs: number;
  /** TLS handshakes under way; undefined: no limit of their own. */
  readonly outstandingHandshakeLimit: number | undefined;
  readonly dropsHandshakesWhenNotServing: boolean;
  /** Requests of all connections that wait for a commit before reads pause. */
  readonly globalOutstandingLimit: number;
  readonly throttles: ThrottleOptions;
  /** A client stays connected when its login by SASL has failed, unless clients have to log in. */
  readonly allowSaslFailedClients: boolean;
  /** Requests that take longer are logged with their stages; undefined: none. */
  readonly slowRequestMs: number | undefined;
  /** undefined: requests are not counted by path. */
  readonly pathStats: PathStatsOptions | undefined;
  /** Four-letter words that are answered. */
  readonly fourLetterWords: ReadonlySet<string>;
}
