import type { Random } from '../../src/io/random.ts';
import { Reader } from '../../src/jute/reader.ts';
import { Writer } from '../../src/jute/writer.ts';
import type { FakeStream } from '../fakes/fake-stream.ts';

/** The first choice, always. */
export const firstChoice: Random = { below: () => 0, secret: (bytes: number) => new Uint8Array(bytes) };

/** The next frame the client sent, as a reader at its first byte; undefined when there is none. */
export function takeFrame(stream: FakeStream): Reader | undefined {
  const received = stream.takeBytes();
  if (received.length < 4) return undefined;
  const end = 4 + received.readInt32BE(0);
  if (received.length > end) stream.writes.push(received.subarray(end));
  return new Reader(received.subarray(4, end));
}

export function sendFrame(stream: FakeStream, write: (w: Writer) => void): void {
  const w = new Writer();
  const at = w.beginFrame();
  write(w);
  w.endFrame(at);
  stream.deliver(w.take());
}
