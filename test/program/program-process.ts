import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** src/peer.ts as a process: arguments in, exit code and output out. What a test leaves running is killed after it. */
const root = resolve(import.meta.dirname, '../..');
const children: ChildProcess[] = [];
const pipes: BlockedPipe[] = [];
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'program-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const pipe of pipes.splice(0)) pipe.close();
  rmSync(dir, { recursive: true, force: true });
});

export function testDir(): string {
  return dir;
}

export function configFile(text: string): string {
  const file = join(dir, 'zoo.cfg');
  writeFileSync(file, `dataDir=${dir}/data\nclientPortAddress=127.0.0.1\npreAllocSize=64\n${text}`);
  return file;
}

/** A program that is loaded before peer.ts, to make something happen inside the process. */
export function preload(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

/** A pipe between processes that is full from the start, and that nobody reads until `read`. */
export class BlockedPipe {
  readonly writeEnd: number;
  readonly path: string;
  private readonly readEnd: number;
  private isOpen = true;

  constructor(name: string) {
    this.path = join(dir, name);
    execFileSync('mkfifo', [this.path]);
    this.readEnd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writeEnd = openSync(this.path, constants.O_WRONLY);
    const filler = openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      for (;;) writeSync(filler, '#'.repeat(4096));
    } catch {
      // It is full.
    }
    closeSync(filler);
    pipes.push(this);
  }

  /** What is in it at the moment. */
  read(): string {
    const chunk = Buffer.alloc(1 << 20);
    try {
      return chunk.toString('utf8', 0, readSync(this.readEnd, chunk));
    } catch {
      return '';
    }
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.readEnd);
    closeSync(this.writeEnd);
  }
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** File descriptors instead of pipes that the test reads. */
  readonly stdout?: number;
  readonly stderr?: number;
  readonly preload?: string;
}

export class Program {
  readonly child: ChildProcess;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  out = '';
  err = '';
  private readonly waiting: { isSo: () => boolean; done: () => void }[] = [];

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const imports = ['--import', './scripts/ts.mjs'];
    if (options.preload !== undefined) imports.push('--import', options.preload);
    this.child = spawn(process.execPath, [...imports, 'src/peer.ts', ...args], {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', options.stdout ?? 'pipe', options.stderr ?? 'pipe'],
    });
    children.push(this.child);
    this.child.stdout?.on('data', (chunk) => {
      this.out += chunk;
      this.look();
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk;
      this.look();
    });
    this.ended = new Promise((done) => this.child.on('close', (code, signal) => done(code ?? signal)));
  }

  /** On standard output or standard error. */
  said(text: string): Promise<void> {
    return this.until(() => this.out.includes(text) || this.err.includes(text));
  }

  /** Looked at whenever it says something. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((done) => {
      this.waiting.push({ isSo, done });
      this.look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  get lines(): { msg: string; level: string }[] {
    return this.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  private look(): void {
    for (const { isSo, done } of this.waiting) if (isSo()) done();
  }
}
