import { randomUUID } from 'node:crypto';
import { json, type ZooKeeperClient } from '../client/client.ts';
import { TreeCache } from './cache.ts';
import { childOf, parentOf } from './paths.ts';
import { PersistentNode } from './persistent-node.ts';

/**
 * Services and their instances, in the nodes and the JSON of Curator's service discovery: `<base>/<name>/<id>`. Programs with
 * Curator see ours, and ours see theirs.
 */
export interface ServiceInstance {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly port: number | null;
  readonly sslPort: number | null;
  /** Curator's Java programs put the name of a class into it, as `@class`. */
  readonly payload: unknown;
  /** ms since 1970 */
  readonly registrationTimeUTC: number;
  readonly serviceType: 'DYNAMIC' | 'STATIC' | 'PERMANENT' | 'DYNAMIC_SEQUENTIAL';
  readonly uriSpec: unknown;
  readonly enabled: boolean;
}

export type NewInstance = Pick<ServiceInstance, 'name' | 'address'> & Partial<ServiceInstance>;

const codec = json<ServiceInstance>((value) => {
  const instance = value as ServiceInstance;
  if (
    typeof value !== 'object' ||
    value === null ||
    typeof instance.name !== 'string' ||
    typeof instance.id !== 'string'
  ) {
    throw new TypeError('no service instance of Curator');
  }
  return { ...instance, enabled: instance.enabled ?? true };
});

export class ServiceDiscovery {
  private readonly client: ZooKeeperClient;
  readonly path: string;

  constructor(client: ZooKeeperClient, path: string) {
    this.client = client;
    this.path = path;
  }

  /** Resolves when it can be found; `close` of what it gives takes it away. */
  async register(instance: NewInstance): Promise<PersistentNode> {
    const whole: ServiceInstance = {
      id: randomUUID(),
      port: null,
      sslPort: null,
      payload: null,
      registrationTimeUTC: Date.now(),
      serviceType: 'DYNAMIC',
      uriSpec: null,
      enabled: true,
      ...instance,
    };
    const path = childOf(childOf(this.path, whole.name), whole.id);
    const node = new PersistentNode(this.client, path, codec.encode(whole));
    await node.ready();
    return node;
  }

  /** A view that follows the instances of one service. */
  provider(name: string): ServiceProvider {
    return new ServiceProvider(this.client, childOf(this.path, name));
  }
}

/** The instances of one service, from memory; `ready` first. Takes turns among those that are enabled. */
export class ServiceProvider {
  private readonly cache: TreeCache;
  private turn = 0;

  constructor(client: ZooKeeperClient, path: string) {
    this.cache = new TreeCache(client, path, { depth: 1 });
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.cache.current(signal);
  }

  /** As that of a TreeCache: false while instances may have come or gone unseen. */
  get isCurrent(): boolean {
    return this.cache.isCurrent;
  }

  /**
   * Those that are enabled. A node that is no instance is left out: one that is broken does not take the others away.
   */
  instances(): ServiceInstance[] {
    return this.cache.all().flatMap(({ path, data }) => {
      if (data === undefined || parentOf(path) !== this.cache.path) return [];
      try {
        const instance = codec.decode(data);
        return instance.enabled ? [instance] : [];
      } catch {
        return [];
      }
    });
  }

  /** The next one in turn; undefined when there is none. */
  next(): ServiceInstance | undefined {
    const all = this.instances().sort((a, b) => (a.id < b.id ? -1 : 1));
    return all.length === 0 ? undefined : all[this.turn++ % all.length];
  }

  onChange(listener: () => void): () => void {
    return this.cache.onChange(listener);
  }

  close(): void {
    this.cache.close();
  }
}
