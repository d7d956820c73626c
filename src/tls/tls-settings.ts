import type { StoreType } from './stores/read-store.ts';

/** One family of TLS keys, `ssl.` or `ssl.quorum.`, with Apache's defaults filled in; no file of it was read yet. */
export interface TlsSettings {
  /** The beginning of the keys' names, for messages. */
  readonly prefix: string;
  readonly keyStore: StoreSettings;
  readonly trustStore: StoreSettings;
  readonly protocols: readonly TlsProtocol[];
  /** Java's names; empty: those that Apache chooses. */
  readonly cipherSuites: readonly string[];
  readonly clientAuth: ClientAuth;
  /** The one who dials compares the name it dialled with the certificate. */
  readonly checksServerName: boolean;
  /** The one who is dialled compares the other's address, or its name, with the certificate. */
  readonly checksClientName: boolean;
  /** An address may be turned into a name for that. */
  readonly allowReverseDnsLookup: boolean;
  readonly crl: boolean;
  readonly ocsp: boolean;
  /** Of a port that takes plain connections as well: ms for the first byte. */
  readonly handshakeDetectionTimeoutMs: number;
  /** `zoo.cfg:7: ssl.clientAuth=need`, for messages; of a key that is not there its name. No password is in it. */
  place(key: string): string;
}

export interface StoreSettings {
  /** "": none. */
  readonly location: string;
  /** "": by the suffix of the location. */
  readonly type: StoreType | '';
  readonly password: string;
  /** A file with the password, which counts before `password`; "": none. */
  readonly passwordPath: string;
  /** The contents, where they do not come from the file at `location`; that is a name for messages then. */
  readonly bytes?: Buffer;
}

export type TlsProtocol = 'TLSv1.2' | 'TLSv1.3';
export type ClientAuth = 'none' | 'want' | 'need';
