import type { Stream } from '../../io/net.ts';
import {
  type ConnectResponse,
  writeConnectResponse,
  writeReplyHeader,
  writeWatcherEvent,
} from '../../jute/client-records.ts';
import { ErrorCode, KeeperState, Xid } from '../../jute/codes.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { ServerStats } from '../monitoring/server-stats.ts';
import { OUTPUT_CLOSE_BYTES } from './client-limits.ts';
import type { HasOutput, WriterPool } from './client-output.ts';
import type { ConnectionStats } from './connection-stats.ts';
import type { TurnEnd } from './turn-end.ts';

/**
 * The output for one client: replies and events as frames, in the order they are written. One writer gathers them
 * until the turn ends. Also counts how much of the output the client has not taken.
 */
export interface RepliesServer {
  readonly writers: WriterPool;
  readonly stats: ServerStats;
  readonly metrics: ServerMetrics;
  readonly turnEnd: TurnEnd;
}

export class ClientReplies {
  /** The client does not read and its connection must close, but not from inside an apply that walks the watches. */
  isOverflowing = false;
  private readonly server: RepliesServer;
  private readonly connection: HasOutput;
  private readonly stream: Stream;
  private readonly stats: ConnectionStats;
  /** Only while there is output of this turn. */
  private current: Writer | undefined = undefined;
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
      this.server.turnEnd.flush(this.connection);
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
    const w = this.writer;
    const at = w.beginFrame();
    writeReplyHeader(w, Xid.notification, zxid, ErrorCode.ok);
    writeWatcherEvent(w, type, KeeperState.syncConnected, path);
    w.endFrame(at);
    const bytes = w.length - at - 4;
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
    return this.stream.bufferedBytes + (this.current === undefined ? 0 : this.current.length);
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
    if (w === undefined) return false;
    this.current = undefined;
    for (const bytes of w.takeParts()) if (bytes.length > 0) this.stream.write(bytes);
    this.server.writers.give(w);
    this.checkOverflow();
    return true;
  }

  drop(): void {
    if (this.current === undefined) return;
    this.current.takeParts();
    this.server.writers.give(this.current);
    this.current = undefined;
  }
}

/** The place of err in a reply: behind length 4, xid 4, zxid 8. */
const ERR_OFFSET = 16;
