import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ROUNDS_MAX } from '../../../../src/sasl/kerberos/client/client-keys.ts';
import type { HeldTicket } from '../../../../src/sasl/kerberos/client/held-ticket.ts';
import { KDC_ANSWER_BYTES_MAX, KDC_ANSWER_MS } from '../../../../src/sasl/kerberos/client/kdc-call.ts';
import {
  KerberosClient,
  type KerberosIdentity,
  LOOK_MS,
  RETRY_MS,
  WAITING_MAX,
} from '../../../../src/sasl/kerberos/client/kerberos-client.ts';
import { emptyKrb5Conf, type Krb5Conf } from '../../../../src/sasl/kerberos/client/krb5-conf.ts';
import { encryptionOf } from '../../../../src/sasl/kerberos/encryption.ts';
import { wrapped } from '../../../../src/sasl/kerberos/gss-token.ts';
import { GssapiLogin } from '../../../../src/sasl/kerberos/gssapi-login.ts';
import { KerberosService } from '../../../../src/sasl/kerberos/service.ts';
import { type SaslAnswer, type SaslClientExchange, SaslFault } from '../../../../src/sasl/sasl-exchange.ts';
import { FakeClock } from '../../../fakes/fake-clock.ts';
import { FakeKdc, type Lies } from '../../../fakes/fake-kdc.ts';
import { logTo } from '../../../fakes/log-to.ts';
import { cacheOf, keytabOf } from './kerberos-files.ts';

/** The side that logs in: its tickets from a KDC, a keytab, a cache or a password, and its tokens at the accepting side. */
const REALM = 'EXAMPLE.ORG';
const ALICE = `alice@${REALM}`;
const SERVICE = `zookeeper/zk1@${REALM}`;
const FIRST = `krbtgt/${REALM}@${REALM}`;
const ALICE_KEY = Buffer.alloc(32, 0xa1);
const SERVICE_KEY = Buffer.alloc(32, 0x5e);
const KEYTAB: KerberosIdentity = {
  principal: ALICE,
  ticketCache: undefined,
  keyTab: '/alice.keytab',
  password: undefined,
};

class Realm {
  readonly clock = new FakeClock();
  readonly kdc = new FakeKdc(REALM, () => this.clock.wallMs());
  readonly lines: string[] = [];
  readonly files = new Map<string, Buffer>([['/alice.keytab', keytabOf(ALICE, 18, ALICE_KEY)]]);
  readonly client: KerberosClient;
  private secrets = 0;

  constructor(identity: KerberosIdentity = KEYTAB, conf: Partial<Krb5Conf> = {}) {
    this.kdc.known.set(ALICE, { encryption: 18, key: ALICE_KEY });
    this.kdc.known.set(SERVICE, { encryption: 18, key: SERVICE_KEY });
    const own = {
      ...emptyKrb5Conf(),
      defaultRealm: REALM,
      kdcs: new Map([
        [
          REALM,
          [
            { host: 'kdc1', port: 88 },
            { host: 'kdc2', port: 88 },
          ],
        ],
      ]),
    };
    const secret = (bytes: number): Uint8Array => Buffer.alloc(bytes, ++this.secrets);
    const readFile = (path: string): Buffer => {
      const bytes = this.files.get(path);
      if (bytes === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return bytes;
    };
    const log = logTo((level, message, fields) => {
      if (level !== 'debug') this.lines.push(`${level} ${message} ${Object.values(fields).join(' ')}`);
    });
    this.client = new KerberosClient(
      identity,
      { ...own, ...conf },
      { clock: this.clock, net: this.kdc, secret, readFile },
      log,
    );
  }

  /** What a login begins with, after all that the KDC answers. */
  begin(service = SERVICE, pieceBytes?: number): SaslClientExchange | string {
    let begun: SaslClientExchange | string = 'nothing';
    this.client.begin(service, (outcome) => {
      begun = 'fault' in outcome ? `${outcome.fault}${outcome.isLasting ? ', for good' : ''}` : outcome;
    });
    this.kdc.settle(pieceBytes);
    return begun;
  }

  /** The name that the accepting side hears. */
  logIn(service = SERVICE): string {
    const exchange = this.begin(service);
    return typeof exchange === 'string' ? exchange : this.carry(exchange, service);
  }

  carry(
    exchange: SaslClientExchange,
    principal = SERVICE,
    key = SERVICE_KEY,
    change = (token: Buffer) => token,
  ): string {
    const keys = [{ principal, version: 1, encryption: 18, key }];
    const wallMs = (): number => this.clock.wallMs();
    const service = new KerberosService({ keys, principal, wallMs, secret: (bytes) => Buffer.alloc(bytes, 0x99) });
    const server = new GssapiLogin(service, (name, authzid) => `${name} as ${authzid}`).begin();
    let token: Buffer | undefined = exchange.first;
    for (let round = 0; round < 5; round++) {
      const heard: SaslAnswer[] = [];
      server.step(token as Buffer, (answer) => heard.push(answer));
      const [said] = heard;
      if (said === undefined || said.fault !== undefined) return said?.fault ?? 'no answer';
      if (said.identity !== undefined) return exchange.isComplete ? said.identity : 'the client is not through';
      token = exchange.step(change(said.token as Buffer));
    }
    return 'no end';
  }
}

describe('a login with a keytab', () => {
  test('asks the KDC twice, proves itself, and is who it says at the service', () => {
    const realm = new Realm();
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
    expect(realm.kdc.asked).toEqual([`${ALICE} for ${FIRST}`, `${ALICE} for ${FIRST}`, `${ALICE} for ${SERVICE}`]);
    expect(realm.lines).toEqual([`info a first ticket of Kerberos ${ALICE} 36000`]);
  });

  test.each([1, 3, 100])('takes answers in pieces of %i bytes', (pieceBytes) => {
    expect(new Realm().begin(SERVICE, pieceBytes)).toBeTypeOf('object');
  });

  test('needs the KDC no more for the next one, which begins at once', () => {
    const realm = new Realm();
    realm.begin();
    const asked = realm.kdc.asked.length;
    let begun = false;
    realm.client.begin(SERVICE, () => {
      begun = true;
    });
    expect(begun).toBe(true);
    realm.kdc.settle();
    expect(realm.kdc.asked.length).toBe(asked);
  });

  test('asks once for all that want the same, and no more than so many wait', () => {
    const realm = new Realm();
    const heard: boolean[] = [];
    for (let i = 0; i < WAITING_MAX + 2; i++) realm.client.begin(SERVICE, (begun) => heard.push('fault' in begun));
    expect(heard).toEqual([true, true]);
    realm.kdc.settle();
    expect(heard.filter((isFault) => !isFault).length).toBe(WAITING_MAX);
    expect(realm.kdc.asked.length).toBe(3);
  });

  test('gets along with a KDC that wants no proof', () => {
    const realm = new Realm();
    realm.kdc.needsProof = false;
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test.each([17, 18, 19, 20])('has a key of type %i', (encryption) => {
    const realm = new Realm();
    const key = Buffer.alloc(encryptionOf(encryption)?.keyBytes ?? 0, 0x42);
    realm.files.set('/alice.keytab', keytabOf(ALICE, encryption, key));
    realm.kdc.known.set(ALICE, { encryption, key });
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('gives the realm of the host’s domain to a service without one, and else its own', () => {
    const domains = { domainRealms: new Map([['.there', 'ELSEWHERE']]) };
    const own = new Realm(KEYTAB, domains);
    expect(own.carry(own.begin('zookeeper/zk1') as SaslClientExchange)).toBe(`${ALICE} as ${ALICE}`);
    const realm = new Realm(KEYTAB, domains);
    realm.begin('zookeeper/zk.there');
    expect(realm.kdc.asked.at(-1)).toBe(`${ALICE} for krbtgt/ELSEWHERE@${REALM}`);
  });

  test('goes by the realms that KDCs name, and no further than a way can be', () => {
    const hosts = [{ host: 'kdc', port: 88 }];
    const kdcs = new Map(['B', 'C', REALM].map((name) => [name, hosts]));
    const realm = new Realm(KEYTAB, { kdcs });
    const far = 'zookeeper/zk@C';
    for (const name of [`krbtgt/B@${REALM}`, 'krbtgt/C@B', far]) {
      realm.kdc.known.set(name, { encryption: 18, key: SERVICE_KEY });
    }
    realm.kdc.ways.set(REALM, 'B');
    expect(realm.logIn(far)).toBe(`the ticket of ${ALICE} came by realms that no KDC has checked`);
    expect(realm.kdc.asked.slice(-3)).toEqual([
      `${ALICE} for krbtgt/C@${REALM}`,
      `${ALICE} for krbtgt/C@B`,
      `${ALICE} for ${far}`,
    ]);
  });

  test('goes round in realms a few times only', () => {
    const hosts = [{ host: 'kdc', port: 88 }];
    const realm = new Realm(KEYTAB, { kdcs: new Map(['B', 'C', REALM].map((name) => [name, hosts])) });
    for (const name of [`krbtgt/B@${REALM}`, `krbtgt/${REALM}@B`]) {
      realm.kdc.known.set(name, { encryption: 18, key: SERVICE_KEY });
    }
    realm.kdc.ways.set(REALM, 'B').set('B', REALM);
    expect(realm.begin('zookeeper/zk@C')).toBe('no way of realms leads to C, for good');
    expect(realm.kdc.asked.length).toBe(10);
  });
});

describe('a ticket', () => {
  test('past four fifths of its life is used, and another one comes meanwhile', () => {
    const realm = new Realm();
    realm.begin();
    realm.clock.wall += realm.kdc.lifetimeMs * 0.85;
    const before = realm.kdc.asked.length;
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
    expect(realm.kdc.asked.length).toBe(before + 3);
    realm.clock.wall += realm.kdc.lifetimeMs * 0.3;
    realm.kdc.isDown = true;
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('that is past its end is never shown', () => {
    const realm = new Realm();
    realm.begin();
    realm.clock.wall += realm.kdc.lifetimeMs - 1000;
    realm.kdc.isDown = true;
    expect(realm.begin()).toBe(`no KDC of ${REALM} answers: kdc1:88: refused; kdc2:88: refused`);
    realm.kdc.isDown = false;
    realm.clock.advance(RETRY_MS);
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('is kept fresh where that is asked for, so that a KDC that is away is not missed', () => {
    const realm = new Realm();
    realm.client.keepFresh();
    realm.kdc.settle();
    realm.begin();
    realm.clock.wall += realm.kdc.lifetimeMs * 0.85;
    realm.clock.advance(LOOK_MS);
    realm.kdc.settle();
    realm.kdc.isDown = true;
    realm.clock.wall += realm.kdc.lifetimeMs * 0.5;
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });
});

describe('a KDC that is away', () => {
  test('is a line in the log once, is asked again a second later, and then is there', () => {
    const realm = new Realm();
    realm.kdc.isDown = true;
    const fault = `no KDC of ${REALM} answers: kdc1:88: refused; kdc2:88: refused`;
    expect([realm.begin(), realm.begin()]).toEqual([fault, fault]);
    expect(realm.kdc.dialled).toEqual(['kdc1:88', 'kdc2:88']);
    realm.clock.advance(RETRY_MS);
    expect(realm.begin()).toBe(fault);
    expect(realm.lines).toEqual([`warn no ticket of Kerberos ${fault}`]);
    realm.kdc.isDown = false;
    realm.clock.advance(RETRY_MS);
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('or silent is left for the next one, which is asked first from then on', () => {
    const realm = new Realm();
    realm.kdc.isSilent = true;
    realm.begin();
    realm.clock.advance(KDC_ANSWER_MS);
    realm.kdc.isSilent = false;
    realm.kdc.settle();
    realm.begin('zookeeper/zk2');
    expect(realm.kdc.dialled).toEqual(['kdc1:88', 'kdc2:88', 'kdc2:88', 'kdc2:88', 'kdc2:88']);
  });

  test('is told of one that krb5.conf does not name', () => {
    expect(new Realm(KEYTAB, { kdcs: new Map() }).begin()).toBe(
      `krb5.conf names no kdc of ${REALM} in its section [realms], for good`,
    );
  });
});

describe('an answer is not believed', () => {
  const shown: readonly [string, Lies, string][] = [
    ['to another question', { nonce: 7 }, 'the answer of the KDC is to another question'],
    ['for another client', { client: `eve@${REALM}` }, `the ticket of the KDC is for eve@${REALM}, not ${ALICE}`],
    ['for another service', { service: `other@${REALM}` }, `the ticket of the KDC is for other@${REALM}, not ${FIRST}`],
    [
      'with a key of RC4',
      { sessionKey: { encryption: 23, key: Buffer.alloc(16) } },
      'the KDC gives a key of type 23; 17 to 20 are taken (AES), for good',
    ],
    [
      'with a key of another length',
      { sessionKey: { encryption: 18, key: Buffer.alloc(16) } },
      'the KDC gives a key of type 18; 17 to 20 are taken (AES), for good',
    ],
    ['longer than tickets are', { length: KDC_ANSWER_BYTES_MAX + 1 }, 'an answer of 131073 bytes; 131072 are the most'],
    ['that is noise', { bytes: Buffer.from('HTTP/1.1 400') }, 'sends no message of Kerberos: '],
    ['that is empty', { bytes: Buffer.alloc(0) }, 'sends no message of Kerberos: '],
  ];
  test.each(shown)('%s', (_what, lies, sentence) => {
    const realm = new Realm();
    realm.kdc.lies = lies;
    expect(realm.begin()).toContain(sentence);
  });

  test('by a clock that is far from ours', () => {
    const ahead = new Realm();
    ahead.kdc.lies = { startMs: ahead.clock.wallMs() + 400_000 };
    expect(ahead.begin()).toBe('the clock of the KDC is 400 s ahead: set the clocks');
    const behind = new Realm();
    behind.kdc.lies = { endMs: behind.clock.wallMs() - 5000 };
    expect(behind.begin()).toMatch(/^the ticket of the KDC has expired \d s ago: set the clocks$/);
  });

  test('whatever bytes it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const realm = new Realm();
        realm.kdc.lies = { bytes: Buffer.from(bytes) };
        expect(realm.begin()).toBeTypeOf('string');
      }),
      { numRuns: 50 },
    );
  });

  test('when one byte of it is changed, or it is cut off', () => {
    const good = new Realm();
    good.kdc.needsProof = false;
    good.kdc.known.set(SERVICE, { encryption: 18, key: SERVICE_KEY });
    const answers: Buffer[] = [];
    const answer = (good.kdc as unknown as { answer(question: Buffer): Buffer }).answer.bind(good.kdc);
    Object.assign(good.kdc, { answer: (question: Buffer) => answers[answers.push(answer(question)) - 1] });
    good.begin();
    const first = answers[0] as Buffer;
    for (let at = 0; at < first.length; at += 7) {
      const realm = new Realm();
      realm.kdc.lies = { bytes: Buffer.from(first.map((byte, i) => (i === at ? byte ^ 0x55 : byte))) };
      realm.begin();
      realm.kdc.lies = { bytes: first.subarray(0, at) };
      realm.clock.advance(RETRY_MS);
      expect(realm.begin()).toBeTypeOf('string');
    }
  });
});

describe('an error of the KDC', () => {
  test.each([
    [6, `the KDC does not know ${ALICE} (error 6), for good`],
    [7, `the KDC does not know ${FIRST} (error 7), for good`],
    [14, 'the KDC takes none of the encryptions that were asked for, which are AES (error 14), for good'],
    [18, `${ALICE} is locked at the KDC (error 18), for good`],
    [24, `the key or password of ${ALICE} is not the one that the KDC has (error 24), for good`],
    [60, 'the KDC refused (error 60)'],
    [68, `the KDC is not that of the realm of ${ALICE} (error 68), for good`],
  ])('%i is a sentence', (code, sentence) => {
    const realm = new Realm();
    realm.kdc.lies = { bytes: realm.kdc.error(code) };
    expect(realm.begin()).toBe(sentence);
  });

  test('has its own words shown, as far as they are any', () => {
    const realm = new Realm();
    realm.kdc.lies = { bytes: realm.kdc.error(60, undefined, `no\n${'x'.repeat(200)}`) };
    expect(realm.begin()).toBe(`the KDC refused (error 60, "no?${'x'.repeat(97)}")`);
  });

  test('about the clocks says by how much', () => {
    const realm = new Realm();
    realm.kdc.nowMs = () => realm.clock.wallMs() + 900_000;
    realm.kdc.lies = { bytes: realm.kdc.error(37) };
    expect(realm.begin()).toBe('the clock of the KDC is 900 s ahead: set the clocks (error 37)');
  });

  test('for another key ends the login, and the key is in no line', () => {
    const realm = new Realm();
    realm.kdc.known.set(ALICE, { encryption: 18, key: Buffer.alloc(32, 1) });
    expect(realm.begin()).toBe(`the key or password of ${ALICE} is not the one that the KDC has (error 24), for good`);
    expect(realm.lines.join('\n')).not.toMatch(/a1a1|\xa1/);
  });
});

describe('a keytab', () => {
  test('is read at each login: a new key counts without a restart', () => {
    const realm = new Realm();
    realm.files.set('/alice.keytab', keytabOf(`bob@${REALM}`, 18, ALICE_KEY));
    expect(realm.begin()).toBe(`keyTab /alice.keytab has no key of ${ALICE}; it has keys of bob@${REALM}, for good`);
    realm.files.set('/alice.keytab', keytabOf(ALICE, 18, ALICE_KEY));
    realm.clock.advance(RETRY_MS);
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test.each<[string, Buffer | undefined, string]>([
    ['that is not there', undefined, 'keyTab /alice.keytab: it cannot be read (ENOENT), for good'],
    ['that is none', Buffer.from('PEM'), 'keyTab /alice.keytab: it is no keytab of the format 0x502, for good'],
    [
      'of RC4',
      keytabOf(ALICE, 23, Buffer.alloc(16)),
      `keyTab /alice.keytab has no AES key of ${ALICE}: types 17 to 20 are taken, DES and RC4 are not, for good`,
    ],
  ])('%s is told of', (_what, bytes, sentence) => {
    const realm = new Realm();
    if (bytes === undefined) realm.files.delete('/alice.keytab');
    else realm.files.set('/alice.keytab', bytes);
    expect(realm.begin()).toBe(sentence);
  });

  test('without a key of the type that krb5.conf permits is told of', () => {
    expect(new Realm(KEYTAB, { firstEncryptions: [17] }).begin()).toBe(
      `${ALICE} has no key of a type that krb5.conf permits, for good`,
    );
  });
});

describe('a password', () => {
  const identity = { ...KEYTAB, keyTab: undefined, password: 'wonderland' };
  const salted = (salt: string, rounds: number) => ({
    encryption: 17,
    key: encryptionOf(17)?.keyOfPassword('wonderland', Buffer.from(salt), rounds) ?? Buffer.alloc(0),
  });

  test('is hashed as the KDC says', () => {
    const realm = new Realm(identity);
    realm.kdc.known.set(ALICE, { ...salted('pepper', 100), salt: Buffer.from('pepper'), rounds: 100 });
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('and with realm and name where it does not', () => {
    const realm = new Realm(identity);
    realm.kdc.known.set(ALICE, salted(`${REALM}alice`, 4096));
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('is not hashed as often as a stranger likes', () => {
    const realm = new Realm(identity);
    realm.kdc.known.set(ALICE, { ...salted('pepper', 1), salt: Buffer.from('pepper'), rounds: ROUNDS_MAX + 1 });
    expect(realm.begin()).toBe(`the KDC wants a proof with a key of type 17, and ${ALICE} has none, for good`);
    expect(realm.lines.join('\n')).not.toContain('wonderland');
  });
});

describe('a ticket cache', () => {
  const identity = { principal: undefined, ticketCache: '/cache', keyTab: undefined, password: undefined };

  /** A first ticket of the KDC's, as kinit would have put it there. */
  function cached(realm: Realm, lifetimeMs = 36_000_000, renewableMs = 0): Buffer {
    const other = new Realm();
    other.kdc.lifetimeMs = lifetimeMs;
    other.kdc.known.set(FIRST, realm.kdc.known.get(FIRST) as { encryption: number; key: Buffer });
    other.begin();
    const { first } = other.client as unknown as { first: HeldTicket };
    return cacheOf({ ...first, renewableUntilMs: renewableMs === 0 ? undefined : first.startMs + renewableMs });
  }

  test('says who it is', () => {
    const realm = new Realm(identity);
    realm.files.set('/cache', cached(realm));
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
    expect(realm.kdc.asked).toEqual([`${ALICE} for ${SERVICE}`]);
  });

  test('whose ticket has expired is told of, and is read again', () => {
    const realm = new Realm(identity);
    realm.files.set('/cache', cached(realm, 60_000));
    realm.clock.wall += 61_000;
    expect(realm.begin()).toBe('the ticket in the ticket cache /cache has expired: run kinit');
    realm.clock.wall -= 61_000;
    realm.clock.advance(RETRY_MS);
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test('has its ticket renewed, where that can be', () => {
    const realm = new Realm(identity);
    realm.files.set('/cache', cached(realm, 60_000, 600_000));
    realm.clock.wall += 55_000;
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
    expect(realm.kdc.asked).toEqual([`${ALICE} for ${FIRST}`, `${ALICE} for ${SERVICE}`]);
    realm.clock.wall += 30_000;
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });

  test.each<[string, Buffer | undefined, string]>([
    ['that is not there', undefined, 'ticket cache /cache: it cannot be read (ENOENT)'],
    ['that is none', Buffer.from('KEYRING'), 'ticket cache /cache: it is no ticket cache of the format 0x504'],
    ['without tickets', cacheOf(undefined), 'ticket cache /cache has no first ticket: run kinit'],
  ])('%s is told of', (_what, bytes, sentence) => {
    const realm = new Realm(identity);
    if (bytes !== undefined) realm.files.set('/cache', bytes);
    expect(realm.begin()).toBe(sentence);
  });

  test('of somebody else is passed over for the keytab', () => {
    const realm = new Realm({ ...KEYTAB, ticketCache: '/cache' });
    expect(realm.logIn()).toBe(`${ALICE} as ${ALICE}`);
  });
});

describe('a service', () => {
  const begun = (): [Realm, SaslClientExchange] => {
    const realm = new Realm();
    return [realm, realm.begin() as SaslClientExchange];
  };

  test('that does not have the key of its name learns nothing', () => {
    const [realm, exchange] = begun();
    expect(realm.carry(exchange, SERVICE, Buffer.alloc(32, 1))).toMatch(/^the ticket was not made with the key of /);
  });

  test('that answers without the key, or with any byte changed, is not believed', () => {
    const [realm] = begun();
    let tokens = 0;
    const length = 200;
    for (let at = 0; at < length; at += 3) {
      const exchange = realm.begin() as SaslClientExchange;
      realm.clock.advance(1);
      let isChanged = false;
      const change = (token: Buffer): Buffer => {
        if (at >= token.length || isChanged) return token;
        isChanged = true;
        tokens++;
        return Buffer.from(token.map((byte, i) => (i === at ? byte ^ 0x55 : byte)));
      };
      try {
        // Bytes that mean nothing to who opens it leave it the same answer.
        expect(realm.carry(exchange, SERVICE, SERVICE_KEY, change)).toBe(`${ALICE} as ${ALICE}`);
      } catch (error) {
        expect(error).toBeInstanceOf(SaslFault);
      }
    }
    expect(tokens).toBeGreaterThan(30);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from('no token at all')],
    ['a copy of what it was sent', undefined],
  ])('that answers with %s is refused', (_what, token) => {
    const [, exchange] = begun();
    expect(() => exchange.step(token ?? exchange.first)).toThrow(SaslFault);
    expect(exchange.isComplete).toBe(false);
  });

  test('whose answer was heard in another login with the same ticket is not believed', () => {
    const [realm, exchange] = begun();
    const heard: Buffer[] = [];
    realm.carry(exchange, SERVICE, SERVICE_KEY, (token) => heard[heard.push(token) - 1] as Buffer);
    realm.clock.wall += 1000;
    const again = realm.begin() as SaslClientExchange;
    expect(() => again.step(heard[0] as Buffer)).toThrow(`the answer of ${SERVICE} is to another login`);
  });

  test('that offers layers alone, or what was not wrapped in this login, is refused', () => {
    const key = { encryption: 18, key: Buffer.alloc(32, 9), isOffered: true };
    const offered = (text: readonly number[], by: 'acceptor' | 'initiator' = 'acceptor') => {
      const [, exchange] = begun();
      Object.assign(exchange, { next: 'offer', key });
      return () => exchange.step(wrapped(Buffer.from(text), key, 1, by));
    };
    expect(offered([6, 0, 0, 0])).toThrow(`${SERVICE} wants all that follows to be wrapped, which is not done`);
    expect(offered([7, 0, 16, 0])()).toBeInstanceOf(Buffer);
    const fault = `the offer of ${SERVICE} is not of this login`;
    expect(offered([1, 0, 0, 0], 'initiator')).toThrow(fault);
    expect(offered([1, 0, 0])).toThrow(fault);
    expect(offered([1, 0, 0, 0, 0])).toThrow(fault);
  });
});
