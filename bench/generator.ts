import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * The load generator, bench/load/generator.c: compiled when it is first needed, run as a process of its own. A generator
 * in Node would cost as much as the server it measures.
 */
const root = resolve(import.meta.dirname, '..');
const CACHE = join(root, '.cache', 'bench');

export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** CPU microseconds of the generator for each operation. */
  readonly ownCpu: number;
}

export interface LoadHooks {
  onBegin?(): void;
  onEnd?(): void;
  /** The sessions are held until the promise is settled. */
  whileHeld?(): Promise<void>;
}

export type LoadKeys = Readonly<Record<string, string | number>>;

export function generatorProgram(): string {
  const source = join(root, 'bench', 'load', 'generator.c');
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12);
  const program = join(CACHE, `generator-${hash}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const compile = (more: readonly string[]): void => {
    execFileSync('cc', ['-O2', '-o', program, source, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  try {
    compile(['-DWITH_TLS', '-lssl', '-lcrypto']);
  } catch {
    try {
      compile([]);
    } catch (error) {
      throw new Error(`the load generator needs a C compiler (cc): ${(error as Error).message}`);
    }
  }
  return program;
}

/** Rejected when the generator saw a wrong reply, with its words. */
export function runGenerator(operation: string, keys: LoadKeys, hooks: LoadHooks = {}): Promise<LoadResult> {
  const args = [operation, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`)];
  const child = spawn(generatorProgram(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let words = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line === 'begin') hooks.onBegin?.();
    else if (line === 'end') hooks.onEnd?.();
    else if (line === 'ready') void (hooks.whileHeld?.() ?? Promise.resolve()).finally(() => child.stdin.end());
    else words += `${line}\n`;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(JSON.parse(output) as LoadResult);
      else fail(new Error(`generator ${args.join(' ')}: ${words.trim()}`));
    });
  });
}
