import { assert } from '../base/assert.ts';
import type { Database } from '../datatree/database.ts';
import { ZXID_ZERO, type Zxid } from '../jute/zxid.ts';
import type { ReadContext } from './operations/operation.ts';
import type { ServerParts } from './server-parts.ts';
import type { Upstream } from './upstream.ts';

/** The role that this server serves clients on, if any: undefined fields stand for none. */
export class ServedRole {
  upstream: Upstream | undefined = undefined;
  database: Database | undefined = undefined;
  reads: ReadContext | undefined = undefined;

  get lastProcessedZxid(): Zxid {
    return this.database === undefined ? ZXID_ZERO : this.database.lastProcessedZxid;
  }

  get isReadOnly(): boolean {
    return this.upstream?.mode === 'read-only';
  }

  begin(upstream: Upstream, database: Database, parts: Pick<ServerParts, 'auth' | 'metrics' | 'audit'>): void {
    assert(this.upstream === undefined, 'a server serves one role at a time');
    this.upstream = upstream;
    this.database = database;
    const { auth, metrics, audit } = parts;
    database.tree.watches.onFired = (type, watchers) => metrics.watches.onFired(type, watchers);
    database.onEphemeralDeleted = audit?.onEphemeralDeleted;
    this.reads = { database, auth, sessions: upstream.sessions, meter: metrics.requests.perNamespace };
  }

  end(): void {
    this.upstream = undefined;
    this.database = undefined;
    this.reads = undefined;
  }
}
