import { writeRequestHeader } from '../../jute/client-records.ts';
import type { Writer } from '../../jute/writer.ts';

/** One request as it goes out: its length, xid, operation, and the record that `write` writes. An error of `write` is thrown on. */
export function encodeFrame(w: Writer, xid: number, type: number, write: (w: Writer) => void): Buffer {
  const at = w.beginFrame();
  writeRequestHeader(w, xid, type);
  try {
    write(w);
  } catch (error) {
    w.rewind(at);
    throw error;
  }
  w.endFrame(at);
  return w.take();
}

const LENGTH_BYTES = 4;
const HEADER_BYTES = 8;

/** The record of a frame that was encoded. */
export function bodyOf(frame: Buffer): Buffer {
  return frame.subarray(LENGTH_BYTES + HEADER_BYTES);
}

/** The same request with another xid. */
export function withXid(frame: Buffer, xid: number): Buffer {
  const copy = Buffer.from(frame);
  copy.writeInt32BE(xid, LENGTH_BYTES);
  return copy;
}
