import type { Log } from '../base/log.ts';
import { Revocation } from '../tls/revocation.ts';
import type { StoreType } from '../tls/stores/read-store.ts';
import { TlsDoor } from '../tls/tls-door.ts';
import { loadTls } from '../tls/tls-material.ts';
import type { StoreSettings, TlsProtocol, TlsSettings } from '../tls/tls-settings.ts';

/**
 * TLS of a client: who it trusts, and the certificate it shows. Stores are files as Java's clients have them (PEM, PKCS12,
 * JKS); PEM may be given as text as well. The name of each server is compared with its certificate unless that is off.
 */
export interface ClientTls {
  /** Certificates that are trusted; without them those that come with Node.js. */
  readonly trustStore?: ClientStore;
  /** The same as PEM text. */
  readonly ca?: string;
  /** The client's own key and certificates. */
  readonly keyStore?: ClientStore;
  /** The same as PEM text: the certificate with those above it, and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Of `key`. */
  readonly passphrase?: string;
  /** TLSv1.3 alone, unless others are named: so it is with Java's client. */
  readonly protocols?: readonly TlsProtocol[];
  /** By their Java names. */
  readonly cipherSuites?: readonly string[];
  /** True by default. */
  readonly hostnameVerification?: boolean;
  /** The name that is sent (SNI) and compared instead of the one in the connect string. */
  readonly serverName?: string;
  readonly crl?: boolean;
  readonly ocsp?: boolean;
}

export interface ClientStore {
  readonly location: string;
  /** By the suffix unless given. */
  readonly type?: StoreType;
  readonly password?: string;
  readonly passwordPath?: string;
}

/** Throws ConfigError when the files are not what they should be. */
export function clientDoor(tls: ClientTls, log: Log): TlsDoor {
  const settings = settingsOf(tls);
  const material = loadTls(settings, 'client', process.cwd(), Date.now());
  for (const warning of material.warnings) log.warn({}, warning);
  const { crl, ocsp } = settings;
  const options = { name: 'client', takesPlain: false, dialsByName: true, serverName: tls.serverName };
  return new TlsDoor(material, options, log, crl || ocsp ? new Revocation({ crl, ocsp }) : undefined);
}

function settingsOf(tls: ClientTls): TlsSettings {
  const pem = [tls.key, tls.cert].filter((part) => part !== undefined).join('\n');
  return {
    prefix: '',
    keyStore: storeOf(tls.keyStore, 'cert', pem, tls.passphrase),
    trustStore: storeOf(tls.trustStore, 'ca', tls.ca ?? '', undefined),
    protocols: tls.protocols ?? ['TLSv1.3'],
    cipherSuites: tls.cipherSuites ?? [],
    clientAuth: 'none',
    checksServerName: tls.hostnameVerification ?? true,
    checksClientName: false,
    allowReverseDnsLookup: false,
    crl: tls.crl ?? false,
    ocsp: tls.ocsp ?? false,
    handshakeDetectionTimeoutMs: 0,
    place: (key) => placeOf(key, tls),
  };
}

function storeOf(store: ClientStore | undefined, name: string, pem: string, passphrase?: string): StoreSettings {
  if (store !== undefined) {
    const { location, type = '', password = '', passwordPath = '' } = store;
    return { location, type, password, passwordPath };
  }
  if (pem === '') return { location: '', type: '', password: '', passwordPath: '' };
  return { location: name, type: 'PEM', password: passphrase ?? '', passwordPath: '', bytes: Buffer.from(pem) };
}

function placeOf(key: string, { keyStore, trustStore }: ClientTls): string {
  const store = key.startsWith('keyStore') ? keyStore : trustStore;
  if (store === undefined) return key.startsWith('keyStore') ? 'cert and key' : 'ca';
  return key.endsWith('.location') ? `${key}=${store.location}` : key;
}
