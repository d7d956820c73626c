// A standalone server of Apache's counts its zxids on past 2^32: what then looks like transaction 0 of epoch 1 is one.
// Ours starts on such a directory, and Apache's on what ours made of it.
import { cpSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshDirs } from './harness/fresh-dirs.ts';
import { judge, type Kind, Server } from './harness/server.ts';
import { readTree, type SeenNode, superDigest, treeDifferences } from './harness/tree.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const port = 22_970;
let running: Server | null = null;
const freshDir = freshDirs('far-zxid', () => running?.kill());

async function serve(kind: Kind, dir: string): Promise<Server> {
  const settings = { snapCount: 100_000, 'serializeLastProcessedZxid.enabled': 'false', ...superDigest };
  running = new Server({ kind, clientPort: port, dir, settings: { ...settings, 'digest.enabled': 'false' } });
  return await running.start();
}

async function writes(prefix: string, count: number): Promise<void> {
  const session = await RawSession.open({ port });
  for (let i = 0; i < count; i++) {
    await session.call('create', { path: `/${prefix}${i}`, data: null, acl: openAcl, flags: 0 });
  }
  await session.close();
}

async function treeUnder(kind: Kind, dir: string): Promise<Map<string, SeenNode>> {
  const server = await serve(kind, dir);
  const tree = await readTree(port);
  await server.kill();
  return tree;
}

/** As if the server had counted that far: its snapshot is named after a zxid just below 2^32. */
async function apacheNear(dir: string): Promise<void> {
  const server = await serve(judge, dir);
  await server.kill();
  const version2 = join(dir, 'data/version-2');
  for (const name of readdirSync(version2)) if (name.startsWith('log.')) rmSync(join(version2, name));
  renameSync(join(version2, 'snapshot.0'), join(version2, 'snapshot.fffffff0'));
}

it('ours starts on a log of Apache that goes on past 2^32, and Apache on what ours goes on with', async () => {
  const dir = freshDir();
  await apacheNear(dir);
  const server = await serve(judge, dir);
  await writes('apache-', 30);
  await server.kill();
  const before = await treeUnder(judge, dir);
  expect(before.get('/apache-29')?.stat.czxid).toBeGreaterThan(2n ** 32n);
  const copy = freshDir();
  cpSync(join(dir, 'data'), join(copy, 'data'), { recursive: true });
  expect(treeDifferences(before, await treeUnder('ours', copy))).toEqual([]);
  const ours = await serve('ours', copy);
  await writes('ours-', 5);
  const after = await readTree(port);
  await ours.kill();
  expect(treeDifferences(after, await treeUnder(judge, copy))).toEqual([]);
}, 120_000);
