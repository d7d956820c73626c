import { gzipSync } from 'node:zlib';
import type { Ledger } from '../judges/ledger.ts';
import type { SimDisk } from '../world/disk.ts';
import type { SimRandom } from '../world/random.ts';
import { type Dirs, endOf, found, historyUpTo, isShort, notedIn, over, recordsOf } from './damage.ts';
import { digestOfVersion1, fuzzy, partsOf, sealed, snappyOfAllForms } from './snapshot-files.ts';

/**
 * More of what damage.ts does, to the files of a peer that is down or to those it does not look at. Each says what was
 * done, and undefined when there was nothing to do it to.
 */
const EPOCH = 0x100000000;
const EPOCH_FILES = ['acceptedEpoch', 'currentEpoch'] as const;

/** Files that any peer has to live with: a directory as another release leaves it. */
export function otherRelease(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  if (random.chance(1, 3)) return withoutEpochs(disk, dirs);
  if (random.chance(2, 3)) purgeTo(disk, dirs, random.between(1, 2));
  const whole = found(disk, dirs.snapDir, 'snapshot').filter(({ path }) => isPlainAndWhole(disk, path));
  if (whole.length === 0) return undefined;
  if (random.chance(1, 4)) {
    const { path } = whole.at(-1) as { path: string };
    const file = disk.read(path);
    disk.remove(path);
    if (random.chance(1, 2)) disk.put(`${path}.gz`, gzipSync(file));
    else disk.put(`${path}.snappy`, snappyOfAllForms(file));
    return `${path} is packed`;
  }
  const release = random.pick([0, 1, 2, 3, 4, 4, 4, 4]);
  for (const { path, zxid } of whole) {
    const { body, digest, lastZxid } = partsOf(disk.read(path));
    // Only its digest says how far it may be ahead of its name, and transactions up to there name digests as well.
    if (digest.length > 0 && digest.readBigInt64BE() > BigInt(zxid)) continue;
    const trailers = [
      [],
      [digest],
      [lastZxid],
      [digestOfVersion1(BigInt(zxid), '1f2e3d'), lastZxid],
      [digest, lastZxid, Buffer.alloc(random.between(1, 70), 'of a later release')],
    ];
    disk.put(path, sealed(body, ...(trailers[release] as Buffer[])));
  }
  return `snapshots of another release (${release})`;
}

/** As an operator does, or who copies a directory: the newest whole snapshots stay, and what of the log they need. */
export function purgeTo(disk: SimDisk, dirs: Dirs, count: number): string | undefined {
  const snapshots = found(disk, dirs.snapDir, 'snapshot');
  const oldest = snapshots.filter(({ path }) => isPlainAndWhole(disk, path)).at(-count);
  if (oldest === undefined) return undefined;
  const logs = found(disk, dirs.logDir, 'log');
  const needed = logs.findLast(({ zxid }) => zxid <= oldest.zxid);
  const old = [
    ...snapshots.filter(({ zxid }) => zxid < oldest.zxid),
    ...logs.filter(({ zxid }) => zxid < (needed?.zxid ?? 0)),
  ];
  for (const { path } of old) disk.remove(path);
  return `${old.length} old files are purged`;
}

/** As before 3.5, where these say no more than the log does. */
export function withoutEpochs(disk: SimDisk, { snapDir, logDir }: Dirs): string | undefined {
  const last = lastIn(disk, { snapDir, logDir });
  const epoch = `${Math.floor(last / EPOCH)}`;
  const says = (name: string): boolean =>
    disk.has(`${snapDir}/${name}`) && disk.read(`${snapDir}/${name}`).toString() === epoch;
  if (epoch === '0' || !EPOCH_FILES.every(says)) return undefined;
  for (const name of EPOCH_FILES) disk.remove(`${snapDir}/${name}`);
  return 'no epochs beside the log';
}

/** A snapshot that was written while the tree changed, in place of the newest two. */
export function fuzzySnapshot(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  const [early, late] = found(disk, dirs.snapDir, 'snapshot').slice(-2);
  const first = found(disk, dirs.logDir, 'log')[0];
  if (early === undefined || late === undefined || first === undefined || first.zxid > early.zxid + 1) return undefined;
  if (!isPlainAndWhole(disk, early.path) || !isPlainAndWhole(disk, late.path)) return undefined;
  disk.put(early.path, fuzzy(disk.read(early.path), disk.read(late.path), random.below(101) / 100));
  disk.remove(late.path);
  return 'a snapshot that was written while the tree changed';
}

/** The newest snapshot goes bad, and an older one and the log have all that it had. */
export function spoilSpare(disk: SimDisk, dirs: Dirs, ledger: Ledger, random: SimRandom): string | undefined {
  const [older, newest] = found(disk, dirs.snapDir, 'snapshot').slice(-2);
  if (older === undefined || newest === undefined || newest.zxid % EPOCH === 0) return undefined;
  if (!isPlainAndWhole(disk, older.path)) return undefined;
  const logged = zxidsIn(disk, dirs);
  const wanted = [newest.zxid, ...historyUpTo(ledger, newest.zxid, older.zxid + 1)];
  if (!wanted.every((zxid) => logged.has(zxid))) return undefined;
  return spoil(disk, newest.path, random);
}

/** As a full disk leaves them: the newest snapshots are halves, and the log has all that they would have had. */
export function halves(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  const whole = found(disk, dirs.snapDir, 'snapshot').at(-1);
  const newestLog = found(disk, dirs.logDir, 'log').at(-1);
  if (whole === undefined || newestLog === undefined) return undefined;
  const zxids = recordsOf(disk.read(newestLog.path)).map(({ zxid }) => zxid);
  const above = zxids.filter((zxid) => zxid > whole.zxid);
  if (above.length === 0) return undefined;
  const content = disk.read(whole.path);
  const half = content.subarray(0, random.below(content.length / 2));
  for (const zxid of above.slice(-random.between(1, 5)))
    disk.put(`${dirs.snapDir}/snapshot.${zxid.toString(16)}`, half);
  return 'the newest snapshots are halves';
}

/** A log that is not needed to start goes bad: nobody notices until a learner asks for what is in it. */
export function rot(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  const old = found(disk, dirs.logDir, 'log').slice(0, -1);
  return old.length === 0 ? undefined : spoil(disk, random.pick(old.slice(-random.pick([1, 4, 20]))).path, random);
}

/** Takes away what cannot be made whole from the rest, and what shows, so that it must be refused or noticed. */
export function spoilHistory(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  if (random.chance(1, 3)) purgeTo(disk, dirs, 1);
  const logs = found(disk, dirs.logDir, 'log');
  const snapshots = found(disk, dirs.snapDir, 'snapshot');
  switch (random.pick([0, 0, 1, 1, 1, 2, 2, 3, 4])) {
    case 0:
      return spoilSynced(disk, dirs, random);
    case 1: {
      // Perhaps with all else but logs, and the older ones of these, so that what is left begins where an epoch does.
      for (const { path } of snapshots) disk.remove(path);
      const begins = logs.flatMap(({ zxid }, i) => (zxid % EPOCH === 1 ? [i] : []));
      const last = begins.at(-1) ?? 0;
      for (const { path } of logs.slice(0, random.pick([0, last, last]))) disk.remove(path);
      if (logs.length > 0 && random.chance(3, 4)) removeAllBut(disk, dirs, 'log.');
      return snapshots.length === 0 ? undefined : 'all snapshots are lost';
    }
    case 2: {
      // An epoch loses its end, the next one begins with a file of its own, and what is left to start from is older.
      const ends = logs.filter(
        ({ zxid }, i) => Math.floor((logs[i + 1]?.zxid ?? zxid) / EPOCH) > Math.floor(zxid / EPOCH),
      );
      if (ends.length === 0) return undefined;
      const { path } = random.pick(ends);
      const log = disk.read(path);
      const last = recordsOf(log).at(-1);
      if (last === undefined) return undefined;
      if (snapshots.some(({ zxid }) => zxid < last.zxid)) {
        for (const snapshot of snapshots) if (snapshot.zxid >= last.zxid) disk.remove(snapshot.path);
      }
      if (random.chance(1, 3)) disk.put(path, log.subarray(0, last.offset));
      else disk.put(path, over(log, last.offset, Buffer.alloc(log.length - last.offset)));
      return `the end of an epoch is lost with that of ${path}`;
    }
    case 3: {
      const newest = snapshots.at(-1);
      return newest === undefined ? undefined : spoil(disk, newest.path, random);
    }
    default: {
      const old = logs.slice(0, -1);
      if (old.length === 0) return undefined;
      const { path } = random.pick(old);
      disk.remove(path);
      return `${path} is lost`;
    }
  }
}

/**
 * One bit of the newest log, with whole records behind it: below what is noted as synced, or without a note. Above the
 * note nobody could tell it from a write that a crash has torn.
 */
function spoilSynced(disk: SimDisk, dirs: Dirs, random: SimRandom): string | undefined {
  const newest = found(disk, dirs.logDir, 'log').at(-1);
  if (newest === undefined) return undefined;
  const records = recordsOf(disk.read(newest.path));
  const noted = notedIn(disk, dirs.logDir);
  const end = noted?.file === newest.zxid ? noted.offset : 0;
  const synced = records.filter(({ offset, bytes }) => offset + bytes.length <= end);
  const keepsNote = synced.length > 1 && random.chance(1, 2);
  const last = Math.max(0, ...records.map(({ zxid }) => zxid));
  const from = (keepsNote ? synced : records).filter(({ zxid }) => zxid < last);
  if (from.length === 0) return undefined;
  const { offset, bytes } = random.pick(from);
  disk.flipBit(newest.path, offset + 12 + random.below(bytes.length - 13), random.below(8));
  if (keepsNote) return `a bit of ${newest.path} is wrong`;
  const note = `${dirs.logDir}/synced`;
  if (disk.has(note)) disk.remove(note);
  return `a bit of ${newest.path} is wrong, and nothing says how far it was synced`;
}

function removeAllBut(disk: SimDisk, { snapDir, logDir }: Dirs, prefix: string): void {
  for (const dir of new Set([snapDir, logDir])) {
    for (const name of disk.list(dir)) if (!name.startsWith(prefix)) disk.remove(`${dir}/${name}`);
  }
}

/** A bit, a sector, or the end of a file. */
function spoil(disk: SimDisk, path: string, random: SimRandom): string {
  const content = disk.read(path);
  const kind = random.below(3);
  if (kind === 0 && content.length > 0) disk.flipBit(path, random.below(content.length), random.below(8));
  else if (kind === 1) disk.put(path, over(content, 512 * random.below(1 + content.length / 512), Buffer.alloc(512)));
  else disk.put(path, content.subarray(0, random.below(content.length + 1)));
  return `${path} goes bad (${kind})`;
}

function isPlainAndWhole(disk: SimDisk, path: string): boolean {
  if (/\.(gz|snappy)$/.test(path) || isShort(disk, path)) return false;
  const file = disk.read(path);
  const { body, digest, lastZxid } = partsOf(file);
  return sealed(body, digest, lastZxid).equals(file);
}

function zxidsIn(disk: SimDisk, { logDir }: Dirs): Set<number> {
  const zxids = new Set<number>();
  for (const { path } of found(disk, logDir, 'log')) {
    const log = disk.read(path);
    const records = recordsOf(log);
    for (const { zxid } of records) zxids.add(zxid);
    // Records behind a bad one are not read.
    if (!log.subarray(endOf(records)).every((byte) => byte === 0)) return zxids;
  }
  return zxids;
}

/** The last transaction of what is there; 0: none. */
function lastIn(disk: SimDisk, dirs: Dirs): number {
  return Math.max(0, found(disk, dirs.snapDir, 'snapshot').at(-1)?.zxid ?? 0, ...zxidsIn(disk, dirs));
}
