import { ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';

/** The session of `client` is gone for good: nothing that is asked will succeed. */
export function isOver({ state }: ZooKeeperClient): boolean {
  return state === 'expired' || state === 'closed' || state === 'authFailed';
}

/** The connection was lost and nobody can say what became of the request; asking again makes sense. */
export function isInDoubt(client: ZooKeeperClient, error: unknown): boolean {
  return isZooKeeperError(error, ErrorCode.connectionLoss) && !isOver(client);
}
