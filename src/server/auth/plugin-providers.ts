import type { Id } from '../../jute/data-records.ts';
import type { AuthAnswer, AuthProvider } from './provider.ts';

/**
 * Schemes that are there only when `authProvider.<any>` names their class. Ids of sasl and x509 are proved by a login or a
 * certificate. They are schemes of ACLs without either as well, because such ACLs arrive in transactions and through other
 * peers.
 */

/** Not a proof of identity: the client names the ensemble it means, and is sent away if this is another one. */
export class EnsembleProvider implements AuthProvider {
  readonly scheme = 'ensemble';
  readonly isAuthenticated = false;
  private readonly names: ReadonlySet<string> | undefined;

  /** `names`: ensembleAuthName, separated by commas. Without it every name is right. */
  constructor(names: string | undefined) {
    this.names = names === undefined ? undefined : new Set(names.split(',').map((name) => name.trim()));
  }

  authenticate(data: Buffer | undefined): AuthAnswer {
    if (data === undefined || data.length === 0 || this.names === undefined) return [];
    return this.names.has(data.toString('utf8')) ? 'right-ensemble' : 'wrong-ensemble';
  }

  isValid(): boolean {
    return false;
  }

  matches(): boolean {
    return false;
  }

  userName(id: string): string {
    return id;
  }
}

export class SaslProvider implements AuthProvider {
  readonly scheme = 'sasl';
  readonly isAuthenticated = true;
  private readonly letAnyUserDo: string | undefined;

  /** `letAnyUserDo`: the ACL id that every sasl user matches, letAnySaslUserDoX. */
  constructor(letAnyUserDo: string | undefined) {
    this.letAnyUserDo = letAnyUserDo;
  }

  /** SASL has its own packets; an auth packet proves nothing. */
  authenticate(): AuthAnswer {
    return 'refused';
  }

  /** A Kerberos name of at most two components, or any text without a realm. */
  isValid(aclId: string): boolean {
    return !aclId.includes('@') || /^[^/@]*(\/[^/@]*)?@[^/@]*$/.test(aclId);
  }

  matches(id: string, aclId: string): boolean {
    return id === 'super' || id === aclId || (this.letAnyUserDo !== undefined && aclId === this.letAnyUserDo);
  }

  userName(id: string): string {
    return id;
  }
}

export class X509Provider implements AuthProvider {
  readonly scheme = 'x509';
  readonly isAuthenticated = true;
  private readonly superUser: string | undefined;

  constructor(superUser: string | undefined) {
    this.superUser = superUser;
  }

  /** A certificate is shown in the handshake of TLS; an auth packet proves nothing. */
  authenticate(): AuthAnswer {
    return 'refused';
  }

  /** `subject`: of the client's certificate, as Java writes it. */
  idsOf(subject: string): readonly Id[] {
    const id = { scheme: this.scheme, id: subject };
    return subject === this.superUser ? [{ scheme: 'super', id: subject }, id] : [id];
  }

  isValid(aclId: string): boolean {
    return DISTINGUISHED_NAME.test(aclId);
  }

  matches(id: string, aclId: string): boolean {
    return id === aclId || (this.superUser !== undefined && id === this.superUser);
  }

  userName(id: string): string {
    return id;
  }
}

/** Attribute types X500Principal knows by name, or an object identifier; values plain with escapes, or quoted. */
const TYPE =
  '(?:CN|C|L|ST|S|OU|O|T|IP|STREET|DC|DNQUALIFIER|DNQ|SURNAME|GIVENNAME|INITIALS|GENERATION|EMAILADDRESS|EMAIL|UID|SERIALNUMBER|(?:OID\\.)?\\d+(?:\\.\\d+)+)';
const VALUE = '(?:\\s*"(?:[^"\\\\]|\\\\.)*"\\s*|(?:[^,;+"\\\\]|\\\\.)*)';
const ATTRIBUTE = `\\s*${TYPE}\\s*=${VALUE}`;
const DISTINGUISHED_NAME = new RegExp(`^(?:${ATTRIBUTE}(?:[,;+]${ATTRIBUTE})*)?$`, 'i');
