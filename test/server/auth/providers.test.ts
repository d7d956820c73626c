import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { DigestProvider } from '../../../src/server/auth/digest-provider.ts';
import { IpProvider, javaAddress } from '../../../src/server/auth/ip-provider.ts';
import { EnsembleProvider, SaslProvider, X509Provider } from '../../../src/server/auth/plugin-providers.ts';

const credentials = JSON.parse(readFileSync(new URL('../../golden/digest-auth.json', import.meta.url), 'utf8')) as {
  plain: string;
  id: string;
}[];

describe('scheme digest', () => {
  it.each(credentials)('makes of $plain what Apache makes of it', ({ plain, id }) => {
    expect(new DigestProvider().authenticate(Buffer.from(plain, 'utf8'))).toEqual([{ scheme: 'digest', id }]);
  });

  it('makes whoever proves the superDigest super, first of all', () => {
    const provider = new DigestProvider('SHA1', 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=');
    expect(provider.authenticate(Buffer.from('super:admin'))).toEqual([
      { scheme: 'super', id: '' },
      { scheme: 'digest', id: 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=' },
    ]);
    expect(provider.authenticate(Buffer.from('super:wrong'))).toHaveLength(1);
  });

  it('refuses an auth packet without credentials', () => {
    expect(new DigestProvider().authenticate(undefined)).toBe('refused');
  });

  it.each(['SHA1', 'SHA-1', 'SHA-256', 'SHA-512', 'SHA-512/256', 'SHA3-256', 'MD5', 'sha256'])('knows %s', (name) => {
    expect(new DigestProvider(name).digestOf('bob:secret')).toMatch(/^bob:[A-Za-z0-9+/]+=*$/);
  });

  it('hashes with the algorithm configured', () => {
    expect(new DigestProvider('SHA-256').digestOf('bob:secret')).toBe(
      'bob:huAluaVu3uER4LIpielGv9Qqk5x3YVDr6I2R/mXf2wE=',
    );
  });

  it('refuses an algorithm there is not, by name', () => {
    expect(() => new DigestProvider('ROT13')).toThrow(ConfigError);
    expect(() => new DigestProvider('ROT13')).toThrow('digestAlg=ROT13');
  });

  it.each<[string, boolean]>([
    ['a:b', true],
    ['a:', false],
    ['a', false],
    [':b', true],
    ['', false],
    ['::', false],
    [':', false],
    ['a:b:', true],
    ['a:b:c', false],
    ['a:b::', true],
    [':::b', false],
  ])('takes %j for an id: %s', (id, valid) => {
    expect(new DigestProvider().isValid(id)).toBe(valid);
  });

  it.each([
    ['a:b', 'a'],
    ['a', 'a'],
    [':b', ''],
    ['', ''],
  ])('calls %j %j', (id, name) => {
    expect(new DigestProvider().userName(id)).toBe(name);
  });
});

describe('scheme ip', () => {
  it.each<[string, boolean]>([
    ['1.2.3.4', true],
    ['1.2.3.4/24', true],
    ['1.2.3.4/33', false],
    ['1.2.3.4/-1', false],
    ['1.2.3.4/', false],
    ['1.2.3.4/a', false],
    ['1.2.3', false],
    ['1.2.3.4.5', false],
    ['256.1.1.1', false],
    ['1.2.3.+4', true],
    ['01.2.3.4', true],
    ['1..3.4', false],
    ['::1', true],
    ['::', true],
    ['1::', true],
    ['1::2/64', true],
    ['1::2/129', false],
    ['2001:db8::1/32', true],
    ['1:2:3:4:5:6:7:8', true],
    ['1:2:3:4:5:6:7', false],
    ['1:2:3:4:5:6:7:8:9', false],
    ['1::2::3', false],
    ['::12345', false],
    ['::g', false],
    ['::-1', true],
    ['::1.2.3.4', false],
    [':1:2:3:4:5:6:7', false],
    ['1:2:3:4:5:6:7::', true],
    ['1:2:3:4:5:6::8', true],
    ['localhost', false],
    ['', false],
    ['/8', false],
    ['1.2.3.4/8/9', false],
    ['fe80::1%eth0', false],
    ['1.2.3.4 ', false],
    ['1.2.3.-0', true],
    ['1.2.3.4/+8', true],
    ['1.2.3.4/032', true],
  ])('takes %j for an id: %s', (id, valid) => {
    expect(new IpProvider().isValid(id)).toBe(valid);
  });

  it.each<[string, string, boolean]>([
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.4', '1.2.3.0/24', true],
    ['1.2.4.4', '1.2.3.0/24', false],
    ['1.2.3.4', '1.2.3.5/31', true],
    ['1.2.3.4', '1.2.3.6/31', false],
    ['9.9.9.9', '1.2.3.4/0', true],
    ['0:0:0:0:0:0:0:1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['2001:db8:1:2:3:4:5:6', '2001:db8::/32', true],
    ['2001:db9:1:2:3:4:5:6', '2001:db8::/32', false],
    ['2001:db9:1:2:3:4:5:6', '2001:db8::/31', true],
    ['1.2.3.4', '::/0', false],
    ['::1', '0.0.0.0/0', false],
    ['1.2.3.4', 'junk', false],
    ['junk', '1.2.3.4', false],
    ['1.2.3.4', '1.2.3.4/33', false],
    ['255.255.255.255', '127.255.255.255/1', false],
    ['128.0.0.1', '255.0.0.0/1', true],
  ])('lets %s pass %s: %s', (id, aclId, matches) => {
    expect(new IpProvider().matches(id, aclId)).toBe(matches);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['fe80::a:0:1', 'fe80:0:0:0:0:a:0:1'],
    ['fe80::a:0:1%eth0', 'fe80:0:0:0:0:a:0:1%eth0'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['somewhere', 'somewhere'],
  ])('prints %s as Java does, %s', (address, text) => {
    expect(javaAddress(address)).toBe(text);
  });

  it('proves the address of the connection, whatever the packet says', () => {
    expect(new IpProvider().authenticate(Buffer.from('9.9.9.9'), '::ffff:10.0.0.1')).toEqual([
      { scheme: 'ip', id: '10.0.0.1' },
    ]);
  });
});

describe('scheme ensemble', () => {
  it('lets the right name in, sends the wrong one away, and asks nobody who names none', () => {
    const provider = new EnsembleProvider('blue, green');
    expect(provider.authenticate(Buffer.from('green'))).toBe('right-ensemble');
    expect(provider.authenticate(Buffer.from('red'))).toBe('wrong-ensemble');
    expect(provider.authenticate(Buffer.alloc(0))).toEqual([]);
    expect(provider.authenticate(undefined)).toEqual([]);
    expect(new EnsembleProvider(undefined).authenticate(Buffer.from('red'))).toEqual([]);
  });
});

describe('schemes nobody can prove here', () => {
  it('refuse every auth packet', () => {
    expect(new SaslProvider(undefined).authenticate()).toBe('refused');
    expect(new X509Provider(undefined).authenticate()).toBe('refused');
  });

  it.each<[string, boolean]>([
    ['bob', true],
    ['bob@R', true],
    ['bob/h@R', true],
    ['bob/h/i@R', false],
    ['bob/h/i', true],
    ['a@b@c', false],
    ['', true],
    ['@', true],
    ['a b@R', true],
  ])('sasl takes %j for an id: %s', (id, valid) => {
    expect(new SaslProvider(undefined).isValid(id)).toBe(valid);
  });

  it('sasl matches equals, super, and the name that stands for everyone', () => {
    const provider = new SaslProvider('anyone-at-all');
    expect(provider.matches('bob', 'bob')).toBe(true);
    expect(provider.matches('bob', 'eve')).toBe(false);
    expect(provider.matches('super', 'eve')).toBe(true);
    expect(provider.matches('bob', 'anyone-at-all')).toBe(true);
  });

  it.each<[string, boolean]>([
    ['CN=a', true],
    ['CN=a,O=b', true],
    ['CN = a', true],
    ['a', false],
    ['', true],
    ['=a', false],
    ['CN=', true],
    ['CN=a,', false],
    ['1.2.3=4', true],
    ['1.2.3=#0401aa', true],
    ['XX=1', false],
    ['CN=a+OU=b', true],
    ['cn=a, o=b', true],
    ['CN="a,b"', true],
    ['CN=a;O=b', true],
    ['  ', false],
  ])('x509 takes %j for an id: %s', (id, valid) => {
    expect(new X509Provider(undefined).isValid(id)).toBe(valid);
  });

  it('x509 matches equals and the super user', () => {
    expect(new X509Provider(undefined).matches('CN=a', 'CN=a')).toBe(true);
    expect(new X509Provider(undefined).matches('CN=a', 'CN=b')).toBe(false);
    expect(new X509Provider('CN=root').matches('CN=root', 'CN=b')).toBe(true);
  });
});
