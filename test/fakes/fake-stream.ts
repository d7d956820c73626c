import { NetError, type Stream, type StreamHandlers } from '../../src/io/net.ts';

/** The code's end of a connection; the test is the other end. */
export class FakeStream implements Stream {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress = '10.0.0.1';
  readonly localPort = 2181;
  handlers: StreamHandlers | undefined;
  /** The other end does not read: nothing leaves. */
  isStalled = false;
  isPaused = false;
  state: 'open' | 'ended' | 'destroyed' = 'open';
  writes: Buffer[] = [];
  bufferedBytes = 0;
  private unread: Buffer[] = [];

  constructor(remoteAddress: string, remotePort: number, handlers?: StreamHandlers) {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.handlers = handlers;
  }

  write(bytes: Buffer): void {
    this.writes.push(bytes);
    if (this.isStalled) this.bufferedBytes += bytes.length;
  }

  writeNow(parts: readonly Buffer[]): void {
    for (const bytes of parts) this.write(bytes);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    const unread = this.unread;
    this.unread = [];
    for (const chunk of unread) this.deliver(chunk);
  }

  end(): void {
    if (this.state === 'open') this.state = 'ended';
  }

  destroy(): void {
    this.state = 'destroyed';
  }

  // The other end

  /** It takes the connection that was dialled. */
  accept(): void {
    this.handlers?.onOpen?.();
  }

  refuse(): void {
    this.handlers?.onClose(new NetError('ECONNREFUSED', 'refused'));
  }

  deliver(chunk: Buffer): void {
    if (this.state !== 'open') return;
    if (this.isPaused) this.unread.push(chunk);
    else this.handlers?.onData(chunk);
  }

  get unreadChunks(): number {
    return this.unread.length;
  }

  /** It reads everything at last. */
  drain(): void {
    this.isStalled = false;
    this.bufferedBytes = 0;
    this.handlers?.onDrain?.();
  }

  /** It finishes writing. */
  finish(): void {
    this.handlers?.onEnd?.();
  }

  /** The bytes written have left, or were lost. */
  gone(): void {
    this.state = 'destroyed';
    this.handlers?.onClose(undefined);
  }

  /** Everything that came so far, once. */
  takeBytes(): Buffer {
    const bytes = Buffer.concat(this.writes);
    this.writes = [];
    return bytes;
  }

  /** Everything that came, as long as nobody took it. */
  get hex(): string {
    return Buffer.concat(this.writes).toString('hex');
  }
}
