// Key and trust stores of the tests' certificates, in the three kinds, as keys of a configuration.
import { resolve } from 'node:path';

const fixtures = resolve(import.meta.dirname, '../../tls/fixtures');

export function fixture(file: string): string {
  return resolve(fixtures, file);
}

export interface Stores {
  /** "": none. */
  readonly key: string;
  readonly trust: string;
}

export const STORE_PASSWORD = 'geheim';

export type StoreKind = 'PEM' | 'PKCS12' | 'JKS';
const TRUST: Readonly<Record<StoreKind, string>> = { PEM: 'ca.pem', PKCS12: 'trust.p12', JKS: 'trust.jks' };
const SUFFIX: Readonly<Record<StoreKind, string>> = { PEM: 'pem', PKCS12: 'p12', JKS: 'jks' };

export function storesOf(owner: 'server' | 'client', kind: StoreKind): Stores {
  return { key: `${owner}.${SUFFIX[kind]}`, trust: TRUST[kind] };
}

/** With a password Java takes a PEM key for an encrypted one. */
export function storeKeys(prefix: string, { key, trust }: Stores): Record<string, string> {
  const withPassword = (store: string, file: string): Record<string, string> => ({
    [`${prefix}${store}.location`]: fixture(file),
    ...(file.endsWith('.pem') ? {} : { [`${prefix}${store}.password`]: STORE_PASSWORD }),
  });
  return { ...(key === '' ? {} : withPassword('keyStore', key)), ...withPassword('trustStore', trust) };
}

/** Of Java's client; as properties, or as keys of a ZKClientConfig. */
export function javaTlsKeys(stores: Stores): Record<string, string> {
  return {
    'zookeeper.client.secure': 'true',
    'zookeeper.clientCnxnSocket': 'org.apache.zookeeper.ClientCnxnSocketNetty',
    ...storeKeys('zookeeper.ssl.', stores),
  };
}
