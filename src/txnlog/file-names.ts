import { FatalError } from '../base/errors.ts';
import type { Disk } from '../io/disk.ts';
import { parseZxidHex, type Zxid, zxidHex } from '../jute/zxid.ts';

/**
 * Names in version-2. `log.<zxid of its first record>` and `snapshot.<zxid it stands at>[.gz|.snappy]` are Apache's;
 * everything that is ours alone begins otherwise, so that Apache's tools never take it for one of the two.
 */
export const VERSION_DIR = 'version-2';
export const DURABLE_NOTE = 'synced';
export const LOG_ORDER = 'log-order';
export const INTENT = 'history-change';
const TEMPORARY = 'writing-';

export type Compression = '' | 'gz' | 'snappy';

export interface LogName {
  readonly name: string;
  /** Zxid of the first record it was created for. */
  readonly zxid: Zxid;
}

export interface SnapshotName {
  readonly name: string;
  readonly zxid: Zxid;
  readonly compression: Compression;
}

export function join(dir: string, name: string): string {
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}

export function logName(zxid: Zxid): string {
  return `log.${zxidHex(zxid)}`;
}

export function snapshotName(zxid: Zxid, compression: Compression): string {
  return compression === '' ? `snapshot.${zxidHex(zxid)}` : `snapshot.${zxidHex(zxid)}.${compression}`;
}

/** The name that `name` has while it is written; it is renamed when it is whole and synced. */
export function temporaryName(name: string): string {
  return TEMPORARY + name;
}

export function isTemporary(name: string): boolean {
  return name.startsWith(TEMPORARY);
}

/** Log files of `dir`, oldest first. */
export function listLogs(disk: Disk, dir: string): LogName[] {
  const logs: LogName[] = [];
  for (const name of disk.list(dir)) {
    const hex = /^log\.([0-9a-f]+)$/.exec(name)?.[1];
    if (hex !== undefined) logs.push({ name, zxid: zxidOfName(dir, name, hex) });
  }
  return logs.sort((a, b) => a.zxid - b.zxid);
}

/** Snapshot files of `dir`, newest first. */
export function listSnapshots(disk: Disk, dir: string): SnapshotName[] {
  const snapshots: SnapshotName[] = [];
  for (const name of disk.list(dir)) {
    const match = /^snapshot\.([0-9a-f]+)(?:\.(gz|snappy))?$/.exec(name);
    if (match === null) continue;
    const compression = (match[2] ?? '') as Compression;
    snapshots.push({ name, zxid: zxidOfName(dir, name, match[1] as string), compression });
  }
  return snapshots.sort((a, b) => b.zxid - a.zxid);
}

/** A name that cannot be placed in the history must not be passed over: it may hold what was acknowledged. */
function zxidOfName(dir: string, name: string, hex: string): Zxid {
  const zxid = parseZxidHex(hex);
  if (zxid === undefined) throw new FatalError(`${join(dir, name)}: zxid ${hex} is out of range`, 1);
  return zxid;
}
