import { assert } from '../../base/assert.ts';
import { Fifo } from '../../base/fifo.ts';
import { OpCode } from '../../jute/codes.ts';
import type { TxnHeader } from '../../jute/txns.ts';
import { ZXID_ZERO, type Zxid } from '../../jute/zxid.ts';
import type { Request } from '../request.ts';
import { READS_BEFORE_WRITE_MAX } from './client-limits.ts';

/**
 * The requests of one session that are not answered yet, in the order the client sent them. This order is what
 * CommitProcessor keeps: writes and syncs are submitted the moment they arrive, reads behind them wait, and nothing
 * is answered before what was asked earlier. A local request runs as soon as it comes to the head.
 *
 * A write behind a sync is held back until the sync is answered. A sync's answer needs a quorum to answer a PING, and
 * the write may well be committed by then. It would be applied before the reads between the two have been answered, and
 * they would see what was asked after them.
 *
 * A read that is at the head and waits for a later turn keeps every write from being submitted, and so do many reads
 * together: none of them may see what was asked after it.
 *
 * The requests that an earlier connection of the session submitted here stay in front, inherited. Their results come
 * back through the same queue. Without a place in it they would be taken for answers to the new connection's requests,
 * as clients that start counting their xids afresh (kazoo) would learn.
 *
 * Invariants: inherited ones, submitted and local ones, held ones, in this order, are all there are; every count is that
 * of its kind and never below 0.
 */
export class RequestQueue {
  /** Bytes of all bodies in the queue. */
  bytes = 0;
  private readonly requests = new Fifo<Request>(4);
  private inherited = 0;
  /** Syncs submitted. */
  private syncs = 0;
  /** How many in front of the held ones are local: they need no other server, and wait for requests that do. */
  private locals = 0;
  /** How many of those take more than a moment. */
  private long = 0;
  /** How many at the end are not submitted: a write behind a sync, and all that came after it. */
  private held = 0;

  get length(): number {
    return this.requests.length;
  }

  /** How many the present connection asked. */
  get own(): number {
    return this.requests.length - this.inherited;
  }

  get head(): Request | undefined {
    return this.requests.peek();
  }

  get isHeadInherited(): boolean {
    return this.inherited > 0;
  }

  push(request: Request): void {
    this.requests.push(request);
    this.bytes += request.body.length;
    if (this.held > 0 || request.isSubmitted) this.held++;
    else this.addLocal(request);
  }

  /** The next to submit, in the order asked; undefined when there is none, or it has to wait for a sync. */
  takeToSubmit(): Request | undefined {
    while (this.held > 0) {
      const request = this.requests.at(this.requests.length - this.held) as Request;
      if (request.isSubmitted) {
        if (this.isHeadLocal || this.areLocalsMany) return undefined;
        if (request.kind === 'sync') this.syncs++;
        else if (this.syncs > 0) return undefined;
        this.held--;
        return request;
      }
      this.held--;
      this.addLocal(request);
    }
    return undefined;
  }

  /** Was something held back that need not wait any longer? */
  get isReleased(): boolean {
    return this.held > 0 && this.syncs === 0 && !this.isHeadLocal && !this.areLocalsMany;
  }

  /** The next request is one that this server answers alone. */
  get isHeadLocal(): boolean {
    return this.requests.peek()?.isSubmitted === false;
  }

  /** Whether something that was submitted is waited for. */
  get isAnySubmitted(): boolean {
    return this.requests.length - this.held > this.locals;
  }

  /** Never of what is held: that is submitted or dropped first. */
  shift(): Request | undefined {
    const request = this.requests.shift();
    if (request === undefined) return undefined;
    assert(this.held <= this.requests.length, 'a request is submitted before it is answered');
    this.bytes -= request.body.length;
    if (request.kind === 'sync') this.syncs--;
    if (!request.isSubmitted) {
      this.locals--;
      if (request.isLong) this.long--;
    }
    if (this.inherited > 0) this.inherited--;
    assert(this.syncs >= 0 && this.locals >= 0 && this.bytes >= 0, 'no more requests go than came');
    return request;
  }

  /**
   * Is this the transaction that the head asked for? Where prep ran here the head knows its zxid. On a learner it is
   * known by session and cxid; nothing proposed before the connection was attached (`floor`) can be its own.
   */
  isAnswerToHead(txn: TxnHeader, floor: Zxid): boolean {
    const head = this.requests.peek();
    if (head === undefined || head.kind === 'sync' || this.held === this.requests.length) return false;
    if (head.zxid !== ZXID_ZERO) return head.zxid === txn.zxid;
    if (head.cxid !== txn.cxid || (head.operation.type !== txn.type && txn.type !== OpCode.error)) return false;
    return this.inherited > 0 || txn.zxid > floor;
  }

  /** The connection is gone: submitted requests stay without an owner. Returns the others, which are dropped. */
  disown(): Request[] {
    const before = this.requests.length;
    const submitted = before - this.held;
    const kept: Request[] = [];
    const dropped: Request[] = [];
    for (let i = 0; i < before; i++) {
      const request = this.requests.shift() as Request;
      (i < submitted && request.isSubmitted ? kept : dropped).push(request);
    }
    this.clear();
    for (const request of kept) this.pushInherited(request);
    return dropped;
  }

  /** Takes over what an earlier, disowned queue of the session still waits for. Only before the first push. */
  inherit(older: RequestQueue): void {
    assert(this.own === 0, 'what was asked earlier comes before the first request');
    for (let request = older.requests.shift(); request !== undefined; request = older.requests.shift()) {
      this.pushInherited(request);
    }
    older.clear();
  }

  private addLocal(request: Request): void {
    this.locals++;
    if (request.isLong) this.long++;
  }

  /** The local ones may take longer than fits in front of a write that is under way. */
  private get areLocalsMany(): boolean {
    return this.long > 0 || this.locals > READS_BEFORE_WRITE_MAX;
  }

  private pushInherited(request: Request): void {
    this.requests.push(request);
    this.bytes += request.body.length;
    if (request.kind === 'sync') this.syncs++;
    this.inherited++;
  }

  private clear(): void {
    this.bytes = 0;
    this.inherited = 0;
    this.syncs = 0;
    this.locals = 0;
    this.long = 0;
    this.held = 0;
  }
}
