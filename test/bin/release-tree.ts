import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * A release tree with the real scripts and programs that only note how they were called. The stand-in for the server does
 * what the line `behaviour=` of its configuration says: it gets ready and waits for SIGTERM (`up`), says so and ends
 * (`die`), is never ready (`slow`), or does not go (`stubborn`).
 */
const root = resolve(import.meta.dirname, '../..');

const PEER = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
if (args[0] === '--version') {
  console.log('1.2.3 (compatible with Apache ZooKeeper 3.9.5)');
  process.exit(0);
}
const option = (name) => args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const behaviour = /^behaviour=(.*)$/m.exec(readFileSync(option('--config'), 'latin1'))?.[1] ?? 'up';
const { SERVER_JVMFLAGS, JVMFLAGS } = process.env;
appendFileSync(CALLS, JSON.stringify({ args, pid: process.pid, cwd: process.cwd(), SERVER_JVMFLAGS, JVMFLAGS }) + '\\n');
console.log('a line of the log');
if (behaviour === 'die') {
  console.error('no, because the test says so');
  process.exit(2);
}
process.on('SIGTERM', () => { if (behaviour !== 'stubborn') process.exit(0); });
process.on('SIGINT', () => process.exit(3));
if (behaviour !== 'slow' && option('--ready-file')) writeFileSync(option('--ready-file'), 'ready\\n');
setInterval(() => {}, 1000);
`;

const TOOL = `
import { appendFileSync } from 'node:fs';
appendFileSync(CALLS, JSON.stringify({ tool: process.argv[1], args: process.argv.slice(2) }) + '\\n');
process.exitCode = 7;
`;

const TOOLS = [
  'zk-cli',
  'txn-log-toolkit',
  'snapshot-toolkit',
  'snapshot-comparer',
  'snapshot-recursive-summary',
  'purge-txn-log',
  'audit',
];

export interface Call {
  readonly tool?: string;
  readonly args: readonly string[];
  readonly pid: number;
  readonly cwd: string;
  readonly SERVER_JVMFLAGS?: string;
  readonly JVMFLAGS?: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class ReleaseTree {
  readonly outside: string;
  readonly home: string;
  readonly data: string;

  constructor(behaviour = 'up') {
    this.outside = mkdtempSync(join(tmpdir(), 'release-'));
    this.home = join(this.outside, 'with a blank', 'menagerie');
    this.data = join(this.outside, 'some data');
    for (const dir of ['conf', 'dist/cli']) mkdirSync(join(this.home, dir), { recursive: true });
    cpSync(join(root, 'bin'), join(this.home, 'bin'), { recursive: true });
    writeFileSync(join(this.home, 'package.json'), '{ "type": "module" }\n');
    const calls = `const CALLS = ${JSON.stringify(join(this.outside, 'calls'))};\n`;
    writeFileSync(join(this.home, 'dist/peer.js'), calls + PEER);
    for (const tool of TOOLS) writeFileSync(join(this.home, `dist/cli/${tool}.js`), calls + TOOL);
    writeFileSync(join(this.home, 'dist/cli/directory-in-use.js'), '');
    this.configure('zoo.cfg', `dataDir=${this.data}\nclientPort=2181\nbehaviour=${behaviour}\n`);
  }

  configure(file: string, text: string): void {
    writeFileSync(join(this.home, 'conf', file), text);
  }

  /** As cron runs it: nothing in the environment but a short PATH and what is given. */
  run(script: string, args: readonly string[], options: RunOptions = {}): SpawnSyncReturns<string> {
    return this.command('sh', [join(this.home, 'bin', script), ...args], options);
  }

  command(program: string, args: readonly string[], { cwd, env }: RunOptions = {}): SpawnSyncReturns<string> {
    return spawnSync(program, args, {
      cwd: cwd ?? this.outside,
      env: { PATH: `${resolve(process.execPath, '..')}:/usr/bin:/bin`, ...env },
      encoding: 'utf8',
    });
  }

  calls(): Call[] {
    return this.read('calls')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  }

  /** A file beside the tree; empty when it is not there. */
  read(file: string): string {
    try {
      return readFileSync(join(this.outside, file), 'utf8');
    } catch {
      return '';
    }
  }

  /** Ends every server that was started from it. */
  remove(): void {
    for (const { pid, tool } of this.calls()) {
      if (tool !== undefined) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    rmSync(this.outside, { recursive: true, force: true });
  }
}
