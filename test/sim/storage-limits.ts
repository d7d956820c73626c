import type { SnapshotSource } from '../../src/txnlog/snapshot/snapshot-writer.ts';
import type { Store } from '../../src/txnlog/store.ts';
import type { StorageLimits } from './storage-plan.ts';

/** Carries out the limits of a plan on the store of one process, from outside. */
export function limitStorage(store: Store, { sliceBytes, logFileBytes }: StorageLimits): void {
  if (logFileBytes !== undefined) {
    (store as unknown as { writer: { options: { fileLimitBytes: number } } }).writer.options.fileLimitBytes =
      logFileBytes;
  }
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
