import { type KeyObject, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeDer, partAt, partsOf, readDer, Tag } from '../../src/base/der.ts';
import { makeAuthority, makeCertificate } from '../../src/testing/tls/certificate.ts';
import { type Fetch, Revocation, readOcsp } from '../../src/tls/revocation.ts';
import { fixture, pem } from './tls-fixtures.ts';

/** The list and the answers of OpenSSL about two certificates, one of which was revoked (fixtures/make.sh). */
const ca = new X509Certificate(pem('ca'));

function judged(name: string, ways: { crl: boolean; ocsp: boolean }, fetch: Fetch): Promise<string> {
  const chain = [new X509Certificate(pem(name)).raw, ca.raw];
  return new Promise((resolve) => {
    new Revocation(ways, fetch).check(chain, [ca], (answer) => resolve(answer ?? 'accepted'));
  });
}

const file = (name: string): Promise<Buffer> => Promise.resolve(readFileSync(fixture(name)));
const OCSP = { crl: false, ocsp: true };
const CRL = { crl: true, ocsp: false };

test.each([
  // The questions as OpenSSL asks them.
  [
    'revoked',
    'its certificate was revoked',
    '30433041303f303d303b300906052b0e03021a05000414409e9da99d58b8c42c4780cc63fb301899cae6b204144b570fe995cf4b1d3e399a838d19f8e79561481f02021007',
  ],
  [
    'listed',
    'accepted',
    '30433041303f303d303b300906052b0e03021a05000414409e9da99d58b8c42c4780cc63fb301899cae6b204144b570fe995cf4b1d3e399a838d19f8e79561481f02021008',
  ],
])('OCSP, %s: %s', async (name, answer, question) => {
  const asked: string[] = [];
  const fetch: Fetch = (url, posted) => {
    asked.push(`${url} ${posted?.toString('hex')}`);
    return file(`${name}-ocsp.der`);
  };
  expect(await judged(name, OCSP, fetch)).toBe(answer);
  expect(asked).toEqual([`http://127.0.0.1:18980/ocsp ${question}`]);
});

test('an OCSP answer about another certificate counts for nothing', async () => {
  const fetch: Fetch = (url) => file(url.endsWith('/ocsp') ? 'listed-ocsp.der' : 'ca-crl.der');
  expect(await judged('revoked', OCSP, fetch)).toBe('its certificate was revoked');
  const onlyOcsp: Fetch = (url) =>
    url.endsWith('/ocsp') ? file('listed-ocsp.der') : Promise.reject(new Error('gone'));
  expect(await judged('revoked', OCSP, onlyOcsp)).toBe(
    'its revocation cannot be judged: the OCSP answer is about another certificate; gone',
  );
});

test('bent answers and lists are refused', async () => {
  const bent = async (name: string, at: number): Promise<Buffer> => {
    const bytes = await file(name);
    bytes[bytes.length - at] = (bytes[bytes.length - at] as number) ^ 1;
    return bytes;
  };
  expect(await judged('listed', CRL, () => bent('ca-crl.der', 3))).toBe(
    'its revocation cannot be judged: the signature of the list is wrong',
  );
  expect(await judged('listed', CRL, () => Promise.resolve(Buffer.from('<html>')))).toBe(
    'its revocation cannot be judged: http://127.0.0.1:18980/ca.crl is no list',
  );
  const bytes = await file('listed-ocsp.der');
  // A digit of the time at which it was made: the answer says the same, and is not signed any more.
  const later = Buffer.from(bytes);
  const at = later.toString('latin1').search(/\d{14}Z/);
  later[at + 13] = (later[at + 13] as number) ^ 1;
  const moved: Fetch = (url) => (url.endsWith('/ocsp') ? Promise.resolve(later) : Promise.reject(new Error('gone')));
  expect(await judged('listed', OCSP, moved)).toBe(
    'its revocation cannot be judged: the OCSP answer is signed by none who may; gone',
  );
  for (let at = 0; at < bytes.length; at += 7) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] as number) ^ 0x20;
    const nothing: Fetch = (url) =>
      url.endsWith('/ocsp') ? Promise.resolve(other) : Promise.reject(new Error('gone'));
    expect(await judged('revoked', OCSP, nothing)).toMatch(/^its revocation cannot be judged: /);
  }
});

test('an answer is kept', async () => {
  let asked = 0;
  const fetch: Fetch = () => {
    asked++;
    return file('ca-crl.der');
  };
  const revocation = new Revocation(CRL, fetch);
  const chain = [new X509Certificate(pem('revoked')).raw, ca.raw];
  const check = (): Promise<unknown> => new Promise((resolve) => revocation.check(chain, [ca], resolve));
  expect([await check(), await check()]).toEqual(['its certificate was revoked', 'its certificate was revoked']);
  expect(asked).toBe(1);
});

// Answers that are made here

const GENERALIZED_TIME = 0x18;
const ECDSA = encodeDer(Tag.sequence, Buffer.from('06082a8648ce3d040302', 'hex'));
const BASIC = Buffer.from('06092b0601050507300101', 'hex');
const SOME_ID = encodeDer(Tag.sequence, Buffer.from('020107', 'hex'));
const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE_MS = 60_000;

function time(ms: number): Buffer {
  return encodeDer(GENERALIZED_TIME, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')));
}

function signed(data: Buffer, key: KeyObject, ...more: Buffer[]): Buffer {
  const bits = Buffer.concat([Buffer.from([0]), sign('sha256', data, key)]);
  return encodeDer(Tag.sequence, data, ECDSA, encodeDer(Tag.bitString, bits), ...more);
}

/** That the certificate is good. */
function answer(key: KeyObject, fromMs: number, nextMs?: number, signer?: Buffer): Buffer {
  const good = Buffer.from('8000', 'hex');
  const next = nextMs === undefined ? [] : [encodeDer(Tag.context, time(nextMs))];
  const one = encodeDer(Tag.sequence, SOME_ID, good, time(fromMs), ...next);
  const who = encodeDer(Tag.context + 1, encodeDer(Tag.sequence));
  const data = encodeDer(Tag.sequence, who, time(fromMs), encodeDer(Tag.sequence, one));
  const along = signer === undefined ? [] : [encodeDer(Tag.context, encodeDer(Tag.sequence, signer))];
  const basic = encodeDer(Tag.sequence, BASIC, encodeDer(Tag.octetString, signed(data, key, ...along)));
  return encodeDer(Tag.sequence, Buffer.from('0a0100', 'hex'), encodeDer(Tag.context, basic));
}

test.each([
  ['of now, without a time of the next one', NOON, undefined, 'good'],
  ['ten minutes old, without one', NOON - 10 * MINUTE_MS, undefined, 'good'],
  ['an hour old, without one', NOON - 60 * MINUTE_MS, undefined, 'the OCSP answer is out of date'],
  ['a day old, good for two', NOON - 1440 * MINUTE_MS, NOON + 1440 * MINUTE_MS, 'good'],
  ['over since an hour', NOON - 1440 * MINUTE_MS, NOON - 60 * MINUTE_MS, 'the OCSP answer is out of date'],
  ['of in an hour', NOON + 60 * MINUTE_MS, NOON + 1440 * MINUTE_MS, 'the OCSP answer is of a time to come'],
])('an OCSP answer %s: %j %j', (_name, fromMs, nextMs, outcome) => {
  const authority = makeAuthority('responding');
  const judge = (): string => {
    try {
      const issuer = new X509Certificate(authority.pem);
      return readOcsp(answer(authority.key, fromMs, nextMs), SOME_ID, issuer, NOON).isRevoked ? 'revoked' : 'good';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(judge()).toBe(outcome);
});

const OCSP_SIGNING = encodeDer(
  Tag.context + 3,
  encodeDer(
    Tag.sequence,
    encodeDer(
      Tag.sequence,
      Buffer.from('0603551d25', 'hex'),
      encodeDer(Tag.octetString, encodeDer(Tag.sequence, Buffer.from('06082b06010505070309', 'hex'))),
    ),
  ),
);

test.each([
  ['of today', NOON - MINUTE_MS, NOON + MINUTE_MS, OCSP_SIGNING, 'good'],
  [
    'that has expired',
    NOON - 2 * MINUTE_MS,
    NOON - MINUTE_MS,
    OCSP_SIGNING,
    'the OCSP answer is signed by none who may',
  ],
  ['for another purpose', NOON - MINUTE_MS, NOON + MINUTE_MS, undefined, 'the OCSP answer is signed by none who may'],
] as const)('an OCSP answer by a responder with a certificate %s', (_name, fromMs, toMs, purpose, outcome) => {
  const authority = makeAuthority('above');
  const responder = makeCertificate('responder', authority);
  const fields = partsOf(partAt(partsOf(readDer(new X509Certificate(responder.pem).raw)), 0)).map(({ raw }) => raw);
  fields[4] = encodeDer(Tag.sequence, time(fromMs), time(toMs));
  if (purpose !== undefined) fields[7] = purpose;
  const certificate = signed(encodeDer(Tag.sequence, ...fields), authority.key);
  const issuer = new X509Certificate(authority.pem);
  const judge = (): string => {
    try {
      readOcsp(answer(responder.key, NOON, NOON + MINUTE_MS, certificate), SOME_ID, issuer, NOON);
      return 'good';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(judge()).toBe(outcome);
});
