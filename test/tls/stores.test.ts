import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StoreError } from '../../src/tls/stores/key-store.ts';
import { readStore, type StoreType } from '../../src/tls/stores/read-store.ts';

/** Stores as OpenSSL and Java's keytool write them (fixtures/make.sh), old and new. */
const bytesOf = (file: string): Buffer => readFileSync(join(import.meta.dirname, 'fixtures', file));

function contents(file: string, password = 'geheim', type: StoreType | '' = ''): unknown {
  const store = readStore(file, bytesOf(file), type, password);
  return {
    keys: store.keys.map(({ alias, key, chain }) => {
      expect(chain[0]?.checkPrivateKey(key)).toBe(true);
      return [alias, ...chain.map(nameOf)];
    }),
    trusted: store.trusted.map(nameOf),
  };
}

function nameOf({ subject }: { readonly subject: string }): string {
  return /CN=(.*)/.exec(subject)?.[1] ?? '';
}

test.each([
  ['server.pem', { keys: [['key', 'server']], trusted: [] }],
  ['server-encrypted.pem', { keys: [['key', 'server']], trusted: [] }],
  ['ca.pem', { keys: [], trusted: ['ca'] }],
  ['server.p12', { keys: [['server', 'server', 'ca']], trusted: [] }],
  ['server-rc2.p12', { keys: [['server', 'server', 'ca']], trusted: [] }],
  ['server.jks', { keys: [['server', 'server', 'ca']], trusted: [] }],
  ['trust.p12', { keys: [], trusted: ['ca'] }],
  ['trust-rc2.p12', { keys: [], trusted: ['ca'] }],
  ['trust.jks', { keys: [], trusted: ['ca'] }],
])('%s: its keys with their certificates, and what it trusts', (file, expected) => {
  expect(contents(file)).toEqual(expected);
});

test.each(['server.p12', 'server-rc2.p12', 'server.jks', 'trust.p12', 'trust-rc2.p12', 'trust.jks'])(
  '%s: a wrong password is said to be wrong',
  (file) => {
    expect(() => contents(file, 'falsch')).toThrow('the password is wrong, or the file is damaged');
  },
);

test('an encrypted PEM key needs its password', () => {
  expect(() => contents('server-encrypted.pem', '')).toThrow('its private key is encrypted, and there is no password');
  expect(() => contents('server-encrypted.pem', 'falsch')).toThrow('its private key does not open with the password');
});

test('JKS and PKCS12 are told apart by their bytes, PEM by its name or type', () => {
  const read = (file: string, as: string, type: StoreType | '') => () => readStore(as, bytesOf(file), type, 'geheim');
  expect(read('trust.p12', 'trust.jks', '')().trusted).toHaveLength(1);
  expect(read('trust.jks', 'trust', 'PKCS12')().trusted).toHaveLength(1);
  expect(read('ca.pem', 'ca.crt', 'PEM')().trusted).toHaveLength(1);
  expect(read('ca.pem', 'ca.crt', '')).toThrow('its name does not end in .jks, .p12 or .pem');
  expect(read('ca.pem', 'ca.bcfks', '')).toThrow('can be read by Java alone');
  expect(read('ca.pem', 'ca.p12', '')).toThrow('it is no PKCS12 key store, or damaged');
  expect(read('trust.p12', 'trust.pem', '')).toThrow('it holds no PEM block');
});

test('no damage to a store is more than a sentence', () => {
  const said = (bytes: Buffer, file: string): string => {
    try {
      readStore(file, bytes, '', 'geheim');
      return '';
    } catch (error) {
      return error instanceof StoreError ? error.message : String(error);
    }
  };
  for (const file of ['server.p12', 'server-rc2.p12', 'trust.p12', 'server.jks', 'trust.jks', 'server.pem']) {
    const bytes = bytesOf(file);
    for (let cut = 0; cut < bytes.length; cut += 97) {
      expect(said(bytes.subarray(0, cut), file)).toMatch(/^(it |its |the |a )/);
    }
    for (let at = 0; at < bytes.length; at += 83) {
      const bent = Buffer.from(bytes);
      bent[at] = (bent[at] as number) ^ 0x55;
      expect(said(bent, file)).toMatch(/^(it |its |the |a |there |certificate |$)/);
    }
  }
});
