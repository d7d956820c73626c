import type { SessionState, ZooKeeperClient } from '../../client/client.ts';

/**
 * Tells when a client can no longer be certain of its session: at once when it is over, and else when no server has answered for
 * so long that one may have ended it. A short loss of the connection does not count.
 */
export function whenUncertain(client: ZooKeeperClient, task: (why: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    clearTimeout(timer);
    stopListening();
  };
  const tell = (why: string): void => {
    if (isOver) return;
    stop();
    task(why);
  };
  const look = (): void => {
    const ms = client.certainForMs;
    if (ms <= 0) tell(TOO_LONG);
    else timer = setTimeout(look, Math.ceil(ms));
  };
  const onState = (state: SessionState): void => {
    if (state === 'expired' || state === 'closed' || state === 'authFailed') tell(`the session is ${state}`);
    // A process that stood still may hear of its connection before its own timer runs.
    else if (client.certainForMs <= 0) tell(TOO_LONG);
  };
  const stopListening = client.onState(onState);
  onState(client.state);
  if (!isOver) look();
  return stop;
}

const TOO_LONG = 'no server has answered for too long: the session may be over';
