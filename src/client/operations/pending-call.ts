import type { Timer } from '../../io/clock.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { ZooKeeperError } from '../errors.ts';
import type { Call } from '../session/call-queue.ts';
import type { Operation } from './operation.ts';

/**
 * One promise on its way: settled by the reply, by a failure, by its signal or its timeout, whichever comes first.
 * Later answers are dropped.
 */
export interface Settling<T> {
  readonly operation: Operation<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  /** Its connection was lost after it was sent; false when there is nothing to find out. */
  readonly lookAgain: (call: PendingCall<T>) => boolean;
}

export class PendingCall<T> implements Call {
  private readonly settling: Settling<T>;
  private signal: AbortSignal | undefined = undefined;
  private timer: Timer | undefined = undefined;
  private isSettled = false;
  private readonly onAbort = (): void => this.fail(this.signal?.reason);
  /** The zxid that the client had seen when it was asked first: a change of the call has a later one. */
  readonly askedAfter: Zxid;
  /** The bytes that went out, when they may have to go out once more. */
  frame: Buffer | undefined = undefined;
  attempts = 1;

  constructor(settling: Settling<T>, askedAfter: Zxid) {
    this.settling = settling;
    this.askedAfter = askedAfter;
  }

  get operation(): Operation<T> {
    return this.settling.operation;
  }

  get isGivenUp(): boolean {
    return this.isSettled;
  }

  giveUpOn(signal: AbortSignal | undefined, timer: Timer | undefined): void {
    this.signal = signal;
    this.timer = timer;
    signal?.addEventListener('abort', this.onAbort);
  }

  onReply(err: number, r: Reader): void {
    if (this.isSettled) return;
    const { operation } = this.settling;
    if (err !== ErrorCode.ok && err !== operation.accepted) this.fail(new ZooKeeperError(err, operation.path));
    else this.succeed(operation.read(r, err));
  }

  onFailure(error: ZooKeeperError, wasSent: boolean): void {
    if (this.isSettled) return;
    if (wasSent && error.code === ErrorCode.connectionLoss && this.settling.lookAgain(this)) return;
    const { path } = this.settling.operation;
    const hasText = error.message !== new ZooKeeperError(error.code).message;
    this.fail(new ZooKeeperError(error.code, path, hasText ? `${error.message}, for ${path}` : undefined));
  }

  onTimeout(ms: number): void {
    const { path } = this.settling.operation;
    const text = `no answer within ${ms} ms${path === undefined ? '' : ` for ${path}`}`;
    this.fail(new ZooKeeperError(ErrorCode.operationTimeout, path, text));
  }

  succeed(value: T): void {
    if (this.isSettled) return;
    this.release();
    this.settling.resolve(value);
  }

  fail(reason: unknown): void {
    if (this.isSettled) return;
    this.release();
    this.settling.reject(reason);
  }

  private release(): void {
    this.isSettled = true;
    this.frame = undefined;
    this.timer?.cancel();
    this.signal?.removeEventListener('abort', this.onAbort);
  }
}
