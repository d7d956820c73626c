import { Fifo } from '../../base/fifo.ts';
import type { Clock, Timer } from '../../io/clock.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { PendingRequests } from '../connection/pending-requests.ts';
import type { TurnEnd } from '../connection/turn-end.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import { isThrottlable, type Request } from '../request.ts';

/**
 * Requests of all connections wait here while as many are under way as there may be. Each connection has a line of its
 * own, and the lines take turns: one that asks much waits for itself. Apache's RequestThrottler has one line for all.
 *
 * A request that this server answers alone, and at once, never waits unless an earlier one of its connection does: it
 * takes no place among those under way.
 */
export interface RequestThrottleOptions {
  /** As many are under way at once; 0: no limit. */
  readonly maxRequests: number;
  /** Between two looks for stale requests among those that wait. */
  readonly stallTimeMs: number;
  /** A stale request that waits is dropped, and its connection closed. */
  readonly dropStale: boolean;
  /** One that is older than the timeout of its session is stale. */
  readonly staleLatencyCheck: boolean;
  /** One that has waited longer is answered THROTTLEDOP in its turn; undefined: none is. */
  readonly throttledOpWaitMs: number | undefined;
}

export interface ThrottleParts {
  readonly clock: Clock;
  readonly metrics: Pick<ServerMetrics, 'throttles'>;
  readonly turnEnd: TurnEnd;
  readonly pending: PendingRequests;
}

/** So many lines of closed connections may wait, beside half of all. */
const SWEPT_AFTER = 64;

/** A connection, as far as its requests wait. */
export interface LineOwner {
  timeoutMs(): number;
  /** There is room for one more. A call may answer it. */
  admit(request: Request): void;
  close(reason: string): void;
}

/** The requests of one connection that wait, in the order asked. */
export class Line {
  readonly requests = new Fifo<Request>(4);
  readonly owner: LineOwner;
  isDropped = false;
  bytes = 0;

  constructor(owner: LineOwner) {
    this.owner = owner;
  }
}

export class RequestThrottle {
  private readonly options: RequestThrottleOptions;
  private readonly parts: ThrottleParts;
  /** Lines with somebody in them, in turn. */
  private readonly lines = new Fifo<Line>();
  /** Connections closed since their lines were last cleared away. */
  private drops = 0;
  private isScheduled = false;
  private staleTimer: Timer | undefined = undefined;

  constructor(options: RequestThrottleOptions, parts: ThrottleParts) {
    this.options = options;
    this.parts = parts;
    parts.pending.onLess = () => this.lookForRoom();
  }

  /** Whether one more request has to wait, that of a connection which waits for nothing yet. */
  get isFull(): boolean {
    const { maxRequests } = this.options;
    return maxRequests > 0 && (this.lines.length > 0 || this.parts.pending.count >= maxRequests);
  }

  wait(line: Line, request: Request): void {
    const { metrics, pending } = this.parts;
    metrics.throttles.waits.add(1);
    pending.hold(request);
    line.bytes += request.body.length;
    line.requests.push(request);
    if (line.requests.length === 1) this.lines.push(line);
    this.lookForRoom();
    this.watchForStale();
  }

  /** Its connection is closed: what waits of it is dropped, and returned. */
  drop(line: Line): Request[] {
    const dropped: Request[] = [];
    for (let request = line.requests.shift(); request !== undefined; request = line.requests.shift()) {
      this.parts.pending.release(request);
      dropped.push(request);
    }
    line.bytes = 0;
    line.isDropped = true;
    if (++this.drops > SWEPT_AFTER + this.lines.length / 2) this.sweep();
    return dropped;
  }

  /** While there is no room nobody takes a line from the queue, and clients that come and go would fill it. */
  private sweep(): void {
    this.drops = 0;
    for (let left = this.lines.length; left > 0; left--) {
      const line = this.lines.shift() as Line;
      if (!line.isDropped) this.lines.push(line);
    }
  }

  /** The role is over. */
  clear(): void {
    for (let line = this.lines.shift(); line !== undefined; line = this.lines.shift()) this.drop(line);
    this.staleTimer?.cancel();
    this.staleTimer = undefined;
  }

  private lookForRoom(): void {
    if (this.isScheduled || this.lines.length === 0 || this.parts.pending.count >= this.options.maxRequests) return;
    this.isScheduled = true;
    // Not at once: what is let in may be submitted, and this may be inside the apply of a transaction.
    this.parts.turnEnd.resume(this);
  }

  resume(): void {
    this.isScheduled = false;
    const { pending, turnEnd } = this.parts;
    while (pending.count < this.options.maxRequests && !turnEnd.isSpent) {
      const line = this.lines.shift();
      if (line === undefined) return;
      this.admitNext(line);
      turnEnd.look();
    }
    this.lookForRoom();
  }

  private admitNext(line: Line): void {
    const request = line.requests.peek();
    if (request === undefined || line.isDropped) return;
    const { metrics, pending } = this.parts;
    if (this.isStale(request, line.owner.timeoutMs())) {
      if (this.options.dropStale) {
        closeStale(line);
        return;
      }
      metrics.throttles.staleRequests.add(1);
    }
    line.requests.shift();
    line.bytes -= request.body.length;
    pending.release(request);
    if (line.requests.length > 0) this.lines.push(line);
    const waitedMs = Math.floor(this.parts.clock.nowMs() - request.arrivedMs);
    metrics.throttles.queueTime.add(waitedMs);
    const { throttledOpWaitMs } = this.options;
    if (throttledOpWaitMs !== undefined && waitedMs > throttledOpWaitMs && isThrottlable(request.operation)) {
      metrics.throttles.throttledOps.add(1);
      request.refuse(ErrorCode.throttledOp);
    }
    line.owner.admit(request);
  }

  /** Its client is likely to have given up on it. */
  isStale(request: Request, timeoutMs: number): boolean {
    if (!this.options.staleLatencyCheck || request.isLastOfSession) return false;
    return this.parts.clock.nowMs() - request.arrivedMs > timeoutMs;
  }

  private watchForStale(): void {
    const { dropStale, staleLatencyCheck, stallTimeMs } = this.options;
    if (!dropStale || !staleLatencyCheck) return;
    this.staleTimer ??= this.parts.clock.after(stallTimeMs, () => this.closeStaleOnes());
  }

  /** While nothing comes to an end nothing is let in either. */
  private closeStaleOnes(): void {
    this.staleTimer = undefined;
    for (let left = this.lines.length; left > 0; left--) {
      const line = this.lines.shift();
      // A connection that is closed here may have the lines of others swept away.
      if (line === undefined) break;
      const request = line.requests.peek();
      if (request === undefined) continue;
      if (this.isStale(request, line.owner.timeoutMs())) closeStale(line);
      else this.lines.push(line);
    }
    if (this.lines.length > 0) this.watchForStale();
  }
}

function closeStale({ owner }: Line): void {
  owner.close('its requests have waited for longer than its session lasts');
}
