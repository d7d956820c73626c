import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach } from 'vitest';
import { logToolkit } from '../../src/cli/files/log-toolkit.ts';
import { purgeTool } from '../../src/cli/files/purge.ts';
import { snapshotComparer } from '../../src/cli/files/snapshot-comparer.ts';
import { snapshotFormatter } from '../../src/cli/files/snapshot-formatter.ts';
import { snapshotSummary } from '../../src/cli/files/snapshot-summary.ts';
import { ranTool } from '../../src/cli/files/tool.ts';

/** A tool of src/cli, in this process and in UTC; its entry does no more than to hand it the process's own streams. */
const root = resolve(import.meta.dirname, '../..');
export const golden = join(root, 'test/golden/files');

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const MAINS = {
  'txn-log-toolkit': logToolkit,
  'snapshot-toolkit': snapshotFormatter,
  'snapshot-comparer': snapshotComparer,
  'snapshot-recursive-summary': snapshotSummary,
  'purge-txn-log': purgeTool,
};

export function runTool(name: keyof typeof MAINS, args: readonly string[], input = ''): Ended {
  const ended = { out: '', err: '' };
  const lines = input === '' ? [] : input.replace(/\n$/, '').split('\n');
  const code = ranTool(MAINS[name], args, {
    out: (text) => {
      ended.out += text;
    },
    err: (text) => {
      ended.err += text;
    },
    readLine: () => lines.shift(),
    timeZone: 'UTC',
  });
  return { code, ...ended };
}

/** Recorded files that Apache wrote: logs, or snapshots, without what its tools said of them. */
export function goldenFiles(prefix: string): string[] {
  return readdirSync(golden)
    .flatMap((dir) => readdirSync(join(golden, dir)).map((name) => join(dir, name)))
    .filter((name) => name.includes(`/${prefix}`) && !/\.(txt|jsonl)$/.test(name))
    .map((name) => join(golden, name));
}

/** A directory for one test, with a copy of some recorded files in it. */
export function scratch(): (...files: string[]) => string {
  const dirs: string[] = [];
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });
  return (...files) => {
    const dir = mkdtempSync(join(tmpdir(), 'tool-'));
    dirs.push(dir);
    for (const file of files) cpSync(join(golden, file), join(dir, file.slice(file.lastIndexOf('/') + 1)));
    return dir;
  };
}

/** Every file of a directory with its bytes, to see that nothing changed. */
export function contents(dir: string): { [name: string]: string } {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name)).toString('base64')]),
  );
}
