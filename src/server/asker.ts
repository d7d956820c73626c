import type { Id } from '../jute/data-records.ts';

/** The party that a request is judged for: a session, the ids its client has proved, and the session's holder. */
export interface Asker {
  /** The session; 0 for requests of the server itself that concern no session. */
  readonly sessionId: bigint;
  /** The ids in Apache's order; the remote address is one of them. */
  readonly authIds: readonly Id[];
  /** A connection of this server, a learner's link, or undefined for the server itself. */
  readonly owner: SessionOwner | undefined;
}

/**
 * Identity only: two requests of one session with different owners mean that the session moved. The server
 * itself is one owner for all sessions attached to it, each learner's link is another.
 */
export interface SessionOwner {
  readonly ownerName: string;
}
