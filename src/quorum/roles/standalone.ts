import type { ApplyResult } from '../../datatree/database.ts';
import type { Timer } from '../../io/clock.ts';
import type { Txn } from '../../jute/txns.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { counterOf, epochOf, MAX_COUNTER, makeZxid } from '../../jute/zxid.ts';
import type { Request } from '../../server/request.ts';
import type { ExpirySet, Upstream } from '../../server/upstream.ts';
import { type PeerParts, primaryOptions } from '../peer-parts.ts';
import type { ReplicaSink } from '../replica.ts';
import { Primary } from './primary.ts';
import type { Role } from './role.ts';

/** One server by itself: a transaction is decided when it is logged. */
export class Standalone implements Role, Upstream, ReplicaSink {
  readonly mode = 'standalone';
  readonly phase = undefined;
  readonly needsSnapshot = false;
  readonly leaderInfo = undefined;
  readonly learners = [];
  readonly leader = undefined;
  readonly quorumSize = 1;
  private readonly parts: PeerParts;
  private readonly primary: Primary;
  private readonly ticker: Timer;

  constructor(parts: PeerParts) {
    this.parts = parts;
    const { replica, clock, config } = parts;
    replica.beginRole(this);
    this.primary = new Primary(parts, primaryOptions(config), this);
    parts.probe?.onPrimary(this.primary);
    this.ticker = clock.every(config.tickTimeMs / 2, () => this.primary.onTick(clock.nowMs()));
  }

  start(): void {
    this.parts.server.start(this, this.parts.replica.database);
    this.primary.closeDeadSessions();
  }

  get sessions(): Primary['sessions'] {
    return this.primary.sessions;
  }

  get newestKnownZxid(): Zxid {
    return this.parts.replica.lastZxid;
  }

  submitWrite(request: Request): void {
    const { replica } = this.parts;
    const zxid = behind(replica.lastZxid);
    const payload = this.primary.makeTxn(request, zxid);
    replica.append(zxid, payload, this.primary.madeTxn(zxid));
    replica.commit(zxid);
  }

  submitSync(request: Request): void {
    const { replica, server } = this.parts;
    server.onSynced(request, replica.lastZxid);
  }

  newSessionId(timeoutMs: number): bigint {
    return this.primary.newSessionId(timeoutMs);
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    const { server, clock } = this.parts;
    server.onRevalidated(sessionId, this.primary.sessions.revalidate(sessionId, timeoutMs, server, clock.nowMs()));
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    return this.primary.sessions.touch(sessionId, timeoutMs, this.parts.clock.nowMs());
  }

  expirySets(): readonly ExpirySet[] {
    return this.primary.sessions.expirySets();
  }

  onVoterLooking(): void {}

  onDurable(): void {}

  onApplied(txn: Txn, result: ApplyResult): void {
    this.primary.onApplied(txn, result);
    this.parts.server.onApplied(txn, result);
  }

  stop(): void {
    this.ticker.cancel();
    this.primary.stop();
    this.parts.server.stop();
  }
}

/** Alone there is no leader to begin an epoch: it begins when the counter of the one before is used up. */
function behind(last: Zxid): Zxid {
  return counterOf(last) === MAX_COUNTER ? makeZxid(epochOf(last) + 1, 1) : ((last + 1) as Zxid);
}
