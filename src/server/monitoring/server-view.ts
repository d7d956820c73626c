import type { Log } from '../../base/log.ts';
import type { Database } from '../../datatree/database.ts';
import type { Clock } from '../../io/clock.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { ServerOptions } from '../server-options.ts';
import type { ExpiryBuckets } from '../sessions/expiry-buckets.ts';
import type { Upstream } from '../upstream.ts';
import type { ServerStats } from './server-stats.ts';
import type { SlowRequests } from './slow-requests.ts';

/** The part of a server that four-letter words and gauges see. They change nothing of it but the statistics. */
export interface ServerView {
  readonly clock: Clock;
  readonly options: ServerOptions;
  readonly metrics: ServerMetrics;
  readonly stats: ServerStats;
  readonly slow: SlowRequests;
  readonly log: Log;
  /** 0 until bound. */
  readonly clientPort: number;
  /** undefined: there is none. */
  readonly secureClientPort: number | undefined;
  /** TLS handshakes of clients. */
  readonly outstandingHandshakes: number;
  readonly connections: ReadonlySet<ClientConnection>;
  /** The expiry of silent connections. */
  readonly expiry: Pick<ExpiryBuckets<ClientConnection>, 'entries'>;
  /** Requests that wait for a commit or behind one. */
  readonly outstanding: number;
  /** Of one more client that asks for a session, from 0 to 1. */
  readonly connectionDropProbability: number;
  readonly lastProcessedZxid: Zxid;
  readonly isServing: boolean;
  /** These two are undefined while no role serves. */
  readonly upstream: Upstream | undefined;
  readonly database: Database | undefined;
}
