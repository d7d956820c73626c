import { Database, type DatabaseOptions } from '../datatree/database.ts';
import type { Disk } from '../io/disk.ts';
import { readTxn } from '../jute/txns.ts';
import { join, listLogs, listSnapshots } from '../txnlog/file-names.ts';
import { LogFileReader } from '../txnlog/log/log-file-reader.ts';
import { loadSnapshot, looksComplete } from '../txnlog/snapshot/snapshot-reader.ts';

/**
 * The state that the files of a peer hold, for a look at it: the newest snapshot that loads, and the log behind it as far as
 * it is whole. Nothing is judged, mended or written. Undefined: there is no history.
 */
export function stateOf(disk: Disk, snapDir: string, logDir: string, options: DatabaseOptions): Database | undefined {
  const snapshots = disk.exists(snapDir) ? listSnapshots(disk, snapDir) : [];
  const logs = disk.exists(logDir) ? listLogs(disk, logDir) : [];
  if (snapshots.length === 0 && logs.length === 0) return undefined;
  let database: Database | undefined;
  for (const snapshot of snapshots) {
    if (looksComplete(disk, snapDir, snapshot)) database = loadSnapshot(disk, snapDir, snapshot, options).database;
    if (database !== undefined) break;
  }
  const state = database ?? new Database(options);
  logs.forEach(({ name }, i) => {
    const next = logs[i + 1];
    if (next !== undefined && next.zxid <= state.lastProcessedZxid) return;
    const reader = new LogFileReader(disk, join(logDir, name));
    try {
      for (let record = reader.next(); record !== undefined; record = reader.next())
        state.apply(readTxn(record.payload));
    } finally {
      reader.close();
    }
  });
  return state;
}
