import { connect, type Socket } from 'node:net';
import { framed } from '../conversation/conversation.ts';
import { readEvent, readReply } from '../conversation/read-reply.ts';
import type { EventSeen, ReplySeen } from '../conversation/seen.ts';
import { readConnectResponse, writeConnectRequest, writeRequestHeader } from '../jute/client-records.ts';
import { OpCode, Xid } from '../jute/codes.ts';
import { FrameCutter } from '../jute/frames.ts';
import { Reader } from '../jute/reader.ts';
import { Writer } from '../jute/writer.ts';
import type { Zxid } from '../jute/zxid.ts';
import type { Address } from './upstream.ts';

/** A session that asks one request after the other, each a whole frame, and keeps the events that come meanwhile. */
const TIMEOUT_MS = 30_000;
const ANSWER_MS = 15_000;
const MAX_FRAME_BYTES = 2 ** 31 - 1;

export class Asker {
  readonly events: EventSeen[] = [];
  private readonly socket: Socket;
  private closed: Error | undefined = undefined;
  private onFrame: (frame: Buffer) => void = () => {};
  private onFailure: (error: Error) => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    const cutter = new FrameCutter(MAX_FRAME_BYTES, (frame) => {
      this.onFrame(Buffer.from(frame));
      return true;
    });
    socket.on('data', (chunk) => cutter.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = new Error('the connection was closed');
      this.onFailure(this.closed);
    });
  }

  static async open({ host, port }: Address): Promise<Asker> {
    const asker = new Asker(connect({ host, port, noDelay: true }));
    const w = new Writer(64);
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen: 0 as Zxid,
      timeoutMs: TIMEOUT_MS,
      sessionId: 0n,
      password: Buffer.alloc(16),
      readOnly: false,
    });
    const welcome = await asker.exchange(w.take(), () => true);
    if (readConnectResponse(new Reader(welcome)).timeoutMs <= 0) throw new Error(`${host}:${port} gave no session`);
    return asker;
  }

  /** `frame` without its length; its answer is the one of the same xid. */
  async ask(frame: Buffer): Promise<ReplySeen> {
    const xid = frame.readInt32BE(0);
    const answer = await this.exchange(frame, (reply) => {
      const got = reply.readInt32BE(0);
      if (got === Xid.notification) this.events.push(readEvent(reply));
      return got === xid;
    });
    return readReply(answer, frame.readInt32BE(4));
  }

  async close(): Promise<void> {
    const w = new Writer(16);
    writeRequestHeader(w, 0x7ffffffe, OpCode.closeSession);
    try {
      await this.ask(w.take());
    } finally {
      this.socket.destroy();
    }
  }

  private exchange(frame: Buffer, isAnswer: (frame: Buffer) => boolean): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.closed !== undefined) {
        reject(this.closed);
        return;
      }
      const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
      this.onFailure = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      this.onFrame = (got) => {
        if (!isAnswer(got)) return;
        clearTimeout(timer);
        resolve(got);
      };
      this.socket.write(framed(frame));
    });
  }
}
