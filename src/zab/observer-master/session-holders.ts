import type { LearnerLink } from '../leader/learner-link.ts';

/**
 * At which observer the client of a session is, or that it is here. To the leader all of them are at this server, so it
 * cannot tell a request that was still under way at one of them from those that the client asks at the next. Known of sessions
 * that began or came back by way of this server since it follows.
 */
export class SessionHolders {
  /** undefined: a client of this server. */
  private readonly links = new Map<bigint, LearnerLink | undefined>();

  set(sessionId: bigint, link: LearnerLink | undefined): void {
    this.links.set(sessionId, link);
  }

  forget(sessionId: bigint): void {
    this.links.delete(sessionId);
  }

  mayAsk(sessionId: bigint, link: LearnerLink): boolean {
    return !this.links.has(sessionId) || this.links.get(sessionId) === link;
  }
}
