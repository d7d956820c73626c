import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/client/client.ts';
import { type RunningPeer, startPeer } from '../../src/index.ts';
import { NodeDisk } from '../../src/io/node-disk.ts';

/** Standalone servers with histories that a test knows, and directories that are gone after it. */
export const disk = new NodeDisk({
  onThrow: (error) => {
    throw error;
  },
});

/** The nodes below the root besides /zookeeper, with their data. */
export type Model = ReadonlyMap<string, string>;

export class Histories {
  private readonly dirs: string[] = [];
  private readonly peers: RunningPeer[] = [];

  async close(): Promise<void> {
    for (const peer of this.peers.splice(0)) await peer.close();
    for (const dir of this.dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  }

  freshDir(): string {
    const dir = mkdtempSync(join(tmpdir(), 'backup-'));
    this.dirs.push(dir);
    return dir;
  }

  async start(dataDir: string, keys: Readonly<Record<string, string | number | boolean>> = {}): Promise<RunningPeer> {
    const peer = startPeer({
      dataDir,
      clientPort: 0,
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': true,
      'admin.serverPort': 0,
      'admin.rateLimiterIntervalInMS': 0,
      ...keys,
    });
    this.peers.push(peer);
    await peer.ready;
    await peer.listening;
    await peer.adminListening;
    return peer;
  }

  async treeOf(dataDir: string): Promise<Model> {
    const peer = await this.start(dataDir, { 'admin.enableServer': false });
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    const found = new Map<string, string>();
    for (const name of await client.getChildren('/')) {
      if (name !== 'zookeeper') found.set(`/${name}`, (await client.getData(`/${name}`)).data?.toString() ?? '');
    }
    await client.close();
    await peer.close();
    return found;
  }
}

/** Writes `count` times into twelve places; adds the tree after each transaction to `models`, by zxid. */
export async function write(
  peer: RunningPeer,
  count: number,
  models = new Map<number, Model>(),
  size = 0,
): Promise<Map<number, Model>> {
  const client = await connect(`127.0.0.1:${peer.clientPort}`);
  const now = new Map([...models.values()].at(-1) ?? []);
  for (let i = 0; i < count; i++) {
    const path = `/n${(i * 7) % 12}`;
    const value = `${models.size}-${i}`.padEnd(size, '.');
    if (now.has(path) && i % 5 === 4) {
      await client.delete(path);
      now.delete(path);
    } else {
      if (now.has(path)) await client.setData(path, value);
      else await client.create(path, value);
      now.set(path, value);
    }
    models.set(Number(client.lastZxid), new Map(now));
  }
  await client.close();
  return models;
}
