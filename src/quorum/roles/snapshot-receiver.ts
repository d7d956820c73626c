import { assert } from '../../base/assert.ts';
import { SnapshotDecoder } from '../../datatree/snapshot/snapshot-decoder.ts';
import { ZXID_ZERO, type Zxid, zxidText } from '../../jute/zxid.ts';
import type { RawSink } from '../../zab/wire/sources.ts';
import type { PeerParts } from '../peer-parts.ts';

/**
 * A leader's snapshot on its way: decoded aside while it comes in, then it replaces log and tree in one step. Until that
 * step neither disk nor tree has changed, and whoever gives up before leaves the peer as it was.
 */
export interface SnapshotHandlers {
  /** All of it is here; from now on it is the disk that takes its time. */
  onReceived(): void;
  onInstalled(): void;
}

export class SnapshotReceiver {
  private readonly parts: PeerParts;
  private readonly handlers: SnapshotHandlers;
  private decoder: SnapshotDecoder | undefined;
  private zxid: Zxid = ZXID_ZERO;
  private isGivenUp = false;

  constructor(parts: PeerParts, handlers: SnapshotHandlers) {
    this.parts = parts;
    this.handlers = handlers;
  }

  /** Takes the bytes of the snapshot that is called `zxid`; `onRawEnd` is to follow the last of them. */
  begin(zxid: Zxid): RawSink {
    this.zxid = zxid;
    this.decoder = new SnapshotDecoder(this.parts.databaseOptions);
    return this.decoder;
  }

  onRawEnd(): void {
    const { store, replica, log } = this.parts;
    assert(this.decoder !== undefined, 'a snapshot comes only when it is expected');
    this.handlers.onReceived();
    const database = this.decoder.finish(this.zxid);
    database.becomeFuzzy();
    this.decoder = undefined;
    store.installSnapshot(database.startCut(), () => {
      if (this.isGivenUp) return;
      replica.replaceWith(database);
      log.info({ zxid: zxidText(replica.lastZxid) }, 'installed the snapshot of the leader');
      this.handlers.onInstalled();
    });
  }

  giveUp(): void {
    this.isGivenUp = true;
  }
}
