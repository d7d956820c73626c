import * as zlib from 'node:zlib';

/**
 * CRC-32 (IEEE 802.3, reflected), as java.util.zip.CRC32. Eight bytes a step through eight tables. A node's digest is
 * computed on every write, and most inputs are too short for a call into native code to pay. Such a call costs 150 ns
 * before the first byte, but 0.2 ns a byte then instead of 1. Node before 20.15 has no native one.
 *
 * A running value is the register itself: start from CRC_START, feed pieces, and `crcFinish` what you have.
 */
export const CRC_START = -1;

const native = (zlib as { crc32?: (data: Uint8Array, value?: number) => number }).crc32;
const NATIVE_PAYS_BYTES = 256;

const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[i] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256] as number;
    tables[i] = (previous >>> 8) ^ (tables[previous & 0xff] as number);
  }
  return tables;
}

export function crcBytes(register: number, bytes: Uint8Array, start: number, end: number): number {
  if (native !== undefined && end - start >= NATIVE_PAYS_BYTES) {
    return ~native(bytes.subarray(start, end), crcFinish(register));
  }
  const t = TABLES;
  let crc = register;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (t[1792 + (crc & 0xff)] as number) ^
      (t[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (t[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (t[1024 + (crc >>> 24)] as number) ^
      (t[768 + (bytes[at + 4] as number)] as number) ^
      (t[512 + (bytes[at + 5] as number)] as number) ^
      (t[256 + (bytes[at + 6] as number)] as number) ^
      (t[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return crc;
}

/** The eight bytes of two ints, the high byte of each first. */
export function crcInts(register: number, first: number, second: number): number {
  const t = TABLES;
  return (
    (t[1792 + ((register ^ (first >>> 24)) & 0xff)] as number) ^
    (t[1536 + (((register >>> 8) ^ (first >>> 16)) & 0xff)] as number) ^
    (t[1280 + (((register >>> 16) ^ (first >>> 8)) & 0xff)] as number) ^
    (t[1024 + (((register >>> 24) ^ first) & 0xff)] as number) ^
    (t[768 + (second >>> 24)] as number) ^
    (t[512 + ((second >>> 16) & 0xff)] as number) ^
    (t[256 + ((second >>> 8) & 0xff)] as number) ^
    (t[second & 0xff] as number)
  );
}

/** The four bytes of one. */
export function crcInt(register: number, value: number): number {
  const t = TABLES;
  return (
    (t[768 + ((register ^ (value >>> 24)) & 0xff)] as number) ^
    (t[512 + (((register >>> 8) ^ (value >>> 16)) & 0xff)] as number) ^
    (t[256 + (((register >>> 16) ^ (value >>> 8)) & 0xff)] as number) ^
    (t[((register >>> 24) ^ value) & 0xff] as number)
  );
}

/** A long of up to 53 bits. */
export function crcLong(register: number, value: number): number {
  const high = Math.floor(value / 0x100000000);
  return crcInts(register, high, (value - high * 0x100000000) | 0);
}

/** The bytes String.getBytes(UTF_8) gives in Java: a surrogate without its partner is a question mark. */
export function crcText(register: number, text: string): number {
  const t = TABLES;
  let crc = register;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) {
      const rest = utf8(text.slice(i));
      return crcBytes(crc, rest, 0, rest.length);
    }
    crc = (crc >>> 8) ^ (t[(crc ^ unit) & 0xff] as number);
  }
  return crc;
}

export function crcFinish(register: number): number {
  return ~register >>> 0;
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text.replace(LONE_SURROGATE, '?'), 'utf8');
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
