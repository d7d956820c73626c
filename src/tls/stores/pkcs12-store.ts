import { createDecipheriv, createHash, createHmac, createPrivateKey, pbkdf2Sync, X509Certificate } from 'node:crypto';
import { type Der, DerError, numberOf, oidText, partAt, partsOf, readDer, Tag } from '../../base/der.ts';
import { type KeyEntry, type KeyStore, StoreError } from './key-store.ts';
import { decryptRc2Cbc } from './rc2.ts';

/**
 * PKCS12 (RFC 7292), as keytool and OpenSSL write it. Node reads the kind with a key by itself, but neither the trust
 * stores that keytool makes nor the forty-bit RC2 of Java 8. One reader for all of them says the same of each.
 * Certificates beside a key are its chain; others are trusted.
 */
const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
} as const;

const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

const PBES2_CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
};

/** pbeWithSHAAnd...: the key's length in bytes. */
const PKCS12_CIPHERS: Readonly<Record<string, readonly [name: '3des' | 'rc2', keyBytes: number]>> = {
  '1.2.840.113549.1.12.1.3': ['3des', 24],
  '1.2.840.113549.1.12.1.4': ['3des', 16],
  '1.2.840.113549.1.12.1.5': ['rc2', 16],
  '1.2.840.113549.1.12.1.6': ['rc2', 5],
};

/** A file may ask for as many rounds as it likes. */
const ITERATIONS_MAX = 10_000_000;

interface Bag {
  readonly type: string;
  readonly value: Der;
  readonly name: string | undefined;
  readonly keyId: string | undefined;
}

export function readPkcs12Store(bytes: Buffer, password: string): KeyStore {
  try {
    const [version, contentInfo, mac] = partsOf(readDer(bytes));
    if (version === undefined || contentInfo === undefined || numberOf(version) !== 3) throw new DerError('no PFX');
    const authSafe = dataOf(contentInfo);
    if (mac !== undefined) checkMac(mac, authSafe, password);
    const bags = partsOf(readDer(authSafe)).flatMap((info) => bagsOf(info, password));
    return storeOf(bags, password);
  } catch (error) {
    if (error instanceof DerError) throw new StoreError('it is no PKCS12 key store, or damaged');
    throw error;
  }
}

/** The bytes of a ContentInfo of type data. */
function dataOf(info: Der): Buffer {
  const [type, explicit] = partsOf(info);
  if (type === undefined || explicit === undefined || oidText(type) !== OID.data) throw new DerError('no data');
  return partAt(partsOf(explicit), 0, Tag.octetString).content;
}

function bagsOf(info: Der, password: string): Bag[] {
  const [type, explicit] = partsOf(info);
  if (type === undefined || explicit === undefined) throw new DerError('no contents');
  if (oidText(type) === OID.data) return partsOf(readDer(dataOf(info))).map(bagOf);
  if (oidText(type) !== OID.encryptedData) throw new StoreError('a part of it is encrypted for a public key');
  const [, encrypted] = partsOf(partAt(partsOf(explicit), 0));
  if (encrypted === undefined) throw new DerError('no encrypted contents');
  const [, algorithm, hidden] = partsOf(encrypted);
  if (algorithm === undefined || hidden === undefined) throw new DerError('no encrypted contents');
  return partsOf(readDer(decrypt(algorithm, hidden.content, password))).map(bagOf);
}

function bagOf(bag: Der): Bag {
  const [type, explicit, attributes] = partsOf(bag);
  if (type === undefined || explicit === undefined) throw new DerError('no bag');
  let [name, keyId]: [string | undefined, string | undefined] = [undefined, undefined];
  for (const attribute of attributes === undefined ? [] : partsOf(attributes)) {
    const [id, values] = partsOf(attribute);
    const value = values === undefined ? undefined : partsOf(values)[0];
    if (id === undefined || value === undefined) continue;
    if (oidText(id) === OID.friendlyName) name = Buffer.from(value.content).swap16().toString('utf16le');
    else if (oidText(id) === OID.localKeyId) keyId = value.content.toString('hex');
  }
  return { type: oidText(type), value: partAt(partsOf(explicit), 0), name, keyId };
}

function storeOf(bags: readonly Bag[], password: string): KeyStore {
  const certificates = bags.flatMap((bag) => {
    if (bag.type !== OID.certBag) return [];
    const [id, explicit] = partsOf(bag.value);
    if (id === undefined || explicit === undefined || oidText(id) !== OID.x509) return [];
    const bytes = partAt(partsOf(explicit), 0, Tag.octetString).content;
    return [{ keyId: bag.keyId, certificate: certificateOf(bytes) }];
  });
  const keys: KeyEntry[] = [];
  const inChains = new Set<X509Certificate>();
  for (const bag of bags) {
    if (bag.type !== OID.keyBag && bag.type !== OID.shroudedKeyBag) continue;
    const key = createPrivateKey({ key: keyBytesOf(bag, password), format: 'der', type: 'pkcs8' });
    const own = certificates.find(({ keyId, certificate }) => keyId === bag.keyId && certificate.checkPrivateKey(key));
    const chain: X509Certificate[] = [];
    for (let next = own?.certificate; next !== undefined && !chain.includes(next); ) {
      const last: X509Certificate = next;
      chain.push(last);
      next = certificates.find(({ certificate }) => last !== certificate && last.checkIssued(certificate))?.certificate;
    }
    for (const each of chain) inChains.add(each);
    keys.push({ alias: bag.name ?? 'key', key, chain });
  }
  return {
    keys,
    trusted: certificates.map(({ certificate }) => certificate).filter((certificate) => !inChains.has(certificate)),
  };
}

function keyBytesOf(bag: Bag, password: string): Buffer {
  if (bag.type === OID.keyBag) return bag.value.raw;
  const [algorithm, hidden] = partsOf(bag.value);
  if (algorithm === undefined || hidden === undefined) throw new DerError('no shrouded key');
  return decrypt(algorithm, hidden.content, password);
}

function certificateOf(bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw new StoreError('a certificate in it cannot be read');
  }
}

function checkMac(mac: Der, contents: Buffer, password: string): void {
  const [digestInfo, salt, iterations] = partsOf(mac);
  if (digestInfo === undefined || salt === undefined) throw new DerError('no MAC');
  const [algorithm, digest] = partsOf(digestInfo);
  if (algorithm === undefined || digest === undefined) throw new DerError('no MAC');
  const hash = HASHES[oidText(partAt(partsOf(algorithm), 0))];
  if (hash === undefined) throw new StoreError('its check is of a kind that is unknown here');
  const rounds = roundsOf(iterations);
  const key = derive(hash, 3, bmp(password), salt.content, rounds, digest.content.length);
  const isRight = createHmac(hash, key).update(contents).digest().equals(digest.content);
  if (!isRight) throw new StoreError('the password is wrong, or the file is damaged');
}

function decrypt(algorithm: Der, hidden: Buffer, password: string): Buffer {
  const [id, parameters] = partsOf(algorithm);
  if (id === undefined || parameters === undefined) throw new DerError('no algorithm');
  const name = oidText(id);
  try {
    if (name === OID.pbes2) return decryptPbes2(parameters, hidden, password);
    const old = PKCS12_CIPHERS[name];
    if (old === undefined) throw new StoreError(`it is encrypted with ${name}, which is unknown here`);
    return decryptPkcs12(old, parameters, hidden, password);
  } catch (error) {
    if (error instanceof StoreError || error instanceof DerError) throw error;
    throw new StoreError('the password is wrong, or the file is damaged');
  }
}

function decryptPbes2(parameters: Der, hidden: Buffer, password: string): Buffer {
  const [derivation, scheme] = partsOf(parameters);
  if (derivation === undefined || scheme === undefined) throw new DerError('no PBES2');
  const [kdf, kdfParameters] = partsOf(derivation);
  if (kdf === undefined || kdfParameters === undefined) throw new DerError('no PBES2');
  if (oidText(kdf) !== OID.pbkdf2) throw new StoreError(`its key comes from ${oidText(kdf)}, which is unknown here`);
  const [salt, iterations, ...rest] = partsOf(kdfParameters);
  if (salt === undefined) throw new DerError('no PBES2');
  const prf = rest.find(({ tag }) => tag === Tag.sequence);
  const hash = prf === undefined ? 'sha1' : HASHES[oidText(partAt(partsOf(prf), 0))];
  const [cipherId, iv] = partsOf(scheme);
  if (cipherId === undefined || iv === undefined) throw new DerError('no PBES2');
  const cipher = PBES2_CIPHERS[oidText(cipherId)];
  if (hash === undefined || cipher === undefined) throw new StoreError('it is encrypted in a way that is unknown here');
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt.content, roundsOf(iterations), cipher[1], hash);
  const decipher = createDecipheriv(cipher[0], key, iv.content);
  return Buffer.concat([decipher.update(hidden), decipher.final()]);
}

function decryptPkcs12(
  [cipher, keyBytes]: readonly ['3des' | 'rc2', number],
  parameters: Der,
  hidden: Buffer,
  password: string,
): Buffer {
  const [salt, iterations] = partsOf(parameters);
  if (salt === undefined) throw new DerError('no salt');
  const rounds = roundsOf(iterations);
  const key = derive('sha1', 1, bmp(password), salt.content, rounds, keyBytes);
  const iv = derive('sha1', 2, bmp(password), salt.content, rounds, 8);
  if (cipher === 'rc2') return decryptRc2Cbc(key, keyBytes * 8, iv, hidden);
  const whole = keyBytes === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  const decipher = createDecipheriv('des-ede3-cbc', whole, iv);
  return Buffer.concat([decipher.update(hidden), decipher.final()]);
}

function roundsOf(iterations: Der | undefined): number {
  const rounds = iterations === undefined ? 1 : numberOf(iterations);
  if (rounds > ITERATIONS_MAX) throw new StoreError(`it asks for ${rounds} rounds of hashing`);
  return rounds;
}

/** In two bytes a character, closed by a zero. */
function bmp(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}

/** RFC 7292, appendix B.2. `id`: 1 a key, 2 an initialisation vector, 3 a key of a MAC. */
function derive(hash: string, id: number, password: Buffer, salt: Buffer, rounds: number, bytes: number): Buffer {
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const fill = (from: Buffer): Buffer => {
    const filled = Buffer.alloc(block * Math.ceil(from.length / block));
    for (let i = 0; i < filled.length; i++) filled[i] = from[i % from.length] as number;
    return filled;
  };
  const diversifier = Buffer.alloc(block, id);
  const input = Buffer.concat([fill(salt), fill(password)]);
  const out: Buffer[] = [];
  for (let left = bytes; left > 0; ) {
    let a = createHash(hash).update(diversifier).update(input).digest();
    for (let i = 1; i < rounds; i++) a = createHash(hash).update(a).digest();
    out.push(a);
    left -= a.length;
    for (let at = 0; at < input.length; at += block) {
      let carry = 1;
      for (let i = block - 1; i >= 0; i--) {
        carry += (input[at + i] as number) + (a[i % a.length] as number);
        input[at + i] = carry & 0xff;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(out).subarray(0, bytes);
}
