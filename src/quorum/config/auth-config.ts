import type { NameRules } from '../../sasl/kerberos-name.ts';

/** What the keys of authentication come to: modules of providers, and the sections of the JAAS file. */
export interface OwnProviderFile {
  /** Absolute. */
  readonly path: string;
  /** `zoo.cfg:12: authProvider.x`. */
  readonly where: string;
}

export interface ClientSasl {
  /** Passwords by user name. */
  readonly users: ReadonlyMap<string, string>;
  readonly names: NameRules;
}

export interface QuorumSasl {
  /** Passwords of other servers by user name. */
  readonly users: ReadonlyMap<string, string>;
  /** A server that connects has to log in. */
  readonly isRequired: boolean;
  /** This server's own login; undefined: it has none. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
}
