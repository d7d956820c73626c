import type { SessionState, WatchedEvent } from '../../client/client.ts';
import { eventTypeName } from './command.ts';
import type { Output } from './output.ts';

/** The lines that the shell prints by itself: changes that were watched for, and the fate of the session. */
const STATE_EVENTS: Readonly<Record<SessionState, string>> = {
  connecting: 'Disconnected',
  connected: 'SyncConnected',
  connectedReadOnly: 'ConnectedReadOnly',
  expired: 'Expired',
  authFailed: 'AuthFailed',
  closed: 'Closed',
};

const PROMPT_STATES: Readonly<Record<SessionState, string>> = {
  connecting: 'CONNECTING',
  connected: 'CONNECTED',
  connectedReadOnly: 'CONNECTEDREADONLY',
  expired: 'CLOSED',
  authFailed: 'AUTH_FAILED',
  closed: 'CLOSED',
};

export function promptState(state: SessionState): string {
  return PROMPT_STATES[state];
}

export function printStateEvent(output: Output, state: SessionState): void {
  printEvent(output, STATE_EVENTS[state], 'None', null, -1);
}

/** As Java's client says it, once a login is through. */
export function printLoginEvent(output: Output): void {
  printEvent(output, 'SaslAuthenticated', 'None', null, -1);
}

export function printWatchedEvent(output: Output, event: WatchedEvent): void {
  printEvent(output, 'SyncConnected', eventTypeName(event), event.path, event.zxid);
}

function printEvent(output: Output, state: string, type: string, path: string | null, zxid: number): void {
  output.line('\nWATCHER::');
  output.line(`\nWatchedEvent state:${state} type:${type} path:${path} zxid: ${zxid}`);
  output.value({ event: { state, type, path, zxid } });
}
