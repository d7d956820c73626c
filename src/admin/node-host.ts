import { readdirSync, readFileSync } from 'node:fs';
import { arch, EOL, freemem, homedir, hostname, platform, release, tmpdir, totalmem, userInfo } from 'node:os';
import { delimiter, dirname, sep } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { HostInfo } from '../server/monitoring/server-info.ts';
import { FULL_VERSION } from '../server/monitoring/version.ts';

/**
 * What `envi` and the file descriptor gauges tell of the process and the machine. The keys are those of a JVM,
 * because whoever reads them looks for these; the values are what comes nearest.
 */
export class NodeHost implements HostInfo {
  environment(): readonly (readonly [key: string, value: string])[] {
    const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)}MB`;
    return [
      ['zookeeper.version', FULL_VERSION],
      ['host.name', hostname()],
      ['java.version', process.versions.node],
      ['java.vendor', 'Node.js'],
      ['java.home', dirname(process.execPath)],
      ['java.class.path', process.argv[1] ?? ''],
      ['java.library.path', ''],
      ['java.io.tmpdir', tmpdir()],
      ['java.compiler', `V8 ${process.versions.v8}`],
      ['os.name', platform() === 'linux' ? 'Linux' : platform()],
      ['os.arch', arch() === 'x64' ? 'amd64' : arch()],
      ['os.version', release()],
      ['user.name', userName()],
      ['user.home', homedir()],
      ['user.dir', process.cwd()],
      ['os.memory.free', mebibytes(freemem())],
      ['os.memory.max', mebibytes(totalmem())],
      ['os.memory.total', mebibytes(process.memoryUsage().rss)],
    ];
  }

  properties(): readonly (readonly [key: string, value: string])[] {
    const all: [string, string][] = [
      ['file.separator', sep],
      ['java.class.path', process.argv[1] ?? ''],
      ['java.home', dirname(process.execPath)],
      ['java.io.tmpdir', tmpdir()],
      ['java.vendor', 'Node.js'],
      ['java.version', process.versions.node],
      ['line.separator', EOL],
      ['os.arch', arch() === 'x64' ? 'amd64' : arch()],
      ['os.name', platform() === 'linux' ? 'Linux' : platform()],
      ['os.version', release()],
      ['path.separator', delimiter],
      ['user.dir', process.cwd()],
      ['user.name', userName()],
    ];
    return all;
  }

  openFileDescriptors(): number {
    try {
      return readdirSync('/proc/self/fd').length;
    } catch {
      return -1;
    }
  }

  maxFileDescriptors(): number {
    try {
      const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
      return limit === null ? -1 : Number(limit[1]);
    } catch {
      return -1;
    }
  }
}

/** There are containers whose user id has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    return `? (${messageOf(error)})`;
  }
}
