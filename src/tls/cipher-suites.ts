import { getCiphers } from 'node:tls';

/** Cipher suites by the names of Java, which are those of the RFCs, as OpenSSL calls them. */

/** Those that Apache offers when none are configured, in its order. */
export const APACHE_SUITES: readonly string[] = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
];

/** undefined: there is no such suite here. */
export function opensslName(javaName: string): string | undefined {
  const name = translate(javaName.trim());
  return name !== undefined && getCiphers().includes(name.toLowerCase()) ? name : undefined;
}

/** Whether the suite is one of TLS 1.3. */
export function isOfTls13(javaName: string): boolean {
  return !javaName.includes('_WITH_');
}

function translate(javaName: string): string | undefined {
  if (isOfTls13(javaName)) return /^TLS_[A-Z0-9_]+$/.test(javaName) ? javaName : undefined;
  const match = /^(?:TLS|SSL)_([A-Z0-9_]+)_WITH_([A-Z0-9_]+)$/.exec(javaName);
  if (match === null) return undefined;
  const exchange = (match[1] as string).replace(/^RSA$/, '').replaceAll('_', '-');
  const cipher = (match[2] as string)
    .replace(/^AES_(\d+)_(?:CBC_)?/, 'AES$1-')
    .replace(/^3DES_EDE_CBC_/, 'DES-CBC3-')
    .replace(/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305')
    .replace('GCM_', 'GCM-')
    .replace(/^NULL_/, 'NULL-');
  return exchange === '' ? cipher : `${exchange}-${cipher}`;
}
