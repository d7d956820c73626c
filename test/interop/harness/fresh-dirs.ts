import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/** Makes directories for the tests of a file. Behind each test they are removed, once `release` has let go of them. */
export function freshDirs(name: string, release: () => Promise<unknown> | undefined): () => string {
  const dirs: string[] = [];
  afterEach(async () => {
    await release();
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });
  return () => {
    const dir = mkdtempSync(join(tmpdir(), `interop-${name}-`));
    dirs.push(dir);
    return dir;
  };
}
