// Takes every file descriptor of the process, as clients would, and then does with the disk what a log does.
import { closeSync, openSync } from 'node:fs';
import { NodeDisk } from '../../src/io/node-disk.ts';

const dir = process.argv[2] as string;
const disk = new NodeDisk({
  onThrow: (error) => {
    throw error;
  },
});
const log = disk.open(`${dir}/log.1`, 'create');
const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // None is left.
}
const outcomes: string[] = [];
function attempt(what: string, action: () => void): void {
  try {
    action();
    outcomes.push(`${what} ok`);
  } catch (error) {
    outcomes.push(`${what} ${(error as { code?: string }).code}`);
  }
}
log.close();
attempt('next log', () => disk.open(`${dir}/log.2`, 'create'));
attempt('directory', () => disk.syncDir(dir));
attempt('again', () => disk.syncDir(dir));
disk.syncDirAsync(dir, (error) => {
  outcomes.push(`beside the loop ${error === undefined ? 'ok' : error.code}`);
  attempt('snapshot', () => disk.open(`${dir}/snapshot`, 'create'));
  attempt('directory', () => disk.syncDir(dir));
  for (const fd of taken) closeSync(fd);
  process.stdout.write(outcomes.join(', '));
});
