import { Conversation, type ConversationListener, type Exchange, type Side } from '../../conversation/conversation.ts';
import type { EventSeen, ReplySeen } from '../../conversation/seen.ts';
import {
  type ConnectRequest,
  type ConnectResponse,
  writeReplyHeader,
  writeRequestHeader,
} from '../../jute/client-records.ts';
import { OpCode, Xid } from '../../jute/codes.ts';
import { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { Gate } from '../layers/gate.ts';
import { WrappedStream } from '../layers/wrapped-stream.ts';
import type { Place } from './match.ts';
import type { Rule } from './rule.ts';

/**
 * The connection of a client, as it passes through the door of the server that it came to. Requests and answers are
 * whole here, so each of them can be kept back, answered or lost by itself; what is asked of none of them passes as it is.
 */
export interface DoorRules {
  /** The first of those that mean this request. */
  ofRequest(exchange: Exchange, place: Place): Rule | undefined;
  /** The same for its answer: it was taken when the request came. */
  ofReply(exchange: Exchange): Rule | undefined;
  /** It is known whose session this is. */
  onSession(connection: DoorConnection): void;
}

export class DoorConnection extends WrappedStream implements Place, ConversationListener {
  readonly server: number;
  readonly connection: number;
  sessionId = 0n;
  /** The timeout that the server granted, ms. */
  timeoutMs = 0;
  private readonly rules: DoorRules;
  private readonly conversation: Conversation;
  private lastZxid = 0 as Zxid;
  /** Pings that the client did not send, and whose answers it does not get. */
  private ownPings = 0;
  private isLost = false;

  constructor(place: Omit<Place, 'sessionId'>, gate: Gate, rules: DoorRules, forget: (stream: WrappedStream) => void) {
    super(gate, forget);
    this.server = place.server;
    this.connection = place.connection;
    this.rules = rules;
    this.conversation = new Conversation(this, () => performance.now());
  }

  /** Neither direction is held up. */
  get isFree(): boolean {
    return this.inbound.isMoving && this.outbound.isMoving && !this.isLost;
  }

  /** The server hears of the client, as if it had sent a ping now. */
  ping(): void {
    if (!this.conversation.isSession || !this.isFree) return;
    this.ownPings++;
    const w = new Writer(16);
    w.writeInt(8);
    writeRequestHeader(w, Xid.ping, OpCode.ping);
    this.deliver(w.take());
  }

  protected override onBytesIn(chunk: Buffer): void {
    this.conversation.fromClient(chunk);
  }

  protected override onBytesOut(bytes: Buffer): void {
    this.conversation.fromServer(bytes);
  }

  protected override onEndIn(): void {
    this.conversation.endOfClient();
    super.onEndIn();
  }

  onPlain(side: Side, bytes: Buffer): void {
    if (side === 'client') this.deliver(bytes);
    else this.send(bytes);
  }

  onGreeting(frame: Buffer, greeting: ConnectRequest): void {
    this.sessionId = greeting.sessionId;
    this.rules.onSession(this);
    this.deliver(frame);
  }

  onWelcome(frame: Buffer, { sessionId, timeoutMs }: ConnectResponse): void {
    this.sessionId = sessionId;
    this.timeoutMs = timeoutMs;
    this.send(frame);
  }

  onRequest(frame: Buffer, exchange: Exchange): void {
    const rule = this.rules.ofRequest(exchange, this);
    switch (rule?.action.kind) {
      case 'refuse':
        this.conversation.answer(exchange, this.errorReply(exchange, rule.action.code));
        break;
      case 'delay':
        this.deliver(frame, rule.action.ms);
        break;
      case 'hold':
        rule.whenUndone(this.inbound.hold());
        this.deliver(frame);
        break;
      case 'dropRequest':
        this.conversation.forget(exchange);
        this.cut();
        break;
      default:
        this.deliver(frame);
        return;
    }
    rule?.struck();
  }

  onReply(frame: Buffer, reply: ReplySeen, exchange: Exchange | undefined): void {
    this.lastZxid = reply.zxid;
    if (reply.xid === Xid.ping && this.ownPings > 0) {
      this.ownPings--;
      return;
    }
    const rule = exchange === undefined ? undefined : this.rules.ofReply(exchange);
    switch (rule?.action.kind) {
      case 'answer':
        this.send(this.errorReply(exchange as Exchange, rule.action.code));
        break;
      case 'delayReply':
        this.send(frame, rule.action.ms);
        break;
      case 'dropReply':
        this.isLost = true;
        this.cut();
        break;
      case 'swallowReply':
        break;
      case 'loseReply':
        rule.whenUndone(this.outbound.hold());
        this.send(frame);
        break;
      default:
        this.send(frame);
        return;
    }
    rule?.struck();
  }

  onEvent(frame: Buffer, _event: EventSeen): void {
    this.send(frame);
  }

  private errorReply({ request }: Exchange, code: number): Buffer {
    const w = new Writer(32);
    w.writeInt(16);
    writeReplyHeader(w, request.xid, this.lastZxid, code);
    return w.take();
  }
}
