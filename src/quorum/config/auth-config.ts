import type { KerberosIdentity } from '../../sasl/kerberos/client/kerberos-client.ts';
import type { Krb5Conf } from '../../sasl/kerberos/client/krb5-conf.ts';
import type { NameRules } from '../../sasl/kerberos-name.ts';
import type { KerberosKeys } from './read-kerberos.ts';

/** The outcome of the keys of authentication: modules of providers, and the sections of the JAAS file. */
export interface OwnProviderFile {
  /** Absolute. */
  readonly path: string;
  /** `zoo.cfg:12: authProvider.x`. */
  readonly where: string;
}

/** How the accepting side knows who logs in: by passwords or by tickets. */
export type AcceptedLogins =
  | { readonly mechanism: 'DIGEST-MD5' /** Passwords by user name. */; readonly users: ReadonlyMap<string, string> }
  | ({ readonly mechanism: 'GSSAPI' } & KerberosKeys);

export interface ClientSasl {
  readonly logins: AcceptedLogins;
  readonly names: NameRules;
}

export interface QuorumSasl {
  readonly logins: AcceptedLogins;
  /** A server that connects has to log in. */
  readonly isRequired: boolean;
  /** This server's own login; undefined: it has none. */
  readonly login: QuorumLogin | undefined;
}

export type QuorumLogin =
  | { readonly mechanism: 'DIGEST-MD5'; readonly username: string; readonly password: string }
  | {
      readonly mechanism: 'GSSAPI';
      readonly identity: KerberosIdentity;
      readonly conf: Krb5Conf;
      /** `zkquorum/_HOST@REALM`; the host and the realm may be written, or not. */
      readonly servicePrincipal: string;
    };
