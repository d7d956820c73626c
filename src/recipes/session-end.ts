import { ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';

/** The session of `client` is gone for good: nothing that is asked will succeed. */
export function isOver({ state }: ZooKeeperClient): boolean {
  return state === 'expired' || state === 'closed' || state === 'authFailed';
}

/**
 * To be awaited before a request is sent once more after a doubt. A client that is being closed refuses at once, and a
 * loop without a turn of the event loop would never let it end.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The connection was lost and nobody can say what became of the request; asking again makes sense. */
export function isInDoubt(client: ZooKeeperClient, error: unknown): boolean {
  return isZooKeeperError(error, ErrorCode.connectionLoss) && !isOver(client);
}
