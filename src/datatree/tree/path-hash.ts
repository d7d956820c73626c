import { assert } from '../../base/assert.ts';

/**
 * The hash of a path under a key of the process's own. Clients choose the paths. Were the hash the same everywhere,
 * they could choose thousands that fall into one chain. Every look at one of them would then walk that chain, on every
 * server, at every restart. Not even another start value for a simple hash helps: pieces that collide whatever comes
 * before them can be found for it.
 *
 * HalfSipHash-1-3 (Aumasson and Bernstein, SipHash; the hash tables of the Linux kernel use this variant) over the
 * UTF-16 units, two of them to a word. It costs about what a plain multiplication per unit costs.
 */
export interface HashKey {
  readonly low: number;
  readonly high: number;
}

export const HASH_KEY_BYTES = 8;

export function hashKeyFrom(bytes: Uint8Array): HashKey {
  assert(bytes.length === HASH_KEY_BYTES, 'the key of a path hash has eight bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { low: view.getInt32(0, true), high: view.getInt32(4, true) };
}

/**
 * Of the first `length` units of `path`. `hashOfBytes` does the same, letter for letter. The rounds stand in both on
 * purpose. One function over words that both fill in took 190 ns instead of 113 for letters, and 138 instead of 80 for
 * bytes, at some thirty units a path.
 */
export function hashOfPath(path: string, length: number, key: HashKey): number {
  let v0 = key.low;
  let v1 = key.high;
  let v2 = 0x6c796765 ^ key.low;
  let v3 = 0x74656462 ^ key.high;
  const even = length & ~1;
  // The last word has the length in bytes, and the last unit of an odd number. Three closing rounds follow it.
  const last = (length << 25) | (even < length ? path.charCodeAt(even) : 0);
  for (let i = 0; i <= even + 6; i += 2) {
    const word = i < even ? path.charCodeAt(i) | (path.charCodeAt(i + 1) << 16) : i === even ? last : 0;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (i === even) v2 ^= 0xff;
  }
  return v1 ^ v3;
}

/**
 * Of the path whose UTF-8 bytes stand at [start, end): the hash of its letters where every byte is one, and NOT_ASCII
 * where a letter has more of them.
 */
export function hashOfBytes(bytes: Uint8Array, start: number, end: number, key: HashKey): number {
  const length = end - start;
  let all = 0;
  let v0 = key.low;
  let v1 = key.high;
  let v2 = 0x6c796765 ^ key.low;
  let v3 = 0x74656462 ^ key.high;
  const even = start + (length & ~1);
  const last = (length << 25) | (even < end ? (bytes[even] as number) : 0);
  for (let i = start; i <= even + 6; i += 2) {
    const word = i < even ? (bytes[i] as number) | ((bytes[i + 1] as number) << 16) : i === even ? last : 0;
    all |= word;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (i === even) v2 ^= 0xff;
  }
  return (all & 0x800080) !== 0 ? NOT_ASCII : v1 ^ v3;
}

/** No hash: that is a number of 32 bits. */
export const NOT_ASCII = Number.POSITIVE_INFINITY;
