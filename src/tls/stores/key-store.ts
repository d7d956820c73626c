import type { KeyObject, X509Certificate } from 'node:crypto';

/** The contents of a key store or trust store, of whatever kind its file is. */
export interface KeyStore {
  readonly keys: readonly KeyEntry[];
  /** Certificates that stand by themselves: those trusted. */
  readonly trusted: readonly X509Certificate[];
}

export interface KeyEntry {
  readonly alias: string;
  readonly key: KeyObject;
  /** The key's own certificate first. */
  readonly chain: readonly X509Certificate[];
}

/** A file that is no store, or does not open with its password: what is wrong with it, as the end of a sentence. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
