import type { QuorumPacket } from './packets.ts';

/** Sources of a link, which makes nothing of them before it has room for it; and the sink of a raw snapshot that comes in. */

/** Packets in the link's order; undefined: the end. */
export interface PacketSource {
  next(): QuorumPacket | undefined;
}

/** Bytes made when there is room for them; undefined: the end. The shape of a SnapshotCut. */
export interface RawSource {
  /** Why it ended before its end, once `next` gave undefined; undefined when it is whole. */
  readonly defect?: string | undefined;
  next(maxBytes: number): Buffer | undefined;
  cancel(): void;
}

/** Takes bytes until it says that it has all; `rest` is then what came behind. The shape of a SnapshotDecoder. */
export interface RawSink {
  push(chunk: Buffer): boolean;
  readonly rest: Buffer;
}
