import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBetter, type ReceivedVote, type Standing, supports } from '../../../src/election/voting/vote.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';

const standing = fc.record({
  leader: fc.integer({ min: 1, max: 3 }),
  zxid: fc.integer({ min: -1, max: 3 }).map((zxid) => zxid as Zxid),
  peerEpoch: fc.integer({ min: 0, max: 2 }),
});

const settled: ReceivedVote = {
  leader: 3,
  zxid: 7 as Zxid,
  round: 4n,
  peerEpoch: 2,
  state: 'following',
  version: 2,
};

describe('the order of candidates', () => {
  it('is by epoch, then zxid, then id', () => {
    const base: Standing = { leader: 2, zxid: 5 as Zxid, peerEpoch: 1 };
    expect(isBetter({ leader: 1, zxid: 1 as Zxid, peerEpoch: 2 }, base)).toBe(true);
    expect(isBetter({ leader: 1, zxid: 6 as Zxid, peerEpoch: 1 }, base)).toBe(true);
    expect(isBetter({ leader: 3, zxid: 5 as Zxid, peerEpoch: 1 }, base)).toBe(true);
    expect(isBetter({ leader: 9, zxid: 9 as Zxid, peerEpoch: 0 }, base)).toBe(false);
    expect(isBetter(base, base)).toBe(false);
  });

  it('is total', () => {
    fc.assert(
      fc.property(standing, standing, standing, (a, b, c) => {
        const same = a.leader === b.leader && a.zxid === b.zxid && a.peerEpoch === b.peerEpoch;
        expect([isBetter(a, b), isBetter(b, a), same].filter(Boolean).length).toBe(1);
        if (isBetter(a, b) && isBetter(b, c)) expect(isBetter(a, c)).toBe(true);
      }),
    );
  });
});

describe('a vote supports another one', () => {
  it('of someone who looks only when all of it agrees', () => {
    const looking: ReceivedVote = { ...settled, state: 'looking' };
    expect(supports(looking, settled)).toBe(true);
    expect(supports(looking, { ...settled, zxid: 8 as Zxid })).toBe(false);
    expect(supports(settled, { ...looking, round: 5n })).toBe(false);
    expect(supports(looking, { ...looking, peerEpoch: 1 })).toBe(false);
    expect(supports(looking, { ...looking, leader: 1 })).toBe(false);
  });

  it('among the settled when leader and epoch agree', () => {
    expect(supports(settled, { ...settled, zxid: 8 as Zxid, round: 9n, state: 'leading' })).toBe(true);
    expect(supports(settled, { ...settled, peerEpoch: 3 })).toBe(false);
    expect(supports(settled, { ...settled, leader: 1 })).toBe(false);
  });

  it('among the settled of old and new versions when the leader agrees', () => {
    expect(supports(settled, { ...settled, peerEpoch: 3, version: 0 })).toBe(true);
    expect(supports({ ...settled, version: 0 }, { ...settled, peerEpoch: 3, version: 0 })).toBe(false);
  });
});
