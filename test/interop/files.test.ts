// Directories change hands: what ours wrote Apache's tools read and Apache's server serves, and back; what Apache of any
// release left, ours serves. Every node, Stat and ACL stays.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshDirs } from './harness/fresh-dirs.ts';
import { runJava } from './harness/programs.ts';
import { judge, type Kind, root, Server } from './harness/server.ts';
import { readTree, type SeenNode, superDigest, treeDifferences } from './harness/tree.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const port = 22_140;
let running: Server | null = null;
const freshDir = freshDirs('files', () => running?.kill());

/** `flags`: of the JVM, to ours in the environment. */
async function serve(
  kind: Kind,
  dir: string,
  settings: { [key: string]: string } = {},
  flags: readonly string[] = [],
): Promise<Server> {
  running = new Server({
    kind,
    clientPort: port,
    dir,
    settings: { extendedTypesEnabled: 'true', ...superDigest, ...settings },
    flags,
  });
  await running.start();
  return running;
}

/** Serves the directory for as long as it takes to read everything; a kill instead of a stop leaves no last words. */
async function treeUnder(
  kind: Kind,
  dir: string,
  settings: { [key: string]: string } = {},
): Promise<Map<string, SeenNode>> {
  const server = await serve(kind, dir, settings);
  const tree = await readTree(port);
  await server.kill();
  expect(server.log()).not.toMatch(/[Dd]igests? (are|is|does) not match|digest mismatch/i);
  return tree;
}

function filesIn(dir: string, prefix: string): string[] {
  const version2 = join(dir, 'data/version-2');
  return readdirSync(version2)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(version2, name));
}

describe('a directory that ours wrote', () => {
  it("is read by Apache's tools and server, and by ours again, alike", async () => {
    const dir = freshDir();
    // Not for the others: what is overdue in a directory may go at any moment then, before or after a tree is read.
    await serve('ours', dir, { snapCount: '20' }, ['-Dznode.container.checkIntervalMs=500']);
    const traffic = await runJava('interop.GoldenTraffic', [`127.0.0.1:${port}`, 'modern', 'ttl', 'slow']);
    expect(traffic.stdout, traffic.stderr).toMatch(/^sessions /);
    const ours = await readTree(port);
    await running?.kill();

    const logs = filesIn(dir, 'log.');
    const snapshots = filesIn(dir, 'snapshot.');
    expect(logs.length).toBeGreaterThan(0);
    expect(snapshots.length).toBeGreaterThan(1);
    for (const log of logs) {
      const { code, stdout, stderr } = await runJava('org.apache.zookeeper.server.persistence.TxnLogToolkit', [
        '-d',
        log,
      ]);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/EOF reached after \d+ txns/);
      expect(stdout).not.toContain('CRC ERROR');
    }
    for (const snapshot of snapshots) {
      const formatted = await runJava('org.apache.zookeeper.server.SnapshotFormatter', ['-d', snapshot]);
      expect(formatted.code, formatted.stderr).toBe(0);
      const dump = await runJava('interop.DumpSnapshot', [snapshot]);
      const parts = dump.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { [field: string]: unknown });
      expect(parts.filter((part) => part.part === 'seal').map((part) => part.checksumOk)).toEqual([true, true, true]);
      // Apache names no digest for the tree nothing has happened to.
      if (snapshot.endsWith('snapshot.0')) continue;
      const digest = parts.find((part) => part.part === 'zxid digest')?.digest;
      expect(parts.find((part) => part.part === 'end of nodes')?.digestOfAllNodes).toBe(digest);
    }

    const apache = await treeUnder(judge, dir);
    expect(treeDifferences(ours, apache)).toEqual([]);

    const again = await serve('ours', dir);
    const session = await RawSession.open({ port });
    await session.call('create', { path: '/third-hand', data: Buffer.from('x'), acl: openAcl, flags: 0 });
    await session.close();
    await again.stop();
    const last = await treeUnder(judge, dir);
    expect(last.has('/third-hand')).toBe(true);
    const without = new Map([...last].filter(([path]) => path !== '/third-hand' && path !== '/'));
    expect(treeDifferences(new Map([...ours].filter(([path]) => path !== '/')), without)).toEqual([]);
  });
});

describe.each(['3.4.14', '3.5.10', '3.6.4', '3.7.2', '3.8.0', '3.9.5'])(
  'a directory that Apache %s left',
  (version) => {
    it('is served by ours and by the newest Apache alike', async () => {
      const dir = freshDir();
      mkdirSync(join(dir, 'data'), { recursive: true });
      cpSync(join(root, `test/golden/files/standalone-${version}`), join(dir, 'data/version-2'), {
        recursive: true,
        filter: (file) => !/\.(jsonl|txt)$/.test(file),
      });
      const copy = freshDir();
      cpSync(dir, copy, { recursive: true });
      const settings = version === '3.4.14' ? { 'snapshot.trust.empty': 'true' } : {};
      const apache = await treeUnder(judge, copy, settings);
      expect(apache.size).toBeGreaterThan(15);
      expect(treeDifferences(apache, await treeUnder('ours', dir, settings))).toEqual([]);
      expect(treeDifferences(apache, await treeUnder(judge, dir, settings))).toEqual([]);
    });
  },
);
