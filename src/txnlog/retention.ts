import type { Log } from '../base/log.ts';
import type { Disk } from '../io/disk.ts';
import type { Zxid } from '../jute/zxid.ts';
import { join, type LogName, listLogs, listSnapshots, type SnapshotName } from './file-names.ts';
import { looksComplete } from './snapshot/snapshot-reader.ts';

/**
 * The files that may go. The rule is Apache's (PurgeTxnLog), except that a snapshot counts as kept only when it was
 * written to its end (ZOOKEEPER-3231). Everything older than the oldest of the `retain` newest such snapshots goes. The
 * newest log that begins at or below that snapshot stays: it may hold the transactions that follow it.
 */
export interface Purge {
  readonly logs: readonly LogName[];
  readonly snapshots: readonly SnapshotName[];
}

/** Throws DiskError. `inUse`: the oldest log file somebody is reading. */
export function planPurge(disk: Disk, snapDir: string, logDir: string, retain: number, inUse: Zxid | undefined): Purge {
  const snapshots = listSnapshots(disk, snapDir);
  const kept: SnapshotName[] = [];
  for (const snapshot of snapshots) {
    if (kept.length === retain) break;
    if (looksComplete(disk, snapDir, snapshot)) kept.push(snapshot);
  }
  const oldest = kept.at(-1);
  if (oldest === undefined) return { logs: [], snapshots: [] };
  const logs = listLogs(disk, logDir);
  const needed = logs.findLast((log) => log.zxid <= oldest.zxid);
  const firstKept = Math.min(needed === undefined ? 0 : needed.zxid, inUse ?? Number.POSITIVE_INFINITY);
  return {
    logs: logs.filter((log) => log.zxid < firstKept),
    snapshots: snapshots.filter((snapshot) => snapshot.zxid < oldest.zxid),
  };
}

/** Oldest first, so that an interrupted purge leaves no hole. Throws DiskError. */
export function carryOutPurge(disk: Disk, snapDir: string, logDir: string, purge: Purge, log: Log): void {
  // The kept files must be there for good before the files that they replace go.
  disk.syncDir(snapDir);
  for (const { name } of purge.logs) {
    disk.unlink(join(logDir, name));
    log.info({ file: join(logDir, name) }, 'purged');
  }
  if (purge.logs.length > 0) disk.syncDir(logDir);
  for (const { name } of [...purge.snapshots].reverse()) {
    disk.unlink(join(snapDir, name));
    log.info({ file: join(snapDir, name) }, 'purged');
  }
  if (purge.snapshots.length > 0) disk.syncDir(snapDir);
}
