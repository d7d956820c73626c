import { connect, type Socket } from 'node:net';
import {
  Conversation,
  type ConversationListener,
  type Exchange,
  framed,
  type Side,
} from '../conversation/conversation.ts';
import type { EventSeen, ReplySeen } from '../conversation/seen.ts';
import { type ConnectRequest, type ConnectResponse, writeConnectRequest } from '../jute/client-records.ts';
import { OpCode } from '../jute/codes.ts';
import { Writer } from '../jute/writer.ts';
import type { Zxid } from '../jute/zxid.ts';

/** A server that a conversation is passed on to, and what it says. Nothing is sent before it can be. */
export interface UpstreamEvents {
  onWelcome(frame: Buffer, welcome: ConnectResponse): void;
  onAnswer(frame: Buffer, reply: ReplySeen, exchange: Exchange | undefined): void;
  onEvent(frame: Buffer, event: EventSeen): void;
  /** Bytes that belong to no session. */
  onPlain(bytes: Buffer): void;
  onRequest(frame: Buffer, exchange: Exchange): void;
  onEnd(reason: string | undefined): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The facts that a server has to be told of a session that it gave; its zxids are its own. */
export interface SessionKey {
  readonly id: bigint;
  readonly password: Buffer;
  lastZxid: Zxid;
}

/** In a frame of setWatches: behind its length, xid and type. */
const RELATIVE_ZXID_AT = 12;

export class Upstream implements ConversationListener {
  private readonly socket: Socket;
  private readonly events: UpstreamEvents;
  private readonly conversation: Conversation;
  private readonly keyFor: ((sessionId: bigint) => SessionKey | undefined) | undefined;
  /** Where the client speaks of a session that another server gave. */
  private key: SessionKey | undefined = undefined;
  private isOver = false;

  /** `keyFor`: the key that this server knows a session by which has another one elsewhere. */
  constructor({ host, port }: Address, events: UpstreamEvents, keyFor?: (sessionId: bigint) => SessionKey | undefined) {
    this.events = events;
    this.keyFor = keyFor;
    this.conversation = new Conversation(this, () => performance.now());
    this.socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (chunk) => this.conversation.fromServer(chunk));
    this.socket.on('error', (error) => this.over(error.message));
    this.socket.on('end', () => this.over(undefined));
    this.socket.on('close', () => this.over(undefined));
  }

  /** Bytes of the client. */
  take(chunk: Buffer): void {
    this.conversation.fromClient(chunk);
  }

  endOfClient(): void {
    this.conversation.endOfClient();
    this.socket.end();
  }

  destroy(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  onGreeting(frame: Buffer, greeting: ConnectRequest): void {
    const key = greeting.sessionId === 0n ? undefined : this.keyFor?.(greeting.sessionId);
    if (key === undefined) {
      this.socket.write(frame);
      return;
    }
    const w = new Writer(64);
    this.key = key;
    writeConnectRequest(w, { ...greeting, lastZxidSeen: key.lastZxid, sessionId: key.id, password: key.password });
    this.socket.write(framed(w.take()));
  }

  onWelcome(frame: Buffer, welcome: ConnectResponse): void {
    this.events.onWelcome(frame, { ...welcome, password: Buffer.from(welcome.password) });
  }

  onRequest(frame: Buffer, exchange: Exchange): void {
    const { op } = exchange.request;
    if (this.key !== undefined && (op === OpCode.setWatches || op === OpCode.setWatches2)) {
      frame.writeBigInt64BE(BigInt(this.key.lastZxid), RELATIVE_ZXID_AT);
    }
    this.socket.write(frame);
    this.events.onRequest(frame, exchange);
  }

  onReply(frame: Buffer, reply: ReplySeen, exchange: Exchange | undefined): void {
    this.events.onAnswer(frame, reply, exchange);
  }

  onEvent(frame: Buffer, event: EventSeen): void {
    this.events.onEvent(frame, event);
  }

  onPlain(side: Side, bytes: Buffer): void {
    if (side === 'client') this.socket.write(bytes);
    else this.events.onPlain(bytes);
  }

  private over(reason: string | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.destroy();
    this.events.onEnd(reason);
  }
}
