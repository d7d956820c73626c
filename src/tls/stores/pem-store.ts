import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type KeyStore, StoreError } from './key-store.ts';

/**
 * A file of PEM blocks: certificates, and one private key that belongs to the first of them. Java reads keys in PKCS #8
 * alone; the older forms of OpenSSL are taken as well. A key is encrypted when a password is given, and may be plain.
 */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

export function readPemStore(bytes: Buffer, password: string): KeyStore {
  const certificates: X509Certificate[] = [];
  let key: KeyObject | undefined;
  for (const [block, label] of bytes.toString('latin1').matchAll(BLOCK)) {
    if (/CERTIFICATE$/.test(label as string)) certificates.push(certificateOf(block, certificates.length + 1));
    else if (/PRIVATE KEY$/.test(label as string)) key ??= privateKeyOf(block, password);
  }
  if (certificates.length === 0 && key === undefined) throw new StoreError('it holds no PEM block');
  if (key === undefined) return { keys: [], trusted: certificates };
  if (certificates.length === 0) throw new StoreError('it holds a private key and no certificate');
  return { keys: [{ alias: 'key', key, chain: certificates }], trusted: [] };
}

function certificateOf(block: string, number: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch {
    throw new StoreError(`certificate ${number} in it cannot be read`);
  }
}

function privateKeyOf(block: string, password: string): KeyObject {
  const isEncrypted = /ENCRYPTED/.test(block);
  if (isEncrypted && password === '') throw new StoreError('its private key is encrypted, and there is no password');
  try {
    return createPrivateKey(isEncrypted ? { key: block, passphrase: password } : block);
  } catch {
    throw new StoreError(
      isEncrypted ? 'its private key does not open with the password' : 'its private key cannot be read',
    );
  }
}
