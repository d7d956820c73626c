import type { Zxid } from '../jute/zxid.ts';
import type { Request } from '../server/request.ts';
import type { ExpirySet, Upstream } from '../server/upstream.ts';
import type { PeerParts } from './peer-parts.ts';
import type { Primary } from './primary.ts';

export interface LeaderDoor {
  /** Now, or when the present event of the leader is over. */
  whenFree(task: () => void): void;
  /** `passed` follows when a quorum has confirmed that this leader still leads; never, if the role ends first. */
  barrier(passed: () => void): void;
}

/** What the leader's own clients stand on. */
export class LeaderUpstream implements Upstream {
  readonly mode = 'leader';
  readonly quorumSize: number;
  private readonly parts: PeerParts;
  private readonly primary: Primary;
  private readonly door: LeaderDoor;

  constructor(parts: PeerParts, primary: Primary, quorumSize: number, door: LeaderDoor) {
    this.parts = parts;
    this.primary = primary;
    this.quorumSize = quorumSize;
    this.door = door;
  }

  get sessions(): Primary['sessions'] {
    return this.primary.sessions;
  }

  get newestKnownZxid(): Zxid {
    return this.parts.replica.lastZxid;
  }

  submitWrite(request: Request): void {
    this.door.whenFree(() => this.primary.submit(request));
  }

  submitSync(request: Request): void {
    const { server, replica } = this.parts;
    this.door.whenFree(() => this.door.barrier(() => server.onSynced(request, replica.lastCommitted)));
  }

  newSessionId(timeoutMs: number): bigint {
    return this.primary.newSessionId(timeoutMs);
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    const { server, clock } = this.parts;
    if (this.primary.sessions.revalidate(sessionId, timeoutMs, server, clock.nowMs())) {
      server.onRevalidated(sessionId, true);
      return;
    }
    this.door.whenFree(() => this.door.barrier(() => server.onRevalidated(sessionId, false)));
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    return this.primary.sessions.touch(sessionId, timeoutMs, this.parts.clock.nowMs());
  }

  expirySets(): readonly ExpirySet[] {
    return this.primary.sessions.expirySets();
  }
}
