import { createHash, createPrivateKey, type KeyObject, timingSafeEqual, X509Certificate } from 'node:crypto';
import { DerError, oidText, partAt, partsOf, readDer, Tag } from '../../base/der.ts';
import { type KeyEntry, type KeyStore, StoreError } from './key-store.ts';

/**
 * Java's own key store, JKS: entries with big-endian lengths, a SHA-1 over password and contents behind them. Private keys
 * are hidden under a stream of SHA-1 hashes of password and salt. There is no small, kept library for it, so this reader
 * is ours. JCEKS, its relative with Triple DES, is read by Java's keytool into PKCS12.
 */
export const JKS_MAGIC = 0xfeedfeed;
const JCEKS_MAGIC = 0xcececece;
const DIGEST_BYTES = 20;
/** The algorithm of a protected key. */
const SUN_KEY_PROTECTION = '1.3.6.1.4.1.42.2.17.1.1';
const WHITENER = 'Mighty Aphrodite';

export function readJksStore(bytes: Buffer, password: string): KeyStore {
  if (bytes.length < 12 + DIGEST_BYTES) throw new StoreError('it is too short for a JKS key store');
  const magic = bytes.readUInt32BE(0);
  if (magic === JCEKS_MAGIC)
    throw new StoreError('it is a JCEKS key store; keytool -importkeystore makes PKCS12 of it');
  if (magic !== JKS_MAGIC) throw new StoreError('it is no JKS key store');
  const contents = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  const secret = Buffer.from(password, 'utf16le').swap16();
  const digest = createHash('sha1').update(secret).update(WHITENER, 'utf8').update(contents).digest();
  if (!timingSafeEqual(digest, bytes.subarray(contents.length))) {
    throw new StoreError('the password is wrong, or the file is damaged');
  }
  try {
    return readEntries(new JksReader(contents), secret);
  } catch (error) {
    if (error instanceof RangeError || error instanceof DerError) throw new StoreError('it is damaged');
    throw error;
  }
}

function readEntries(reader: JksReader, secret: Buffer): KeyStore {
  reader.skip(4);
  const version = reader.int();
  if (version !== 1 && version !== 2) throw new StoreError(`it is a JKS key store of version ${version}`);
  const keys: KeyEntry[] = [];
  const trusted: X509Certificate[] = [];
  for (let left = reader.int(); left > 0; left--) {
    const kind = reader.int();
    const alias = reader.text();
    reader.skip(8);
    if (kind === 1) {
      const key = keyOf(reader.bytes(), secret, alias);
      const chain: X509Certificate[] = [];
      for (let certificates = reader.int(); certificates > 0; certificates--) chain.push(reader.certificate(version));
      keys.push({ alias, key, chain });
    } else if (kind === 2) trusted.push(reader.certificate(version));
    else throw new StoreError(`its entry ${alias} is of an unknown kind`);
  }
  return { keys, trusted };
}

/** EncryptedPrivateKeyInfo: salt, the key under the stream, and a check of both. */
function keyOf(protectedKey: Buffer, secret: Buffer, alias: string): KeyObject {
  const [algorithm, data] = partsOf(readDer(protectedKey));
  if (algorithm === undefined || data?.tag !== Tag.octetString) throw new DerError('no protected key');
  if (oidText(partAt(partsOf(algorithm), 0)) !== SUN_KEY_PROTECTION) {
    throw new StoreError(`its key ${alias} is protected in a way that is unknown here`);
  }
  const hidden = data.content.subarray(DIGEST_BYTES, data.content.length - DIGEST_BYTES);
  const check = data.content.subarray(data.content.length - DIGEST_BYTES);
  const plain = Buffer.alloc(hidden.length);
  let link = data.content.subarray(0, DIGEST_BYTES);
  for (let at = 0; at < hidden.length; at++) {
    if (at % DIGEST_BYTES === 0) link = createHash('sha1').update(secret).update(link).digest();
    plain[at] = (hidden[at] as number) ^ (link[at % DIGEST_BYTES] as number);
  }
  if (!createHash('sha1').update(secret).update(plain).digest().equals(check)) {
    throw new StoreError(`its key ${alias} has a password of its own; give it that of the store`);
  }
  return createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' });
}

class JksReader {
  private readonly bytesOfStore: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytesOfStore = bytes;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  int(): number {
    this.at += 4;
    return this.bytesOfStore.readInt32BE(this.at - 4);
  }

  text(): string {
    const length = this.bytesOfStore.readUInt16BE(this.at);
    this.at += 2;
    return this.take(length).toString('utf8');
  }

  bytes(): Buffer {
    return this.take(this.int());
  }

  certificate(version: number): X509Certificate {
    if (version === 2) this.text();
    const bytes = this.bytes();
    try {
      return new X509Certificate(bytes);
    } catch {
      throw new StoreError('a certificate in it cannot be read');
    }
  }

  private take(length: number): Buffer {
    const end = this.at + length;
    if (length < 0 || end > this.bytesOfStore.length) throw new RangeError('the store ends early');
    const taken = this.bytesOfStore.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
