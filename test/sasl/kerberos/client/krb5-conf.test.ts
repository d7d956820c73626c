import { describe, expect, test } from 'vitest';
import { addressOf, fileOf, readKrb5Conf, realmOfHost } from '../../../../src/sasl/kerberos/client/krb5-conf.ts';

/** A krb5.conf as it is written on machines of several kinds. */
function read(text: string, others: Readonly<Record<string, string>> = {}) {
  const files: Readonly<Record<string, string>> = { '/etc/krb5.conf': text, ...others };
  return readKrb5Conf('/etc/krb5.conf', {
    readFile: (path) => {
      const found = files[path];
      if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return Buffer.from(found);
    },
    list: (dir) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${dir}/`))
        .map((path) => path.slice(dir.length + 1)),
  });
}

const WHOLE = `# of the site
[libdefaults]
	default_realm = EXAMPLE.ORG
  ticket_lifetime = 10h
  renew_lifetime = 7d
  clockskew = 120
  default_keytab_name = FILE:/etc/zk.keytab
  default_ccache_name = KEYRING:persistent:%{uid}
  permitted_enctypes = aes256-cts aes128-sha2 rc4-hmac
[realms]
  EXAMPLE.ORG = {
    kdc = kdc1.example.org
    kdc = kdc2.example.org:750
    kdc = [2001:db8::1]:88
    admin_server = kdc1.example.org
    auth_to_local_names = {
      kdc = nobody
    }
  }
  OTHER.ORG = { kdc = kdc.other.org }
[domain_realm]
  .Other.org = OTHER.ORG
  zk.other.org = EXAMPLE.ORG
[logging]
  kdc = FILE:/var/log/kdc.log
`;

describe('a krb5.conf', () => {
  test('names realms with their KDCs, and what is asked for', () => {
    const { conf, faults } = read(WHOLE);
    expect(faults).toEqual([]);
    expect(conf).toMatchObject({
      defaultRealm: 'EXAMPLE.ORG',
      firstEncryptions: [18, 19],
      serviceEncryptions: [18, 19],
      lifetimeMs: 36_000_000,
      renewableMs: 604_800_000,
      clockSkewMs: 120_000,
      keyTab: '/etc/zk.keytab',
      ticketCache: undefined,
    });
    expect([...conf.kdcs]).toEqual([
      [
        'EXAMPLE.ORG',
        [
          { host: 'kdc1.example.org', port: 88 },
          { host: 'kdc2.example.org', port: 750 },
          { host: '2001:db8::1', port: 88 },
        ],
      ],
      ['OTHER.ORG', [{ host: 'kdc.other.org', port: 88 }]],
    ]);
  });

  test('says which realm a host is of, by its own line or the nearest domain', () => {
    const { conf } = read(WHOLE);
    expect(
      ['zk.other.org', 'ZK2.OTHER.org', 'a.b.other.org', 'example.org', 'localhost'].map((host) =>
        realmOfHost(conf, host),
      ),
    ).toEqual(['EXAMPLE.ORG', 'OTHER.ORG', 'OTHER.ORG', undefined, undefined]);
  });

  test('includes files and directories, each with sections of its own', () => {
    const { conf, faults } = read(
      'includedir /etc/krb5.conf.d\n[libdefaults]\ninclude /more.conf\ndefault_realm = LATE\n',
      {
        '/etc/krb5.conf.d/realms': '[realms]\nA = {\nkdc = a\n}\n',
        '/etc/krb5.conf.d/b.conf': '[realms]\nB = {\nkdc = b\n',
        '/etc/krb5.conf.d/c.rpmsave': '[realms]\nC = {\nkdc = c\n}\n',
        '/more.conf': '[libdefaults]\nclockskew = 5\n',
      },
    );
    expect(faults).toEqual([]);
    expect([...conf.kdcs.keys()]).toEqual(['B', 'A']);
    expect(conf).toMatchObject({ defaultRealm: 'LATE', clockSkewMs: 5000 });
  });

  test('that includes itself ends', () => {
    const { faults } = read('include /etc/krb5.conf\n');
    expect(faults).toContain('/etc/krb5.conf:1: more than 100 files are included');
  });

  test.each([
    ['[libdefaults]\nnonsense', '/etc/krb5.conf:2: this is no line of a krb5.conf; write key = value'],
    ['include /gone', '/etc/krb5.conf:1: /gone cannot be read (ENOENT)'],
    ['[realms]\nA = {\nkdc = a:99999\n}', '/etc/krb5.conf:3: "a:99999" is no KDC; write host or host:port'],
    [
      '[libdefaults]\nclockskew = soon',
      '/etc/krb5.conf:2: clockskew = soon is no time; write seconds, or such as 10h or 7d',
    ],
    [
      '[libdefaults]\ndefault_tkt_enctypes = rc4-hmac des3-cbc-sha1',
      '/etc/krb5.conf:2: default_tkt_enctypes names no encryption that is taken here, which is AES; all of AES is asked for',
    ],
  ])('%j is told of', (text, sentence) => {
    expect(read(text).faults).toEqual([sentence]);
  });

  test.each([
    ['36000', 36_000_000],
    ['1d 12h', 129_600_000],
    ['90m', 5_400_000],
    ['10:30', 37_800_000],
    ['0:00:05', 5000],
  ])('has a time of %s', (written, ms) => {
    expect(read(`[libdefaults]\nticket_lifetime = ${written}\n`).conf.lifetimeMs).toBe(ms);
  });
});

test('an address of a KDC', () => {
  expect(
    ['kdc', 'tcp/kdc:1', '10.0.0.1:88', '[::1]', 'kdc:0', 'a:b', 'https://kdc/KdcProxy', ''].map(addressOf),
  ).toEqual([
    { host: 'kdc', port: 88 },
    { host: 'kdc', port: 1 },
    { host: '10.0.0.1', port: 88 },
    { host: '::1', port: 88 },
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a name of a file', () => {
  expect(['/a', 'FILE:/a', 'file:///a', 'WRFILE:/a', 'KCM:', 'MEMORY:x', '', undefined].map(fileOf)).toEqual([
    '/a',
    '/a',
    '/a',
    '/a',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
