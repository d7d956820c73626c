import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { DirectoryLock } from './disk.ts';

/**
 * A directory for one process at a time, without native code. The lock must hold against every other process, vanish
 * with a killed one, and cost no write before a refusal, all of it synchronously.
 *
 * Linux: a listening socket in the abstract namespace, named after device and inode of the directory. The kernel
 * gives a name to one socket, and takes it back with the process. Containers with network namespaces of their own do
 * not see each other's names. macOS and the BSDs: flock, which their open(2) offers as a flag. Elsewhere a file with
 * process id and start time, which a crashed owner leaves and the next one sees through.
 */
export function lockDirectory(dir: string): DirectoryLock | undefined {
  if (hasAbstractSockets()) return lockBySocket(dir);
  if (process.platform === 'darwin' || process.platform.endsWith('bsd')) return lockByFlag(join(dir, LOCK_FILE));
  return lockByFile(join(dir, LOCK_FILE));
}

/** Whether another process has it. Of a directory that is missing or out of reach this cannot be told: false. */
export function isLocked(dir: string): boolean {
  try {
    const lock = lockDirectory(dir);
    lock?.release();
    return lock === undefined;
  } catch {
    return false;
  }
}

const LOCK_FILE = 'in-use';
/** The whole of sun_path: Node 20 pads shorter names with zeros, later ones do not, and the two must meet. */
const SOCKET_NAME_BYTES = 108;

/** Before 20.9 Node ends the name at its leading zero, so that all of them would be the same. */
function hasAbstractSockets(): boolean {
  // Bun binds a socket later than `listen`: it would take every directory for one in use.
  if (process.versions.bun !== undefined) return false;
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  return process.platform === 'linux' && (major > 20 || minor >= 9);
}

function lockBySocket(dir: string): DirectoryLock | undefined {
  const { dev, ino } = fs.statSync(dir, { bigint: true });
  const name = `\0menagerie-directory-${dev.toString(16)}:${ino.toString(16)}`.padEnd(SOCKET_NAME_BYTES, '-');
  const server = createServer((socket) => socket.destroy());
  server.on('error', () => {});
  // A local socket is bound inside `listen`; only the events come later. `exclusive` keeps a cluster worker from
  // asking its primary to do it.
  server.listen({ path: name, exclusive: true });
  if (!server.listening) return undefined;
  server.unref();
  return { release: () => server.close() };
}

/** O_EXLOCK, the same number on all of them; node:fs has no name for it. */
const EXCLUSIVE_LOCK = 0x20;

function lockByFlag(path: string): DirectoryLock | undefined {
  const { O_RDWR, O_CREAT, O_NONBLOCK } = fs.constants;
  try {
    const fd = fs.openSync(path, O_RDWR | O_CREAT | O_NONBLOCK | EXCLUSIVE_LOCK, 0o640);
    return { release: () => fs.closeSync(fd) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return undefined;
    throw error;
  }
}

/** Exported for its test. */
export function lockByFile(path: string): DirectoryLock | undefined {
  for (;;) {
    try {
      fs.writeFileSync(path, ownerText(process.pid), { flag: 'wx', mode: 0o640 });
      return { release: () => fs.rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = fs.readFileSync(path, 'utf8');
    const pid = Number.parseInt(owner, 10);
    if (isAlive(pid) && owner === ownerText(pid)) return undefined;
    fs.rmSync(path, { force: true });
  }
}

/** Process ids come round again; with its start time one names a single process for good. */
function ownerText(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the program's name, may hold spaces and parentheses; the start time is the 22nd.
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}\n`;
  } catch {
    return `${pid}\n`;
  }
}

function isAlive(pid: number): boolean {
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
