/**
 * Things that programs build on ZooKeeper again and again: `import { Lock } from 'menagerie/recipes'`. docs/RECIPES.md
 * has examples.
 */
export { Barrier, DoubleBarrier } from './barriers.ts';
export { type CacheChange, type CachedNode, type CacheListener, type CacheOptions, TreeCache } from './cache.ts';
export { Held, REVOKE_MESSAGE } from './contention/held.ts';
export type { Dialect } from './contention/names.ts';
export {
  type AtomicOptions,
  AtomicValue,
  Counter,
  curatorLong,
  decimalText,
  IdGenerator,
  type Versioned,
} from './counter.ts';
export { type NewInstance, ServiceDiscovery, type ServiceInstance, ServiceProvider } from './discovery.ts';
export { type Committed, ExactTransactions } from './exact-transactions.ts';
export { Group } from './group.ts';
export { type KeepSessionOptions, keepSession } from './keep-session.ts';
export { LeaderLatch, type LeaderOptions, leaderSelector, leadOnce } from './leader.ts';
export { type AcquireOptions, Lock, LockHold, type LockOptions, ReadWriteLock, Semaphore } from './lock.ts';
export { PersistentNode } from './persistent-node.ts';
export { type LockedItem, LockingQueue, Queue, type QueueOptions } from './queue.ts';
export type { WaitOptions } from './waiting.ts';
