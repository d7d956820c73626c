import type { Acl } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';

/** A watcher can be told of a change: it is a client's connection. Watchers are compared by identity. */
export interface Watcher {
  /** `type` is an EventType; `zxid` the transaction's, or ZXID_NONE for what setWatches found out. */
  onWatchEvent(type: number, path: string, zxid: Zxid): void;
  /** Whether the connection's ids grant READ under this ACL. */
  mayRead(acl: readonly Acl[]): boolean;
}

/** Bits: several may be set for one connection on one path. */
export const WatchMode = { standard: 1, persistent: 2, recursive: 4, all: 7 } as const;
