import { assert } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';
import { atMost } from '../../base/pieces.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { SessionOwner } from '../asker.ts';
import { type Expiring, ExpiryBuckets } from './expiry-buckets.ts';
import type { UntrackedSessions } from './untracked-sessions.ts';

/**
 * The live sessions where their expiry is decided: on the standalone server and on the leader. Follows
 * SessionTrackerImpl and LeaderSessionTracker. The database says which sessions exist after a restart. This class
 * knows when each was last heard of, which owner holds it, and whether it is being closed.
 *
 * A session is tracked from the moment its creation is submitted until its closeSession is applied. A new leader
 * adopts all sessions of the database with their full timeout, some in each turn; one that is asked for sooner, then.
 *
 * Invariants: a session is in a bucket as long as it is tracked and not closing; one that expires is tracked.
 */
export interface SessionChecks {
  /** 0, sessionExpired, sessionMoved, or unknownSession on a standalone server. The first to ask becomes the owner. */
  check(sessionId: bigint, owner: SessionOwner | undefined): number;
}

/** The sessions that the database knows: a SessionTable. */
export interface KnownSessions {
  timeoutOf(sessionId: bigint): number | undefined;
  copy(): { readonly ids: BigInt64Array };
}

/** So many take about a millisecond. */
const ADOPTED_AT_ONCE = 2000;

class TrackedSession implements Expiring {
  readonly id: bigint;
  bucketMs = 0;
  owner: SessionOwner | undefined = undefined;
  isClosing = false;

  constructor(id: bigint) {
    this.id = id;
  }
}

export interface SessionTrackerOptions {
  /** Width of the expiry buckets. */
  tickMs: number;
  /** Apache's standalone server and its leader tell an unknown session differently. */
  isStandalone: boolean;
  /** Where servers have sessions of their own, an unknown one may be one of those. */
  untracked?: UntrackedSessions | undefined;
}

export class SessionTracker implements SessionChecks {
  private readonly byId = new Map<bigint, TrackedSession>();
  private readonly buckets: ExpiryBuckets<TrackedSession>;
  private readonly expired = new Fifo<bigint>();
  private readonly unknownSession: number;
  private readonly untracked: UntrackedSessions | undefined;
  /** Requests of one session come one after the other, and each asks for it more than once. */
  private found: TrackedSession | undefined = undefined;
  /** Sessions that are left to adopt; `next` is the place in `ids` that is looked at next. */
  private adopting:
    | { readonly known: KnownSessions; readonly ids: BigInt64Array; readonly nowMs: number; next: number }
    | undefined = undefined;

  constructor(options: SessionTrackerOptions, nowMs: number) {
    this.buckets = new ExpiryBuckets(options.tickMs, nowMs);
    this.untracked = options.untracked;
    this.unknownSession = options.isStandalone ? ErrorCode.unknownSession : ErrorCode.sessionExpired;
  }

  get size(): number {
    return this.byId.size;
  }

  has(sessionId: bigint): boolean {
    return this.find(sessionId) !== undefined;
  }

  private find(sessionId: bigint): TrackedSession | undefined {
    if (this.found?.id !== sessionId) this.found = this.byId.get(sessionId) ?? this.adoptOne(sessionId);
    return this.found;
  }

  /** The role begins with these. True: all are adopted; else `adoptMore` is to be called until it says so. */
  adopt(known: KnownSessions, nowMs: number): boolean {
    this.adopting = { known, ids: known.copy().ids, nowMs, next: 0 };
    return this.adoptMore();
  }

  adoptMore(): boolean {
    const { adopting } = this;
    if (adopting === undefined) return true;
    const { ids } = adopting;
    const end = Math.min(adopting.next + ADOPTED_AT_ONCE, ids.length);
    for (; adopting.next < end; adopting.next++) {
      const id = ids[adopting.next] as bigint;
      if (!this.byId.has(id)) this.adoptOne(id);
    }
    if (end < ids.length) return false;
    this.adopting = undefined;
    return true;
  }

  /** A session that is not tracked; it may have ended since the role began. */
  private adoptOne(sessionId: bigint): TrackedSession | undefined {
    const timeoutMs = this.adopting?.known.timeoutOf(sessionId);
    if (this.adopting === undefined || timeoutMs === undefined) return undefined;
    const session = new TrackedSession(sessionId);
    this.byId.set(sessionId, session);
    this.buckets.update(session, this.adopting.nowMs, timeoutMs);
    return session;
  }

  /** Its closeSession is proposed and not applied yet. */
  isClosing(sessionId: bigint): boolean {
    return this.find(sessionId)?.isClosing === true;
  }

  /** A session to be created, or one the database brought along. One already known is only touched. */
  track(sessionId: bigint, timeoutMs: number, nowMs: number): void {
    let session = this.find(sessionId);
    if (session === undefined) {
      session = new TrackedSession(sessionId);
      this.byId.set(sessionId, session);
      this.found = undefined;
    }
    if (!session.isClosing) this.buckets.update(session, nowMs, timeoutMs);
  }

  /** The client was heard, here or at a learner. False: closing or gone. */
  touch(sessionId: bigint, timeoutMs: number, nowMs: number): boolean {
    const session = this.find(sessionId);
    if (session === undefined || session.isClosing) return false;
    this.buckets.update(session, nowMs, timeoutMs);
    return true;
  }

  /** A client re-attaches through `owner`, who holds the session from now on. False: closing or gone. */
  revalidate(sessionId: bigint, timeoutMs: number, owner: SessionOwner, nowMs: number): boolean {
    return this.touch(sessionId, timeoutMs, nowMs) && this.setOwner(sessionId, owner);
  }

  setOwner(sessionId: bigint, owner: SessionOwner | undefined): boolean {
    const session = this.find(sessionId);
    if (session === undefined || session.isClosing) return false;
    session.owner = owner;
    return true;
  }

  /** Somebody else has it. */
  isElsewhere(sessionId: bigint, owner: SessionOwner | undefined): boolean {
    const holder = this.find(sessionId)?.owner;
    return holder !== undefined && holder !== owner;
  }

  check(sessionId: bigint, owner: SessionOwner | undefined): number {
    const session = this.find(sessionId);
    if (session === undefined) return this.untracked?.check(sessionId) ?? this.unknownSession;
    if (session.isClosing) return ErrorCode.sessionExpired;
    if (session.owner === undefined) session.owner = owner;
    else if (session.owner !== owner) return ErrorCode.sessionMoved;
    return ErrorCode.ok;
  }

  /** As `check`, for what only a session known to all may do: own an ephemeral. */
  checkGlobal(sessionId: bigint, owner: SessionOwner | undefined): number {
    return this.find(sessionId) === undefined ? ErrorCode.sessionExpired : this.check(sessionId, owner);
  }

  /** Its closeSession is on the way: nothing more is accepted from it. */
  setClosing(sessionId: bigint): void {
    const session = this.find(sessionId);
    if (session === undefined) return;
    session.isClosing = true;
    this.buckets.remove(session);
  }

  /** Its closeSession was applied. */
  remove(sessionId: bigint): void {
    const session = this.find(sessionId);
    if (session === undefined) return;
    this.byId.delete(sessionId);
    this.found = undefined;
    this.buckets.remove(session);
    this.untracked?.onEnded(sessionId);
  }

  /**
   * Call at least twice a tick. A session that expires is closing at once, so that no late touch revives it. It
   * waits for `takeExpired`: the host submits a closeSession for each, as many a turn as it likes.
   */
  onTick(nowMs: number): void {
    const due = this.buckets.takeDue(nowMs);
    if (due === undefined) return;
    for (const session of due) {
      assert(
        this.byId.get(session.id) === session && !session.isClosing,
        'a session expires once, while it is tracked',
      );
      session.isClosing = true;
      this.expired.push(session.id);
    }
  }

  takeExpired(): bigint | undefined {
    return this.expired.shift();
  }

  get expiredCount(): number {
    return this.expired.length;
  }

  /** Buckets with their session ids in order of time, for the four-letter word dump. */
  expirySets(): { endMs: number; size: number; sessionIds: Iterable<bigint> }[] {
    return this.buckets.entries().map(([endMs, sessions]) => {
      return { endMs, size: sessions.size, sessionIds: idsOf(sessions) };
    });
  }
}

function* idsOf(sessions: ReadonlySet<TrackedSession>): Generator<bigint> {
  for (const { id } of atMost(sessions, sessions.size)) yield id;
}
