import { arch, EOL, platform } from 'node:os';
import { delimiter, dirname, sep } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { HostInfo } from '../server/monitoring/server-info.ts';
import { FULL_VERSION } from '../server/monitoring/version.ts';
import { SYSTEM_CALLS, type SystemCalls } from './system-calls.ts';

/**
 * The facts that `envi` and the file descriptor gauges tell of the process and the machine. The keys are those of a
 * JVM, because their readers look for these; the values are the nearest that Node.js has.
 *
 * Any of it may fail: a user id without a name or a home, a working directory that was removed, a /proc that is not
 * there. The rest is told all the same.
 */
export class NodeHost implements HostInfo {
  private readonly system: SystemCalls;

  constructor(system = SYSTEM_CALLS) {
    this.system = system;
  }

  environment(): readonly (readonly [key: string, value: string])[] {
    const { system } = this;
    const mebibytes = (bytes: () => number): string => told(() => `${Math.round(bytes() / 1024 / 1024)}MB`);
    return [
      ['zookeeper.version', FULL_VERSION],
      ['host.name', told(system.hostname)],
      ['java.version', process.versions.node],
      ['java.vendor', 'Node.js'],
      ['java.home', dirname(process.execPath)],
      ['java.class.path', process.argv[1] ?? ''],
      ['java.library.path', ''],
      ['java.io.tmpdir', told(system.tmpdir)],
      ['java.compiler', `V8 ${process.versions.v8}`],
      ['os.name', platform() === 'linux' ? 'Linux' : platform()],
      ['os.arch', arch() === 'x64' ? 'amd64' : arch()],
      ['os.version', told(system.release)],
      ['user.name', told(system.userName)],
      ['user.home', told(system.homedir)],
      ['user.dir', told(system.cwd)],
      ['os.memory.free', mebibytes(system.freemem)],
      ['os.memory.max', mebibytes(system.totalmem)],
      ['os.memory.total', mebibytes(system.residentBytes)],
    ];
  }

  properties(): readonly (readonly [key: string, value: string])[] {
    const { system } = this;
    const all: [string, string][] = [
      ['file.separator', sep],
      ['java.class.path', process.argv[1] ?? ''],
      ['java.home', dirname(process.execPath)],
      ['java.io.tmpdir', told(system.tmpdir)],
      ['java.vendor', 'Node.js'],
      ['java.version', process.versions.node],
      ['line.separator', EOL],
      ['os.arch', arch() === 'x64' ? 'amd64' : arch()],
      ['os.name', platform() === 'linux' ? 'Linux' : platform()],
      ['os.version', told(system.release)],
      ['path.separator', delimiter],
      ['user.dir', told(system.cwd)],
      ['user.name', told(system.userName)],
    ];
    return all;
  }

  openFileDescriptors(): number {
    try {
      return this.system.openFiles();
    } catch {
      return -1;
    }
  }

  maxFileDescriptors(): number {
    try {
      const limit = /^Max open files\s+(\d+)/m.exec(this.system.limits());
      return limit === null ? -1 : Number(limit[1]);
    } catch {
      return -1;
    }
  }
}

function told(call: () => string): string {
  try {
    return call();
  } catch (error) {
    return `? (${messageOf(error)})`;
  }
}
