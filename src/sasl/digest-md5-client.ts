import { directivesOf, proofOf, quoted } from './digest-md5.ts';
import { type SaslClientExchange, SaslFault } from './sasl-exchange.ts';

/**
 * The side of DIGEST-MD5 that logs in. It proves to know the password, and asks the same of the other side: one that
 * does not know it cannot give the last token.
 */
export interface DigestMd5Credentials {
  readonly username: string;
  readonly password: string;
  readonly service: string;
  /** The host of the digest-uri, whatever it is that was dialled. */
  readonly host: string;
  /** Bytes that no one outside can guess. */
  readonly secret: (bytes: number) => Uint8Array;
}

const CNONCE_BYTES = 24;
const NO_BYTES = Buffer.alloc(0);

export class DigestMd5Client implements SaslClientExchange {
  readonly first = NO_BYTES;
  isComplete = false;
  private readonly credentials: DigestMd5Credentials;
  /** The proof that the other side owes, once ours is sent. */
  private expected: string | undefined = undefined;

  constructor(credentials: DigestMd5Credentials) {
    this.credentials = credentials;
  }

  step(token: Buffer): Buffer | undefined {
    const said = directivesOf(token);
    if (typeof said === 'string') throw new SaslFault(said);
    if (this.isComplete) throw new SaslFault('a token after the end of the login');
    if (this.expected === undefined) return this.prove(said);
    if (said.get('rspauth') !== this.expected) throw new SaslFault('the other side does not know the password');
    this.isComplete = true;
    return undefined;
  }

  private prove(challenge: ReadonlyMap<string, string>): Buffer {
    const nonce = challenge.get('nonce');
    if (nonce === undefined) throw new SaslFault('the challenge has no nonce');
    if (challenge.get('algorithm') !== 'md5-sess') throw new SaslFault('the challenge is not of DIGEST-MD5');
    const qops = (challenge.get('qop') ?? 'auth').split(',').map((qop) => qop.trim());
    if (!qops.includes('auth')) throw new SaslFault(`the other side asks for ${qops.join(', ')}`);
    const { username, password, service, host, secret } = this.credentials;
    const proof = {
      username,
      password,
      realm: challenge.get('realm') ?? host,
      nonce,
      cnonce: Buffer.from(secret(CNONCE_BYTES)).toString('base64'),
      nonceCount: '00000001',
      digestUri: `${service}/${host}`,
      authzid: username,
    };
    this.expected = proofOf(proof, '');
    const directives = [
      'charset=utf-8',
      `username=${quoted(username)}`,
      `realm=${quoted(proof.realm)}`,
      `nonce=${quoted(nonce)}`,
      'nc=00000001',
      `cnonce=${quoted(proof.cnonce)}`,
      `digest-uri=${quoted(proof.digestUri)}`,
      'maxbuf=65536',
      `response=${proofOf(proof, 'AUTHENTICATE')}`,
      'qop=auth',
      `authzid=${quoted(username)}`,
    ];
    return Buffer.from(directives.join(','), 'utf8');
  }
}
