import { describe, expect, test } from 'vitest';
import {
  CONTAINER_OWNER,
  MAX_TTL_MS,
  OwnerKind,
  type OwnerOptions,
  ownerKindOf,
  ttlOf,
  ttlOwner,
} from '../../../src/datatree/tree/owner-kind.ts';

const PLAIN: OwnerOptions = { extendedTypes: false, emulate353Ttl: false };
const EXTENDED: OwnerOptions = { extendedTypes: true, emulate353Ttl: false };
const EMULATING: OwnerOptions = { extendedTypes: true, emulate353Ttl: true };
const { none, session, container, ttl } = OwnerKind;

function kinds(owner: bigint): number[] {
  const signed = BigInt.asIntN(64, owner);
  return [PLAIN, EXTENDED, EMULATING].map((options) => ownerKindOf(signed, options));
}

describe('what an owner means without extended types, with them, and as 3.5.3 meant it', () => {
  test.each([
    ['nobody', 0n, [none, none, none]],
    ['a session', 0x1000000000000001n, [session, session, session]],
    ['a session of server 128 and above', 0x8100000000000001n, [session, session, ttl]],
    ['the mark of a container', CONTAINER_OWNER, [container, container, container]],
    ['a TTL', 0xff00000000000001n, [session, ttl, ttl]],
    ['the longest TTL', 0xff0000ffffffffffn, [session, ttl, ttl]],
    ['an extended feature nobody knows', 0xff00010000000001n, [session, session, ttl]],
    ['the top byte alone', 0xff00000000000000n, [session, ttl, ttl]],
    ['a TTL of 3.5.3', 0x8000000000000005n, [session, session, ttl]],
  ])('%s', (_, owner, expected) => {
    expect(kinds(owner)).toEqual(expected);
  });
});

describe('the owner of a TTL', () => {
  test('holds forty bits of milliseconds', () => {
    expect(BigInt.asUintN(64, ttlOwner(1n))).toBe(0xff00000000000001n);
    expect(BigInt.asUintN(64, ttlOwner(BigInt(MAX_TTL_MS)))).toBe(0xff0000ffffffffffn);
    expect([ttlOf(ttlOwner(86_400_000n)), ttlOf(ttlOwner(BigInt(MAX_TTL_MS)))]).toEqual([86_400_000, MAX_TTL_MS]);
    expect(ttlOf(BigInt.asIntN(64, 0x8000000000000005n))).toBe(5);
  });
});
