import { readSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { ProtocolError } from '../../base/errors.ts';
import { DiskError } from '../../io/disk.ts';
import { NodeDisk } from '../../io/node-disk.ts';
import { lockDirectory } from '../../io/node-lock.ts';
import { VERSION_DIR } from '../../txnlog/file-names.ts';

/** The common part of the tools for files: how they end, and which directories they keep their hands off. */

/** Ends a tool: one sentence on standard error, and the exit code of Apache's tool for the same end. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly exitCode: number;
  /** Printed before, on standard output. */
  readonly usage: string | undefined;

  constructor(message: string, exitCode = 1, usage?: string) {
    super(message);
    this.exitCode = exitCode;
    this.usage = usage;
  }
}

/** The other side of a tool: the terminal or pipe it runs at, or a test. */
export interface ToolIo {
  out(text: string): void;
  err(text: string): void;
  /** The next line of standard input without its end; undefined at the end of all of them. */
  readLine(): string | undefined;
  /** For dates; that of the process by default. */
  readonly timeZone?: string;
}

export function line(io: ToolIo, text: string): void {
  io.out(`${text}\n`);
}

export type ToolMain = (args: readonly string[], io: ToolIo) => number;

/** Exit code of `main`, its failures as a sentence on standard error. */
export function ranTool(main: ToolMain, args: readonly string[], io: ToolIo): number {
  try {
    return main(args, io);
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof DiskError || error instanceof ProtocolError)) throw error;
    if (error instanceof ToolError && error.usage !== undefined) line(io, error.usage);
    if (error.message !== '') io.err(`${error.message}\n`);
    return error instanceof ToolError ? error.exitCode : 1;
  }
}

export function runTool(main: ToolMain): void {
  // The reader has enough, as `head` has.
  process.stdout.on('error', () => process.exit(1));
  // A line at a time would be a system call for each of millions.
  let pending = '';
  const flush = (): void => {
    if (pending !== '') process.stdout.write(pending);
    pending = '';
  };
  process.exitCode = ranTool(main, process.argv.slice(2), {
    out: (text) => {
      pending += text;
      if (pending.length >= FLUSH_AT_LENGTH) flush();
    },
    err: (text) => {
      flush();
      process.stderr.write(text);
    },
    readLine: () => {
      flush();
      return readStandardInput();
    },
  });
  flush();
}

const FLUSH_AT_LENGTH = 64 * 1024;

function readStandardInput(): string | undefined {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  for (;;) {
    const got = readByte(byte);
    if (!got && bytes.length === 0) return undefined;
    if (!got || byte[0] === 0x0a) return Buffer.from(bytes).toString('utf8');
    bytes.push(byte[0] as number);
  }
}

function readByte(target: Buffer): boolean {
  for (;;) {
    try {
      return readSync(0, target, 0, 1, null) === 1;
    } catch (error) {
      // A terminal that has nothing yet; anything else is the end.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

export function toolDisk(): NodeDisk {
  return new NodeDisk({
    onThrow: (error) => {
      throw error;
    },
  });
}

/**
 * Takes the data directories around `paths` for the time of `task`: nothing is written beside the files of a server
 * that runs. A server of ours holds the directory above version-2; Apache's holds nothing that could be seen.
 */
export function withoutServer<T>(paths: readonly string[], task: () => T): T {
  const dirs = new Set(paths.map((path) => dataDirOf(resolve(path))));
  const locks: { release(): void }[] = [];
  try {
    for (const dir of dirs) {
      const lock = lockDirectory(dir);
      if (lock === undefined) throw new ToolError(`${dir} is in use by a running server: nothing was changed there`);
      locks.push(lock);
    }
    return task();
  } finally {
    for (const lock of locks) lock.release();
  }
}

function dataDirOf(dir: string): string {
  return basename(dir) === VERSION_DIR ? dirname(dir) : dir;
}
