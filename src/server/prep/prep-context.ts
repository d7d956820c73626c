import type { OwnerOptions } from '../../datatree/tree/owner-kind.ts';
import type { Acl } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { Asker } from '../asker.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import type { SessionTracker } from '../sessions/session-tracker.ts';
import type { Membership } from './membership.ts';
import type { PendingTree } from './pending-tree.ts';
import type { QuotaCheck } from './quota-check.ts';

/** The grounds on which a write is judged: who asks, the tree as it will be, and the time. */
export interface PrepContext {
  readonly pending: PendingTree;
  readonly sessions: SessionTracker;
  readonly auth: AuthRegistry;
  readonly quota: QuotaCheck;
  readonly owners: OwnerOptions;
  readonly reconfigEnabled: boolean;
  /** Undefined: this server is alone. */
  readonly members: Membership | undefined;
  /** closeSessionTxn.enabled: a closeSession lists the paths it deletes. */
  readonly listClosedPaths: boolean;
  readonly asker: Asker;
  readonly zxid: Zxid;
  /** Wall clock of this transaction. */
  readonly timeMs: number;
  /** Monotonic. */
  readonly nowMs: number;
  /** The bytes that its transaction may still hold: see Prep. */
  readonly bytesLeft: number;
}

export function isPermitted(context: PrepContext, acl: readonly Acl[], perm: number): boolean {
  return context.auth.permits(acl, perm, context.asker.authIds);
}

/** The version after a change; wraps like Java's int (before ZOOKEEPER-4743, -1 is passed through). */
export function nextVersion(version: number): number {
  return (version + 1) | 0;
}

/** -1 matches any version. */
export function versionMatches(actual: number, expected: number): boolean {
  return expected === -1 || expected === actual;
}
