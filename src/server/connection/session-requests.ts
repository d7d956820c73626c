import { assert } from '../../base/assert.ts';
import type { ApplyResult } from '../../datatree/database.ts';
import type { Txn } from '../../jute/txns.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { Asker } from '../asker.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { createSession } from '../operations/writes/session.ts';
import { Request } from '../request.ts';
import type { ServedRole } from '../served-role.ts';
import { admit } from '../sessions/session-admission.ts';
import { PENDING_REQUEST_BYTES_MAX, PENDING_REQUESTS_MAX } from './client-limits.ts';
import type { PendingRequests } from './pending-requests.ts';
import { RequestQueue } from './request-queue.ts';
import type { TurnShare } from './turn-share.ts';

/**
 * The requests of one connection on their way. Those that this server answers alone are answered at once. The rest
 * goes upstream and is answered when its result comes back, in the order asked. Follows CommitProcessor.
 */
export interface RequestsServer {
  readonly clock: { nowMs(): number };
  readonly metrics: ServerMetrics;
  readonly pending: PendingRequests;
  readonly slow: { onLeftQueue(request: Request): void };
  readonly audit: { onApplied(request: Request, txn: Txn, result: ApplyResult): void } | undefined;
  readonly role: ServedRole;
}

export interface RequestsHost {
  asker(): Asker;
  isClosed(): boolean;
  /** Something was answered: requests that were held back may go on. */
  onAnswered(): void;
  /** The rest has to wait for a later turn. */
  onSpent(): void;
}

/** The part that writes the answers. */
export interface RequestsAnswerer {
  prepare(request: Request): boolean;
  write(request: Request, txn: Txn, result: ApplyResult): void;
  read(request: Request): void;
  local(request: Request): void;
}

export interface RequestsOutput {
  /** Written and not taken by the client. */
  readonly waitingBytes: number;
  readonly isOverflowing: boolean;
  checkOverflow(): void;
}

export class SessionRequests {
  readonly queue = new RequestQueue();
  private readonly server: RequestsServer;
  private readonly answers: RequestsAnswerer;
  private readonly replies: RequestsOutput;
  private readonly host: RequestsHost;
  private readonly share: TurnShare;
  /** Own writes are later than this. */
  private floorZxid: Zxid = ZXID_ZERO;

  constructor(
    server: RequestsServer,
    answers: RequestsAnswerer,
    replies: RequestsOutput,
    share: TurnShare,
    host: RequestsHost,
  ) {
    this.server = server;
    this.answers = answers;
    this.replies = replies;
    this.share = share;
    this.host = host;
  }

  /** The session is this connection's from here on. */
  onAttached(): void {
    this.floorZxid = this.server.role.upstream?.newestKnownZxid ?? ZXID_ZERO;
  }

  /** The queue is so long that nothing more is read. */
  get isFull(): boolean {
    if (this.queue.length === 0) return false;
    const { length, bytes, own } = this.queue;
    if (length >= PENDING_REQUESTS_MAX || bytes >= PENDING_REQUEST_BYTES_MAX) return true;
    return own > 0 && this.server.pending.isOverLimit;
  }

  /** A request that this server answers alone need not wait for any other. */
  get isIdle(): boolean {
    return this.queue.length === 0;
  }

  take(request: Request): void {
    const { upstream } = this.server.role;
    if (upstream?.localSessions !== undefined) admit(request, upstream);
    if (request.isSubmitted || this.queue.length > 0) {
      this.enqueue(request);
      this.submitReady();
    } else if (this.answers.prepare(request)) this.answers.local(request);
    else {
      this.enqueue(request);
      this.host.onSpent();
    }
  }

  /** The connect response is sent where this stands in the queue. */
  submitCreateSession(body: Buffer): void {
    this.take(new Request(this.host.asker(), 0, createSession, body, this.server.clock.nowMs()));
  }

  /** Runs, in a later turn, the requests that had to wait for it. */
  goOn(): void {
    if (this.queue.isHeadLocal) this.runReady();
    this.submitReady();
  }

  /** Submits the requests that have to go upstream and may. A call may answer from inside itself. */
  private submitReady(): void {
    for (let next = this.queue.takeToSubmit(); next !== undefined; next = this.queue.takeToSubmit()) {
      this.server.slow.onLeftQueue(next);
      if (next.kind === 'sync') this.server.role.upstream?.submitSync(next);
      else this.server.role.upstream?.submitWrite(next);
    }
  }

  private enqueue(request: Request): void {
    this.queue.push(request);
    this.server.pending.add(request);
    if (this.isAmongOthers) this.server.metrics.requests.requestsInSessionQueue.add(this.queue.length);
  }

  /** These counts are of Apache's CommitProcessor, which a standalone server does not have. */
  private get isAmongOthers(): boolean {
    return this.server.role.upstream?.mode !== 'standalone';
  }

  private dequeue(): Request {
    const request = this.queue.shift() as Request;
    this.server.slow.onLeftQueue(request);
    this.server.pending.remove(request);
    return request;
  }

  /** A transaction of this session was applied: submitted by this connection, by an earlier one, or elsewhere. */
  onApplied(txn: Txn, result: ApplyResult): void {
    if (!this.queue.isAnswerToHead(txn.header, this.floorZxid)) return;
    const isNobodys = this.queue.isHeadInherited;
    const request = this.dequeue();
    this.server.audit?.onApplied(request, txn, result);
    this.share.look();
    if (!isNobodys && !this.isGivenUp) this.answers.write(request, txn, result);
    this.runReady();
  }

  onSynced(request: Request): void {
    assert(this.queue.head === request, 'a sync is answered in the order it was submitted in');
    const isNobodys = this.queue.isHeadInherited;
    this.dequeue();
    this.share.look();
    if (!isNobodys && !this.isGivenUp) this.answers.read(request);
    this.runReady();
  }

  /**
   * Closed, or about to be at the end of the turn, and not owed an answer any more. Its queue goes on all the same:
   * what was submitted stays in it until its result is here, and a result that comes while it is not at the head is
   * waited for for ever.
   */
  private get isGivenUp(): boolean {
    return this.host.isClosed() || this.replies.isOverflowing;
  }

  /**
   * The requests that waited behind an answered write run now, before the next transaction can be applied. They run in
   * turns when there are many of them and no write of the session is under way behind them.
   */
  private runReady(): void {
    let ran = 0;
    let isSpent = false;
    while (this.queue.isHeadLocal && !isSpent) {
      const before = this.replies.waitingBytes;
      if (this.isGivenUp) {
        this.dequeue();
        continue;
      }
      if (this.answers.prepare(this.queue.head as Request)) {
        this.answers.local(this.dequeue());
        ran++;
      }
      this.replies.checkOverflow();
      // In front of a write of its own that is under way nothing may wait: it would see that write.
      isSpent = this.share.isSpentAfterOne(this.replies.waitingBytes - before) && !this.queue.isAnySubmitted;
    }
    if (this.isAmongOthers) {
      const { requests } = this.server.metrics;
      requests.readsAfterWriteInSessionQueue.add(ran);
      requests.readsIssuedFromSessionQueue.add(ran);
      requests.sessionQueuesDrained.add(1);
    }
    if (this.queue.isHeadLocal) this.host.onSpent();
    else this.host.onAnswered();
  }
}
