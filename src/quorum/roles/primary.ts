import type { Log } from '../../base/log.ts';
import type { ApplyResult, Database } from '../../datatree/database.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import { OpCode } from '../../jute/codes.ts';
import { sessionHex } from '../../jute/session-id.ts';
import { readsBackAlike, type Txn, writeTxn } from '../../jute/txns.ts';
import { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { AuthRegistry } from '../../server/auth/auth-registry.ts';
import { closeSession } from '../../server/operations/writes/session.ts';
import { ContainerReaper } from '../../server/prep/container-reaper.ts';
import type { Membership } from '../../server/prep/membership.ts';
import { Prep, type PrepOptions } from '../../server/prep/prep.ts';
import { Request } from '../../server/request.ts';
import type { LocalSessions } from '../../server/sessions/local-sessions.ts';
import { SessionIds } from '../../server/sessions/session-ids.ts';
import { SessionTracker } from '../../server/sessions/session-tracker.ts';
import { UntrackedSessions } from '../../server/sessions/untracked-sessions.ts';

/**
 * A standalone server and a leader have this in common: every write of the ensemble is ordered here, sessions expire
 * here, and empty containers are removed from here. Where a transaction goes once it has its zxid is the role's.
 */
export interface PrimaryOptions extends PrepOptions {
  readonly serverId: number;
  readonly isStandalone: boolean;
  readonly tickMs: number;
  readonly containerCheckIntervalMs: number;
  readonly containerMaxPerMinute: number;
  readonly containerMaxNeverUsedMs: number;
  /** The local sessions of a leader, in an ensemble that has such. */
  readonly localSessions?: LocalSessions | undefined;
}

/** Where its own requests go, to come back to `makeTxn`: those that end sessions and remove containers. */
export interface PrimaryRequests {
  submitWrite(request: Request): void;
}

/**
 * With extendedTypesEnabled the high byte marks a TTL and is no server's id; without, such a node reads as the
 * ephemeral of a session that is not there. An operator who forgot the key in zoo.cfg should not lose the nodes for it.
 */
function looksLikeTtl(owner: bigint): boolean {
  return BigInt.asUintN(64, owner) >> 56n === 0xffn;
}

/** A sweep looks at every container and every node with a TTL. */
const SHORTEST_CHECK_MS = 10;

/** Sessions closed in one turn; the rest of a mass expiry waits for the next tick or turn. */
const EXPIRIES_PER_SLICE = 200;
/** Sessions with ephemerals that are looked at in one turn. */
const OWNERS_PER_SLICE = 5000;

export interface PrimaryParts {
  readonly replica: { readonly database: Database };
  readonly auth: AuthRegistry;
  readonly clock: Clock;
  readonly log: Log;
}

export class Primary {
  readonly sessions: SessionTracker;
  private readonly clock: Clock;
  private readonly database: Database;
  readonly prep: Prep;
  private made: Txn | undefined = undefined;
  private readonly ids: SessionIds;
  private readonly reaper: ContainerReaper;
  /** Where the interval is shorter than the half tick that comes anyway. */
  private readonly reaperTimer: Timer | undefined;
  private readonly requests: PrimaryRequests;
  private readonly log: Log;
  private readonly w = new Writer(64 * 1024);
  private expiring = false;
  private over = false;

  /** `members`: none where a server is alone. */
  constructor(parts: PrimaryParts, options: PrimaryOptions, requests: PrimaryRequests, members?: Membership) {
    const { clock, auth, log } = parts;
    const { database } = parts.replica;
    const nowMs = clock.nowMs();
    // The one that orders the writes has all that was committed.
    database.fuzzyUntil(database.lastProcessedZxid);
    this.clock = clock;
    this.database = database;
    this.requests = requests;
    this.log = log;
    const { tickMs, isStandalone, serverId, localSessions } = options;
    const untracked = localSessions === undefined ? undefined : new UntrackedSessions(serverId, localSessions);
    this.sessions = new SessionTracker({ tickMs, isStandalone, untracked }, nowMs);
    if (!this.sessions.adopt(database.sessions, nowMs)) this.inTurns(() => this.sessions.adoptMore());
    this.prep = new Prep({ database, sessions: this.sessions, auth, options, members, log, clock });
    this.ids = new SessionIds(options.serverId, clock.wallMs());
    this.reaper = new ContainerReaper(
      { checkIntervalMs: options.containerCheckIntervalMs, maxPerMinute: options.containerMaxPerMinute },
      {
        candidates: () => database.tree.containerCandidates(clock.wallMs(), options.containerMaxNeverUsedMs),
        submit: (request) => requests.submitWrite(request),
      },
      nowMs,
    );
    const { containerCheckIntervalMs: intervalMs } = options;
    this.reaperTimer =
      intervalMs < tickMs / 2
        ? clock.every(Math.max(intervalMs, SHORTEST_CHECK_MS), () => this.reaper.onTick(clock.nowMs()))
        : undefined;
  }

  /**
   * Once the history is settled: ephemerals that no session owns go, by a transaction each. A directory of Apache's
   * can hold them (its snapshots are fuzzy); Apache's leader deletes them from its own tree alone, and is then
   * different from its followers.
   */
  closeDeadSessions(): void {
    this.closeDeadOf(this.database.tree.ephemeralOwners(), 0, 0);
  }

  /** From `next` on, some in each turn. No session comes to life again, so later is early enough. */
  private closeDeadOf(owners: readonly bigint[], next: number, ttlNodesBefore: number): void {
    const { tree, sessions } = this.database;
    const end = Math.min(next + OWNERS_PER_SLICE, owners.length);
    let ttlNodes = ttlNodesBefore;
    for (let i = next; i < end; i++) {
      const sessionId = owners[i] as bigint;
      if (sessions.has(sessionId)) continue;
      if (!looksLikeTtl(sessionId)) this.closeSession(sessionId);
      else tree.forEachEphemeral(sessionId, () => ttlNodes++);
    }
    if (end < owners.length) {
      this.inTurns(() => {
        this.closeDeadOf(owners, end, ttlNodes);
        return true;
      });
      return;
    }
    if (ttlNodes > 0) {
      this.log.warn(
        { nodes: ttlNodes },
        'nodes with a TTL are kept as they are; set extendedTypesEnabled=true, as it was',
      );
    }
  }

  /** A step in each turn to come, until it says that it was the last. */
  private inTurns(step: () => boolean): void {
    this.clock.afterTurn(() => {
      if (!this.over && !step()) this.inTurns(step);
    });
  }

  /** The transaction of a request, refused ones included; to be applied in the order of the calls. */
  makeTxn(request: Request, zxid: Zxid): Buffer {
    const txn = this.prep.prepare(request, zxid);
    this.made = readsBackAlike(txn.body) ? txn : undefined;
    writeTxn(this.w, txn);
    return this.w.take();
  }

  /** The transaction made last, as it would be read from its bytes; undefined where only reading them tells. */
  madeTxn(zxid: Zxid): Txn | undefined {
    const { made } = this;
    this.made = undefined;
    return made?.header.zxid === zxid ? made : undefined;
  }

  newSessionId(timeoutMs: number): bigint {
    const id = this.ids.take((taken) => this.sessions.has(taken) || this.database.sessions.has(taken));
    this.sessions.track(id, timeoutMs, this.clock.nowMs());
    return id;
  }

  closeSession(sessionId: bigint): void {
    const asker = { sessionId, authIds: [], owner: undefined };
    this.requests.submitWrite(new Request(asker, 0, closeSession, Buffer.alloc(0), this.clock.nowMs()));
  }

  onApplied(txn: Txn, result: ApplyResult): void {
    this.prep.onApplied(txn.header.zxid);
    if (result.type === OpCode.closeSession) this.sessions.remove(txn.header.clientId);
  }

  onTick(nowMs: number): void {
    this.sessions.onTick(nowMs);
    this.expireSome();
    this.reaper.onTick(nowMs);
  }

  stop(): void {
    this.over = true;
    this.reaperTimer?.cancel();
    this.prep.reset();
  }

  private expireSome(): void {
    if (this.expiring || this.over) return;
    for (let i = 0; i < EXPIRIES_PER_SLICE; i++) {
      const sessionId = this.sessions.takeExpired();
      if (sessionId === undefined) return;
      this.log.info({ session: sessionHex(sessionId) }, 'session expired');
      this.closeSession(sessionId);
    }
    if (this.sessions.expiredCount === 0) return;
    this.expiring = true;
    this.clock.afterTurn(() => {
      this.expiring = false;
      this.expireSome();
    });
  }
}
