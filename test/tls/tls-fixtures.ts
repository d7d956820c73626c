import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsMaterial, TlsSide } from '../../src/tls/tls-material.ts';
import { loadTls } from '../../src/tls/tls-material.ts';
import type { TlsSettings } from '../../src/tls/tls-settings.ts';

/** The certificates of fixtures/make.sh as material for doors and as options of Node's own TLS. */
export const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

export function fixture(file: string): string {
  return join(import.meta.dirname, 'fixtures', file);
}

export function pem(name: string): string {
  return readFileSync(fixture(`${name}.pem`), 'utf8');
}

export interface Wanted extends Partial<Omit<TlsSettings, 'keyStore' | 'trustStore'>> {
  readonly key?: string;
  readonly trust?: string;
}

export function settingsOf({ key = 'server.pem', trust = 'ca.pem', ...others }: Wanted = {}): TlsSettings {
  const store = (file: string): TlsSettings['keyStore'] => ({
    location: file === '' ? '' : fixture(file),
    type: '',
    password: 'geheim',
    passwordPath: '',
  });
  return {
    prefix: 'ssl.',
    keyStore: store(key),
    trustStore: store(trust),
    protocols: ['TLSv1.2', 'TLSv1.3'],
    cipherSuites: [],
    clientAuth: 'need',
    checksServerName: true,
    checksClientName: false,
    allowReverseDnsLookup: false,
    crl: false,
    ocsp: false,
    handshakeDetectionTimeoutMs: 5000,
    place: (name) => `zoo.cfg: ${name}`,
    ...others,
  };
}

export function material(wanted: Wanted = {}, side: TlsSide = 'server'): TlsMaterial {
  return loadTls(settingsOf(wanted), side, '/', NOW_MS);
}
