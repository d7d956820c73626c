import type { SnapshotSource } from '../../../src/txnlog/snapshot/snapshot-writer.ts';
import type { Store } from '../../../src/txnlog/store.ts';
import type { StorageLimits } from '../plan/storage-plan.ts';

/** Snapshots of one process are made, written and sent in smaller slices. */
export function limitStorage(store: Store, { sliceBytes }: StorageLimits): void {
  if (sliceBytes === undefined) return;
  const inSlices = (cut: SnapshotSource): SnapshotSource => {
    const next = cut.next.bind(cut);
    cut.next = (maxBytes) => next(Math.min(maxBytes, sliceBytes));
    return cut;
  };
  const take = store.takeSnapshot.bind(store);
  store.takeSnapshot = (cut, done) => take(inSlices(cut), done);
  const install = store.installSnapshot.bind(store);
  store.installSnapshot = (cut, done) => install(inSlices(cut), done);
}
