import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('a log goes on when clients have taken every file descriptor', () => {
  const dir = mkdtempSync(join(tmpdir(), 'few-descriptors-'));
  try {
    const command = `ulimit -n 100 && exec "${process.execPath}" --import ./scripts/ts.mjs test/io/few-descriptors.ts "${dir}"`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('next log ok, directory ok, again ok, beside the loop ok, snapshot ok, directory ok');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
