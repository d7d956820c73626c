import { protocolError } from '../base/errors.ts';
import type { Database } from '../datatree/database.ts';
import { type Zxid, zxidHex } from '../jute/zxid.ts';
import { SnapshotFileDecoder } from '../txnlog/snapshot/snapshot-file-decoder.ts';
import type { PeerParts } from './peer-parts.ts';

/**
 * A snapshot that an operator gives a running server in place of its history. It is decoded aside while it comes in; log
 * and tree are then replaced in one step, as by a leader's snapshot, and a crash leaves one history or the other, whole.
 */
export class Restore {
  private readonly decoder: SnapshotFileDecoder;
  private readonly carryOut: (database: Database, done: (error: Error | undefined) => void) => void;

  /** `carryOut` replaces the history. */
  constructor(parts: PeerParts, carryOut: Restore['carryOut']) {
    this.decoder = new SnapshotFileDecoder(parts.databaseOptions);
    this.carryOut = carryOut;
  }

  /** The next bytes of the file. Throws ProtocolError when they are none of a snapshot. */
  push(chunk: Buffer): void {
    this.decoder.push(chunk);
  }

  /** All of the file is here. `done` with the reason why nothing changed, or with the zxid that this server has now. */
  finish(done: (error: Error | undefined, zxid: Zxid | undefined) => void): void {
    let database: Database;
    try {
      database = this.decoder.finish(undefined).database;
    } catch (error) {
      done(protocolError(error), undefined);
      return;
    }
    this.carryOut(database, (error) => done(error, error === undefined ? database.lastProcessedZxid : undefined));
  }
}

/** Replaces the history of a peer without a role; the role that comes next serves the new one. */
export function replaceHistory(parts: PeerParts, database: Database, done: () => void): void {
  const { store, replica, log } = parts;
  store.installSnapshot(database.startCut(), () => {
    replica.replaceWith(database);
    log.warn(
      { zxid: `0x${zxidHex(replica.lastZxid)}` },
      'the history was replaced by a snapshot, as asked by an operator',
    );
    done();
  });
}
