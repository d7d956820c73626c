import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { type Edit, EditedSource } from '../../source/edited-source.ts';
import { withWorkCounted } from '../../source/work.ts';
import { scenarioFiles } from './scenario-files.ts';
import type { Task } from './worker.ts';

/** A round for each byte costs a twentieth of others, and the bytes are copied anyway, which counts. */
const BYTE_LOOPS = /[\\/](adler32|snappy)\.ts$/;

/**
 * The simulator and the production code in one file, with or without edits of the source, and threads that run it.
 * Any version of Node runs it, and nothing of a mutant is ever written to the source.
 */
const ROOT = resolve(import.meta.dirname, '../../..');

export interface Bundle {
  readonly path: string;
  remove(): Promise<void>;
}

export async function bundle(edits: readonly Edit[] = []): Promise<Bundle> {
  const dir = await mkdtemp(join(tmpdir(), 'sim-'));
  const path = join(dir, 'worker.mjs');
  const source = new EditedSource(edits);
  await build({
    entryPoints: [join(ROOT, 'test/sim/cli/worker.ts')],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
    banner: { js: 'let $work = 0;' },
    plugins: [
      {
        name: 'edits',
        setup(setup) {
          setup.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, (args) => {
            const text = source.textOf(args.path) ?? readFileSync(args.path, 'utf8');
            return { contents: BYTE_LOOPS.test(args.path) ? text : withWorkCounted(text), loader: 'ts' };
          });
        },
      },
    ],
  });
  return { path, remove: () => rm(dir, { recursive: true }) };
}

/** One thread; `ask` gives it a task and resolves with the answer. */
export class Thread {
  private readonly worker: Worker;
  private readonly onProgress: (text: string) => void;
  private answered: ((message: unknown) => void) | undefined;
  private failed: ((error: Error) => void) | undefined;

  constructor(path: string, onProgress: (text: string) => void = () => {}) {
    this.onProgress = onProgress;
    this.worker = new Worker(path, { workerData: scenarioFiles() });
    this.worker.on('message', (message: { ready?: unknown; progress?: string }) => {
      if (message.ready !== undefined) return;
      if (message.progress !== undefined) this.onProgress(message.progress);
      else this.answered?.(message);
    });
    this.worker.on('error', (error) => this.failed?.(error));
  }

  ask<T>(task: Task): Promise<T> {
    return new Promise((fulfil, reject) => {
      this.answered = (message) => fulfil(message as T);
      this.failed = reject;
      this.worker.postMessage(task);
    });
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}
