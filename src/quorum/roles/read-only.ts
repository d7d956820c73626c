import { unreachable } from '../../base/assert.ts';
import type { Timer } from '../../io/clock.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { LocalSessions } from '../../server/sessions/local-sessions.ts';
import type { SessionChecks } from '../../server/sessions/session-tracker.ts';
import type { Upstream } from '../../server/upstream.ts';
import type { PeerParts } from '../peer-parts.ts';

/**
 * The service of a peer that has been looking for a leader for a while: reads of its tree as it stands, for clients that
 * want those rather than none. Follows ReadOnlyZooKeeperServer. Sessions are its own, whatever localSessionsEnabled says;
 * Apache's needs that key for its first client.
 *
 * It never says of a session that it is over, for it cannot know. A global one is turned away, as by Apache; one that it
 * does not know is served under its id, and the next server with a quorum says the truth.
 */
export class ReadOnly implements Upstream {
  readonly mode = 'read-only';
  readonly quorumSize = 1;
  readonly localSessions: LocalSessions;
  /** The connection of a session ends with it. */
  readonly sessions: SessionChecks = { check: () => ErrorCode.ok };
  private readonly parts: PeerParts;

  constructor(parts: PeerParts) {
    const { config } = parts;
    this.parts = parts;
    const options = { serverId: config.myid as number, tickMs: config.tickTimeMs, mayUpgrade: false };
    this.localSessions = new LocalSessions(parts, options);
  }

  get newestKnownZxid(): Zxid {
    return this.parts.replica.lastZxid;
  }

  submitWrite(): void {
    unreachable('a read-only server submits no writes');
  }

  submitSync(): void {
    unreachable('a read-only server submits no syncs');
  }

  newSessionId(timeoutMs: number): bigint {
    return this.localSessions.create(timeoutMs);
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    this.localSessions.open(sessionId, timeoutMs);
    this.parts.server.onRevalidated(sessionId, true);
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    return this.localSessions.touch(sessionId, timeoutMs);
  }

  expirySets(): undefined {
    return undefined;
  }
}

/** A shorter search for a leader than this is an election like any other. */
const SHORTEST_WAIT_MS = 2000;

/** When a peer that looks for a leader serves read-only: after a while, and until it has found one. */
export class ReadOnlyService {
  private readonly parts: PeerParts;
  private readonly onServing: () => void;
  private timer: Timer | undefined = undefined;
  isServing = false;

  constructor(parts: PeerParts, onServing: () => void) {
    this.parts = parts;
    this.onServing = onServing;
  }

  /** The peer looks for a leader, for the first time or still. `hasHistory`: it has something to show. */
  begin(hasHistory: boolean): void {
    const { config, clock } = this.parts;
    if (!config.readOnlyMode || this.isServing || this.timer !== undefined) return;
    this.timer = clock.after(Math.max(SHORTEST_WAIT_MS, config.tickTimeMs), () => this.serve(hasHistory));
  }

  /** Its clients are disconnected, and look for another server. */
  end(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (!this.isServing) return;
    this.isServing = false;
    this.parts.server.stop();
  }

  private serve(hasHistory: boolean): void {
    const { server, replica, log } = this.parts;
    this.timer = undefined;
    if (!hasHistory) {
      log.warn({}, 'no leader, and not serving read-only: this server has no history, or lost the end of it');
      return;
    }
    this.isServing = true;
    log.warn({}, 'no leader: serving read-only, for clients that ask for it');
    server.start(new ReadOnly(this.parts), replica.database);
    this.onServing();
  }
}
