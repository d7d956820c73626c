import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { APACHE_SUITES, opensslName } from '../../src/tls/cipher-suites.ts';
import { subjectName } from '../../src/tls/distinguished-name.ts';
import { fits } from '../../src/tls/host-names.ts';
import { pem } from './tls-fixtures.ts';

test.each([
  ['client', 'CN=client,OU=one\\, two,O=Menagerie tests'],
  ['named', '1.2.840.113549.1.9.1=#16086140622e74657374,CN=\\#1+UID=u,OU=\\ x\\ ,O=a\\, b\\+c'],
])('the subject of %s is written as Java writes it', (name, text) => {
  expect(subjectName(new X509Certificate(pem(name)))).toBe(text);
});

test.each([
  ['server', 'localhost', true],
  ['server', 'LOCALHOST.', true],
  ['server', '127.0.0.1', true],
  ['server', '[::1]', true],
  ['server', '::1', true],
  ['server', 'server', false],
  ['server', '127.0.0.2', false],
  ['elsewhere', 'elsewhere.test', true],
  ['elsewhere', 'sub.elsewhere.test', false],
  ['ca', 'ca', true],
])('the certificate of %s for %s: %s', (name, host, expected) => {
  expect(fits(new X509Certificate(pem(name)), host)).toBe(expected);
});

test('cipher suites by the names of Java', () => {
  expect(APACHE_SUITES.filter((name) => opensslName(name) === undefined)).toEqual([]);
  expect(
    [
      'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
      'TLS_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
      'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
      'TLS_AES_128_GCM_SHA256',
      'TLS_RSA_WITH_NOTHING',
      'nonsense',
    ].map(opensslName),
  ).toEqual([
    'ECDHE-RSA-AES256-SHA384',
    'AES128-GCM-SHA256',
    'DHE-RSA-AES128-SHA',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'TLS_AES_128_GCM_SHA256',
    undefined,
    undefined,
  ]);
});
