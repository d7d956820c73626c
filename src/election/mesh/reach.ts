import type { NetError } from '../../io/net.ts';

/** How it stands with another server, in words for an operator. */
export interface Reach {
  readonly sid: number;
  /** Of elections, `host:port`; several are joined by "|". */
  readonly address: string;
  /** undefined: it has answered. */
  readonly trouble: string | undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve at the moment',
  ETIMEDOUT: 'timed out',
  ECONNRESET: 'it broke the connection off',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
};

export function whyUnreachable(error: NetError | undefined): string {
  return error === undefined ? 'the connection was closed' : (REASONS[error.code] ?? error.message);
}
