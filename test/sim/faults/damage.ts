import type { Zxid } from '../../../src/jute/zxid.ts';
import { adler32 } from '../../../src/txnlog/adler32.ts';
import type { Ledger } from '../judges/ledger.ts';
import type { SimDisk } from '../world/disk.ts';
import type { SimRandom } from '../world/random.ts';
import { fuzzy } from './snapshot-files.ts';

/**
 * Damage to the files of a peer while it is down. `litter` is what every peer has to live with: what other
 * programs, other releases, or a crash in the middle of something leave behind, no part of the history being gone.
 * `damage` takes a part away, or says something wrong; whoever has suffered it must not be relied upon from then on.
 *
 * The files are read and written here without a line of the code that is tested, but for the checksum.
 */
export interface Dirs {
  readonly snapDir: string;
  readonly logDir: string;
}

export interface RecordAt {
  readonly zxid: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

const LOG_HEADER_BYTES = 16;
const RECORD_HEAD_BYTES = 12;
/** Seal, digest and its seal, last zxid and its seal: cut off at a seal, a snapshot is a whole one of an older release. */
const SNAPSHOT_TRAILER_BYTES = 13 + 20 + 13 + 8 + 13;

/** The records of a log file of ours, up to its padding or to the first that is none. */
export function recordsOf(log: Buffer): RecordAt[] {
  const records: RecordAt[] = [];
  for (let at = LOG_HEADER_BYTES; at + RECORD_HEAD_BYTES < log.length; ) {
    const length = log.readInt32BE(at + 8);
    const end = at + RECORD_HEAD_BYTES + length + 1;
    if (length < 32 || end > log.length || log[end - 1] !== 0x42) break;
    const payload = log.subarray(at + RECORD_HEAD_BYTES, end - 1);
    if (log.readUInt32BE(at + 4) !== adler32(payload)) break;
    const zxid = payload.readInt32BE(12) * 0x100000000 + payload.readUInt32BE(16);
    records.push({ zxid, offset: at, bytes: log.subarray(at, end) });
    at = end;
  }
  return records;
}

export function endOf(records: readonly RecordAt[]): number {
  const last = records.at(-1);
  return last === undefined ? LOG_HEADER_BYTES : last.offset + last.bytes.length;
}

/** `bytes` over what is in the file from `offset` on, which may make it longer. */
export function over(file: Buffer, offset: number, bytes: Buffer): Buffer {
  const changed = Buffer.alloc(Math.max(file.length, offset + bytes.length));
  file.copy(changed);
  bytes.copy(changed, offset);
  return changed;
}

export interface Found {
  readonly path: string;
  readonly zxid: number;
}

/** Of one prefix, oldest first. */
export function found(disk: SimDisk, dir: string, prefix: string): Found[] {
  const pattern = new RegExp(`^${prefix}\\.([0-9a-f]+)(\\.gz|\\.snappy)?$`);
  const files: Found[] = [];
  for (const name of disk.hasDirectory(dir) ? disk.list(dir) : []) {
    const hex = pattern.exec(name)?.[1];
    if (hex !== undefined) files.push({ path: `${dir}/${name}`, zxid: Number.parseInt(hex, 16) });
  }
  return files.sort((a, b) => a.zxid - b.zxid);
}

/** The damage done, in words; undefined when there was nothing to do it to. */
export function litter(disk: SimDisk, dirs: Dirs, ledger: Ledger, random: SimRandom): string | undefined {
  const logs = found(disk, dirs.logDir, 'log');
  const snapshots = found(disk, dirs.snapDir, 'snapshot');
  const newest = logs.at(-1);
  switch (random.below(7)) {
    case 0: {
      const name = random.pick(['log.bak', 'snapshot.tmp', 'log.', 'writing-snapshot.7', 'acceptedEpoch.tmp', 'x']);
      // In the wrong one of two directories these would be refused, as Apache does.
      const dir = name.startsWith('log') ? dirs.logDir : dirs.snapDir;
      if (!disk.hasDirectory(dir)) return undefined;
      disk.put(`${dir}/${name}`, noise(random, random.below(40)));
      return `${name} appears`;
    }
    case 1: {
      // A server that was killed right after it made a file: nothing, a part of the header, or all of it.
      if (newest === undefined) return undefined;
      // Not that of the last record: earlier ones may have been repeated behind it.
      const last = Math.max(newest.zxid, ...recordsOf(disk.read(newest.path)).map(({ zxid }) => zxid));
      const header = Buffer.from('ZKLG\0\0\0\u0002\0\0\0\0\0\0\0\0', 'latin1');
      disk.put(`${dirs.logDir}/log.${(last + 1).toString(16)}`, header.subarray(0, random.below(17)));
      return 'a log file without a record';
    }
    case 2: {
      if (newest === undefined) return undefined;
      const log = disk.read(newest.path);
      disk.put(newest.path, over(log, endOf(recordsOf(log)), noise(random, random.between(1, 600))));
      return 'garbage behind the last record';
    }
    case 3: {
      // A writer that outlived its role (ZOOKEEPER-4712).
      if (newest === undefined) return undefined;
      const log = disk.read(newest.path);
      const records = recordsOf(log);
      if (records.length === 0) return undefined;
      const from = random.below(records.length);
      const again = records.slice(from, from + random.between(1, 3)).map(({ bytes }) => bytes);
      disk.put(newest.path, over(log, endOf(records), Buffer.concat(again)));
      return 'records that repeat earlier ones';
    }
    case 4: {
      // As Apache's are: the first nodes as they were when it was begun, the others as they became meanwhile.
      const [early, late] = snapshots.slice(-2);
      const first = logs[0];
      if (early === undefined || late === undefined || first === undefined || first.zxid > early.zxid + 1)
        return undefined;
      if (/\.(gz|snappy)$/.test(early.path + late.path) || isShort(disk, early.path) || isShort(disk, late.path))
        return undefined;
      disk.put(early.path, fuzzy(disk.read(early.path), disk.read(late.path), random.below(101) / 100));
      disk.remove(late.path);
      return 'a snapshot that was written while the tree changed';
    }
    case 5: {
      // As another server's snapshot would be that took its time: it holds what came while it was written.
      const whole = snapshots.at(-1);
      const oldest = logs[0];
      if (whole === undefined || oldest === undefined || whole.zxid === 0) return undefined;
      const earlier = historyUpTo(ledger, whole.zxid, oldest.zxid);
      if (earlier.length === 0) return undefined;
      const zxid = random.pick(earlier);
      const to = whole.path.replace(/snapshot\.[0-9a-f]+/, `snapshot.${zxid.toString(16)}`);
      const content = disk.read(whole.path);
      disk.remove(whole.path);
      disk.put(to, content);
      return `a fuzzy snapshot at ${zxid.toString(16)}`;
    }
    default: {
      const whole = snapshots.at(-1);
      const zxids = newest === undefined ? [] : recordsOf(disk.read(newest.path)).map(({ zxid }) => zxid);
      if (whole === undefined || zxids.length === 0) return undefined;
      const ending = random.pick(['', '', '.gz', '.snappy']);
      const path = `${dirs.snapDir}/snapshot.${random.pick(zxids).toString(16)}${ending}`;
      if (disk.has(path)) return undefined;
      const content = disk.read(whole.path);
      disk.put(path, content.subarray(0, random.below(Math.max(content.length - SNAPSHOT_TRAILER_BYTES, 1))));
      return 'half of a snapshot';
    }
  }
}

/** Not written to its end, or without a part that 3.9 writes. */
export function isShort(disk: SimDisk, path: string): boolean {
  const file = disk.read(path);
  const seals = file.length < 100 ? 0 : [1, 22, 55].filter((at) => file[file.length - at] === 0x2f).length;
  return seals < 3;
}

/** Those before `zxid` from which on a log that begins with `first` holds everything. */
export function historyUpTo(ledger: Ledger, zxid: number, first: number): number[] {
  const zxids: number[] = [];
  let at = ledger.previousOf(zxid as Zxid);
  while (at !== undefined && at >= first) {
    zxids.push(at);
    at = ledger.previousOf(at);
  }
  return zxids;
}

/** The same for what takes something away. Never the end of the log beyond what is noted as synced: nobody could tell. */
export function damage(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  const logs = found(disk, dirs.logDir, 'log').slice(0, -1);
  const old = [...logs, ...found(disk, dirs.snapDir, 'snapshot')];
  const kind = random.below(8);
  if (kind < 4) {
    if (old.length === 0) return undefined;
    const { path } = random.pick(old);
    const content = disk.read(path);
    if (kind === 0) disk.remove(path);
    else if (kind === 1) disk.put(path, content.subarray(0, random.below(content.length + 1)));
    else if (kind === 2) disk.put(path, over(content, 512 * random.below(1 + content.length / 512), Buffer.alloc(512)));
    else if (content.length > 0) disk.flipBit(path, random.below(content.length), random.below(8));
    return `${path} is ${['lost', 'cut short', 'zeroed in part', 'flipped in a bit'][kind]}`;
  }
  if (kind === 4) return loseTail(disk, dirs, random);
  const names = ['acceptedEpoch', 'currentEpoch', 'synced', 'history-change'];
  const name = kind === 5 ? random.pick(names.slice(0, 2)) : random.pick(names);
  const path = `${name === 'synced' ? dirs.logDir : dirs.snapDir}/${name}`;
  if (kind === 5) {
    if (!disk.has(path)) return undefined;
    disk.remove(path);
    return `${name} is lost`;
  }
  if (!disk.has(path) && name !== 'history-change') return undefined;
  disk.put(path, noise(random, random.below(8)));
  return `${name} is garbled`;
}

/** Of the newest log, from somewhere below what is noted as synced. */
function loseTail(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  const newest = found(disk, dirs.logDir, 'log').at(-1);
  const noted = notedIn(disk, dirs.logDir);
  if (newest === undefined || noted === undefined || noted.file !== newest.zxid) return undefined;
  const log = disk.read(newest.path);
  if (noted.offset <= LOG_HEADER_BYTES || noted.offset > log.length) return undefined;
  disk.put(newest.path, log.subarray(0, random.below(noted.offset)));
  return 'the end of the log is lost';
}

/** The newer of the two slots. */
export function notedIn(disk: SimDisk, logDir: string): { file: number; offset: number } | undefined {
  const path = `${logDir}/synced`;
  if (!disk.has(path)) return undefined;
  let best: { serial: number; file: number; offset: number } | undefined;
  for (const at of [0, 512]) {
    const line = /^(\d+) log\.([0-9a-f]+) (\d+) /.exec(disk.read(path).toString('latin1', at, at + 512));
    if (line === null) continue;
    const slot = { serial: Number(line[1]), file: Number.parseInt(line[2] as string, 16), offset: Number(line[3]) };
    if (best === undefined || slot.serial > best.serial) best = slot;
  }
  return best;
}

function noise(random: SimRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
