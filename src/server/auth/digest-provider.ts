import { createHash } from 'node:crypto';
import { ConfigError } from '../../base/errors.ts';
import type { Id } from '../../jute/data-records.ts';
import { splitDroppingTail } from './java-text.ts';
import type { AuthAnswer, AuthProvider } from './provider.ts';

/**
 * Scheme digest: credentials `user:password` prove the id `user:BASE64(HASH(user:password))`. A client that
 * proves the id configured as superDigest is `super` as well.
 */
export class DigestProvider implements AuthProvider {
  readonly scheme = 'digest';
  readonly isAuthenticated = true;
  private readonly algorithm: string;
  private readonly superDigest: string | undefined;

  /** `algorithm` as Java names it, by default SHA1. Throws ConfigError when this Node has none of that name. */
  constructor(algorithm = 'SHA1', superDigest: string | undefined = undefined) {
    this.algorithm = nodeAlgorithm(algorithm);
    this.superDigest = superDigest;
    const fault = digestAlgorithmFault(algorithm);
    if (fault !== undefined) throw new ConfigError(`DigestAuthenticationProvider.digestAlg=${algorithm}: ${fault}`);
  }

  authenticate(data: Buffer | undefined): AuthAnswer {
    if (data === undefined) return 'refused';
    const digest = this.digestOf(data.toString('utf8'));
    const id: Id = { scheme: this.scheme, id: digest };
    return digest === this.superDigest ? [{ scheme: 'super', id: '' }, id] : [id];
  }

  digestOf(credentials: string): string {
    const colon = credentials.indexOf(':');
    const user = colon === -1 ? credentials : credentials.slice(0, colon);
    return `${user}:${createHash(this.algorithm).update(credentials, 'utf8').digest('base64')}`;
  }

  isValid(aclId: string): boolean {
    return splitDroppingTail(aclId, ':').length === 2;
  }

  matches(id: string, aclId: string): boolean {
    return id === aclId;
  }

  userName(id: string): string {
    return splitDroppingTail(id, ':')[0] ?? '';
  }
}

/** Why `javaName` names no hash; undefined when it does. */
export function digestAlgorithmFault(javaName: string): string | undefined {
  try {
    createHash(nodeAlgorithm(javaName));
    return undefined;
  } catch {
    return 'no such hash here; SHA1, SHA-256 and SHA-512 are';
  }
}

/** SHA-256 is sha256 to Node, SHA3-256 stays as it is. */
function nodeAlgorithm(javaName: string): string {
  const name = javaName.toLowerCase();
  if (name.startsWith('sha3-')) return name;
  return name.replace(/^sha-/, 'sha').replace('/', '-');
}
