import { ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';
import { type CacheChange, TreeCache } from './cache.ts';
import { childOf, nameOf } from './paths.ts';
import { PersistentNode } from './persistent-node.ts';

/** The members that are there: a node for each, with what it tells of itself. A member is gone when its session is. */
export class Group {
  private readonly client: ZooKeeperClient;
  readonly path: string;

  constructor(client: ZooKeeperClient, path: string) {
    this.client = client;
    this.path = path;
  }

  /** Resolves when it is a member; `close` of what it gives leaves the group. `id` has to be another one for each. */
  async join(id: string, data: Uint8Array | string = ''): Promise<PersistentNode> {
    const member = new PersistentNode(this.client, childOf(this.path, id), data);
    await member.ready();
    return member;
  }

  async members(): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const id of (await this.names()).sort()) {
      try {
        found.set(id, (await this.client.getData(childOf(this.path, id))).data ?? Buffer.alloc(0));
      } catch (error) {
        if (!isZooKeeperError(error, ErrorCode.noNode)) throw error;
      }
    }
    return found;
  }

  /** Tells of those who come, change and go. Close it when it is not needed any more. */
  follow(listener: (id: string, change: CacheChange['type']) => void): TreeCache {
    const cache = new TreeCache(this.client, this.path, { depth: 1 });
    cache.onChange((change) => {
      if ('node' in change && change.node.path !== this.path) listener(nameOf(change.node.path), change.type);
    });
    return cache;
  }

  private async names(): Promise<string[]> {
    try {
      return await this.client.getChildren(this.path);
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return [];
      throw error;
    }
  }
}
