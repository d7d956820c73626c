import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZooKeeperClient as Client, connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { type RunningPeer, startPeer } from '../../src/index.ts';
import { LossyProxy } from './lossy-proxy.ts';

/** A server in this process, and clients of it, each through a network of its own that the test can break. */
export class Playground {
  private readonly peer: RunningPeer;
  private readonly dir: string;
  private readonly clients: ZooKeeperClient[] = [];
  private readonly proxies: LossyProxy[] = [];

  private constructor(peer: RunningPeer, dir: string) {
    this.peer = peer;
    this.dir = dir;
  }

  static async open(): Promise<Playground> {
    const dir = mkdtempSync(join(tmpdir(), 'recipes-'));
    const config = { dataDir: dir, clientPort: 0, clientPortAddress: '127.0.0.1', tickTime: 100, preAllocSize: 64 };
    const peer = startPeer({ ...config, 'admin.enableServer': false });
    await Promise.all([peer.ready, peer.listening]);
    return new Playground(peer, dir);
  }

  get address(): string {
    return `127.0.0.1:${this.peer.clientPort}`;
  }

  async client(sessionTimeoutMs = 2000): Promise<ZooKeeperClient> {
    const client = await connect(this.address, { sessionTimeoutMs });
    this.clients.push(client);
    return client;
  }

  async behindProxy(sessionTimeoutMs = 2000): Promise<{ client: ZooKeeperClient; proxy: LossyProxy }> {
    const proxy = await LossyProxy.start(this.peer.clientPort as number);
    this.proxies.push(proxy);
    const client = await connect(proxy.address, { sessionTimeoutMs });
    this.clients.push(client);
    return { client, proxy };
  }

  /** Ends the session of `client` at the server, as its expiry does, and resolves when the client knows. */
  async expire(client: ZooKeeperClient): Promise<void> {
    const over = until(client, 'expired');
    const other = new Client(this.address, { session: { id: client.sessionId, password: client.password } });
    await other.connected();
    await other.close();
    await over;
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies) await proxy.close();
    await Promise.all(this.clients.map((client) => client.close()));
    await this.peer.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function until(client: ZooKeeperClient, wanted: string): Promise<void> {
  for await (const state of client.stateChanges()) if (state === wanted) return;
}

/** A thing that must be used by one at a time, and never by one whose token is older than the last one's. */
export class Guarded {
  readonly faults: string[] = [];
  private inside = 0;
  private lastToken = 0;

  async use(token: number, work: () => Promise<void>): Promise<void> {
    if (++this.inside > 1) this.faults.push(`${this.inside} at once`);
    if (token <= this.lastToken) this.faults.push(`token ${token} after ${this.lastToken}`);
    this.lastToken = token;
    await work();
    this.inside--;
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
}
