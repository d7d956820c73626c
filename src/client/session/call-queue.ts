import { ProtocolError } from '../../base/errors.ts';
import { Fifo } from '../../base/fifo.ts';
import type { ReplyHeader } from '../../jute/client-records.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { ZooKeeperError } from '../errors.ts';

/**
 * The requests of a session, in the order in which they were asked: first those that were sent and wait for their reply,
 * then those that wait for a connection. A server answers in that order, so a reply belongs to the first that was sent.
 * Together they have a named limit: a program that asks faster than it is answered is told so, and does not run out of memory.
 */
export interface Call {
  /** Nobody waits any more: what was not sent yet is not sent. */
  readonly isGivenUp: boolean;
  /** `r` stands at the reply's record; there is none when `err` is not 0. One of the two is called, once. */
  onReply(err: number, r: Reader, zxid: Zxid): void;
  /** `wasSent`: it may have been carried out. */
  onFailure(error: ZooKeeperError, wasSent: boolean): void;
}

export interface PendingLimits {
  readonly requests: number;
  readonly bytes: number;
}

interface QueuedCall {
  readonly xid: number;
  readonly call: Call;
  readonly bytes: number;
  /** When it was sent, or began to wait for a connection. */
  readonly sinceMs: number;
}

interface UnsentCall extends QueuedCall {
  readonly frame: Buffer;
}

/** Those who wait for room are let go on when so much of the limits is free. */
const ROOM = 0.5;

export class CallQueue {
  private readonly limits: PendingLimits;
  private readonly unsent = new Fifo<UnsentCall>();
  private readonly sent = new Fifo<QueuedCall>();
  private bytes = 0;
  private nextXid = 1;
  private waiters: (() => void)[] = [];

  constructor(limits: PendingLimits) {
    this.limits = limits;
  }

  takeXid(): number {
    const xid = this.nextXid;
    this.nextXid = xid === 0x7fffffff ? 1 : xid + 1;
    return xid;
  }

  get requests(): number {
    return this.unsent.length + this.sent.length;
  }

  get pendingBytes(): number {
    return this.bytes;
  }

  /** Why one more of `bytes` is too much; undefined when it is not. A single one is never too many. */
  refusal(bytes: number): string | undefined {
    if (this.requests === 0) return undefined;
    if (this.requests >= this.limits.requests) return `${this.requests} requests wait for their answers already`;
    if (this.bytes + bytes <= this.limits.bytes) return undefined;
    return `${this.bytes} bytes of requests wait for their answers already`;
  }

  /** `task` runs once there is room: at once, or when half of what is allowed has been answered. */
  whenRoom(task: () => void): void {
    if (this.hasRoom) task();
    else this.waiters.push(task);
  }

  onSent(xid: number, call: Call, bytes: number, nowMs: number): void {
    this.bytes += bytes;
    this.sent.push({ xid, call, bytes, sinceMs: nowMs });
  }

  hold(xid: number, frame: Buffer, call: Call, nowMs: number): void {
    this.bytes += frame.length;
    this.unsent.push({ xid, frame, call, bytes: frame.length, sinceMs: nowMs });
  }

  /** The frame of the next one that waits for a connection; it counts as sent from here on. */
  takeUnsent(nowMs: number): Buffer | undefined {
    for (let next = this.unsent.shift(); next !== undefined; next = this.unsent.shift()) {
      if (next.call.isGivenUp) {
        this.free(next);
        continue;
      }
      this.sent.push({ xid: next.xid, call: next.call, bytes: next.bytes, sinceMs: nowMs });
      return next.frame;
    }
    return undefined;
  }

  /**
   * The call that this reply belongs to, and when it was asked. Throws ProtocolError when it is not the one that is
   * due.
   */
  takeAnswered(header: ReplyHeader): { call: Call; sinceMs: number } {
    const sent = this.sent.shift();
    if (sent !== undefined) this.free(sent);
    if (sent !== undefined && sent.xid === header.xid) return sent;
    sent?.call.onFailure(new ZooKeeperError(ErrorCode.connectionLoss), true);
    throw new ProtocolError(`reply ${header.xid} where ${sent?.xid ?? 'none'} was due`);
  }

  /** Nobody knows whether they were carried out. Those that are asked again meanwhile wait behind. */
  failSent(error: ZooKeeperError): void {
    for (let left = this.sent.length; left > 0; left--) {
      const sent = this.sent.shift() as QueuedCall;
      this.free(sent);
      sent.call.onFailure(error, true);
    }
  }

  /** A caller cannot wait for ever for an ensemble that does not come back. */
  failHeldSince(beforeMs: number, error: ZooKeeperError): void {
    for (let next = this.unsent.peek(); next !== undefined; next = this.unsent.peek()) {
      if (next.sinceMs > beforeMs) return;
      this.unsent.shift();
      this.free(next);
      next.call.onFailure(error, false);
    }
  }

  failAll(error: ZooKeeperError): void {
    this.failSent(error);
    this.failHeldSince(Number.POSITIVE_INFINITY, error);
  }

  private get hasRoom(): boolean {
    return this.requests <= this.limits.requests * ROOM && this.bytes <= this.limits.bytes * ROOM;
  }

  private free({ bytes }: QueuedCall): void {
    this.bytes -= bytes;
    if (this.waiters.length === 0 || !this.hasRoom) return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const task of waiters) task();
  }
}
