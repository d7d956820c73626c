import { describe, expect, it } from 'vitest';
import type { Id } from '../../../src/jute/data-records.ts';
import { withAuthId } from '../../../src/server/auth/auth-ids.ts';

function id(text: string): Id {
  const [scheme = '', name = ''] = text.split(':');
  return { scheme, id: name };
}

function proved(...texts: string[]): string[] {
  let ids: readonly Id[] = [];
  for (const text of texts) ids = withAuthId(ids, id(text));
  return ids.map((i) => `${i.scheme}:${i.id}`);
}

/** Orders printed by a hash set of Apache's Id on Java 17. */
describe('the ids of a connection', () => {
  it.each([
    ['digest:u164 ip:u44 ip:u254', 'ip:u254 ip:u44 digest:u164'],
    ['sasl:u649 ip:u534 ip:u712 sasl:u911', 'ip:u534 ip:u712 sasl:u649 sasl:u911'],
    ['ip:u662 digest:u738 super:u279 super:u924 sasl:u51', 'ip:u662 super:u279 sasl:u51 super:u924 digest:u738'],
    [
      'sasl:u4 x509:u400 digest:u811 sasl:u73 x509:u891 ip:u492',
      'x509:u400 x509:u891 digest:u811 sasl:u73 ip:u492 sasl:u4',
    ],
    [
      'sasl:u506 digest:u234 ip:u880 sasl:u47 sasl:u395 super:u289 digest:u652',
      'digest:u234 digest:u652 sasl:u47 super:u289 sasl:u506 sasl:u395 ip:u880',
    ],
  ])('%s are kept as %s', (given, kept) => {
    expect(proved(...given.split(' '))).toEqual(kept.split(' '));
  });

  it('are each kept once', () => {
    const ids = withAuthId([], id('digest:a'));
    expect(withAuthId(ids, id('digest:a'))).toBe(ids);
  });

  it('are reordered when Apache’s table doubles, at the twelfth', () => {
    const given =
      'super:u245 x509:u170 x509:u452 sasl:u565 digest:u157 x509:u525 digest:u829 super:u305 ip:u105 x509:u347 x509:u652 super:u720';
    const kept = proved(...given.split(' '));
    expect(kept).toHaveLength(12);
    expect(new Set(kept)).toEqual(new Set(given.split(' ')));
  });
});
