import { gzipSync } from 'node:zlib';
import type { SnapshotDigest } from '../../datatree/digest/digest.ts';
import type { Clock } from '../../io/clock.ts';
import { type Disk, DiskError, type DiskFile, diskError } from '../../io/disk.ts';
import { type Zxid, zxidHex } from '../../jute/zxid.ts';
import { type Compression, join, snapshotName, temporaryName } from '../file-names.ts';
import { snappyBlock, snappyHeader } from './snappy.ts';
import { StreamChecksum, snapshotHeader, snapshotTrailer } from './snapshot-format.ts';

/**
 * Writes one snapshot beside the loop: a slice of the tree, one write, a turn for everyone else, the next slice. The
 * file has another name until it is whole and synced, so no crash leaves half of one to be taken for a snapshot
 * (ZOOKEEPER-2872). When the disk is full, the part written so far is removed again (ZOOKEEPER-3082).
 *
 * One operation is in flight at a time, so a snapshot never holds more than one thread of the pool.
 */
export interface SnapshotSource {
  readonly zxid: Zxid;
  readonly digest: SnapshotDigest;
  /** Why it ended before its end, once `next` gave undefined; undefined when it is whole. */
  readonly defect?: string | undefined;
  next(maxBytes: number): Buffer | undefined;
  cancel(): void;
}

/** Where snapshots are written, and the clock that gives everyone else a turn between two slices. */
export interface SnapshotPlace {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly dir: string;
}

export interface SnapshotWriterOptions {
  readonly snapshotCompression: Compression;
  readonly serializeLastProcessedZxid: boolean;
}

/** About a millisecond of the loop's time each; compressing takes several times as long. */
const SLICE_BYTES = 256 * 1024;
const COMPRESSED_SLICE_BYTES = 16 * 1024;
/**
 * Synced as it grows: gigabytes of it handed to the disk at the end would hold up the log's syncs, which have to get
 * past them.
 */
const SYNC_EVERY_BYTES = 8 << 20;
const GIVEN_UP = 'given up';

export class SnapshotWriter {
  readonly zxid: Zxid;
  /** The name it gets with `publish`. */
  readonly name: string;
  private readonly disk: Disk;
  private readonly clock: Clock;
  private readonly dir: string;
  private readonly options: SnapshotWriterOptions;
  private readonly source: SnapshotSource;
  private readonly done: (error: Error | undefined) => void;
  private readonly checksum = new StreamChecksum();
  private file: DiskFile | undefined = undefined;
  private position = 0;
  private syncedTo = 0;
  private streamIsOver = false;
  private cancelled = false;

  /** `done` comes later, in a turn of its own, when the file is synced under its temporary name or given up. */
  constructor(
    place: SnapshotPlace,
    options: SnapshotWriterOptions,
    source: SnapshotSource,
    done: (error: Error | undefined) => void,
  ) {
    this.disk = place.disk;
    this.clock = place.clock;
    this.dir = place.dir;
    this.options = options;
    this.source = source;
    this.zxid = source.zxid;
    this.name = snapshotName(source.zxid, options.snapshotCompression);
    this.done = done;
  }

  get wasCancelled(): boolean {
    return this.cancelled;
  }

  /** Bytes written so far; once done, of the whole file. */
  get bytes(): number {
    return this.position;
  }

  start(): void {
    this.clock.afterTurn(() => {
      if (this.cancelled) {
        this.finish(new Error(GIVEN_UP));
        return;
      }
      try {
        const path = this.temporaryPath();
        if (this.disk.exists(path)) this.disk.unlink(path);
        this.file = this.disk.open(path, 'create');
      } catch (error) {
        this.fail(diskError(error));
        return;
      }
      const header = snapshotHeader();
      this.checksum.add(header);
      this.write(this.pack(header, true));
    });
  }

  /** No file stays behind; `done` is called with an error once what is in flight has come back. */
  cancel(): void {
    this.cancelled = true;
  }

  /**
   * From the temporary name to the real one; durable when `done` is called without an error. A name that may not
   * outlast a crash is taken back, unless it stood for an equal file before.
   */
  publish(done: (error: Error | undefined) => void): void {
    const path = join(this.dir, this.name);
    // As long as that is not known nothing of that name is taken back.
    let replaces = true;
    const finish = (error: DiskError | undefined): void => {
      if (error !== undefined) this.remove(replaces ? [this.temporaryPath()] : [this.temporaryPath(), path]);
      done(error ?? (this.cancelled ? new Error(GIVEN_UP) : undefined));
    };
    try {
      replaces = this.disk.exists(path);
      this.disk.rename(this.temporaryPath(), path);
    } catch (error) {
      finish(diskError(error));
      return;
    }
    this.disk.syncDirAsync(this.dir, finish);
  }

  temporaryPath(): string {
    return join(this.dir, temporaryName(this.name));
  }

  private readonly step = (): void => {
    if (this.cancelled) {
      this.fail(new Error(GIVEN_UP));
      return;
    }
    if (this.streamIsOver) {
      (this.file as DiskFile).sync((error) => {
        if (error !== undefined || this.cancelled) this.fail(error ?? new Error(GIVEN_UP));
        else this.finish(undefined);
      });
      return;
    }
    const compressed = this.options.snapshotCompression !== '';
    const slice = this.source.next(compressed ? COMPRESSED_SLICE_BYTES : SLICE_BYTES);
    if (slice === undefined && this.source.defect !== undefined) {
      this.fail(new Error(this.source.defect));
      return;
    }
    if (slice === undefined) {
      this.streamIsOver = true;
      const { zxid, digest } = this.source;
      const trailer = snapshotTrailer(this.checksum.value, zxid, digest, this.options.serializeLastProcessedZxid);
      this.write(this.pack(trailer, false));
      return;
    }
    this.checksum.add(slice);
    this.write(this.pack(slice, false));
  };

  private write(bytes: Buffer[]): void {
    let size = 0;
    for (const chunk of bytes) size += chunk.length;
    const at = this.position;
    this.position += size;
    (this.file as DiskFile).write(bytes, at, (error) => {
      if (error !== undefined) this.fail(error);
      else if (this.position - this.syncedTo >= SYNC_EVERY_BYTES) this.syncSoFar();
      else this.clock.afterTurn(this.step);
    });
  }

  private syncSoFar(): void {
    this.syncedTo = this.position;
    (this.file as DiskFile).sync((error) => {
      if (error !== undefined) this.fail(error);
      else this.clock.afterTurn(this.step);
    });
  }

  /** Every slice is a gzip member or a snappy block of its own: both formats are read as one stream. */
  private pack(bytes: Buffer, isFirst: boolean): Buffer[] {
    switch (this.options.snapshotCompression) {
      case 'gz':
        return [gzipSync(bytes)];
      case 'snappy':
        return isFirst ? [snappyHeader(), snappyBlock(bytes)] : [snappyBlock(bytes)];
      default:
        return [bytes];
    }
  }

  private fail(error: Error): void {
    this.source.cancel();
    this.file?.close();
    this.file = undefined;
    this.remove([this.temporaryPath()]);
    this.finish(error);
  }

  /** On a disk that fails already: what cannot be removed now goes with the next start. */
  private remove(paths: readonly string[]): void {
    try {
      for (const path of paths) if (this.disk.exists(path)) this.disk.unlink(path);
    } catch (error) {
      diskError(error);
    }
  }

  private finish(error: Error | undefined): void {
    this.file?.close();
    this.file = undefined;
    this.done(error);
  }
}

/** The one line for a snapshot that failed. */
export function snapshotFailure(zxid: Zxid, error: Error): Error {
  if (!(error instanceof DiskError) || error.code !== 'ENOSPC') return error;
  return new Error(`no space left for the snapshot at 0x${zxidHex(zxid)}; what was written of it is removed`);
}

/** A whole snapshot file at once, uncompressed: only for a tree that is known to be small. */
export function encodeSnapshot(source: SnapshotSource, options: SnapshotWriterOptions): Buffer {
  const checksum = new StreamChecksum();
  const parts = [snapshotHeader()];
  for (let slice = source.next(SLICE_BYTES); slice !== undefined; slice = source.next(SLICE_BYTES)) parts.push(slice);
  for (const part of parts) checksum.add(part);
  parts.push(snapshotTrailer(checksum.value, source.zxid, source.digest, options.serializeLastProcessedZxid));
  return Buffer.concat(parts);
}
