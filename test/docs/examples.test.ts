import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RunningPeer, startPeer } from '../../src/index.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'examples');
const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));

/** As a program that has the package writes it. */
function asPublished(text: string): string {
  return text.replaceAll(/'(?:\.\.\/)+src\/(client|recipes)\/\1\.ts'/g, "'menagerie/$1'");
}

let dir: string;
let peer: RunningPeer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'examples-'));
  peer = startPeer({ dataDir: dir, clientPort: 0, clientPortAddress: '127.0.0.1', tickTime: 1000, preAllocSize: 64 });
  await Promise.all([peer.ready, peer.listening]);
  vi.stubEnv('SERVERS', `127.0.0.1:${peer.clientPort}`);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await peer.close();
  rmSync(dir, { recursive: true, force: true });
});

test('the examples of the documents are these files, word for word', () => {
  const shown = ['CLIENT', 'RECIPES'].flatMap((name) => {
    const text = readFileSync(join(root, `docs/${name}.md`), 'utf8');
    return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
  });
  expect(shown.sort()).toEqual(
    names.map((name) => asPublished(readFileSync(join(folder, `${name}.ts`), 'utf8'))).sort(),
  );
});

test.each(names)('%s runs', async (name) => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import(`./examples/${name}.ts`);
  said.mockRestore();
});
