import type { Log } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { SaslLogin } from '../sasl/sasl-exchange.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { AuthRegistry } from './auth/auth-registry.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import type { PathStats } from './monitoring/path-stats.ts';
import type { ServerStats } from './monitoring/server-stats.ts';
import type { SlowRequests } from './monitoring/slow-requests.ts';
import type { ServerOptions } from './server-options.ts';

/** The things every part of a server works with; none of them changes with the role. */
export interface ServerParts {
  readonly clock: Clock;
  readonly options: ServerOptions;
  readonly auth: AuthRegistry;
  /** Logins of clients by SASL; undefined: none is configured. */
  readonly sasl: SaslLogin | undefined;
  readonly metrics: ServerMetrics;
  readonly stats: ServerStats;
  readonly slow: SlowRequests;
  /** undefined: requests are not counted by path. */
  readonly paths: PathStats | undefined;
  /** undefined: there is no audit log. */
  readonly audit: AuditTrail | undefined;
  readonly log: Log;
}
