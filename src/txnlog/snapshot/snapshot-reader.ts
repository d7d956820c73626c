import { gunzipSync } from 'node:zlib';
import { messageOf, ProtocolError, protocolError } from '../../base/errors.ts';
import type { Database, DatabaseOptions } from '../../datatree/database.ts';
import type { Disk, DiskFile } from '../../io/disk.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import { join, type SnapshotName } from '../file-names.ts';
import { unsnappyStream } from './snappy.ts';
import { SnapshotFileDecoder } from './snapshot-file-decoder.ts';
import { endsWithSeal } from './snapshot-format.ts';

/**
 * Loads one snapshot file, or says why it cannot be loaded. `looksComplete` is Apache's quick test, which a file that
 * was written to its end passes; only loading proves that it is also undamaged.
 */
export interface SnapshotVerdict {
  readonly database: Database | undefined;
  /** Why there is no database. */
  readonly defect: string;
  /** The zxid of the digest in the file: beyond the snapshot's own when it is fuzzy. */
  readonly digestZxid: Zxid;
}

const CHUNK_BYTES = 1 << 20;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

/** Throws DiskError. */
export function looksComplete(disk: Disk, dir: string, snapshot: SnapshotName): boolean {
  const file = disk.open(join(dir, snapshot.name), 'read');
  try {
    const size = file.size();
    if (snapshot.compression === 'gz') return startsWith(file, GZIP_MAGIC);
    if (snapshot.compression === 'snappy') return startsWith(file, SNAPPY_MAGIC);
    if (size < 10) return false;
    const tail = Buffer.alloc(5);
    return file.readAt(tail, size - 5) === 5 && endsWithSeal(tail);
  } finally {
    file.close();
  }
}

/** Throws DiskError. */
export function loadSnapshot(
  disk: Disk,
  dir: string,
  snapshot: SnapshotName,
  options: DatabaseOptions,
): SnapshotVerdict {
  const file = disk.open(join(dir, snapshot.name), 'read');
  try {
    const bytes = snapshot.compression === '' ? chunksOf(file) : [decompress(file, snapshot)];
    return decode(bytes, snapshot, options);
  } catch (error) {
    return damaged(protocolError(error).message);
  } finally {
    file.close();
  }
}

function decode(chunks: Iterable<Buffer>, snapshot: SnapshotName, options: DatabaseOptions): SnapshotVerdict {
  const decoder = new SnapshotFileDecoder(options);
  for (const chunk of chunks) decoder.push(chunk);
  return { ...decoder.finish(snapshot.zxid), defect: '' };
}

function damaged(defect: string): SnapshotVerdict {
  return { database: undefined, defect, digestZxid: ZXID_ZERO };
}

/** In one buffer: each chunk lasts until the next is asked for. Fresh memory for each costs as much as the reading. */
function* chunksOf(file: DiskFile): Iterable<Buffer> {
  const size = file.size();
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size));
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    const chunk = buffer.subarray(0, Math.min(CHUNK_BYTES, size - at));
    const got = file.readAt(chunk, at);
    yield chunk.subarray(0, got);
    if (got < chunk.length) return;
  }
}

function decompress(file: DiskFile, snapshot: SnapshotName): Buffer {
  let packed = Buffer.allocUnsafeSlow(file.size());
  let at = 0;
  for (const chunk of chunksOf(file)) at += chunk.copy(packed, at);
  packed = packed.subarray(0, at);
  if (snapshot.compression === 'snappy') return unsnappyStream(packed);
  try {
    return gunzipSync(packed);
  } catch (error) {
    throw new ProtocolError(`not readable as gzip: ${messageOf(error)}`);
  }
}

function startsWith(file: DiskFile, magic: Buffer): boolean {
  const head = Buffer.alloc(magic.length);
  return file.readAt(head, 0) === magic.length && head.equals(magic);
}
