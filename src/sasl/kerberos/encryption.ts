import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

/**
 * The ways in which Kerberos encrypts and signs: AES with ciphertext stealing, and an HMAC over it (RFC 3962, RFC 8009). From
 * one key a key is derived for each purpose, which a number names. DES and RC4 are broken and are not here.
 */
export interface Encryption {
  readonly name: string;
  readonly keyBytes: number;
  /** `confounder`: 16 bytes that no one outside can guess. */
  encrypt(key: Buffer, usage: number, plain: Buffer, confounder: Uint8Array): Buffer;
  /** undefined: it was made with another key, for another purpose, or changed. */
  decrypt(key: Buffer, usage: number, sealed: Buffer): Buffer | undefined;
  readonly checksumBytes: number;
  /** The number that Kerberos has for its checksum. */
  readonly checksumType: number;
  checksum(key: Buffer, usage: number, data: Buffer): Buffer;
  /** How often a password is hashed where the KDC does not say. */
  readonly rounds: number;
  keyOfPassword(password: string, salt: Buffer, rounds: number): Buffer;
}

const BLOCK = 16;
const ZERO_BLOCK = Buffer.alloc(BLOCK);

/** The last byte of the constant from which a key is derived. */
const Purpose = { checksum: 0x99, encryption: 0xaa, integrity: 0x55 } as const;

/** AES with HMAC-SHA1, of which twelve bytes are kept. */
class AesSha1 implements Encryption {
  readonly checksumBytes = 12;
  readonly rounds = 4096;
  readonly name: string;
  readonly keyBytes: number;
  readonly checksumType: number;

  constructor(keyBytes: number, checksumType: number) {
    this.checksumType = checksumType;
    this.name = `aes${keyBytes * 8}-cts-hmac-sha1-96`;
    this.keyBytes = keyBytes;
  }

  encrypt(key: Buffer, usage: number, plain: Buffer, confounder: Uint8Array): Buffer {
    const text = Buffer.concat([confounder, plain]);
    const tag = this.mac(derived(key, usage, Purpose.integrity), text);
    return Buffer.concat([stealEncrypt(derived(key, usage, Purpose.encryption), text), tag]);
  }

  decrypt(key: Buffer, usage: number, sealed: Buffer): Buffer | undefined {
    const at = sealed.length - this.checksumBytes;
    if (at < BLOCK) return undefined;
    const text = stealDecrypt(derived(key, usage, Purpose.encryption), sealed.subarray(0, at));
    const tag = this.mac(derived(key, usage, Purpose.integrity), text);
    return timingSafeEqual(tag, sealed.subarray(at)) ? text.subarray(BLOCK) : undefined;
  }

  checksum(key: Buffer, usage: number, data: Buffer): Buffer {
    return this.mac(derived(key, usage, Purpose.checksum), data);
  }

  keyOfPassword(password: string, salt: Buffer, rounds: number): Buffer {
    const hashed = pbkdf2Sync(password, salt, rounds, this.keyBytes, 'sha1');
    return derivedBy(hashed, OF_PASSWORD);
  }

  private mac(key: Buffer, data: Buffer): Buffer {
    return createHmac('sha1', key).update(data).digest().subarray(0, this.checksumBytes);
  }
}

/** AES with HMAC-SHA2: the HMAC is of the encrypted bytes, and so are its keys' lengths other ones. */
class AesSha2 implements Encryption {
  readonly rounds = 32_768;
  readonly name: string;
  readonly keyBytes: number;
  readonly checksumBytes: number;
  readonly checksumType: number;
  private readonly hash: string;

  constructor(keyBytes: number, hash: string, checksumBytes: number, checksumType: number) {
    this.checksumType = checksumType;
    this.name = `aes${keyBytes * 8}-cts-hmac-${hash}-${checksumBytes * 8}`;
    this.keyBytes = keyBytes;
    this.hash = hash;
    this.checksumBytes = checksumBytes;
  }

  encrypt(key: Buffer, usage: number, plain: Buffer, confounder: Uint8Array): Buffer {
    const sealed = stealEncrypt(this.derived(key, usage, Purpose.encryption), Buffer.concat([confounder, plain]));
    return Buffer.concat([sealed, this.tag(key, usage, sealed)]);
  }

  decrypt(key: Buffer, usage: number, sealed: Buffer): Buffer | undefined {
    const at = sealed.length - this.checksumBytes;
    if (at < BLOCK) return undefined;
    const bytes = sealed.subarray(0, at);
    if (!timingSafeEqual(this.tag(key, usage, bytes), sealed.subarray(at))) return undefined;
    return stealDecrypt(this.derived(key, usage, Purpose.encryption), bytes).subarray(BLOCK);
  }

  checksum(key: Buffer, usage: number, data: Buffer): Buffer {
    return this.mac(this.derived(key, usage, Purpose.checksum), data);
  }

  keyOfPassword(password: string, salt: Buffer, rounds: number): Buffer {
    const named = Buffer.concat([Buffer.from(`${this.name}\0`), salt]);
    const hashed = pbkdf2Sync(password, named, rounds, this.keyBytes, this.hash);
    return this.derivedBy(hashed, OF_PASSWORD, this.keyBytes);
  }

  private tag(key: Buffer, usage: number, sealed: Buffer): Buffer {
    return this.mac(this.derived(key, usage, Purpose.integrity), Buffer.concat([ZERO_BLOCK, sealed]));
  }

  private derived(key: Buffer, usage: number, purpose: number): Buffer {
    const bytes = purpose === Purpose.encryption ? this.keyBytes : this.checksumBytes;
    return this.derivedBy(key, constantOf(usage, purpose), bytes);
  }

  private derivedBy(key: Buffer, constant: Buffer, bytes: number): Buffer {
    const input = Buffer.alloc(constant.length + 9);
    input.writeUInt32BE(1, 0);
    constant.copy(input, 4);
    input.writeUInt32BE(bytes * 8, constant.length + 5);
    return createHmac(this.hash, key).update(input).digest().subarray(0, bytes);
  }

  private mac(key: Buffer, data: Buffer): Buffer {
    return createHmac(this.hash, key).update(data).digest().subarray(0, this.checksumBytes);
  }
}

const ENCRYPTIONS: ReadonlyMap<number, Encryption> = new Map<number, Encryption>([
  [17, new AesSha1(16, 15)],
  [18, new AesSha1(32, 16)],
  [19, new AesSha2(16, 'sha256', 16, 19)],
  [20, new AesSha2(32, 'sha384', 24, 20)],
]);

/** Those that are asked for, the best first, as Java and MIT have them. */
export const ENCRYPTION_ORDER: readonly number[] = [18, 17, 20, 19];

/** By the number that Kerberos has for it; undefined for one that is not taken. */
export function encryptionOf(type: number): Encryption | undefined {
  return ENCRYPTIONS.get(type);
}

function constantOf(usage: number, purpose: number): Buffer {
  const constant = Buffer.alloc(5);
  constant.writeUInt32BE(usage, 0);
  constant[4] = purpose;
  return constant;
}

/** RFC 3961, 5.1: the folded constant is encrypted, and that again, until there are bytes enough. */
function derived(key: Buffer, usage: number, purpose: number): Buffer {
  return derivedBy(key, constantOf(usage, purpose));
}

const OF_PASSWORD = Buffer.from('kerberos');

function derivedBy(key: Buffer, constant: Buffer): Buffer {
  const blocks: Buffer[] = [];
  let block = folded(constant, BLOCK);
  for (let made = 0; made < key.length; made += BLOCK) {
    block = oneBlock(key, block, 'encrypt');
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, key.length);
}

/**
 * The n-fold of RFC 3961. Copies of the input, each turned right by 13 bits more than the one before, are written in a
 * row. The row is cut into pieces of `size` bytes, and these are added with the carry going round.
 */
export function folded(input: Buffer, size: number): Buffer {
  const inputBits = BigInt(input.length * 8);
  const value = BigInt(`0x${input.toString('hex')}`);
  const copies = lcm(input.length, size) / input.length;
  let row = 0n;
  for (let i = 0; i < copies; i++) {
    const by = BigInt(13 * i) % inputBits;
    const turned = ((value >> by) | (value << (inputBits - by))) & mask(inputBits);
    row = (row << inputBits) | turned;
  }
  const bits = BigInt(size * 8);
  let sum = 0n;
  for (; row > 0n; row >>= bits) sum += row & mask(bits);
  while (sum >> bits > 0n) sum = (sum & mask(bits)) + (sum >> bits);
  return Buffer.from(sum.toString(16).padStart(size * 2, '0'), 'hex');
}

function mask(bits: bigint): bigint {
  return (1n << bits) - 1n;
}

function lcm(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** CBC in which the last two blocks change places and the one that was padded is cut (CBC-CS3). At least a block of bytes. */
export function stealEncrypt(key: Buffer, plain: Buffer): Buffer {
  const blocks = Math.ceil(plain.length / BLOCK);
  const padded = Buffer.alloc(blocks * BLOCK);
  plain.copy(padded);
  const cipher = createCipheriv(cbcOf(key), key, ZERO_BLOCK).setAutoPadding(false);
  const sealed = Buffer.concat([cipher.update(padded), cipher.final()]);
  if (blocks === 1) return sealed;
  const last = sealed.length - BLOCK;
  const before = last - BLOCK;
  return Buffer.concat([
    sealed.subarray(0, before),
    sealed.subarray(last),
    sealed.subarray(before, before + plain.length - last),
  ]);
}

export function stealDecrypt(key: Buffer, sealed: Buffer): Buffer {
  let ordered = sealed;
  if (sealed.length > BLOCK) {
    const rest = sealed.length % BLOCK || BLOCK;
    const at = sealed.length - rest - BLOCK;
    const last = sealed.subarray(at, at + BLOCK);
    // The end of the block that was cut is what the padding, which is zero, left of it.
    const opened = oneBlock(key, last, 'decrypt');
    ordered = Buffer.concat([sealed.subarray(0, at), sealed.subarray(at + BLOCK), opened.subarray(rest), last]);
  }
  const decipher = createDecipheriv(cbcOf(key), key, ZERO_BLOCK).setAutoPadding(false);
  return Buffer.concat([decipher.update(ordered), decipher.final()]).subarray(0, sealed.length);
}

function oneBlock(key: Buffer, block: Buffer, way: 'encrypt' | 'decrypt'): Buffer {
  const make = way === 'encrypt' ? createCipheriv : createDecipheriv;
  const cipher = make(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

function cbcOf(key: Buffer): string {
  return `aes-${key.length * 8}-cbc`;
}
