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
import { Line, type RequestThrottle } from '../throttles/request-throttle.ts';
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
  readonly throttle: RequestThrottle;
  readonly slow: { onLeftQueue(request: Request): void };
  readonly audit: { onApplied(request: Request, txn: Txn, result: ApplyResult): void } | undefined;
  readonly role: ServedRole;
}

export interface RequestsHost {
  timeoutMs(): number;
  asker(): Asker;
  isClosed(): boolean;
  /** Something was answered: requests that were held back may go on. */
  onAnswered(): void;
  /** The rest has to wait for a later turn. */
  onSpent(): void;
  close(reason: string): void;
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
  /** Those that wait for room in the queue; undefined before the first. */
  private line: Line | undefined = undefined;

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
    const waiting = this.line === undefined ? 0 : this.line.requests.length;
    if (this.queue.length + waiting === 0) return false;
    const { length, bytes, own } = this.queue;
    if (length + waiting >= PENDING_REQUESTS_MAX) return true;
    if (bytes + (this.line?.bytes ?? 0) >= PENDING_REQUEST_BYTES_MAX) return true;
    return own + waiting > 0 && this.server.pending.isOverLimit;
  }

  /** A request that this server answers alone need not wait for any other. */
  get isIdle(): boolean {
    return this.queue.length === 0 && !this.isAnyWaiting;
  }

  private get isAnyWaiting(): boolean {
    return this.line !== undefined && this.line.requests.length > 0;
  }

  take(request: Request): void {
    const { upstream } = this.server.role;
    if (upstream?.localSessions !== undefined) admit(request, upstream);
    if (request.isSubmitted || !this.isIdle) {
      if (this.isAnyWaiting || this.server.throttle.isFull) this.wait(request);
      else {
        this.enqueue(request);
        this.submitReady();
      }
    } else if (this.answers.prepare(request)) this.answers.local(request);
    else {
      this.enqueue(request);
      this.host.onSpent();
    }
  }

  private wait(request: Request): void {
    this.line ??= new Line({
      timeoutMs: () => this.host.timeoutMs(),
      admit: (next) => {
        this.enqueue(next);
        this.goOn();
      },
      close: (reason) => this.host.close(reason),
    });
    this.server.throttle.wait(this.line, request);
  }

  /** The connection is closed. The end of the session that was still waiting, if there is one. */
  dropWaiting(): Request | undefined {
    if (this.line === undefined) return undefined;
    const dropped = this.server.throttle.drop(this.line);
    const last = dropped.at(-1)?.isLastOfSession === true ? dropped.pop() : undefined;
    this.server.metrics.throttles.staleRequestsDropped.add(dropped.length);
    return last;
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
    if (this.isWaitedFor(request, isNobodys)) this.answers.write(request, txn, result);
    this.runReady();
  }

  onSynced(request: Request): void {
    assert(this.queue.head === request, 'a sync is answered in the order it was submitted in');
    const isNobodys = this.queue.isHeadInherited;
    this.dequeue();
    this.share.look();
    if (this.isWaitedFor(request, isNobodys)) this.answers.read(request);
    this.runReady();
  }

  private isWaitedFor(request: Request, isNobodys: boolean): boolean {
    const { throttle, metrics } = this.server;
    const isGone = isNobodys || this.isGivenUp;
    if (isGone || throttle.isStale(request, this.host.timeoutMs())) metrics.throttles.staleReplies.add(1);
    return !isGone;
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
