import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { ErrorCode, Perm } from '../../../src/jute/codes.ts';
import { type Acl, type Id, OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import { fixupAcl } from '../../../src/server/auth/acl-fixup.ts';
import { AuthRegistry, DEFAULT_AUTH_OPTIONS } from '../../../src/server/auth/auth-registry.ts';

const NULL_TEXT = '\u0000null';
const bob: Id = { scheme: 'digest', id: 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=' };
const eve: Id = { scheme: 'digest', id: 'eve:xxxx' };
const home: Id = { scheme: 'ip', id: '127.0.0.1' };
const superUser: Id = { scheme: 'super', id: '' };

function acl(perms: number, scheme: string, id: string): Acl {
  return { perms, id: { scheme, id } };
}

const auth = new AuthRegistry(DEFAULT_AUTH_OPTIONS);

describe('who is permitted', () => {
  it('everyone, where there is no ACL', () => {
    expect(auth.permits([], Perm.write, [])).toBe(true);
    expect(auth.permits(undefined, Perm.write, [])).toBe(true);
  });

  it('everyone what world:anyone is granted, and no more', () => {
    expect(auth.permits(OPEN_ACL_UNSAFE, Perm.admin, [])).toBe(true);
    const readOnly = [acl(Perm.read, 'world', 'anyone')];
    expect(auth.permits(readOnly, Perm.read, [])).toBe(true);
    expect(auth.permits(readOnly, Perm.write, [home])).toBe(false);
    expect(auth.permits(readOnly, Perm.write | Perm.read, [home])).toBe(true);
  });

  it('whose id matches an entry that has the bit', () => {
    const entries = [acl(Perm.read, 'digest', bob.id), acl(Perm.write, 'ip', '127.0.0.0/8')];
    expect(auth.permits(entries, Perm.read, [home, bob])).toBe(true);
    expect(auth.permits(entries, Perm.read, [home, eve])).toBe(false);
    expect(auth.permits(entries, Perm.write, [home])).toBe(true);
    expect(auth.permits(entries, Perm.delete, [home, bob])).toBe(false);
  });

  it('the super user everything, and with skipACL everyone', () => {
    expect(auth.permits([acl(0, 'world', 'anyone')], Perm.delete, [superUser])).toBe(true);
    const lax = new AuthRegistry({ ...DEFAULT_AUTH_OPTIONS, skipAcl: true });
    expect(lax.permits([acl(0, 'world', 'anyone')], Perm.delete, [])).toBe(true);
  });

  it('nobody through a scheme that is unknown here', () => {
    expect(auth.permits([acl(31, 'sasl', 'bob')], Perm.read, [{ scheme: 'sasl', id: 'bob' }])).toBe(false);
  });
});

describe('the ACL a node gets', () => {
  it.each<[string, Acl[] | undefined, Acl[] | number]>([
    ['null', undefined, ErrorCode.invalidACL],
    ['empty', [], ErrorCode.invalidACL],
    ['world:anyone', [acl(31, 'world', 'anyone')], [acl(31, 'world', 'anyone')]],
    ['world:somebody', [acl(31, 'world', 'somebody')], ErrorCode.invalidACL],
    ['world:null', [acl(31, 'world', NULL_TEXT)], ErrorCode.marshallingError],
    ['null scheme', [acl(31, NULL_TEXT, 'x')], ErrorCode.invalidACL],
    ['unknown scheme', [acl(31, 'nonsense', 'x')], ErrorCode.invalidACL],
    ['unknown scheme without id', [acl(31, 'nonsense', NULL_TEXT)], ErrorCode.invalidACL],
    ['super', [acl(31, 'super', '')], ErrorCode.invalidACL],
    ['digest', [acl(31, 'digest', 'a:b')], [acl(31, 'digest', 'a:b')]],
    ['digest without colon', [acl(31, 'digest', 'a')], ErrorCode.invalidACL],
    ['digest:null', [acl(31, 'digest', NULL_TEXT)], ErrorCode.marshallingError],
    ['ip', [acl(1, 'ip', '10.0.0.0/8')], [acl(1, 'ip', '10.0.0.0/8')]],
    ['bad ip', [acl(1, 'ip', '10.0.0.0/99')], ErrorCode.invalidACL],
    ['any perms', [acl(-1, 'world', 'anyone')], [acl(-1, 'world', 'anyone')]],
    [
      'duplicates',
      [acl(1, 'world', 'anyone'), acl(2, 'world', 'anyone'), acl(1, 'world', 'anyone')],
      [acl(1, 'world', 'anyone'), acl(2, 'world', 'anyone')],
    ],
    ['the first fault of several', [acl(1, 'nonsense', 'x'), acl(1, 'digest', NULL_TEXT)], ErrorCode.invalidACL],
    ['auth', [acl(7, 'auth', 'whatever')], [acl(7, 'digest', bob.id)]],
    ['auth:null', [acl(7, 'auth', NULL_TEXT)], [acl(7, 'digest', bob.id)]],
  ])('%s', (_name, requested, expected) => {
    expect(fixupAcl(requested, [home, bob], auth)).toEqual(expected);
  });

  it('cannot be auth without a proved id; an address is none', () => {
    expect(fixupAcl([acl(31, 'auth', '')], [home], auth)).toBe(ErrorCode.invalidACL);
    expect(fixupAcl([acl(31, 'auth', '')], [superUser], auth)).toBe(ErrorCode.invalidACL);
  });

  it('is every proved id for auth', () => {
    expect(fixupAcl([acl(1, 'auth', '')], [eve, home, bob], auth)).toEqual([
      acl(1, 'digest', eve.id),
      acl(1, 'digest', bob.id),
    ]);
  });

  it('has 1,024 entries at most, duplicates apart', () => {
    const many: Acl[] = [];
    for (let i = 0; i < 1024; i++) many.push(acl(i, 'world', 'anyone'));
    expect(fixupAcl([...many, ...many], [], auth)).toHaveLength(1024);
    many.push(acl(1024, 'world', 'anyone'));
    expect(fixupAcl(many, [], auth)).toBe(ErrorCode.invalidACL);
    for (let i = 1025; i < 80_000; i++) many.push(acl(i, 'world', 'anyone'));
    expect(fixupAcl(many, [], auth)).toBe(ErrorCode.invalidACL);
  });

  it('is refused before the entries of one that is too long are looked at', () => {
    const registry = new AuthRegistry(DEFAULT_AUTH_OPTIONS);
    const get = registry.get.bind(registry);
    let asked = 0;
    registry.get = (scheme) => {
      asked++;
      return get(scheme);
    };
    const many = Array.from({ length: 45_000 }, (_, i) => acl(1, 'ip', `10.${i >> 8}.${i & 255}.1`));
    expect(fixupAcl(many, [], registry)).toBe(ErrorCode.invalidACL);
    expect(asked).toBe(0);
  });

  it('has 1,024 entries at most with every proved id for each auth', () => {
    const ids = Array.from({ length: 100 }, (_, i) => ({ scheme: 'digest', id: `user${i}:x` }));
    const auths = (count: number): Acl[] => Array.from({ length: count }, (_, i) => acl(i, 'auth', ''));
    expect(fixupAcl(auths(10), ids, auth)).toHaveLength(1000);
    expect(fixupAcl(auths(11), ids, auth)).toBe(ErrorCode.invalidACL);
  });
});

describe('schemes', () => {
  it('are ip and digest unless configured', () => {
    expect(auth.authenticate('digest', Buffer.from('bob:secret'), '127.0.0.1')).toEqual([bob]);
    expect(auth.authenticate('ensemble', Buffer.from('x'), '127.0.0.1')).toBe('refused');
    expect(auth.authenticate('', Buffer.alloc(0), '127.0.0.1')).toBe('refused');
    const without = new AuthRegistry({ ...DEFAULT_AUTH_OPTIONS, digestEnabled: false });
    expect(without.authenticate('digest', Buffer.from('bob:secret'), '127.0.0.1')).toBe('refused');
    expect(fixupAcl([acl(1, 'digest', 'a:b')], [], without)).toBe(ErrorCode.invalidACL);
  });

  it('are added by the names of Apache’s classes', () => {
    const prefix = 'org.apache.zookeeper.server.auth.';
    const more = new AuthRegistry({
      ...DEFAULT_AUTH_OPTIONS,
      digestEnabled: false,
      providerClasses: [
        `${prefix}DigestAuthenticationProvider`,
        ` ${prefix}SASLAuthenticationProvider`,
        `${prefix}X509AuthenticationProvider`,
        `${prefix}EnsembleAuthenticationProvider`,
        `${prefix}IPAuthenticationProvider`,
      ],
      ensembleAuthName: 'blue',
    });
    expect(more.authenticate('digest', Buffer.from('bob:secret'), '127.0.0.1')).toEqual([bob]);
    expect(more.authenticate('ensemble', Buffer.from('red'), '127.0.0.1')).toBe('wrong-ensemble');
    expect(more.permits([acl(31, 'sasl', 'bob')], Perm.read, [{ scheme: 'sasl', id: 'bob' }])).toBe(true);
    expect(fixupAcl([acl(1, 'x509', 'CN=a')], [], more)).toEqual([acl(1, 'x509', 'CN=a')]);
    expect(fixupAcl([acl(1, 'ensemble', 'blue')], [], more)).toBe(ErrorCode.invalidACL);
  });

  it.each(['com.example.Mine', 'org.apache.zookeeper.server.auth.MyAuthenticationProvider'])(
    'of a class we have nothing for are refused by name: %s',
    (className) => {
      const options = { ...DEFAULT_AUTH_OPTIONS, providerClasses: [className] };
      expect(() => new AuthRegistry(options)).toThrow(ConfigError);
      expect(() => new AuthRegistry(options)).toThrow(className);
    },
  );

  it('give an id its user name', () => {
    expect(auth.userName(bob)).toBe('bob');
    expect(auth.userName(home)).toBe('127.0.0.1');
    expect(auth.userName(superUser)).toBe('');
  });
});
