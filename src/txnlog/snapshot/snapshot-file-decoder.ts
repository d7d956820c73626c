import { ProtocolError } from '../../base/errors.ts';
import type { Database, DatabaseOptions } from '../../datatree/database.ts';
import { SnapshotDecoder } from '../../datatree/snapshot/snapshot-decoder.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import { readTrailer, SNAPSHOT_HEADER_BYTES, StreamChecksum, snapshotHeaderDefect } from './snapshot-format.ts';

/**
 * A whole snapshot file, uncompressed, from chunks of any size: header, stream, trailer. Every method throws
 * ProtocolError with what is wrong with the file.
 */
export interface DecodedSnapshot {
  readonly database: Database;
  /** The zxid of the digest in the file: beyond the snapshot's own when it is fuzzy. */
  readonly digestZxid: Zxid;
}

export class SnapshotFileDecoder {
  private readonly decoder: SnapshotDecoder;
  private readonly checksum = new StreamChecksum();
  /** Until all of the header is here. */
  private head: Buffer | undefined = Buffer.alloc(0);
  private trailer: Buffer[] | undefined;

  constructor(options: DatabaseOptions) {
    this.decoder = new SnapshotDecoder(options);
  }

  /** The chunk is the caller's again afterwards. */
  push(chunk: Buffer): void {
    if (this.trailer !== undefined) this.trailer.push(Buffer.from(chunk));
    else if (this.head === undefined) this.pushStream(chunk);
    else this.pushHead(this.head, chunk);
  }

  /** `named`: the zxid in the file's name. Without a name the file has to say where it stands. */
  finish(named: Zxid | undefined): DecodedSnapshot {
    if (this.trailer === undefined) throw new ProtocolError('the file ends before the tree does');
    const verdict = readTrailer(Buffer.concat(this.trailer), this.checksum.value);
    if (verdict.defect !== undefined) throw new ProtocolError(verdict.defect);
    const zxid = named ?? verdict.lastZxid;
    if (zxid === undefined) throw new ProtocolError('the file does not say at which zxid it stands');
    const database = this.decoder.finish(zxid);
    const digest = verdict.digest?.zxid === ZXID_ZERO ? undefined : verdict.digest;
    // Without one, though there are transactions in it, it may be what a leader sent.
    if (digest !== undefined) database.expectDigest(digest);
    else if (zxid > ZXID_ZERO) database.becomeFuzzy();
    return { database, digestZxid: verdict.digest?.zxid ?? ZXID_ZERO };
  }

  private pushHead(before: Buffer, chunk: Buffer): void {
    const missing = SNAPSHOT_HEADER_BYTES - before.length;
    const head = Buffer.concat([before, chunk.subarray(0, missing)]);
    this.head = head;
    if (head.length < SNAPSHOT_HEADER_BYTES) return;
    const defect = snapshotHeaderDefect(head);
    if (defect !== undefined) throw new ProtocolError(defect);
    this.checksum.add(head);
    this.head = undefined;
    this.pushStream(chunk.subarray(missing));
  }

  private pushStream(bytes: Buffer): void {
    if (!this.decoder.push(bytes)) {
      this.checksum.add(bytes);
      return;
    }
    const { rest } = this.decoder;
    this.checksum.add(bytes.subarray(0, bytes.length - rest.length));
    this.trailer = [rest];
  }
}
