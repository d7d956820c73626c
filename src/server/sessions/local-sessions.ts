import { assert } from '../../base/assert.ts';
import { SessionIds } from './session-ids.ts';
import { SessionTracker } from './session-tracker.ts';

/**
 * Sessions that this server alone knows: no transaction begins or ends them, and no other server can take them over.
 * Follows UpgradeableSessionTracker and LocalSessionTracker. They live as long as the role of this server does.
 *
 * One that is to own an ephemeral becomes a global session first, with the same id. It is neither the one nor the other
 * until its createSession is applied: the leader decides about it then, and may not know it yet.
 */
export interface LocalSessionsOptions {
  readonly serverId: number;
  readonly tickMs: number;
  /** localSessionsUpgradingEnabled; if not, an ephemeral of such a session is refused. */
  readonly mayUpgrade: boolean;
}

export interface LocalSessionsParts {
  readonly clock: { nowMs(): number; wallMs(): number };
  /** The global ones. */
  readonly replica: { readonly database: { readonly sessions: { has(sessionId: bigint): boolean } } };
}

export class LocalSessions {
  readonly mayUpgrade: boolean;
  private readonly clock: LocalSessionsParts['clock'];
  private readonly replica: LocalSessionsParts['replica'];
  private readonly ids: SessionIds;
  private readonly tracker: SessionTracker;
  private readonly timeouts = new Map<bigint, number>();
  /** With those who wait until it is decided. */
  private readonly upgrading = new Map<bigint, (() => void)[]>();

  constructor({ clock, replica }: LocalSessionsParts, options: LocalSessionsOptions) {
    this.clock = clock;
    this.replica = replica;
    this.mayUpgrade = options.mayUpgrade;
    this.ids = new SessionIds(options.serverId, clock.wallMs());
    this.tracker = new SessionTracker({ tickMs: options.tickMs, isStandalone: false }, clock.nowMs());
  }

  get size(): number {
    return this.timeouts.size;
  }

  has(sessionId: bigint): boolean {
    return this.timeouts.has(sessionId);
  }

  isUpgrading(sessionId: bigint): boolean {
    return this.upgrading.has(sessionId);
  }

  /** The id of a new one. */
  create(timeoutMs: number): bigint {
    const { sessions } = this.replica.database;
    const id = this.ids.take((taken) => this.has(taken) || this.isUpgrading(taken) || sessions.has(taken));
    this.open(id, timeoutMs);
    return id;
  }

  open(sessionId: bigint, timeoutMs: number): void {
    this.timeouts.set(sessionId, timeoutMs);
    this.tracker.track(sessionId, timeoutMs, this.clock.nowMs());
  }

  /** The client of one of these was heard. False: it has expired, and is about to be taken for that. */
  touch(sessionId: bigint, timeoutMs: number): boolean {
    assert(this.has(sessionId), 'a connection ends with its local session');
    this.timeouts.set(sessionId, timeoutMs);
    return this.tracker.touch(sessionId, timeoutMs, this.clock.nowMs());
  }

  close(sessionId: bigint): void {
    this.timeouts.delete(sessionId);
    this.tracker.remove(sessionId);
  }

  /** It is none of these any more, and a createSession with its timeout, which is returned, is on the way. */
  beginUpgrade(sessionId: bigint): number {
    const timeoutMs = this.timeouts.get(sessionId) as number;
    this.close(sessionId);
    this.upgrading.set(sessionId, []);
    return timeoutMs;
  }

  /** `decided` once it is known whether the session is a global one. */
  whenUpgraded(sessionId: bigint, decided: () => void): void {
    this.upgrading.get(sessionId)?.push(decided);
  }

  /** A createSession was applied: the session is a global one. */
  onGlobal(sessionId: bigint): void {
    const waiting = this.upgrading.get(sessionId);
    if (waiting === undefined) return;
    this.upgrading.delete(sessionId);
    for (const decided of waiting) decided();
  }

  /** Call at least twice a tick; returns whether some have expired, which `takeExpired` gives one by one. */
  onTick(): boolean {
    this.tracker.onTick(this.clock.nowMs());
    return this.tracker.expiredCount > 0;
  }

  /** It has been silent for too long, and is none of these any more. */
  takeExpired(): bigint | undefined {
    const sessionId = this.tracker.takeExpired();
    if (sessionId !== undefined) this.close(sessionId);
    return sessionId;
  }

  expirySets(): ReturnType<SessionTracker['expirySets']> {
    return this.tracker.expirySets();
  }
}
