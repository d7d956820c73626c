import { protocolError } from '../../base/errors.ts';
import type { Log, LogFields } from '../../base/log.ts';
import type { Clock } from '../../io/clock.ts';
import { Reader } from '../../jute/reader.ts';
import { sessionHex } from '../../jute/session-id.ts';
import { type Zxid, zxidText } from '../../jute/zxid.ts';
import type { Counter } from '../metrics/counters.ts';
import type { Request } from '../request.ts';
import { TxnTimes } from './txn-times.ts';

/**
 * Requests that took longer than a limit, each with a line in the log that says where the time went. Off unless asked
 * for (`slowRequestMs`, or the admin command `slow_requests`); then nothing is noted of a request.
 *
 * Stages are milliseconds since the request came in, in whichever order they happened: a leader may hear from a quorum
 * before its disk answers.
 */
export interface SlowRequestParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly count: Counter;
}

/** The client whose request it was. */
export interface SlowClient {
  readonly client: string;
  readonly sessionId: bigint;
}

interface Answered {
  readonly arrivedMs: number;
  readonly fields: LogFields;
}

/** A disk that stalls makes all requests slow at once: the first ones say enough. */
const LINES_PER_SECOND = 20;

export class SlowRequests {
  readonly times: TxnTimes;
  /** Infinity: off. */
  limitMs = Number.POSITIVE_INFINITY;
  private readonly parts: SlowRequestParts;
  /** When requests that had to wait in their session's queue left it. */
  private left = new WeakMap<Request, number>();
  /** Of this turn: their output is not sent yet. */
  private answered: Answered[] = [];
  private secondMs = 0;
  private linesInSecond = 0;
  private leftOut = 0;

  constructor(parts: SlowRequestParts, limitMs: number | undefined) {
    this.parts = parts;
    this.times = new TxnTimes(parts.clock);
    if (limitMs !== undefined) this.setLimit(limitMs);
  }

  /** undefined: off. */
  setLimit(limitMs: number | undefined): void {
    this.limitMs = limitMs ?? Number.POSITIVE_INFINITY;
    this.left = new WeakMap();
    this.times.switch(limitMs !== undefined);
  }

  /** It goes upstream, or is about to be answered here. */
  onLeftQueue(request: Request): void {
    if (this.limitMs === Number.POSITIVE_INFINITY) return;
    if (!this.left.has(request)) this.left.set(request, this.parts.clock.nowMs());
  }

  /** `zxid`: of a write, its transaction's. */
  onSlow(request: Request, client: SlowClient, zxid: Zxid): void {
    const { clock, count } = this.parts;
    count.add(1);
    if (!this.hasRoomForLine()) return;
    const since = (ms: number | undefined) => (ms === undefined ? undefined : msBetween(request.arrivedMs, ms));
    const isWrite = request.kind === 'write';
    const stages = isWrite ? this.times.of(zxid) : undefined;
    const nowMs = clock.nowMs();
    const fields = {
      client: client.client,
      session: sessionHex(client.sessionId),
      operation: request.operation.lastOp,
      path: pathOf(request),
      cxid: request.cxid,
      zxid: isWrite ? zxidText(zxid) : undefined,
      queuedMs: since(this.left.get(request)),
      proposedMs: since(stages?.proposedMs),
      syncedMs: since(stages?.syncedMs),
      committedMs: since(stages?.committedMs),
      [isWrite ? 'appliedMs' : 'servedMs']: since(nowMs),
    };
    this.answered.push({ arrivedMs: request.arrivedMs, fields });
    // Runs behind the flush of the connections, which was asked for before this.
    if (this.answered.length === 1) clock.afterTurn(() => this.tell());
  }

  private tell(): void {
    const { clock, log } = this.parts;
    const nowMs = clock.nowMs();
    const { answered } = this;
    this.answered = [];
    for (const { arrivedMs, fields } of answered) {
      const notTold = this.leftOut === 0 ? undefined : this.leftOut;
      this.leftOut = 0;
      log.warn({ ...fields, sentMs: msBetween(arrivedMs, nowMs), notTold }, 'a slow request');
    }
  }

  private hasRoomForLine(): boolean {
    const nowMs = this.parts.clock.nowMs();
    if (nowMs - this.secondMs >= 1000) {
      this.secondMs = nowMs;
      this.linesInSecond = 0;
    }
    if (this.linesInSecond < LINES_PER_SECOND) {
      this.linesInSecond++;
      return true;
    }
    this.leftOut++;
    return false;
  }
}

function msBetween(fromMs: number, toMs: number): number | undefined {
  return Number.isNaN(toMs) ? undefined : Math.max(0, Math.round(toMs - fromMs));
}

/** A client may name a path of a megabyte. */
const PATH_MAX = 256;

/** undefined for operations that do not begin with a path. */
function pathOf({ record, kind, body }: Request): string | undefined {
  const path = record?.path ?? (kind === 'read' || kind === 'sync' ? firstString(body) : undefined);
  return path?.startsWith('/') ? path.slice(0, PATH_MAX) : undefined;
}

function firstString(body: Buffer): string | undefined {
  try {
    return new Reader(body).readString();
  } catch (error) {
    protocolError(error);
    return undefined;
  }
}
