import { assert } from '../base/assert.ts';
import type { Database } from '../datatree/database.ts';
import type { WatchManager } from '../datatree/watches/watch-manager.ts';
import { ZXID_ZERO, type Zxid } from '../jute/zxid.ts';
import type { ReadContext } from './operations/operation.ts';
import type { ServerParts } from './server-parts.ts';
import type { Upstream } from './upstream.ts';

/**
 * The role that this server serves clients on, if any: undefined fields stand for none. A connection belongs to the role
 * that was on, or was to come next, when it was let in: with the end of the role it is over, whenever it is closed.
 */
export class ServedRole {
  /** How many roles are over. */
  ended = 0;
  /** Of the role that is on, or was on last. */
  watches: WatchManager | undefined = undefined;
  upstream: Upstream | undefined = undefined;
  database: Database | undefined = undefined;
  reads: ReadContext | undefined = undefined;

  get lastProcessedZxid(): Zxid {
    return this.database === undefined ? ZXID_ZERO : this.database.lastProcessedZxid;
  }

  get isReadOnly(): boolean {
    return this.upstream?.mode === 'read-only';
  }

  begin(
    upstream: Upstream,
    database: Database,
    parts: Pick<ServerParts, 'auth' | 'metrics' | 'audit' | 'paths'>,
  ): void {
    assert(this.upstream === undefined, 'a server serves one role at a time');
    this.upstream = upstream;
    this.database = database;
    const { auth, metrics, audit, paths } = parts;
    const { perNamespace } = metrics.requests;
    this.watches = database.tree.watches;
    database.tree.watches.onFired = (type, watchers) => metrics.watches.onFired(type, watchers);
    database.onEphemeralDeleted = audit?.onEphemeralDeleted;
    this.reads = { database, auth, sessions: upstream.sessions, meter: paths?.besides(perNamespace) ?? perNamespace };
  }

  end(): void {
    this.ended++;
    this.upstream = undefined;
    this.database = undefined;
    this.reads = undefined;
  }
}
