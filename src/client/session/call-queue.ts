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
 */
export interface Call {
  /** `r` stands at the reply's record; there is none when `err` is not 0. One of the two is called, once. */
  onReply(err: number, r: Reader, zxid: Zxid): void;
  onFailure(error: ZooKeeperError): void;
}

interface SentCall {
  readonly xid: number;
  readonly call: Call;
}

interface UnsentCall extends SentCall {
  readonly frame: Buffer;
  readonly queuedMs: number;
}

export class CallQueue {
  private readonly unsent = new Fifo<UnsentCall>();
  private readonly sent = new Fifo<SentCall>();
  private nextXid = 1;

  takeXid(): number {
    const xid = this.nextXid;
    this.nextXid = xid === 0x7fffffff ? 1 : xid + 1;
    return xid;
  }

  onSent(xid: number, call: Call): void {
    this.sent.push({ xid, call });
  }

  hold(xid: number, frame: Buffer, call: Call, nowMs: number): void {
    this.unsent.push({ xid, frame, call, queuedMs: nowMs });
  }

  /** The frame of the next one that waits for a connection; it counts as sent from here on. */
  takeUnsent(): Buffer | undefined {
    const next = this.unsent.shift();
    if (next === undefined) return undefined;
    this.onSent(next.xid, next.call);
    return next.frame;
  }

  /** Whose reply this is. Throws ProtocolError when it is not the one that is due. */
  takeAnswered(header: ReplyHeader): Call {
    const sent = this.sent.shift();
    if (sent !== undefined && sent.xid === header.xid) return sent.call;
    sent?.call.onFailure(new ZooKeeperError(ErrorCode.connectionLoss));
    throw new ProtocolError(`reply ${header.xid} where ${sent?.xid ?? 'none'} was due`);
  }

  /** Nobody knows whether they were carried out. */
  failSent(error: ZooKeeperError): void {
    for (let sent = this.sent.shift(); sent !== undefined; sent = this.sent.shift()) sent.call.onFailure(error);
  }

  /** A caller cannot wait for ever for an ensemble that does not come back. */
  failHeldSince(beforeMs: number, error: ZooKeeperError): void {
    for (let call = this.unsent.peek(); call !== undefined; call = this.unsent.peek()) {
      if (call.queuedMs > beforeMs) return;
      this.unsent.shift();
      call.call.onFailure(error);
    }
  }

  failAll(error: ZooKeeperError): void {
    this.failSent(error);
    this.failHeldSince(Number.POSITIVE_INFINITY, error);
  }
}
