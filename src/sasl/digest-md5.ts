import { createHash } from 'node:crypto';

/**
 * DIGEST-MD5 (RFC 2831) as far as both sides compute alike: the directives of its tokens, and the proof that either
 * side gives. Only `auth` of its three protections exists here; Java and ZooKeeper ask for no other.
 */
export interface Proof {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly nonce: string;
  readonly cnonce: string;
  /** As it is written in the token: eight hex digits. */
  readonly nonceCount: string;
  readonly digestUri: string;
  /** undefined: the token has none. */
  readonly authzid: string | undefined;
}

/** The longest token that Java takes, in bytes. */
export const TOKEN_BYTES_MAX = 4096;

/** 32 hex digits. The client proves itself with `AUTHENTICATE` in front, the server with nothing. */
export function proofOf(proof: Proof, side: 'AUTHENTICATE' | ''): string {
  const { username, realm, password, nonce, cnonce, authzid, nonceCount, digestUri } = proof;
  const user = createHash('md5')
    .update(bytesOf(username))
    .update(':')
    .update(bytesOf(realm))
    .update(':')
    .update(bytesOf(password))
    .digest();
  const a1 = createHash('md5').update(user).update(`:${nonce}:${cnonce}`, 'utf8');
  if (authzid !== undefined) a1.update(`:${authzid}`, 'utf8');
  const a2 = createHash('md5').update(`${side}:${digestUri}`, 'utf8').digest('hex');
  return createHash('md5')
    .update(`${a1.digest('hex')}:${nonce}:${nonceCount}:${cnonce}:auth:${a2}`, 'utf8')
    .digest('hex');
}

/** Text is hashed in Latin-1 wherever that can hold it, and else in UTF-8. */
function bytesOf(text: string): Buffer {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return Buffer.from(text, 'utf8');
  return Buffer.from(text, 'latin1');
}

/**
 * The directives of a token by their names in lower case. Returns a fault when it is none, or has one directive twice;
 * `realm` may be there several times and keeps the first.
 */
export function directivesOf(token: Buffer): ReadonlyMap<string, string> | string {
  if (token.length > TOKEN_BYTES_MAX) return `a token of ${token.length} bytes, ${TOKEN_BYTES_MAX} is the most`;
  const text = token.toString('utf8');
  const found = new Map<string, string>();
  const directive = /[\s,]*([A-Za-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s",]*))\s*(?=,|$)/y;
  let at = 0;
  while (at < text.length) {
    directive.lastIndex = at;
    const match = directive.exec(text);
    if (match === null) {
      if (/^[\s,]*$/.test(text.slice(at))) break;
      return 'a token that is no list of directives';
    }
    at = directive.lastIndex;
    const name = (match[1] as string).toLowerCase();
    if (found.has(name)) {
      if (name === 'realm') continue;
      return `the directive ${name} is there twice`;
    }
    found.set(name, match[2] === undefined ? (match[3] as string) : match[2].replace(/\\([\s\S])/g, '$1'));
  }
  return found;
}

export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
