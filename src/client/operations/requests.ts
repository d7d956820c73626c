import type { Clock } from '../../io/clock.ts';
import { ErrorCode } from '../../jute/codes.ts';
import { Reader } from '../../jute/reader.ts';
import type { CallOptions } from '../client-options.ts';
import { isZooKeeperError, ZooKeeperError } from '../errors.ts';
import type { ClientSession } from '../session/client-session.ts';
import { bodyOf } from '../session/encode-frame.ts';
import type { Finding, Operation } from './operation.ts';
import { PendingCall } from './pending-call.ts';

/**
 * From an operation to a promise.
 *
 * The rule about lost connections: what was not sent waits for the next one, for a session timeout at most. A request
 * that was sent and not answered is looked for there. If that proves that it was carried out, the promise resolves. If
 * it proves that it was not, the request is sent again. Else the promise is rejected with connectionLoss, and the
 * caller has to find out.
 */
export interface CallDefaults {
  readonly timeoutMs: number | undefined;
  readonly retry: boolean;
}

/** A request that ends its connection each time would go round for ever. */
const MOST_ATTEMPTS = 5;

export class Requests {
  private readonly session: ClientSession;
  private readonly clock: Clock;
  private readonly defaults: CallDefaults;

  constructor(session: ClientSession, clock: Clock, defaults: CallDefaults) {
    this.session = session;
    this.clock = clock;
    this.defaults = defaults;
  }

  get sessionId(): bigint {
    return this.session.sessionId;
  }

  call<T>(operation: Operation<T>, options: CallOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { signal, timeoutMs = this.defaults.timeoutMs, retry = this.defaults.retry } = options;
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const isFindable = retry && operation.whenLost !== undefined;
      const call = new PendingCall<T>({ operation, resolve, reject, lookAgain: this.lookAgain }, this.session.lastZxid);
      const frame = this.session.submit(operation.type, operation.write, call);
      if (call.isGivenUp) return;
      if (isFindable) call.frame = frame;
      if (signal === undefined && timeoutMs === undefined) return;
      const timer = timeoutMs === undefined ? undefined : this.clock.after(timeoutMs, () => call.onTimeout(timeoutMs));
      call.giveUpOn(signal, timer);
    });
  }

  /** Only a call that may be asked again keeps its frame. */
  private readonly lookAgain = <T>(call: PendingCall<T>): boolean => {
    if (call.frame === undefined || call.attempts >= MOST_ATTEMPTS) return false;
    call.attempts++;
    if (call.operation.whenLost === 'ask again') this.session.submitAgain(call.frame, call);
    else void this.findOut(call, call.frame);
    return true;
  };

  private async findOut<T>(call: PendingCall<T>, frame: Buffer): Promise<void> {
    const { whenLost, path } = call.operation;
    if (whenLost === undefined || whenLost === 'ask again') return;
    let finding: Finding<T>;
    try {
      finding = await whenLost(call.askedAfter, new Reader(bodyOf(frame)));
    } catch (error) {
      const reason = isZooKeeperError(error, ErrorCode.sessionExpired) ? error.code : ErrorCode.connectionLoss;
      call.fail(new ZooKeeperError(reason, path));
      return;
    }
    if (finding.is === 'done') call.succeed(finding.value);
    else if (finding.is === 'unknown') call.fail(new ZooKeeperError(ErrorCode.connectionLoss, path));
    else if (!call.isGivenUp) this.session.submitAgain(frame, call);
  }
}
