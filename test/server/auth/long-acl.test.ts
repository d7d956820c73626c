import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Acl, Id } from '../../../src/jute/data-records.ts';
import { AuthRegistry, DEFAULT_AUTH_OPTIONS } from '../../../src/server/auth/auth-registry.ts';
import { LongAcl } from '../../../src/server/auth/long-acl.ts';

const auth = new AuthRegistry(DEFAULT_AUTH_OPTIONS);

const aclId: fc.Arbitrary<Id> = fc.constantFrom(
  { scheme: 'ip', id: '10.0.0.1' },
  { scheme: 'ip', id: '10.0.0.0/8' },
  { scheme: 'ip', id: '10.1.0.0/16' },
  { scheme: 'ip', id: 'fe80:0:0:0:0:0:0:1/64' },
  { scheme: 'ip', id: 'nonsense' },
  { scheme: 'digest', id: 'bob:x' },
  { scheme: 'digest', id: 'eve:x' },
  { scheme: 'world', id: 'anyone' },
  { scheme: 'unknown', id: 'bob' },
);
const entry: fc.Arbitrary<Acl> = fc.record({ perms: fc.integer({ min: 0, max: 31 }), id: aclId });
const lists = fc.array(entry, { minLength: 9, maxLength: 30 });
const ids: fc.Arbitrary<Id[]> = fc.subarray([
  { scheme: 'ip', id: '10.1.2.3' },
  { scheme: 'ip', id: 'fe80:0:0:0:0:0:0:2' },
  { scheme: 'digest', id: 'bob:x' },
  { scheme: 'super', id: '' },
]);

describe('a long list', () => {
  it('permits what its entries permit one by one', () => {
    const perms = fc.array(fc.integer({ min: 1, max: 31 }));
    fc.assert(
      fc.property(lists, ids, perms, (acl, who, asked) => {
        for (const perm of asked) {
          const oneByOne = acl.some((each) => auth.permits([each], perm, who));
          expect(auth.permits(acl, perm, who)).toBe(oneByOne);
          expect(auth.permits(acl, perm, [...who])).toBe(oneByOne);
        }
      }),
    );
  });

  it('is gone through once for all that one client asks of it', () => {
    const acl = Array.from({ length: 1000 }, (_, i) => ({ perms: 1, id: { scheme: 'digest', id: `user${i}:x` } }));
    const list = new LongAcl(acl);
    let asked = 0;
    const grants = (): boolean => {
      asked++;
      return false;
    };
    const who = [{ scheme: 'digest', id: 'bob:x' }];
    for (let i = 0; i < 500; i++) {
      list.permits(1, who, grants);
      list.permits(3, who, grants);
    }
    expect(asked).toBe(2000);
    list.permits(1, [...who], grants);
    expect(asked).toBe(3000);
  });
});
