/** The reserved paths, and what follows from the shape of a path alone. */
export const ROOT_PATH = '/';
export const ZOOKEEPER_PATH = '/zookeeper';
export const QUOTA_PATH = '/zookeeper/quota';
export const CONFIG_PATH = '/zookeeper/config';
/** Some nodes below it are local to one server, so all of them are outside the digest. */
export const ZOOKEEPER_SUBTREE = '/zookeeper/';
export const QUOTA_LIMITS_NAME = 'zookeeper_limits';
export const QUOTA_STATS_NAME = 'zookeeper_stats';

/** Nodes that are there from the start and that nobody may create or delete. */
export function isSpecialPath(path: string): boolean {
  return path === ROOT_PATH || path === ZOOKEEPER_PATH || path === QUOTA_PATH || path === CONFIG_PATH;
}
