import { found } from '../../faults/damage.ts';
import { defectOf } from '../../faults/snapshot-files.ts';
import type { Invariant } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * WholeSnapshots: the newest snapshot, unless it was put there by somebody else, can be loaded, whatever moment the server
 * died at (ZOOKEEPER-2872, ZOOKEEPER-3306). With an older one beside it a server would start all the same, so
 * nobody would see that there is one less to start from.
 */
export function wholeSnapshots(): Invariant {
  return {
    onRecovered({ sid, machine: { disk, dirs } }) {
      const path = found(disk, dirs.snapDir, 'snapshot').at(-1)?.path;
      if (path === undefined || disk.tampered.has(path) || /\.(gz|snappy)$/.test(path)) return;
      const defect = defectOf(disk.read(path));
      if (defect !== undefined) throw new Violation('WholeSnapshots', `${sid} has left ${path}: ${defect}`);
    },
  };
}
