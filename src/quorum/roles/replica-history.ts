import type { Zxid } from '../../jute/zxid.ts';
import type { Entry, EntryCursor, History } from '../../zab/leader/leader-ports.ts';
import type { RawSource } from '../../zab/wire/sources.ts';
import type { PeerParts } from '../peer-parts.ts';

/** This peer's history as a leader reads it to synchronise others: memory first, then the log on disk. */
export class ReplicaHistory implements History {
  private readonly parts: PeerParts;

  constructor(parts: PeerParts) {
    this.parts = parts;
  }

  get lastZxid(): Zxid {
    return this.parts.replica.database.lastProcessedZxid;
  }

  get acceptedEpoch(): number {
    return this.parts.store.epochs.acceptedEpoch ?? 0;
  }

  get currentEpoch(): number {
    return this.parts.store.epochs.currentEpoch ?? 0;
  }

  get minCommitted(): Zxid | undefined {
    return this.parts.store.recent.minZxid;
  }

  get maxCommitted(): Zxid | undefined {
    return this.parts.store.recent.maxZxid;
  }

  allCommitted(): readonly Entry[] {
    return this.parts.store.recent.all();
  }

  diskFrom(zxid: Zxid, maxBytes: number): EntryCursor | 'later' | undefined {
    const { logs } = this.parts.store;
    // A leader asks again with each acknowledgement, and to ask for the bytes lists the directory.
    if (logs.isBusy) return 'later';
    if (maxBytes > 0 && logs.bytesFrom(zxid) > maxBytes) return undefined;
    if (!logs.isNear(zxid)) return 'later';
    return logs.readFrom(zxid);
  }

  get snapshotBytes(): number {
    return this.parts.store.facts.newestSnapshot?.bytes ?? 0;
  }

  startCut(): RawSource {
    return this.parts.replica.database.startCut();
  }
}
