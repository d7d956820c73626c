import { ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';
import { isInDoubt, nextTurn } from './session-end.ts';

/** Paths, and nodes that have to be there before anything can stand below them. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function childOf(path: string, name: string): string {
  return path === '/' ? `/${name}` : `${path}/${name}`;
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The node and all above it. Others may make them at the same time. */
export async function ensurePath(client: ZooKeeperClient, path: string, signal?: AbortSignal): Promise<void> {
  if (path === '/' || (await client.exists(path, { signal })) !== undefined) return;
  await ensurePath(client, parentOf(path), signal);
  try {
    await client.create(path, undefined, { signal });
  } catch (error) {
    // Not known whether it was we who made it: it is there, or the next one who needs it makes it.
    if (isInDoubt(client, error)) return ensurePath(client, path, signal);
    if (!isZooKeeperError(error, ErrorCode.nodeExists)) throw error;
  }
}

/** Does `task`, and once more behind `ensurePath(path)` when that was missing. */
export async function withPath<T>(client: ZooKeeperClient, path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!isZooKeeperError(error, ErrorCode.noNode)) throw error;
  }
  await ensurePath(client, path);
  return task();
}

/** Whether the node was there. It is asked again after a lost connection, until it is known to be gone. */
export async function removeNode(client: ZooKeeperClient, path: string): Promise<boolean> {
  for (let wasLost = false; ; ) {
    try {
      await client.delete(path);
      return true;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return wasLost;
      if (!isInDoubt(client, error)) throw error;
      wasLost = true;
      await nextTurn();
    }
  }
}
