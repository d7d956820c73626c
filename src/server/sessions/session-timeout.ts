/** Bounds of the timeout a server grants: minSessionTimeout and maxSessionTimeout, by default 2 and 20 ticks. */
export interface SessionTimeouts {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The timeout granted, also on re-attach: the bounds are those of the server the client is connected to now. */
export function negotiateTimeout(requestedMs: number, timeouts: SessionTimeouts): number {
  return Math.min(Math.max(requestedMs, timeouts.minMs), timeouts.maxMs);
}
