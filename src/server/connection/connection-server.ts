import type { Log } from '../../base/log.ts';
import type { ApplyResult } from '../../datatree/database.ts';
import type { Clock } from '../../io/clock.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Txn } from '../../jute/txns.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { SessionOwner } from '../asker.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { ServerStats } from '../monitoring/server-stats.ts';
import type { Request } from '../request.ts';
import type { ServerOptions } from '../server-options.ts';
import type { Expiring, ExpiryBuckets } from '../sessions/expiry-buckets.ts';
import type { Upstream } from '../upstream.ts';
import type { HasOutput, WriterPool } from './client-output.ts';

/**
 * What a connection finds at the server it belongs to. It is the owner of the requests of all its connections, which
 * are of one class, `C`.
 */
export interface ConnectionServer<C extends Expiring> extends SessionOwner {
  readonly clock: Clock;
  readonly options: ServerOptions;
  readonly auth: AuthRegistry;
  readonly metrics: ServerMetrics;
  readonly stats: ServerStats;
  readonly log: Log;
  readonly writers: WriterPool;
  /** Of silent connections. */
  readonly expiry: ExpiryBuckets<C>;
  /** Shared: nobody keeps it beyond one frame. */
  readonly reader: Reader;
  readonly fourLetterWords: WordAnswerer<C>;
  /** undefined while no role serves. */
  readonly upstream: Upstream | undefined;
  readonly lastProcessedZxid: Zxid;

  onConnectRequest(connection: C, frame: Buffer): void;
  onSessionCreated(connection: C): void;
  onConnectionClosed(connection: C): void;

  onEnqueued(request: Request): void;
  onDequeued(request: Request): void;
  /** Is more waiting than globalOutstandingLimit allows? */
  isOverloaded(): boolean;

  /** Writes the body of the reply, if any, and returns the error code. sessionMoved is not for the client's eyes. */
  answerRead(request: Request, connection: C, w: Writer): number;
  answerWrite(request: Request, txn: Txn, result: ApplyResult, w: Writer): number;
  checkSession(request: Request): number;

  flushAfterTurn(connection: HasOutput): void;
  resumeAfterTurn(connection: C): void;
}

export interface WordAnswerer<C> {
  /** How many bytes the word that these begin with needs; 0 when they are none. */
  bytesOf(firstBytes: Buffer): number;
  answer(firstBytes: Buffer, asking: C): string;
}
