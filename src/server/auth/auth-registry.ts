import { ConfigError } from '../../base/errors.ts';
import type { Acl, Id } from '../../jute/data-records.ts';
import { DigestProvider } from './digest-provider.ts';
import { IpProvider } from './ip-provider.ts';
import { KeyProvider } from './key-provider.ts';
import { LongAcl } from './long-acl.ts';
import { EnsembleProvider, SaslProvider, X509Provider } from './plugin-providers.ts';
import { type AuthAnswer, type AuthProvider, NO_NODES, type NodeData } from './provider.ts';

/**
 * The schemes this server knows, and the check of a client's permissions: ProviderRegistry and
 * ZooKeeperServer.checkACL; and AuthenticationHelper, which asks whether a client has proved enough to be served.
 */
export interface AuthOptions {
  /** skipACL=yes: everyone may do everything. */
  skipAcl: boolean;
  /** DigestAuthenticationProvider.enabled */
  digestEnabled: boolean;
  /** DigestAuthenticationProvider.digestAlg, as Java names it. */
  digestAlgorithm: string | undefined;
  /** DigestAuthenticationProvider.superDigest, `super:<hash>`. */
  superDigest: string | undefined;
  /** Class names from `authProvider.<any>`. */
  providerClasses: readonly string[];
  ensembleAuthName: string | undefined;
  letAnySaslUserDo: string | undefined;
  x509SuperUser: string | undefined;
  /** superUser and superUser.<any>: identities of SASL that may do everything. */
  saslSuperUsers: readonly string[];
  /** A client proves an id of one of these before it asks for anything; none: it need not prove any. */
  requiredSchemes: readonly string[];
  /** Further providers that are no classes of Apache's. */
  ownProviders: readonly AuthProvider[];
}

export const DEFAULT_AUTH_OPTIONS: AuthOptions = {
  skipAcl: false,
  digestEnabled: true,
  digestAlgorithm: undefined,
  superDigest: undefined,
  providerClasses: [],
  ensembleAuthName: undefined,
  letAnySaslUserDo: undefined,
  x509SuperUser: undefined,
  saslSuperUsers: [],
  requiredSchemes: [],
  ownProviders: [],
};

/** Entries that are compared one by one. */
const SHORT_ACL = 8;

const PACKAGE = 'org.apache.zookeeper.server.auth.';

export class AuthRegistry {
  private readonly providers = new Map<string, AuthProvider>();
  private readonly skipAcl: boolean;
  private readonly requiredSchemes: readonly string[];
  private readonly saslSuperUsers: readonly string[];
  private readonly longAcls = new WeakMap<readonly Acl[], LongAcl>();

  /** Throws ConfigError for an unknown hash or a class we have nothing for. */
  constructor(options: AuthOptions) {
    this.skipAcl = options.skipAcl;
    this.requiredSchemes = options.requiredSchemes;
    this.saslSuperUsers = options.saslSuperUsers;
    this.add(new IpProvider());
    if (options.digestEnabled) this.add(new DigestProvider(options.digestAlgorithm, options.superDigest));
    for (const className of options.providerClasses) this.add(providerOfClass(className, options));
    for (const provider of options.ownProviders) this.addOwn(provider);
    const missing = this.requiredSchemes.filter((scheme) => !this.providers.has(scheme));
    if (missing.length > 0) {
      throw new ConfigError(
        `enforce.auth.schemes: there is no provider of ${missing.join(', ')} here; those that are there are ` +
          [...this.providers.keys()].join(', '),
      );
    }
  }

  get(scheme: string): AuthProvider | undefined {
    return this.providers.get(scheme);
  }

  /** An auth packet. Unknown schemes are refused. */
  authenticate(
    scheme: string,
    data: Buffer | undefined,
    remoteAddress: string,
    nodes: NodeData = NO_NODES,
  ): AuthAnswer {
    return this.providers.get(scheme)?.authenticate(data, remoteAddress, nodes) ?? 'refused';
  }

  /** The ids of a client that has logged in by SASL as `identity`. */
  saslIds(identity: string): readonly Id[] {
    const id: Id = { scheme: 'sasl', id: identity };
    return this.saslSuperUsers.includes(identity) ? [id, { scheme: 'super', id: '' }] : [id];
  }

  /** Has a client with these ids proved what every client has to? */
  admits(ids: readonly Id[]): boolean {
    const { requiredSchemes } = this;
    return requiredSchemes.length === 0 || ids.some((id) => requiredSchemes.includes(id.scheme));
  }

  /** A login by SASL that fails is answered as a missing one. */
  get requiresSasl(): boolean {
    return this.requiredSchemes.includes('sasl');
  }

  /** The ids of a client that proved to have this certificate; none where the scheme x509 is not there. */
  idsOfCertificate(subject: string): readonly Id[] {
    const provider = this.providers.get('x509');
    return provider instanceof X509Provider ? provider.idsOf(subject) : [];
  }

  /** Is one of the bits in `perm` granted to one of `ids`? A node without any ACL entry is open to all. */
  permits(acl: readonly Acl[] | undefined, perm: number, ids: readonly Id[]): boolean {
    if (this.skipAcl || acl === undefined || acl.length === 0) return true;
    return (
      (acl.length > SHORT_ACL ? this.longPermits(acl, perm, ids) : this.shortPermits(acl, perm, ids)) || isSuper(ids)
    );
  }

  private shortPermits(acl: readonly Acl[], perm: number, ids: readonly Id[]): boolean {
    for (let i = 0; i < acl.length; i++) {
      const entry = acl[i] as Acl;
      if ((entry.perms & perm) !== 0 && this.grants(entry.id, ids)) return true;
    }
    return false;
  }

  private longPermits(acl: readonly Acl[], perm: number, ids: readonly Id[]): boolean {
    let long = this.longAcls.get(acl);
    if (long === undefined) {
      long = new LongAcl(acl);
      this.longAcls.set(acl, long);
    }
    return long.permits(perm, ids, this.grants);
  }

  /** The name of an id for whoAmI and the audit log; "" for schemes without a provider, `super` among them. */
  userName(id: Id): string {
    return this.providers.get(id.scheme)?.userName(id.id) ?? '';
  }

  private readonly grants = (aclId: Id, ids: readonly Id[]): boolean => {
    if (aclId.scheme === 'world' && aclId.id === 'anyone') return true;
    const provider = this.providers.get(aclId.scheme);
    if (provider === undefined) return false;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as Id;
      if (id.scheme === aclId.scheme && provider.matches(id.id, aclId.id)) return true;
    }
    return false;
  };

  private add(provider: AuthProvider): void {
    this.providers.set(provider.scheme, provider);
  }

  /** Of a scheme that is there already it would take over ACLs that were written for another. */
  private addOwn(provider: AuthProvider): void {
    const { scheme } = provider;
    if (this.providers.has(scheme)) throw new ConfigError(`authProvider: the scheme ${scheme} has a provider already`);
    this.add(provider);
  }
}

function isSuper(ids: readonly Id[]): boolean {
  for (let i = 0; i < ids.length; i++) if ((ids[i] as Id).scheme === 'super') return true;
  return false;
}

/** Apache warns and goes on without the scheme; here an ensemble does not start without what guards its nodes. */
function providerOfClass(className: string, options: AuthOptions): AuthProvider {
  const name = className.trim();
  if (name.startsWith(PACKAGE)) {
    switch (name.slice(PACKAGE.length)) {
      case 'DigestAuthenticationProvider':
        return new DigestProvider(options.digestAlgorithm, options.superDigest);
      case 'IPAuthenticationProvider':
        return new IpProvider();
      case 'KeyAuthenticationProvider':
        return new KeyProvider();
      case 'EnsembleAuthenticationProvider':
        return new EnsembleProvider(options.ensembleAuthName);
      case 'SASLAuthenticationProvider':
        return new SaslProvider(options.letAnySaslUserDo);
      case 'X509AuthenticationProvider':
        return new X509Provider(options.x509SuperUser);
    }
  }
  throw new ConfigError(
    `authProvider: there is no authentication provider ${name} here; those of ${PACKAGE} that exist are ` +
      'Digest-, IP-, Key-, Ensemble-, SASL- and X509AuthenticationProvider',
  );
}
