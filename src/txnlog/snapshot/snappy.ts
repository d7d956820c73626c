import { ProtocolError } from '../../base/errors.ts';

/**
 * Snappy, for snapshots of servers with snapshot.compression.method=snappy. The container is snappy-java's
 * (SnappyOutputStream), the blocks are the raw format of google/snappy's format_description.txt.
 *
 *   stream   magic "\x82SNAPPY\0", version int, least compatible version int, {length int, block}
 *   block    uncompressed length varint, {tag, bytes}
 *   tag      low two bits: 0 literal, 1 copy with 11-bit offset, 2 with 16-bit, 3 with 32-bit offset
 */
const STREAM_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const STREAM_HEADER_BYTES = 16;
/** The most that SnappyOutputStream puts into one block; twice that leaves room for other writers. */
const MAX_BLOCK_BYTES = 64 << 20;

/** Throws ProtocolError on what is no such stream. */
export function unsnappyStream(packed: Buffer): Buffer {
  if (packed.length < STREAM_HEADER_BYTES || !packed.subarray(0, 8).equals(STREAM_MAGIC)) {
    throw new ProtocolError('no snappy stream');
  }
  const blocks: Buffer[] = [];
  let at = STREAM_HEADER_BYTES;
  while (at < packed.length) {
    // A stream that was appended to has its header again between blocks.
    if (packed[at] === STREAM_MAGIC[0] && packed.subarray(at, at + 8).equals(STREAM_MAGIC)) {
      at += STREAM_HEADER_BYTES;
      continue;
    }
    if (packed.length - at < 4) throw new ProtocolError('snappy stream is cut short');
    const length = packed.readInt32BE(at);
    at += 4;
    if (length < 0 || length > packed.length - at) throw new ProtocolError('snappy stream is cut short');
    blocks.push(unsnappyBlock(packed.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat(blocks);
}

export function unsnappyBlock(block: Buffer): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block[at++];
    if (byte === undefined || shift > 28) throw new ProtocolError('snappy block has no length');
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (size > MAX_BLOCK_BYTES) throw new ProtocolError(`snappy block of ${size} bytes`);
  const target = Buffer.allocUnsafe(size);
  let to = 0;
  while (at < block.length) {
    const tag = block[at++] as number;
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const extra = Math.max(0, short - 59);
      if (extra > block.length - at) throw new ProtocolError('snappy literal is cut short');
      const length = (extra === 0 ? short : block.readUIntLE(at, extra)) + 1;
      at += extra;
      if (length > block.length - at || length > size - to) throw new ProtocolError('snappy literal is too long');
      block.copy(target, to, at, at + length);
      at += length;
      to += length;
      continue;
    }
    const offsetBytes = kind === 3 ? 4 : kind;
    if (offsetBytes > block.length - at) throw new ProtocolError('snappy copy is cut short');
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = kind === 1 ? ((tag & 0xe0) << 3) | (block[at] as number) : block.readUIntLE(at, offsetBytes);
    at += offsetBytes;
    if (offset === 0 || offset > to || length > size - to) throw new ProtocolError('snappy copy out of bounds');
    // Byte by byte: a copy may overlap what it produces.
    for (let i = 0; i < length; i++, to++) target[to] = target[to - offset] as number;
  }
  if (to !== size) throw new ProtocolError('snappy block is shorter than it says');
  return target;
}

export function snappyHeader(): Buffer {
  const header = Buffer.alloc(STREAM_HEADER_BYTES);
  STREAM_MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  return header;
}

const HASH_BITS = 14;
const MIN_MATCH = 4;
const MAX_COPY_BYTES = 64;
const MAX_OFFSET = 0xffff;

/** One block of the stream, its length before it. Greedy matching of four bytes within 64 KiB back. */
export function snappyBlock(bytes: Buffer): Buffer {
  const target = Buffer.allocUnsafe(4 + 5 + bytes.length + Math.ceil(bytes.length / 60) + 8);
  const newest = new Int32Array(1 << HASH_BITS).fill(-1);
  let at = writeVarint(target, 4, bytes.length);
  let literalFrom = 0;
  let i = 0;
  while (i + MIN_MATCH <= bytes.length) {
    const word = bytes.readInt32LE(i);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = newest[slot] as number;
    newest[slot] = i;
    if (candidate < 0 || i - candidate > MAX_OFFSET || bytes.readInt32LE(candidate) !== word) {
      i++;
      continue;
    }
    at = writeLiteral(target, at, bytes, literalFrom, i);
    let length = MIN_MATCH;
    while (i + length < bytes.length && bytes[candidate + length] === bytes[i + length]) length++;
    at = writeCopies(target, at, i - candidate, length);
    i += length;
    literalFrom = i;
  }
  at = writeLiteral(target, at, bytes, literalFrom, bytes.length);
  target.writeInt32BE(at - 4, 0);
  return target.subarray(0, at);
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let to = at;
  let left = value;
  for (; left > 0x7f; left >>>= 7) target[to++] = (left & 0x7f) | 0x80;
  target[to++] = left;
  return to;
}

function writeLiteral(target: Buffer, at: number, bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return at;
  let to = at;
  if (length <= 60) {
    target[to++] = (length - 1) << 2;
  } else {
    const extra = length <= 0x100 ? 1 : length <= 0x10000 ? 2 : length <= 0x1000000 ? 3 : 4;
    target[to++] = (59 + extra) << 2;
    target.writeUIntLE(length - 1, to, extra);
    to += extra;
  }
  return to + bytes.copy(target, to, start, end);
}

/** Copies with a 16-bit offset; a copy of four bytes takes three, so this never grows what it encodes. */
function writeCopies(target: Buffer, at: number, offset: number, length: number): number {
  let to = at;
  for (let left = length; left > 0; left -= MAX_COPY_BYTES) {
    target[to++] = ((Math.min(left, MAX_COPY_BYTES) - 1) << 2) | 2;
    target.writeUInt16LE(offset, to);
    to += 2;
  }
  return to;
}
