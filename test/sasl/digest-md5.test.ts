import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directivesOf, proofOf, TOKEN_BYTES_MAX } from '../../src/sasl/digest-md5.ts';
import { DigestMd5Client } from '../../src/sasl/digest-md5-client.ts';
import { DigestMd5Login } from '../../src/sasl/digest-md5-server.ts';
import type { SaslAnswer, SaslServerExchange } from '../../src/sasl/sasl-exchange.ts';

/** The example of RFC 2831, section 4. */
const EXAMPLE = {
  username: 'chris',
  realm: 'elwood.innosoft.com',
  password: 'secret',
  nonce: 'OA6MG9tEQGm2hh',
  cnonce: 'OA6MHXh6VqTrRk',
  nonceCount: '00000001',
  digestUri: 'imap/elwood.innosoft.com',
  authzid: undefined,
};

const secret = (bytes: number): Uint8Array => Buffer.alloc(bytes, 7);
const users = new Map([
  ['bob', 'bobsecret'],
  ['ütf', 'пароль'],
]);

function login(random = secret): SaslServerExchange {
  return new DigestMd5Login({
    service: 'zookeeper',
    realm: 'zk-sasl-md5',
    users,
    identityOf: (name) => name,
    secret: random,
  }).begin();
}

function client(username: string, password: string): DigestMd5Client {
  return new DigestMd5Client({ username, password, service: 'zookeeper', host: 'zk-sasl-md5', secret });
}

function step(exchange: SaslServerExchange, token: Buffer | string): SaslAnswer {
  const answers: SaslAnswer[] = [];
  exchange.step(Buffer.from(token as string), (answer) => answers.push(answer));
  expect(answers).toHaveLength(1);
  return answers[0] as SaslAnswer;
}

function tokenOf(answer: SaslAnswer): Buffer {
  if (answer.fault !== undefined || answer.token === undefined) throw new Error(answer.fault ?? 'no token');
  return answer.token;
}

/** A server that was asked, and the proof of bob for its challenge. */
function asked(random = secret): { exchange: SaslServerExchange; proof: string } {
  const exchange = login(random);
  const proof = client('bob', 'bobsecret').step(tokenOf(step(exchange, ''))) as Buffer;
  return { exchange, proof: proof.toString() };
}

describe('the proof', () => {
  it('is that of the example in RFC 2831, both ways', () => {
    expect(proofOf(EXAMPLE, 'AUTHENTICATE')).toBe('d388dad90d4bbd760a152321f2143af7');
    expect(proofOf(EXAMPLE, '')).toBe('ea40f60335c427b5527b84dbabcdfffd');
  });
});

describe('a login', () => {
  it.each([...users])('of %s proves who both are', (username, password) => {
    const exchange = login();
    const other = client(username, password);
    const challenge = tokenOf(step(exchange, other.first));
    expect(challenge.toString()).toBe(
      'realm="zk-sasl-md5",nonce="BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",charset=utf-8,algorithm=md5-sess',
    );
    const last = step(exchange, other.step(challenge) as Buffer);
    expect(last).toMatchObject({ identity: username });
    expect(other.isComplete).toBe(false);
    expect(other.step(tokenOf(last))).toBeUndefined();
    expect(other.isComplete).toBe(true);
  });

  it('with another password, of nobody, or behind its end is refused without a word of the password', () => {
    for (const [username, password] of [
      ['bob', 'wrong'],
      ['eve', 'bobsecret'],
    ] as const) {
      const exchange = login();
      const proof = client(username, password).step(tokenOf(step(exchange, ''))) as Buffer;
      const { fault } = step(exchange, proof);
      expect(fault).toMatch(username === 'bob' ? /the password of "bob" is another one/ : /there is no user "eve"/);
      expect(fault).not.toMatch(/bobsecret|wrong/);
      expect(step(exchange, proof).fault).toBe('a token after the end of the login');
    }
    const done = asked();
    expect(step(done.exchange, done.proof)).toMatchObject({ identity: 'bob' });
    expect(step(done.exchange, done.proof).fault).toBe('a token after the end of the login');
  });

  it('with a token that was heard on another connection is refused', () => {
    const heard = asked((bytes) => randomBytes(bytes)).proof;
    const { exchange } = asked((bytes) => randomBytes(bytes));
    expect(step(exchange, heard).fault).toBe('the nonce is of another login');
  });

  it.each([
    [/realm="zk-sasl-md5"/, 'realm="elsewhere"', 'the realm "elsewhere"; it is zk-sasl-md5 here'],
    [/realm="zk-sasl-md5",/, '', 'the realm ""; it is zk-sasl-md5 here'],
    [/qop=auth/, 'qop=auth-conf', 'the protection "auth-conf"; only auth is offered'],
    [/charset=utf-8/, 'charset=ebcdic', 'the character set "ebcdic"'],
    [
      /"zookeeper\/zk-sasl-md5"/,
      '"ldap/zk-sasl-md5"',
      'the service "ldap/zk-sasl-md5"; it is zookeeper/zk-sasl-md5 here',
    ],
    [/response=\w+,/, '', 'the token has no response'],
    [/username="bob"/, 'username="bob",username="eve"', 'the directive username is there twice'],
    [/^/, '==', 'a token that is no list of directives'],
    [/authzid="bob"/, 'authzid="super"', /^the password of "bob" is another one/],
  ])('in which %s is %s is refused', (from, to, fault) => {
    const { exchange, proof } = asked();
    const changed = proof.replace(from, to);
    expect(changed).not.toBe(proof);
    const said = step(exchange, changed).fault;
    if (typeof fault === 'string') expect(said).toBe(fault);
    else expect(said).toMatch(fault);
  });

  it('that begins with a token is refused', () => {
    expect(step(login(), 'username="bob"').fault).toBe('the first token of DIGEST-MD5 is empty');
  });

  it('refuses a server that does not know the password', () => {
    const other = client('bob', 'bobsecret');
    other.step(tokenOf(step(login(), '')));
    expect(() => other.step(Buffer.from(`rspauth=${'0'.repeat(32)}`))).toThrow(
      'the other side does not know the password',
    );
    for (const [challenge, fault] of [
      ['realm="x"', 'the challenge has no nonce'],
      ['nonce="x",algorithm=md5', 'the challenge is not of DIGEST-MD5'],
      ['nonce="x",algorithm=md5-sess,qop="auth-int"', 'the other side asks for auth-int'],
    ] as const) {
      expect(() => client('bob', 'x').step(Buffer.from(challenge))).toThrow(fault);
    }
  });
});

describe('a token of nobody knows whom', () => {
  it('ends the login with a fault, whatever it is', () => {
    const bytes = fc.uint8Array({ maxLength: TOKEN_BYTES_MAX + 10 });
    fc.assert(
      fc.property(bytes, (token) => {
        const { exchange } = asked();
        expect(step(exchange, Buffer.from(token)).fault).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  it('is refused for its length alone', () => {
    const long = Buffer.alloc(TOKEN_BYTES_MAX + 1, 0x61);
    expect(directivesOf(long)).toBe('a token of 4097 bytes, 4096 is the most');
  });

  it('costs time by its length and not by its square', () => {
    for (const text of [',='.repeat(2000), '"\\'.repeat(2000), ' '.repeat(4096), `a="${'\\"'.repeat(2040)}`]) {
      expect(
        directivesOf(Buffer.from(text)) instanceof Map || typeof directivesOf(Buffer.from(text)) === 'string',
      ).toBe(true);
    }
  });
});
