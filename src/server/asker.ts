import type { Id } from '../jute/data-records.ts';

/** On whose behalf a request is judged: a session, the ids that its client has proved, and where the session is held. */
export interface Asker {
  /** 0 for what the server itself asks and no session is concerned with. */
  readonly sessionId: bigint;
  /** In Apache's order; the remote address is one of them. */
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
