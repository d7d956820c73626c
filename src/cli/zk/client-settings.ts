import { existsSync, readFileSync } from 'node:fs';
import { shellWords } from '../../base/shell-words.ts';
import type { ClientStore, ClientTls } from '../../client/client.ts';
import { parseProperties } from '../../election/quorum/properties.ts';
import { CliError } from './cli-error.ts';
import { LOGIN_KEYS } from './client-login.ts';

/**
 * Settings that a Java client takes from properties, as far as they are about TLS: `-Dzookeeper.client.secure=true` and
 * `-Dzookeeper.ssl.*` in CLIENT_JVMFLAGS or JVMFLAGS, and the same names in the file of `-client-configuration`, which counts
 * before them. A connection that was meant to be encrypted is never made in the clear: keys for TLS without
 * `zookeeper.client.secure=true` are refused.
 */
export type ClientProperties = ReadonlyMap<string, ClientProperty>;

interface ClientProperty {
  readonly value: string;
  /** The file or the variable. */
  readonly where: string;
}

/** Keys that switch something of a Java client and mean nothing here: `withoutEffect` names them. */
const WITHOUT_EFFECT =
  /^(zookeeper\.)?(clientCnxnSocket|request\.timeout|disableAutoWatchReset|fips-mode|client\.(sasl|hostProvider)\S*|sasl\.\S+|server\.\S+|ssl\.(quorum\.\S+|clientAuth|clientHostnameVerification|allowReverseDnsLookup|handshakeDetectionTimeoutMillis|sslProvider|authProvider))$/;
/** JVMFLAGS are for Java's servers as well, whose keys nobody expects to mean something to a client. */
const OF_CLIENTS = 'CLIENT_JVMFLAGS';
const SECURE = 'zookeeper.client.secure';
const PREFIX = 'zookeeper.ssl.';

/** Throws CliError. */
export function clientProperties(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ClientProperties {
  const properties = new Map<string, ClientProperty>();
  for (const where of ['JVMFLAGS', OF_CLIENTS]) {
    for (const word of shellWords(env[where] ?? '')) {
      const [, key = '', value = ''] = /^-D([^=]+)=([\s\S]*)$/.exec(word) ?? [];
      const isTaken = key === SECURE || key.startsWith(PREFIX) || LOGIN_KEYS.has(key);
      if (isTaken || (where === OF_CLIENTS && WITHOUT_EFFECT.test(key))) properties.set(key, { value, where });
    }
  }
  if (file === undefined) return properties;
  if (!existsSync(file)) throw new CliError(`-client-configuration: there is no file ${file}`);
  for (const { key, value } of parseProperties(readFileSync(file, 'latin1'), () => {})) {
    properties.set(key.trim(), { value: value.trim(), where: file });
  }
  return properties;
}

/** undefined: a connection in the clear. Throws CliError for a key that is unknown, or that cannot be honoured. */
export function clientTls(properties: ClientProperties): ClientTls | undefined {
  for (const [key, { where }] of properties) {
    if (key !== SECURE && !TLS_KEYS.has(key) && !LOGIN_KEYS.has(key) && !WITHOUT_EFFECT.test(key)) {
      throw new CliError(`${where} sets ${key}, which is unknown here`);
    }
  }
  const isSecure = properties.get(SECURE)?.value === 'true';
  if (!isSecure) {
    const meant = [...properties.keys()].find((key) => TLS_KEYS.has(key));
    if (meant === undefined) return undefined;
    throw new CliError(`${properties.get(meant)?.where} sets ${meant} without ${SECURE}=true`);
  }
  return tlsOf((key) => properties.get(`${PREFIX}${key}`)?.value);
}

/** A line for each key that was written for this client and changes nothing. */
export function withoutEffect(properties: ClientProperties): string[] {
  return [...properties]
    .filter(([key, { where }]) => where !== 'JVMFLAGS' && !LOGIN_KEYS.has(key) && WITHOUT_EFFECT.test(key))
    .map(([key, { where }]) => `${where} sets ${key}, which has no effect here`);
}

/** From the keys behind `ssl.`, wherever they were written. */
export function tlsOf(value: (key: string) => string | undefined): ClientTls {
  const enabled = listOf(value('enabledProtocols') ?? value('protocol'));
  const protocols = enabled?.filter((name) => name === 'TLSv1.2' || name === 'TLSv1.3');
  if (protocols?.length === 0)
    throw new CliError(`TLS of ${enabled?.join(', ')} is not spoken; TLSv1.2 and TLSv1.3 are`);
  const cipherSuites = listOf(value('ciphersuites'));
  const keyStore = storeOf('keyStore', value);
  const trustStore = storeOf('trustStore', value);
  return {
    ...(keyStore === undefined ? {} : { keyStore }),
    ...(trustStore === undefined ? {} : { trustStore }),
    ...(protocols === undefined ? {} : { protocols }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
    hostnameVerification: value('hostnameVerification') !== 'false',
    crl: value('crl') === 'true',
    ocsp: value('ocsp') === 'true',
  };
}

const STORE_KEYS = ['location', 'password', 'passwordPath', 'type'];
const TLS_KEYS: ReadonlySet<string> = new Set(
  [
    ...STORE_KEYS.flatMap((key) => [`keyStore.${key}`, `trustStore.${key}`]),
    'protocol',
    'enabledProtocols',
    'ciphersuites',
    'hostnameVerification',
    'crl',
    'ocsp',
  ].map((key) => `${PREFIX}${key}`),
);

function storeOf(name: string, value: (key: string) => string | undefined): ClientStore | undefined {
  const location = value(`${name}.location`);
  if (location === undefined || location === '') return undefined;
  const type = value(`${name}.type`)?.toUpperCase();
  if (type !== undefined && type !== 'JKS' && type !== 'PEM' && type !== 'PKCS12') {
    throw new CliError(`ssl.${name}.type=${type}: it is JKS, PEM or PKCS12`);
  }
  const password = value(`${name}.password`);
  const passwordPath = value(`${name}.passwordPath`);
  return {
    location,
    ...(type === undefined ? {} : { type }),
    ...(password === undefined ? {} : { password }),
    ...(passwordPath === undefined ? {} : { passwordPath }),
  };
}

function listOf(text: string | undefined): string[] | undefined {
  const pieces = text?.split(',').flatMap((piece) => (piece.trim() === '' ? [] : [piece.trim()]));
  return pieces === undefined || pieces.length === 0 ? undefined : pieces;
}
