import type { Log } from '../../base/log.ts';
import type { Clock } from '../../io/clock.ts';
import type { Listener, ListenHandlers, ListenOptions, Net, Stream, StreamHandlers } from '../../io/net.ts';
import { type SaslClientExchange, SaslFault, type SaslLogin } from '../../sasl/sasl-exchange.ts';
import { AuthStream, type LoginSide, type LoginStep } from './auth-stream.ts';
import { AuthStatus, authPacket, beginsAuthPacket, MAGIC_BYTES, readAuthPacket } from './quorum-auth-packet.ts';

/**
 * The network between servers with logins by SASL in front: a server that dials logs in where `quorum.auth.learnerRequireSasl`
 * says so, and one that is dialled asks for it where `quorum.auth.serverRequireSasl` does. Without the latter a server
 * that says nothing is let in, so that an ensemble can be changed one by one. Follows SaslQuorumAuthServer and -Learner.
 */
export interface QuorumLogins {
  readonly accept: SaslLogin;
  readonly isRequired: boolean;
  /**
   * A login at the server with this host; `done` is called once, perhaps before it returns. A text: why there is none.
   * undefined: this server does not log in.
   */
  readonly begin: ((host: string, done: (begun: SaslClientExchange | string) => void) => void) | undefined;
}

export interface AuthNetOptions {
  readonly logins: QuorumLogins;
  /** The message in front of a login, of its first bytes; undefined while it cannot be told. */
  readonly front: (bytes: Buffer) => number | undefined;
  /** Counts each login that failed. */
  readonly onFailed?: () => void;
}

/** A login that is not over by then has failed. */
const LOGIN_MS = 5000;
/** One line in the log for all logins that fail within this time. */
const SAID_MS = 1000;
/** Tokens of one login. */
const ROUNDS_MAX = 5;
const NO_TOKEN = Buffer.alloc(0);

export class AuthNet implements Net {
  private readonly net: Net;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly options: AuthNetOptions;
  private saidMs = Number.NEGATIVE_INFINITY;
  /** Since it was said last. */
  private failed = 0;

  constructor(net: Net, clock: Clock, options: AuthNetOptions, log: Log) {
    this.net = net;
    this.clock = clock;
    this.options = options;
    this.log = log;
  }

  listen(options: ListenOptions, handlers: ListenHandlers): Listener {
    return this.net.listen(options, { ...handlers, onStream: (inner) => this.onStream(inner, handlers) });
  }

  dial(host: string, port: number, timeoutMs: number, handlers: StreamHandlers): Stream {
    const { begin } = this.options.logins;
    if (begin === undefined) return this.net.dial(host, port, timeoutMs, handlers);
    const side = new DiallingSide();
    const stream = this.streamOf(side, true, `${host}:${port}`);
    stream.own(handlers);
    // A server that is dialled before there is something to say to it would wait, and let others wait.
    const endMs = this.clock.nowMs() + timeoutMs;
    const late = this.clock.after(timeoutMs, () => stream.refuse(`nothing to log in with came within ${timeoutMs} ms`));
    begin(host, (begun) => {
      late.cancel();
      if (stream.isOver) return;
      if (typeof begun === 'string') stream.refuse(begun);
      else {
        side.exchange = begun;
        stream.begin(authPacket(AuthStatus.inProgress, begun.first));
        this.attach(stream, host, port, Math.max(endMs - this.clock.nowMs(), 1));
      }
    });
    return stream;
  }

  private attach(stream: AuthStream, host: string, port: number, timeoutMs: number): void {
    const { innerHandlers } = stream;
    const onOpen = (): void => {
      this.bound(stream);
      innerHandlers.onOpen?.();
    };
    stream.attach(this.net.dial(host, port, timeoutMs, { ...innerHandlers, onOpen }));
  }

  private onStream(inner: Stream, handlers: ListenHandlers): StreamHandlers | undefined {
    const { logins } = this.options;
    const side = new AcceptingSide(logins);
    const stream = this.streamOf(side, false, `${inner.remoteAddress}:${inner.remotePort}`);
    stream.attach(inner);
    const owner = handlers.onStream(stream);
    if (owner === undefined) return undefined;
    stream.own(owner);
    this.bound(stream);
    return stream.innerHandlers;
  }

  private streamOf(side: LoginSide, isDialled: boolean, other: string): AuthStream {
    return new AuthStream({
      side,
      isDialled,
      front: this.options.front,
      later: (call) => {
        this.clock.after(0, call);
      },
      onOver: (fault) => {
        if (fault === undefined) this.log.debug({ server: other }, 'the login between servers is over');
        else this.sayFailed(other, fault);
      },
    });
  }

  private sayFailed(server: string, reason: string): void {
    this.failed++;
    this.options.onFailed?.();
    const nowMs = this.clock.nowMs();
    if (nowMs - this.saidMs < SAID_MS) return;
    this.log.warn({ server, reason, failed: this.failed }, 'a login between servers failed');
    this.saidMs = nowMs;
    this.failed = 0;
  }

  private bound(stream: AuthStream): void {
    this.clock.after(LOGIN_MS, () => stream.expire());
  }
}

class DiallingSide implements LoginSide {
  readonly isOptional = false;
  /** There before the other server is dialled. */
  exchange: SaslClientExchange | undefined = undefined;

  onBytes(bytes: Buffer): LoginStep {
    const { exchange } = this;
    const read = readAuthPacket(bytes);
    if (read === undefined || exchange === undefined) return { taken: 0, next: 'wait' };
    if (typeof read === 'string') return { taken: 0, next: 'fail', reason: read };
    const { packet, length: taken } = read;
    if (packet.status !== AuthStatus.inProgress && packet.status !== AuthStatus.success) {
      return { taken, next: 'fail', reason: 'the other server refused the login' };
    }
    const isLast = packet.status === AuthStatus.success;
    // A mechanism whose last token is this side's hears of its end by the status alone.
    if (isLast && exchange.isComplete) return { taken, next: 'open' };
    try {
      const answer = exchange.step(Buffer.from(packet.token));
      if (isLast) {
        if (answer !== undefined || !exchange.isComplete) throw new SaslFault('the login ended before it was over');
        return { taken, next: 'open' };
      }
      if (answer === undefined) throw new SaslFault('the login is over, and the other server does not say so');
      return { taken, send: authPacket(AuthStatus.inProgress, answer), next: 'wait' };
    } catch (error) {
      if (!(error instanceof SaslFault)) throw error;
      return { taken, next: 'fail', reason: error.message };
    }
  }
}

class AcceptingSide implements LoginSide {
  readonly isOptional: boolean;
  private readonly logins: QuorumLogins;
  private exchange: ReturnType<SaslLogin['begin']> | undefined = undefined;
  private rounds = 0;

  constructor(logins: QuorumLogins) {
    this.logins = logins;
    this.isOptional = !logins.isRequired;
  }

  onBytes(bytes: Buffer): LoginStep {
    if (bytes.length < MAGIC_BYTES) return { taken: 0, next: 'wait' };
    if (this.exchange === undefined && !beginsAuthPacket(bytes)) {
      if (this.isOptional) return { taken: 0, next: 'open' };
      return { taken: 0, next: 'fail', reason: 'the other server does not log in, and has to' };
    }
    const read = readAuthPacket(bytes);
    if (read === undefined) return { taken: 0, next: 'wait' };
    if (typeof read === 'string') return this.refuse(bytes.length, read);
    const { packet, length } = read;
    this.exchange ??= this.logins.accept.begin();
    if (++this.rounds > ROUNDS_MAX) return this.refuse(length, `a login of more than ${ROUNDS_MAX} tokens`);
    let step: LoginStep | undefined;
    this.exchange.step(Buffer.from(packet.token), (answer) => {
      if (answer.fault !== undefined) step = this.refuse(length, answer.fault);
      else if (answer.identity === undefined) {
        step = { taken: length, send: authPacket(AuthStatus.inProgress, answer.token ?? NO_TOKEN), next: 'wait' };
      } else step = { taken: length, send: authPacket(AuthStatus.success, answer.token ?? NO_TOKEN), next: 'open' };
    });
    return step ?? this.refuse(length, 'a mechanism that does not answer at once');
  }

  /** The other side is told; it closes by itself where this one lets it in all the same. */
  private refuse(taken: number, reason: string): LoginStep {
    const send = authPacket(AuthStatus.error, Buffer.alloc(0));
    return this.isOptional ? { taken, send, next: 'open' } : { taken, send, next: 'fail', reason };
  }
}
