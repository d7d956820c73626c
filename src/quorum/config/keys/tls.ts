import type { KeySpec } from './key-spec.ts';
import { ignored, PROPERTY, refused } from './key-spec.ts';

/**
 * The keys of TLS. Those of TLS_FAMILY exist twice: under `ssl.` for clients, and under `ssl.quorum.` for the ports between
 * servers and for the admin server. read-tls.ts makes settings of them.
 */
const TLS_FAMILY = {
  'keyStore.location': {
    ...PROPERTY,
    type: 'text',
    default: '',
    means: 'File with the private key and its certificates.',
  },
  'keyStore.password': { ...PROPERTY, type: 'text', default: '', means: 'Its password.' },
  'keyStore.passwordPath': {
    ...PROPERTY,
    type: 'text',
    default: '',
    means: 'File with its password; counts before the password itself.',
  },
  'keyStore.type': {
    ...PROPERTY,
    type: 'text',
    default: '',
    choices: ['', 'JKS', 'PEM', 'PKCS12'],
    means: 'Its kind; without it the suffix decides: `.jks`, `.pem`, `.p12`.',
  },
  'trustStore.location': {
    ...PROPERTY,
    type: 'text',
    default: '',
    means: 'File with the certificates that are trusted; without it those that come with Node.js.',
  },
  'trustStore.password': { ...PROPERTY, type: 'text', default: '', means: 'Its password.' },
  'trustStore.passwordPath': {
    ...PROPERTY,
    type: 'text',
    default: '',
    means: 'File with its password; counts before the password itself.',
  },
  'trustStore.type': {
    ...PROPERTY,
    type: 'text',
    default: '',
    choices: ['', 'JKS', 'PEM', 'PKCS12'],
    means: 'Its kind; without it the suffix decides: `.jks`, `.pem`, `.p12`.',
  },
  protocol: {
    ...PROPERTY,
    type: 'text',
    default: 'TLSv1.3',
    choices: ['TLSv1.3', 'TLSv1.2', 'TLS'],
    means: 'The version of TLS where `enabledProtocols` says nothing.',
  },
  enabledProtocols: {
    ...PROPERTY,
    type: 'text',
    default: '',
    means: 'Versions of TLS, separated by commas: `TLSv1.3`, `TLSv1.2`. Older ones are never spoken.',
  },
  ciphersuites: {
    ...PROPERTY,
    type: 'text',
    default: '',
    means: "Cipher suites by their Java names, separated by commas; without it Apache's choice.",
  },
  clientAuth: {
    ...PROPERTY,
    type: 'text',
    default: 'need',
    choices: ['none', 'want', 'need'],
    means: 'Whether the one who connects is asked for a certificate: `none`, `want` (and let in without), `need`.',
  },
  hostnameVerification: {
    ...PROPERTY,
    type: 'boolean',
    default: true,
    means: 'The one who connects compares the name it dialled with the certificate. False switches both checks off.',
  },
  allowReverseDnsLookup: {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    means: 'An address may be turned into a name to compare it with a certificate.',
  },
  crl: {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    means: 'The revocation lists that certificates name are fetched; without an answer a connection is refused.',
  },
  ocsp: {
    ...PROPERTY,
    type: 'boolean',
    default: false,
    means: 'Revocation is asked of the OCSP responder that a certificate names, then of its list.',
  },
  handshakeDetectionTimeoutMillis: {
    ...PROPERTY,
    type: 'int',
    default: 5000,
    min: 1,
    means: 'ms; on a port that takes plain connections as well, a connection without a first byte is closed.',
  },
  'context.supplier.class': {
    ...refused('a Java class cannot make the keys here; name the stores'),
    type: 'text',
    default: undefined,
  },
} as const satisfies Readonly<Record<string, KeySpec>>;

type Prefixed<P extends string, T> = { readonly [K in keyof T as `${P}${K & string}`]: T[K] };

function prefixed<P extends string, T extends object>(prefix: P, table: T): Prefixed<P, T> {
  // The type says of each key what the loop does with it.
  return Object.fromEntries(Object.entries(table).map(([key, spec]) => [`${prefix}${key}`, spec])) as Prefixed<P, T>;
}

const ABOUT_CLIENT_NAMES = 'The one who is dialled compares the address of the other with its certificate.';

export const TLS_KEYS = {
  ...prefixed('ssl.', TLS_FAMILY),
  'ssl.clientHostnameVerification': { ...PROPERTY, type: 'boolean', default: false, means: ABOUT_CLIENT_NAMES },
  'ssl.authProvider': {
    ...PROPERTY,
    type: 'text',
    default: 'x509',
    choices: ['x509'],
    means: 'The scheme whose id a client gets from its certificate.',
  },
  'ssl.sslProvider': {
    ...ignored('TLS is that of Node.js, which is OpenSSL'),
    type: 'text',
    default: 'JDK',
    same: ['openssl', 'openssl_refcnt'],
  },
  ...prefixed('ssl.quorum.', TLS_FAMILY),
  'ssl.quorum.clientHostnameVerification': { ...PROPERTY, type: 'boolean', default: true, means: ABOUT_CLIENT_NAMES },
  'fips-mode': {
    ...PROPERTY,
    type: 'boolean',
    default: true,
    means:
      'As in Apache, names are not compared with certificates between servers while it is on, unless `ssl.quorum.hostnameVerification=true` is written.',
  },
} as const satisfies Readonly<Record<string, KeySpec>>;
