import { ProtocolError } from '../base/errors.ts';
import {
  type ConnectRequest,
  type ConnectResponse,
  readConnectRequest,
  readConnectResponse,
} from '../jute/client-records.ts';
import { Xid } from '../jute/codes.ts';
import { FrameCutter, FrameLengthError } from '../jute/frames.ts';
import { Reader } from '../jute/reader.ts';
import { readEvent, readReply } from './read-reply.ts';
import { readRequest } from './read-request.ts';
import type { EventSeen, ReplySeen, RequestSeen } from './seen.ts';

/**
 * One connection between a client and a server, seen from between them: bytes of both sides go in, whole frames with what
 * they say come out, and each answer is found its question. The listener passes the frames on, or does not.
 *
 * A connection that does not begin as a session does (four-letter words, TLS, HTTP) is plain: its bytes are handed over as
 * they come.
 */
export interface ConversationListener {
  onGreeting(frame: Buffer, greeting: ConnectRequest): void;
  onWelcome(frame: Buffer, welcome: ConnectResponse): void;
  onRequest(frame: Buffer, exchange: Exchange): void;
  /** `exchange` is undefined for an answer to nothing that was asked. */
  onReply(frame: Buffer, reply: ReplySeen, exchange: Exchange | undefined): void;
  onEvent(frame: Buffer, event: EventSeen): void;
  onPlain(side: Side, bytes: Buffer): void;
}

export type Side = 'client' | 'server';

/** A question, and when it came. */
export interface Exchange {
  readonly request: RequestSeen;
  readonly askedMs: number;
  /** Answered from between the two; goes out when it is its turn. */
  instead?: Buffer;
}

/** No session begins with a frame that long; read as a length, words and TLS are far longer. */
const GREETING_BYTES = 4096;
/** Client and server have limits of their own; a frame is gathered as its bytes come. */
const MAX_FRAME_BYTES = 2 ** 31 - 1;

export class Conversation {
  private readonly listener: ConversationListener;
  private readonly nowMs: () => number;
  private readonly client: FrameCutter;
  private readonly server: FrameCutter;
  private begin: Buffer = Buffer.alloc(0);
  private phase: 'begin' | 'greeted' | 'session' | 'plain' = 'begin';
  private greeting: ConnectRequest | undefined = undefined;
  private readonly pending: Exchange[] = [];

  constructor(listener: ConversationListener, nowMs: () => number) {
    this.listener = listener;
    this.nowMs = nowMs;
    this.client = new FrameCutter(MAX_FRAME_BYTES, (frame) => this.onClientFrame(frame));
    this.server = new FrameCutter(MAX_FRAME_BYTES, (frame) => this.onServerFrame(frame));
  }

  /** Whether requests can be put in: the server has answered the greeting. */
  get isSession(): boolean {
    return this.phase === 'session';
  }

  fromClient(chunk: Buffer): void {
    if (this.phase === 'plain') {
      this.listener.onPlain('client', chunk);
      return;
    }
    if (this.phase !== 'begin') {
      this.cut(this.client, 'client', chunk);
      return;
    }
    this.begin = Buffer.concat([this.begin, chunk]);
    if (this.begin.length < 4) return;
    const begun = this.begin;
    this.begin = Buffer.alloc(0);
    const length = begun.readInt32BE(0);
    if (length < 0 || length > GREETING_BYTES) this.goPlain('client', begun);
    else {
      this.phase = 'greeted';
      this.cut(this.client, 'client', begun);
    }
  }

  fromServer(chunk: Buffer): void {
    if (this.phase === 'plain' || this.phase === 'begin') this.listener.onPlain('server', chunk);
    else this.cut(this.server, 'server', chunk);
  }

  /** The bytes of a client that ended before it had said what it is. */
  endOfClient(): void {
    if (this.phase === 'begin' && this.begin.length > 0) this.goPlain('client', this.begin);
  }

  /** Answers in place of the server, behind the answers to what was asked before. */
  answer(exchange: Exchange, frame: Buffer): void {
    exchange.instead = frame;
    this.sendOwn();
  }

  /** The question is not passed on, and nothing will answer it. */
  forget(exchange: Exchange): void {
    const at = this.pending.indexOf(exchange);
    if (at >= 0) this.pending.splice(at, 1);
    this.sendOwn();
  }

  private cut(cutter: FrameCutter, side: Side, chunk: Buffer): void {
    try {
      cutter.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameLengthError)) throw error;
      // The other side closes at these four bytes, so those behind them are not missed.
      this.goPlain(side, error.head);
    }
  }

  private goPlain(side: Side, bytes: Buffer): void {
    this.phase = 'plain';
    this.listener.onPlain(side, bytes);
  }

  private onClientFrame(frame: Buffer): boolean {
    if (this.greeting === undefined) {
      const greeting = readOrNothing(() => readConnectRequest(new Reader(frame)));
      if (greeting === undefined) this.goPlain('client', framed(frame));
      else {
        this.greeting = greeting;
        this.listener.onGreeting(framed(frame), greeting);
      }
      return true;
    }
    const exchange: Exchange = { request: readRequest(frame), askedMs: this.nowMs() };
    this.pending.push(exchange);
    this.listener.onRequest(framed(frame), exchange);
    return true;
  }

  private onServerFrame(frame: Buffer): boolean {
    if (this.phase === 'greeted') {
      const welcome = readOrNothing(() => readConnectResponse(new Reader(frame)));
      if (welcome === undefined) this.goPlain('server', framed(frame));
      else {
        this.phase = 'session';
        this.listener.onWelcome(framed(frame), welcome);
      }
      return true;
    }
    const xid = frame.length >= 4 ? frame.readInt32BE(0) : 0;
    if (xid === Xid.notification) {
      const event = readOrNothing(() => readEvent(frame));
      if (event === undefined) this.listener.onPlain('server', framed(frame));
      else this.listener.onEvent(framed(frame), event);
      return true;
    }
    const at = this.pending.findIndex(({ request, instead }) => request.xid === xid && instead === undefined);
    const exchange = at < 0 ? undefined : this.pending.splice(at, 1)[0];
    const reply = readOrNothing(() => readReply(frame, exchange?.request.op));
    if (reply === undefined) this.listener.onPlain('server', framed(frame));
    else this.listener.onReply(framed(frame), reply, exchange);
    this.sendOwn();
    return true;
  }

  private sendOwn(): void {
    for (let next = this.pending[0]; next?.instead !== undefined; next = this.pending[0]) {
      this.pending.shift();
      this.listener.onPlain('server', next.instead);
    }
  }
}

function readOrNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** With its length in front, as it goes over the wire. */
export function framed(frame: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(4 + frame.length);
  bytes.writeInt32BE(frame.length, 0);
  frame.copy(bytes, 4);
  return bytes;
}
