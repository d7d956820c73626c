import { createConnection, type Socket } from 'node:net';
import {
  readConnectResponse,
  readReplyHeader,
  writeConnectRequest,
  writeCreateRequest,
  writePathWatch,
  writeRequestHeader,
  writeSetDataRequest,
} from '../src/jute/client-records.ts';
import { ErrorCode, OpCode } from '../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../src/jute/data-records.ts';
import { FrameCutter } from '../src/jute/frames.ts';
import { Reader } from '../src/jute/reader.ts';
import { Writer } from '../src/jute/writer.ts';
import { ZXID_ZERO } from '../src/jute/zxid.ts';

/**
 * Raw frames against a client port: some connections, each with so many requests under way. What is measured is the
 * server: a request is a copy of a template, a reply is a header that is looked at and counted.
 */
export type Operation = 'getData' | 'setData';

export interface LoadOptions {
  readonly port: number;
  readonly operation: Operation;
  readonly connections: number;
  readonly outstanding: number;
  readonly dataBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export async function runLoad(
  options: LoadOptions,
  onMeasuring: () => void,
  onMeasured: () => void,
): Promise<LoadResult> {
  const tally = new Tally();
  const clients = await Promise.all(
    Array.from({ length: options.connections }, (_, i) => LoadClient.open(options, `/bench-${i}`, tally)),
  );
  for (const client of clients) client.begin();
  await elapsed(options.warmUpMs);
  tally.start();
  onMeasuring();
  await elapsed(options.measureMs);
  const result = tally.result();
  onMeasured();
  for (const client of clients) client.close();
  return result;
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Latencies in buckets of 10 microseconds up to one second. */
class Tally {
  private readonly buckets = new Uint32Array(100_000);
  private startedMs = 0;
  private count = 0;
  private running = false;

  start(): void {
    this.running = true;
    this.startedMs = performance.now();
  }

  add(latencyMs: number): void {
    if (!this.running) return;
    const at = Math.min(Math.floor(latencyMs * 100), this.buckets.length - 1);
    this.buckets[at] = (this.buckets[at] as number) + 1;
    this.count++;
  }

  result(): LoadResult {
    this.running = false;
    const seconds = (performance.now() - this.startedMs) / 1000;
    return { requestsPerSecond: this.count / seconds, p50Ms: this.quantile(0.5), p99Ms: this.quantile(0.99) };
  }

  private quantile(q: number): number {
    let rank = Math.ceil(q * this.count);
    for (let i = 0; i < this.buckets.length; i++) {
      rank -= this.buckets[i] as number;
      if (rank <= 0) return i / 100;
    }
    return 1000;
  }
}

class LoadClient {
  private readonly socket: Socket;
  private readonly cutter: FrameCutter;
  private readonly reader = new Reader();
  private readonly template: Buffer;
  private readonly outstanding: number;
  private readonly tally: Tally;
  /** When the request with xid `1 + i` (modulo the ring) was sent. */
  private readonly sentMs: Float64Array;
  private onFrame: (frame: Buffer) => void = () => {};
  private nextXid = 1;
  private expectedXid = 1;
  private answered = 0;
  private done = false;

  private constructor(socket: Socket, template: Buffer, outstanding: number, tally: Tally) {
    this.socket = socket;
    this.template = template;
    this.outstanding = outstanding;
    this.tally = tally;
    this.sentMs = new Float64Array(outstanding);
    this.cutter = new FrameCutter(1 << 20, (frame) => {
      this.onFrame(frame);
      return true;
    });
    socket.on('close', () => {
      if (!this.done) throw new Error('the server closed a connection');
    });
    socket.on('data', (chunk) => {
      this.cutter.push(chunk);
      if (this.answered > 0) this.send(this.answered);
    });
  }

  static async open(options: LoadOptions, path: string, tally: Tally): Promise<LoadClient> {
    const socket = createConnection({ port: options.port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const data = Buffer.alloc(options.dataBytes, 'x');
    const client = new LoadClient(socket, requestTemplate(options.operation, path, data), options.outstanding, tally);
    const granted = await client.ask((w) =>
      writeConnectRequest(w, {
        protocolVersion: 0,
        lastZxidSeen: ZXID_ZERO,
        timeoutMs: 30_000,
        sessionId: 0n,
        password: Buffer.alloc(16),
        readOnly: false,
      }),
    );
    if (readConnectResponse(granted).timeoutMs <= 0) throw new Error('the server granted no session');
    const created = await client.ask((w) => {
      writeRequestHeader(w, 0, OpCode.create);
      writeCreateRequest(w, { path, data, acl: [...OPEN_ACL_UNSAFE], flags: 0, ttl: -1n }, false);
    });
    const { err } = readReplyHeader(created);
    if (err !== ErrorCode.ok && err !== ErrorCode.nodeExists) throw new Error(`create answered ${err}`);
    return client;
  }

  begin(): void {
    this.onFrame = (frame) => this.onReply(frame);
    this.send(this.outstanding);
  }

  close(): void {
    this.done = true;
    this.socket.destroy();
  }

  private ask(write: (w: Writer) => void): Promise<Reader> {
    return new Promise((resolve) => {
      this.onFrame = (frame) => resolve(new Reader(frame));
      const w = new Writer();
      const at = w.beginFrame();
      write(w);
      w.endFrame(at);
      this.socket.write(w.take());
    });
  }

  private send(count: number): void {
    this.answered = 0;
    const nowMs = performance.now();
    const bytes = Buffer.allocUnsafe(count * this.template.length);
    for (let i = 0; i < count; i++) {
      const at = i * this.template.length;
      this.template.copy(bytes, at);
      bytes.writeInt32BE(this.nextXid, at + 4);
      this.sentMs[this.nextXid % this.outstanding] = nowMs;
      this.nextXid++;
    }
    this.socket.write(bytes);
  }

  private onReply(frame: Buffer): void {
    this.reader.reset(frame);
    const header = readReplyHeader(this.reader);
    if (header.xid !== this.expectedXid || header.err !== ErrorCode.ok) {
      throw new Error(`reply ${header.xid} (${header.err}) where ${this.expectedXid} was due`);
    }
    this.tally.add(performance.now() - (this.sentMs[header.xid % this.outstanding] as number));
    this.expectedXid++;
    this.answered++;
  }
}

function requestTemplate(operation: Operation, path: string, data: Buffer): Buffer {
  const w = new Writer();
  const at = w.beginFrame();
  if (operation === 'getData') {
    writeRequestHeader(w, 0, OpCode.getData);
    writePathWatch(w, { path, watch: false });
  } else {
    writeRequestHeader(w, 0, OpCode.setData);
    writeSetDataRequest(w, { path, data, version: -1 });
  }
  w.endFrame(at);
  return w.take();
}
