import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Fetch, Revocation } from '../../src/tls/revocation.ts';
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
