import type { Disk } from '../io/disk.ts';
import { join, temporaryName } from './file-names.ts';

/**
 * Replaces a small file as a whole: written aside, synced, renamed over the old one, and the directory synced.
 * Whenever the power goes, either the old content is there or the new one. Durable on return; throws DiskError.
 */
export function replaceFile(disk: Disk, dir: string, name: string, content: string | Buffer, temporary?: string): void {
  const aside = join(dir, temporary ?? temporaryName(name));
  if (disk.exists(aside)) disk.unlink(aside);
  const file = disk.open(aside, 'create');
  try {
    file.writeAt(typeof content === 'string' ? Buffer.from(content) : content, 0);
    file.syncNow();
  } finally {
    file.close();
  }
  disk.rename(aside, join(dir, name));
  disk.syncDir(dir);
}
