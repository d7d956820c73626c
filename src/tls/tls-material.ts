import type { X509Certificate } from 'node:crypto';
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError, messageOf } from '../base/errors.ts';
import { APACHE_SUITES, isOfTls13, opensslName } from './cipher-suites.ts';
import { type KeyEntry, type KeyStore, StoreError } from './stores/key-store.ts';
import { readStore } from './stores/read-store.ts';
import type { StoreSettings, TlsSettings } from './tls-settings.ts';

/**
 * The keys and certificates that a family of settings names, read and found to fit together. Every fault is a ConfigError with
 * the key, the file and the reason; nothing secret is in it.
 */
export interface TlsMaterial {
  readonly settings: TlsSettings;
  readonly contextOptions: SecureContextOptions;
  readonly context: SecureContext;
  /** The certificate that others are shown; undefined without a key store. */
  readonly own: X509Certificate | undefined;
  readonly trusted: readonly X509Certificate[];
  /** Absolute: those that a change of is a change of the material. */
  readonly files: readonly string[];
  /** About dates, one line each. */
  readonly warnings: readonly string[];
}

/** A server needs a key; a client may have none. */
export type TlsSide = 'server' | 'client';

const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 30;

export function loadTls(settings: TlsSettings, side: TlsSide, cwd: string, nowMs: number): TlsMaterial {
  const { keyStore, trustStore, prefix, place } = settings;
  if (keyStore.location === '' && side === 'server') {
    throw new ConfigError(`${place(`${prefix}keyStore.location`)}: a port with TLS needs a key store`);
  }
  const keys = keyStore.location === '' ? [] : loadKeys(settings, cwd);
  const trusted = trustStore.location === '' ? [] : loadTrusted(settings, cwd);
  const contextOptions: SecureContextOptions = {
    ...(keys.length === 0 ? {} : { key: keys.map(pemOfKey), cert: keys.map(pemOfChain) }),
    ...(trustStore.location === '' ? {} : { ca: trusted.map(String) }),
    minVersion: settings.protocols.includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: settings.protocols.includes('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2',
    ciphers: ciphersOf(settings),
    honorCipherOrder: true,
    // A session that is taken up again would be believed without a look at today's certificates.
    secureOptions: constants.SSL_OP_NO_TICKET,
    ...PARTIAL_CHAINS,
  };
  let context: SecureContext;
  try {
    context = createSecureContext(contextOptions);
  } catch (error) {
    throw new ConfigError(`${place(`${prefix}keyStore.location`)}: ${messageOf(error)}`);
  }
  const own = keys[0]?.chain[0];
  return {
    settings,
    contextOptions,
    context,
    own,
    trusted,
    files: [keyStore, trustStore].flatMap(({ location, passwordPath }) =>
      [location, passwordPath].filter((file) => file !== '').map((file) => resolve(cwd, file)),
    ),
    warnings: [
      ...keys
        .flatMap(({ chain }) => chain.slice(0, 1))
        .flatMap((each) => dateWarnings(settings, 'keyStore', each, nowMs)),
      ...trusted.flatMap((each) => dateWarnings(settings, 'trustStore', each, nowMs)),
    ],
  };
}

/** A certificate in a trust store is trusted although its issuer is not there, as in Java; Node has it from version 22 on. */
const PARTIAL_CHAINS = { allowPartialTrustChain: true };

function loadKeys(settings: TlsSettings, cwd: string): readonly KeyEntry[] {
  const { keys } = loadStore(settings, 'keyStore', settings.keyStore, cwd);
  const fault = (what: string): ConfigError =>
    new ConfigError(`${settings.place(`${settings.prefix}keyStore.location`)}: ${what}`);
  const [first] = keys;
  if (first === undefined) throw fault('it holds no private key');
  for (const { alias, key, chain } of keys) {
    if (chain[0] === undefined) throw fault(`its key ${alias} has no certificate`);
    if (!chain[0].checkPrivateKey(key)) throw fault(`its key ${alias} does not belong to its certificate`);
  }
  // OpenSSL has one key of each kind.
  const kinds = new Map<string, KeyEntry>();
  for (const each of keys) {
    const kind = each.key.asymmetricKeyType ?? '';
    if (!kinds.has(kind)) kinds.set(kind, each);
  }
  return [...kinds.values()];
}

function loadTrusted(settings: TlsSettings, cwd: string): readonly X509Certificate[] {
  const { trusted } = loadStore(settings, 'trustStore', settings.trustStore, cwd);
  if (trusted.length > 0) return trusted;
  throw new ConfigError(
    `${settings.place(`${settings.prefix}trustStore.location`)}: it holds no certificate that is trusted`,
  );
}

function loadStore(
  settings: TlsSettings,
  name: 'keyStore' | 'trustStore',
  { location, type, password, passwordPath, bytes: given }: StoreSettings,
  cwd: string,
): KeyStore {
  const place = (key: string): string => settings.place(`${settings.prefix}${name}.${key}`);
  const secret = passwordPath === '' ? password : secretIn(resolve(cwd, passwordPath), place('passwordPath'));
  const file = resolve(cwd, location);
  let bytes: Buffer;
  try {
    bytes = given ?? readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${place('location')}: ${whyUnread(error)}`);
  }
  try {
    return readStore(file, bytes, type, secret);
  } catch (error) {
    // A key in a form that Node cannot read is an error of Node's.
    throw new ConfigError(
      `${place('location')}: ${error instanceof StoreError ? error.message : 'a key in it cannot be read'}`,
    );
  }
}

/** One newline at the end is not part of it. */
function secretIn(file: string, place: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\n$/, '');
  } catch (error) {
    throw new ConfigError(`${place}: ${whyUnread(error)}`);
  }
}

function whyUnread(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read the file';
  return code === 'EISDIR' ? 'it is a directory; name a file' : messageOf(error);
}

function ciphersOf(settings: TlsSettings): string {
  const { cipherSuites, prefix, place, protocols } = settings;
  const names = cipherSuites.length > 0 ? cipherSuites : APACHE_SUITES;
  const wanted = names.filter((name) => protocols.includes(isOfTls13(name) ? 'TLSv1.3' : 'TLSv1.2'));
  if (wanted.length === 0) {
    throw new ConfigError(`${place(`${prefix}ciphersuites`)}: none of them is one of ${protocols.join(' or ')}`);
  }
  return wanted
    .map((name) => {
      const translated = opensslName(name);
      if (translated === undefined) {
        throw new ConfigError(`${place(`${prefix}ciphersuites`)}: there is no cipher suite ${name} here`);
      }
      return translated;
    })
    .join(':');
}

function pemOfKey({ key }: KeyEntry): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function pemOfChain({ chain }: KeyEntry): string {
  return chain.map(String).join('');
}

function dateWarnings(
  settings: TlsSettings,
  name: 'keyStore' | 'trustStore',
  certificate: X509Certificate,
  nowMs: number,
): string[] {
  const place = settings.place(`${settings.prefix}${name}.location`);
  const subject = certificate.subject.replaceAll('\n', ', ');
  const days = (Date.parse(certificate.validTo) - nowMs) / DAY_MS;
  if (days < 0) return [`${place}: the certificate of ${subject} expired on ${certificate.validTo}`];
  if (Date.parse(certificate.validFrom) > nowMs) {
    return [`${place}: the certificate of ${subject} is not valid before ${certificate.validFrom}`];
  }
  if (name === 'trustStore' || days > EXPIRY_WARNING_DAYS) return [];
  return [`${place}: the certificate of ${subject} expires on ${certificate.validTo}, in ${Math.floor(days)} days`];
}
