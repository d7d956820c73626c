import type { Stream } from '../../io/net.ts';
import { type ConnectResponse, writeConnectResponse, writeReplyHeader } from '../../jute/client-records.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { ServerStats } from '../monitoring/server-stats.ts';
import { OUTPUT_CLOSE_BYTES } from './client-limits.ts';
import type { HasOutput, WriterPool } from './client-output.ts';
import type { ConnectionStats } from './connection-stats.ts';
import { type EventFrames, writeEventFrame } from './event-frames.ts';
import type { TurnEnd } from './turn-end.ts';

/**
 * The output for one client: replies and events as frames, in the order they are written. One writer gathers them
 * until the turn ends. Also counts how much of the output the client has not taken.
 */
export interface RepliesServer {
  readonly writers: WriterPool;
  readonly eventFrames: EventFrames;
  readonly stats: ServerStats;
  readonly metrics: ServerMetrics;
  readonly turnEnd: TurnEnd;
}

export class ClientReplies {
  /** The client does not read and its connection must close, but not from inside an apply that walks the watches. */
  isOverflowing = false;
  /** Output is flushed by the code that makes it, and not at the end of the turn. */
  isFlushedByCaller = false;
  private readonly server: RepliesServer;
  private readonly connection: HasOutput;
  private readonly stream: Stream;
  private readonly stats: ConnectionStats;
  /** Only while there is output of this turn. */
  private current: Writer | undefined = undefined;
  /** An event that many are told, while it is all the output of this turn: it takes no writer. */
  private lone: Buffer | undefined = undefined;
  /** The length of the largest reply that the client has not taken. */
  private largestBytes = 0;

  constructor(server: RepliesServer, connection: HasOutput, stream: Stream, stats: ConnectionStats) {
    this.server = server;
    this.connection = connection;
    this.stream = stream;
    this.stats = stats;
  }

  get writer(): Writer {
    let w = this.current;
    if (w === undefined) {
      w = this.server.writers.take();
      this.current = w;
      if (this.lone !== undefined) w.writeRaw(this.lone);
      else if (!this.isFlushedByCaller) this.server.turnEnd.flush(this.connection);
      this.lone = undefined;
    }
    return w;
  }

  /** Returns where the reply begins, for `end` and `cancel`. Its body is written to `writer` in between. */
  begin(xid: number, zxid: Zxid): number {
    const w = this.writer;
    const at = w.beginFrame();
    writeReplyHeader(w, xid, zxid, ErrorCode.ok);
    return at;
  }

  /** With an error there is a body only where the code that answered has left one. */
  end(at: number, err: number): void {
    const w = this.writer;
    if (err !== ErrorCode.ok) w.patchInt(at + ERR_OFFSET, err);
    w.endFrame(at);
    const bytes = w.length - at - 4;
    if (bytes > this.largestBytes) this.largestBytes = bytes;
    this.server.stats.clientResponse.record(bytes);
    this.server.metrics.requests.responseBytes.add(bytes);
    this.countPacket();
  }

  cancel(at: number): void {
    this.writer.rewind(at);
  }

  header(xid: number, zxid: Zxid, err: number): void {
    this.end(this.begin(xid, zxid), err);
  }

  connectResponse(response: ConnectResponse): void {
    const w = this.writer;
    const at = w.beginFrame();
    writeConnectResponse(w, response);
    w.endFrame(at);
    this.countPacket();
  }

  event(type: number, path: string, zxid: Zxid): void {
    if (this.isOverflowing) return;
    const frame = this.server.eventFrames.shared(type, path, zxid);
    if (frame === undefined) this.onEventBytes(writeEventFrame(this.writer, type, path, zxid));
    else {
      if (this.current === undefined && this.lone === undefined) {
        this.lone = frame;
        this.server.turnEnd.flush(this.connection);
      } else this.writer.writeRaw(frame);
      this.onEventBytes(frame.length - 4);
    }
  }

  private onEventBytes(bytes: number): void {
    this.server.stats.clientResponse.record(bytes);
    this.server.metrics.requests.watchBytes.add(bytes);
    this.countPacket();
    this.checkOverflow();
  }

  countPacket(): void {
    this.stats.packetsSent++;
    this.server.stats.packetsSent++;
  }

  /** Written here and not taken by the client. */
  get waitingBytes(): number {
    return this.stream.bufferedBytes + (this.current?.length ?? this.lone?.length ?? 0);
  }

  checkOverflow(): void {
    if (this.waitingBytes > OUTPUT_CLOSE_BYTES + this.largestBytes) this.isOverflowing = true;
  }

  /** The client has taken everything. */
  onTaken(): void {
    this.largestBytes = 0;
  }

  /** Gives this turn's output to the stream; false when there is none. */
  flush(): boolean {
    const w = this.current;
    if (w === undefined) return this.flushLone();
    this.current = undefined;
    const parts = w.takeParts();
    this.server.writers.give(w);
    if ((parts[0] as Buffer).length > 0) this.stream.writeNow(parts);
    if (this.stream.bufferedBytes === 0) this.onTaken();
    else this.checkOverflow();
    return true;
  }

  private flushLone(): boolean {
    if (this.lone === undefined) return false;
    this.stream.writeNow([this.lone]);
    this.lone = undefined;
    this.checkOverflow();
    return true;
  }

  drop(): void {
    this.lone = undefined;
    if (this.current === undefined) return;
    this.current.takeParts();
    this.server.writers.give(this.current);
    this.current = undefined;
  }
}

/** The place of err in a reply: behind length 4, xid 4, zxid 8. */
const ERR_OFFSET = 16;
