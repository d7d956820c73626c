/**
 * RC2 (RFC 2268), the decrypting half, in CBC: Java 8 and old OpenSSL hide the certificates of a PKCS12 file under forty
 * bits of it, and the OpenSSL of today has it no more. It protects nothing; it has to be got through.
 */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
const BLOCK = 8;

export function decryptRc2Cbc(key: Buffer, effectiveBits: number, iv: Buffer, bytes: Buffer): Buffer {
  const words = expand(key, effectiveBits);
  const out = Buffer.alloc(bytes.length);
  let previous = iv;
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    decryptBlock(words, block, out, at);
    for (let i = 0; i < BLOCK; i++) out[at + i] = (out[at + i] as number) ^ (previous[i] as number);
    previous = block;
  }
  const padding = out[out.length - 1] ?? 0;
  return out.subarray(0, Math.max(0, out.length - padding));
}

function expand(key: Buffer, effectiveBits: number): Uint16Array {
  const l = Buffer.alloc(128);
  key.copy(l);
  for (let i = key.length; i < 128; i++) {
    l[i] = PI[((l[i - 1] as number) + (l[i - key.length] as number)) & 0xff] as number;
  }
  const bytes = (effectiveBits + 7) >> 3;
  const mask = 0xff >> (8 * bytes - effectiveBits);
  l[128 - bytes] = PI[(l[128 - bytes] as number) & mask] as number;
  for (let i = 127 - bytes; i >= 0; i--) l[i] = PI[(l[i + 1] as number) ^ (l[i + bytes] as number)] as number;
  return Uint16Array.from({ length: 64 }, (_, i) => l.readUInt16LE(2 * i));
}

const ROTATIONS = [1, 2, 3, 5] as const;

function decryptBlock(words: Uint16Array, block: Buffer, out: Buffer, at: number): void {
  const r = [0, 2, 4, 6].map((i) => block.readUInt16LE(i)) as [number, number, number, number];
  let j = 63;
  const mix = (): void => {
    for (let i = 3; i >= 0; i--) {
      const by = ROTATIONS[i] as number;
      const value = r[i] as number;
      const turned = ((value >> by) | (value << (16 - by))) & 0xffff;
      const a = r[(i + 3) & 3] as number;
      const b = r[(i + 2) & 3] as number;
      const c = r[(i + 1) & 3] as number;
      r[i] = (turned - (words[j--] as number) - (a & b) - (~a & 0xffff & c)) & 0xffff;
    }
  };
  const mash = (): void => {
    for (let i = 3; i >= 0; i--) {
      r[i] = ((r[i] as number) - (words[(r[(i + 3) & 3] as number) & 63] as number)) & 0xffff;
    }
  };
  for (const rounds of [5, 6, 5]) {
    for (let i = 0; i < rounds; i++) mix();
    if (j >= 0) mash();
  }
  for (let i = 0; i < 4; i++) out.writeUInt16LE(r[i] as number, at + 2 * i);
}
