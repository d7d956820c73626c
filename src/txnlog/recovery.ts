import { FatalError, protocolError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { Database, type DatabaseOptions } from '../datatree/database.ts';
import type { Disk } from '../io/disk.ts';
import { readTxn, type Txn } from '../jute/txns.ts';
import { ZXID_ZERO, type Zxid, zxidHex, zxidText } from '../jute/zxid.ts';
import { ACCEPT_LOSS_KEY, damage, refusedLoss } from './damage.ts';
import type { DataDirs } from './data-dir.ts';
import { DURABLE_NOTE, join, listSnapshots, logName, type SnapshotName } from './file-names.ts';
import type { DurableUpTo } from './log/durable-note.ts';
import type { LogRecord } from './log/log-file-reader.ts';
import type { LogPlace } from './log/log-place.ts';
import { cutTornTail, type ReplayedLog, replayLog } from './log/log-replay.ts';
import type { RecentLog } from './log/recent-log.ts';
import { loadSnapshot, looksComplete } from './snapshot/snapshot-reader.ts';

/**
 * From files to a state: the newest snapshot that loads, and the log over it. A damaged snapshot is passed over only
 * when an older one and the log together still reach as far as it did. A history that cannot be made whole again is
 * refused, for a state that lacks something would be served, voted with and copied to others.
 *
 * Nothing is changed beyond what the log says. A fuzzy snapshot may hold ephemerals without a session: they stay until
 * the leader deletes them by a transaction, at every peer with the same zxid.
 */
export interface RecoveredHistory {
  readonly database: Database;
  readonly lastZxid: Zxid;
  /** undefined: none, the history begins with an empty tree. */
  readonly snapshot: SnapshotName | undefined;
  /** Where the records end in the log files that were read, by the zxid in the name. */
  readonly logEnds: ReadonlyMap<Zxid, number>;
  readonly cost: RecoveryCost;
}

export interface RecoveryCost {
  readonly snapshotMs: number;
  readonly logMs: number;
  /** Replayed. */
  readonly transactions: number;
}

export interface RecoveryOptions {
  readonly database: DatabaseOptions;
  readonly snapshotTrustEmpty: boolean;
  /** There are no others that know what this server lost. */
  readonly isAlone: boolean;
  /** The zxid, as 0x..., at which a lone server's log may end although more is known to have been on disk; or ''. */
  readonly acceptLossAfter: string;
  readonly forceSync: boolean;
  nowMs(): number;
}

/** Apache gives up after so many as well. */
const MAX_CANDIDATES = 100;
const CHUNK_BYTES = 1 << 20;

interface Base {
  readonly database: Database;
  readonly snapshot: SnapshotName | undefined;
  readonly digestZxid: Zxid;
  /** Newer ones that cannot be loaded, with the reason. */
  readonly damaged: ReadonlyMap<SnapshotName, string>;
}

/** Throws FatalError and DiskError. */
export function recoverHistory(
  place: LogPlace,
  dirs: DataDirs,
  options: RecoveryOptions,
  recent: RecentLog,
  log: Log,
): RecoveredHistory {
  const { disk } = place;
  const beganMs = options.nowMs();
  const base = loadBase(disk, dirs.snapDir, options.database, log);
  const loadedMs = options.nowMs();
  const { database } = base;
  const onRecord = (record: LogRecord, path: string): void => {
    database.apply(parse(record, path));
    recent.push(record.zxid, record.payload);
  };
  const replayed = replayLog(place, database.lastProcessedZxid, log, { onRecord });
  const { lastZxid, transactions } = replayed;
  const cost = { snapshotMs: loadedMs - beganMs, logMs: options.nowMs() - loadedMs, transactions };
  if (base.snapshot === undefined && transactions > 0) refuseUnlessWhole(base, dirs, options, log);
  for (const [snapshot, defect] of base.damaged) refuseIfNotReached(snapshot, defect, dirs.snapDir, lastZxid);
  if (options.isAlone && options.forceSync) refuseLoss(place, lastZxid, options.acceptLossAfter, log);
  if (replayed.torn !== undefined) cutTornTail(place, replayed.torn, log);
  makeDurable(disk, dirs, base.snapshot, replayed, place.note.value);
  if (base.digestZxid > lastZxid) {
    const fields = { digestAt: zxidText(base.digestZxid), logEnds: zxidText(lastZxid) };
    log.warn(fields, 'the log ends before the snapshot does, which may hold a part of what is missing');
  }
  const fields = {
    snapshot: base.snapshot?.name ?? 'none',
    transactions,
    zxid: zxidText(lastZxid),
    znodes: database.tree.nodeCount,
  };
  log.info(fields, 'recovered');
  return { database, lastZxid, snapshot: base.snapshot, logEnds: replayed.ends, cost };
}

function loadBase(disk: Disk, dir: string, options: DatabaseOptions, log: Log): Base {
  const snapshots = listSnapshots(disk, dir);
  const damaged = new Map<SnapshotName, string>();
  for (const snapshot of snapshots.slice(0, MAX_CANDIDATES)) {
    const verdict = looksComplete(disk, dir, snapshot) ? loadSnapshot(disk, dir, snapshot, options) : undefined;
    if (verdict?.database !== undefined) {
      return { database: verdict.database, snapshot, digestZxid: verdict.digestZxid, damaged };
    }
    const reason = verdict?.defect ?? 'it was not written to its end';
    log.warn({ file: join(dir, snapshot.name), reason }, 'passing over a snapshot that cannot be loaded');
    damaged.set(snapshot, reason);
  }
  // A history that began with an empty tree can be replayed from one.
  if (snapshots.length > 0 && (snapshots.at(-1) as SnapshotName).zxid !== ZXID_ZERO) {
    const reasons = [...damaged].map(([snapshot, reason]) => `${snapshot.name}: ${reason}`).join('; ');
    throw damage(`no snapshot in ${dir} can be loaded: ${reasons}`);
  }
  return { database: new Database(options), snapshot: undefined, digestZxid: ZXID_ZERO, damaged };
}

/**
 * The history just read may be in memory only, if the process before was killed and the machine was not. From here on
 * it counts: this peer votes with it and acknowledges it, and purging relies on it. Apache does not even sync its
 * snapshots.
 *
 * A sync alone is not enough. If one has failed before, the system may count pages as clean that it could not write,
 * and give them to every reader until the power goes. Only writing them again makes another sync mean something. So
 * whatever of the log is not noted as synced is written once more, byte for byte. A snapshot has its name only since a
 * sync of it succeeded.
 */
function makeDurable(
  disk: Disk,
  dirs: DataDirs,
  snapshot: SnapshotName | undefined,
  replayed: ReplayedLog,
  known: DurableUpTo | undefined,
): void {
  if (snapshot !== undefined) syncFile(disk, join(dirs.snapDir, snapshot.name), 0, 0);
  for (const [zxid, end] of replayed.ends) {
    const path = join(dirs.logDir, logName(zxid));
    // A file without a record was removed.
    if (disk.exists(path)) syncFile(disk, path, durableIn(zxid, end, known), end);
  }
}

/** Files before the one that is noted were synced as a whole before that one was begun. */
function durableIn(zxid: Zxid, end: number, known: DurableUpTo | undefined): number {
  if (known === undefined || known.file < zxid) return 0;
  return known.file === zxid ? known.offset : end;
}

/** Durable on return, with bytes [start, end) of it written anew. Throws DiskError. */
function syncFile(disk: Disk, path: string, start: number, end: number): void {
  const file = disk.open(path, 'write');
  try {
    for (let at = start; at < end; at += CHUNK_BYTES) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      file.readAt(chunk, at);
      file.writeAt(chunk, at);
    }
    file.syncNow();
  } finally {
    file.close();
  }
}

/** A log whose snapshots are gone might be only the end of a history (ZOOKEEPER-2325, ZOOKEEPER-3056). */
function refuseUnlessWhole(base: Base, dirs: DataDirs, options: RecoveryOptions, log: Log): void {
  if (base.damaged.size > 0) return;
  if (!options.snapshotTrustEmpty) {
    throw new FatalError(
      `there are transactions in ${dirs.logDir} and no snapshot in ${dirs.snapDir}; ` +
        'snapshot.trust.empty=true accepts that, when the directory comes from a release before 3.5',
    );
  }
  log.warn({ dir: dirs.snapDir }, 'no snapshot, snapshot.trust.empty: the log is taken for the whole history');
}

function refuseIfNotReached(snapshot: SnapshotName, defect: string, dir: string, lastZxid: Zxid): void {
  if (lastZxid >= snapshot.zxid) return;
  throw damage(
    `${join(dir, snapshot.name)} cannot be loaded (${defect}), and without it the history ends at 0x${zxidHex(lastZxid)}`,
  );
}

/**
 * A server by itself has nobody to be synchronised by: what it lost stays lost, and clients would be served as if it
 * had never been. Told of exactly this loss it goes on, and the note forgets what is no longer there.
 */
function refuseLoss(place: LogPlace, lastZxid: Zxid, accepted: string, log: Log): void {
  const { dir, note } = place;
  const noted = note.value?.zxid ?? ZXID_ZERO;
  if (noted <= lastZxid) return;
  if (accepted !== `0x${zxidHex(lastZxid)}`) {
    throw refusedLoss(dir, lastZxid, noted, join(dir, DURABLE_NOTE), accepted);
  }
  const fields = { dir, ends: accepted, durableUpTo: zxidText(noted) };
  log.warn(fields, `acknowledged transactions are missing, and ${ACCEPT_LOSS_KEY} says to go on without them`);
  note.writeNow({ file: ZXID_ZERO, offset: 0, zxid: lastZxid });
}

function parse(record: LogRecord, path: string): Txn {
  try {
    return readTxn(record.payload);
  } catch (error) {
    const { message } = protocolError(error);
    throw damage(
      `${path}: the transaction 0x${zxidHex(record.zxid)} at offset ${record.offset} is whole but cannot be read: ${message}`,
    );
  }
}
