import { JKS_MAGIC, readJksStore } from './jks-store.ts';
import { type KeyStore, StoreError } from './key-store.ts';
import { readPemStore } from './pem-store.ts';
import { readPkcs12Store } from './pkcs12-store.ts';

/** The kind of store that a file is: as configured, else by its suffix as in Apache. */
export type StoreType = 'JKS' | 'PEM' | 'PKCS12';

const BY_SUFFIX: Readonly<Record<string, StoreType>> = { jks: 'JKS', pem: 'PEM', p12: 'PKCS12' };

/** Throws StoreError. `type` as configured; "": by the suffix. */
export function readStore(file: string, bytes: Buffer, type: StoreType | '', password: string): KeyStore {
  const suffix = /\.([^./\\]+)$/.exec(file)?.[1] ?? '';
  const kind = type === '' ? BY_SUFFIX[suffix] : type;
  if (kind === undefined) {
    throw new StoreError(
      suffix === 'bcfks'
        ? 'a store of BouncyCastle can be read by Java alone; keytool -importkeystore makes PKCS12 of it'
        : 'its name does not end in .jks, .p12 or .pem; name its type (JKS, PKCS12 or PEM)',
    );
  }
  if (kind === 'PEM') return readPemStore(bytes, password);
  // Java takes either for the other, and keytool writes PKCS12 whatever the name says.
  const isJks = bytes.length >= 4 && (bytes.readUInt32BE(0) === JKS_MAGIC || bytes.readUInt32BE(0) === 0xcececece);
  return isJks ? readJksStore(bytes, password) : readPkcs12Store(bytes, password);
}
