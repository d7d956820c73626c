import { ProtocolError } from '../base/errors.ts';
import type { Database, DatabaseOptions } from '../datatree/database.ts';
import { SnapshotDecoder } from '../datatree/snapshot-decoder.ts';
import type { Zxid } from '../jute/zxid.ts';
import { SNAPSHOT_TRAILER } from './link.ts';

/**
 * A raw snapshot on its way from the leader: the stream of the tree, then the string "BenWasHere". Bytes are fed
 * as they come; what follows the trailer belongs to the packets again.
 */
const TRAILER_BYTES = 4 + SNAPSHOT_TRAILER.length;

export class SnapshotReceiver {
  private readonly decoder: SnapshotDecoder;
  private readonly zxid: Zxid;
  private tail: Buffer | undefined;

  constructor(options: DatabaseOptions, zxid: Zxid) {
    this.decoder = new SnapshotDecoder(options);
    this.zxid = zxid;
  }

  /** True when the snapshot is complete. Throws ProtocolError on bytes that are none. */
  push(chunk: Buffer): boolean {
    if (this.tail === undefined) {
      if (!this.decoder.push(chunk)) return false;
      this.tail = this.decoder.rest;
    } else {
      this.tail = Buffer.concat([this.tail, chunk]);
    }
    if (this.tail.length < TRAILER_BYTES) return false;
    const length = this.tail.readInt32BE(0);
    if (length !== SNAPSHOT_TRAILER.length || this.tail.toString('latin1', 4, TRAILER_BYTES) !== SNAPSHOT_TRAILER) {
      throw new ProtocolError(`the snapshot does not end with "${SNAPSHOT_TRAILER}"`);
    }
    return true;
  }

  /** What came behind the trailer. */
  get rest(): Buffer {
    return (this.tail as Buffer).subarray(TRAILER_BYTES);
  }

  finish(): Database {
    return this.decoder.finish(this.zxid);
  }
}
