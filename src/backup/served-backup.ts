import type { Disk } from '../io/disk.ts';
import { zxidText } from '../jute/zxid.ts';
import { BackupError } from './backup-error.ts';
import type { Feed } from './feed.ts';
import { GrowingBackup } from './growing-backup.ts';
import { type OnBytes, withNewDir } from './kept-files.ts';
import type { Manifest } from './manifest.ts';

/** A backup of a server that runs, from its feed: a snapshot, and the log up to what there is when it is asked. */
export function createFromFeed(disk: Disk, feed: Feed, to: string, onBytes: OnBytes = () => {}): Promise<Manifest> {
  return withNewDir(to, async () => {
    await feed.takeSnapshot(to, undefined, onBytes);
    const backup = GrowingBackup.begin(disk, to, to, feed.epochs());
    try {
      for (let isEnd = false; !isEnd; ) {
        const piece = await feed.read(backup.zxid);
        if (backup.add(piece, feed.epochs()) === undefined) {
          throw new BackupError(
            `${feed.where} does not go on from its snapshot at zxid ${zxidText(backup.zxid)}: try again`,
          );
        }
        isEnd = piece.isEnd;
      }
      backup.finish();
    } finally {
      backup.close();
    }
    return backup.soFar;
  });
}
