import { timingSafeEqual } from 'node:crypto';
import { directivesOf, proofOf, quoted } from './digest-md5.ts';
import type { SaslAnswer, SaslLogin, SaslServerExchange } from './sasl-exchange.ts';

/**
 * The accepting side of DIGEST-MD5: a challenge with a nonce of its own for each connection, and the check of what the
 * client makes of it. A token that was heard on another connection proves nothing here.
 */
export interface DigestMd5Settings {
  /** `zookeeper` for clients. */
  readonly service: string;
  /** The realm, and the host in the client's digest-uri: `zk-sasl-md5` for clients. */
  readonly realm: string;
  /** Passwords by user name. */
  readonly users: ReadonlyMap<string, string>;
  /** From the name that was proved, and the one the client wants to be, to the identity; throws when it has none. */
  readonly identityOf: (name: string, authzid: string) => string;
  /** Bytes that no one outside can guess. */
  readonly secret: (bytes: number) => Uint8Array;
}

const NONCE_BYTES = 24;

export class DigestMd5Login implements SaslLogin {
  readonly mechanism = 'DIGEST-MD5';
  private readonly settings: DigestMd5Settings;

  constructor(settings: DigestMd5Settings) {
    this.settings = settings;
  }

  begin(): SaslServerExchange {
    return new DigestMd5Server(this.settings);
  }
}

class DigestMd5Server implements SaslServerExchange {
  private readonly settings: DigestMd5Settings;
  private readonly nonce: string;
  private next: 'challenge' | 'proof' | 'nothing' = 'challenge';

  constructor(settings: DigestMd5Settings) {
    this.settings = settings;
    this.nonce = Buffer.from(settings.secret(NONCE_BYTES)).toString('base64');
  }

  step(token: Buffer, done: (answer: SaslAnswer) => void): void {
    const { next } = this;
    this.next = next === 'challenge' && token.length === 0 ? 'proof' : 'nothing';
    if (next === 'nothing') done({ fault: 'a token after the end of the login' });
    else if (next === 'proof') done(this.judge(token));
    else if (token.length > 0) done({ fault: 'the first token of DIGEST-MD5 is empty' });
    else done({ token: this.challenge() });
  }

  private challenge(): Buffer {
    const { realm } = this.settings;
    return Buffer.from(`realm=${quoted(realm)},nonce=${quoted(this.nonce)},charset=utf-8,algorithm=md5-sess`, 'utf8');
  }

  private judge(token: Buffer): SaslAnswer {
    const said = directivesOf(token);
    if (typeof said === 'string') return { fault: said };
    const { service, realm, users, identityOf } = this.settings;
    const fault = this.faultOf(said);
    if (fault !== undefined) return { fault };
    const username = said.get('username') as string;
    const password = users.get(username);
    if (password === undefined) return { fault: `there is no user ${shown(username)}` };
    const authzid = said.get('authzid');
    const proof = {
      username,
      realm,
      password,
      nonce: this.nonce,
      cnonce: said.get('cnonce') as string,
      // Java counts for itself: a nonce is good for one proof.
      nonceCount: '00000001',
      digestUri: said.get('digest-uri') as string,
      authzid,
    };
    const expected = Buffer.from(proofOf(proof, 'AUTHENTICATE'));
    const given = Buffer.from(said.get('response') as string);
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      return { fault: `the password of ${shown(username)} is another one, or ${service} is not what was meant` };
    try {
      const identity = identityOf(username, authzid === undefined || authzid === '' ? username : authzid);
      return { token: Buffer.from(`rspauth=${proofOf(proof, '')}`), identity };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  }

  private faultOf(said: ReadonlyMap<string, string>): string | undefined {
    for (const name of ['username', 'nonce', 'cnonce', 'nc', 'digest-uri', 'response']) {
      if ((said.get(name) ?? '') === '') return `the token has no ${name}`;
    }
    const { service, realm } = this.settings;
    const charset = said.get('charset');
    if (charset !== undefined && charset.toLowerCase() !== 'utf-8') return `the character set ${shown(charset)}`;
    const itsRealm = said.get('realm') ?? '';
    if (itsRealm !== realm) return `the realm ${shown(itsRealm)}; it is ${realm} here`;
    if (said.get('nonce') !== this.nonce) return 'the nonce is of another login';
    const qop = said.get('qop') ?? 'auth';
    if (qop !== 'auth') return `the protection ${shown(qop)}; only auth is offered`;
    const uri = said.get('digest-uri') as string;
    const expected = `${service}/${realm}`;
    if (uri.toLowerCase() !== expected) return `the service ${shown(uri)}; it is ${expected} here`;
    return undefined;
  }
}

const SHOWN_MAX = 64;

/** A stranger's bytes as text for the log. */
function shown(text: string): string {
  const plain = JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);
  return plain;
}
