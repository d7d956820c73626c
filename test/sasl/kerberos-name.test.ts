import { describe, expect, it } from 'vitest';
import { identityOf, type NameRule, parseNameRules } from '../../src/sasl/kerberos-name.ts';

type Removed = { host?: boolean; realm?: boolean };

function identity(name: string, text = 'DEFAULT', removed: Removed = {}, wanted = name): string {
  const rules = parseNameRules(text) as readonly NameRule[];
  const { host: removeHost = false, realm: removeRealm = false } = removed;
  return identityOf(name, wanted, { rules, defaultRealm: 'A.ORG', removeHost, removeRealm });
}

describe('the identity of a name', () => {
  it.each([
    ['bob', 'bob'],
    ['bob/there', 'bob/there'],
    ['bob@A.ORG', 'bob@A.ORG'],
    ['zk/host@A.ORG', 'zk/host@A.ORG'],
    ['bob@B.ORG', 'bob@B.ORG'],
  ])('%s is %s by the default rule', (name, expected) => {
    expect(identity(name)).toBe(expected);
  });

  it('is without host and realm where that was asked for', () => {
    expect(identity('zk/host@A.ORG', 'DEFAULT', { host: true })).toBe('zk@A.ORG');
    expect(identity('zk/host@A.ORG', 'DEFAULT', { realm: true })).toBe('zk/host');
    expect(identity('zk/host@A.ORG', 'DEFAULT', { host: true, realm: true })).toBe('zk');
  });

  it.each([
    ['RULE:[1:$1@$0](.*@B\\.ORG)s/@.*// DEFAULT', 'bob@B.ORG', 'bob@B.ORG'],
    ['RULE:[2:$1-$2]', 'zk/host@B.ORG', 'zk-host/host@B.ORG'],
    ['RULE:[2:$1-$2](x.*) DEFAULT', 'zk/host@A.ORG', 'zk/host@A.ORG'],
    ['RULE:[1:$1]s/o/0/g', 'boo@B.ORG', 'b00@B.ORG'],
    ['RULE:[1:$1]s/o/0/', 'boo@B.ORG', 'b0o@B.ORG'],
    ['RULE:[1:$1@$0]', 'bob@B.ORG', 'bob@B.ORG'],
  ])('by %s of %s is %s', (rules, name, expected) => {
    expect(identity(name, rules)).toBe(expected);
  });

  it('is not what the client wants to be', () => {
    expect(identity('bob@A.ORG', 'DEFAULT', {}, 'super')).toBe('bob@A.ORG');
    expect(() => identity('bob@B.ORG', 'DEFAULT', {}, 'super')).toThrow(
      'no rule makes a short name of bob@B.ORG, and it wants to be another',
    );
  });

  it('of a text that is no name does not exist', () => {
    expect(() => identity('a@b@c')).toThrow('none of Kerberos');
    expect(() => identity('a/b/c@d')).toThrow('none of Kerberos');
  });
});

describe('rules', () => {
  it('that cannot be read are told from those that can', () => {
    expect(parseNameRules('DEFAULT RULE:[1')).toBe(
      'no rule begins with RULE:[1; write RULE:[1:$1](match)s/from/to/ or DEFAULT',
    );
    expect(parseNameRules('RULE:[1:$1](a[)')).toMatch(/Invalid regular expression/);
    expect(parseNameRules('')).toEqual([]);
  });
});
