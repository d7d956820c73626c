import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { makeZxid, type Zxid } from '../../../src/jute/zxid.ts';
import { Memberships } from '../../../src/zab/leader/memberships.ts';
import { Proposals } from '../../../src/zab/leader/proposals.ts';
import { majority } from '../ensemble.ts';

const START = makeZxid(3, 0);

function begun(): Proposals {
  const proposals = new Proposals(1, new Memberships([majority([1, 2, 3], [])]));
  proposals.begin(START);
  return proposals;
}

function propose(proposals: Proposals, counter: number): Zxid {
  const zxid = makeZxid(3, counter);
  proposals.propose({ zxid, payload: Buffer.alloc(0) });
  return zxid;
}

describe('a bug of ours is', () => {
  test('a second epoch', () => {
    expect(() => begun().begin(makeZxid(4, 0))).toThrow(AssertionFailure);
  });

  test('a leader that is established without an epoch, or when it has proposed', () => {
    expect(() => new Proposals(1, new Memberships([])).establish(0)).toThrow(AssertionFailure);
    const proposals = begun();
    propose(proposals, 1);
    expect(() => proposals.establish(0)).toThrow(AssertionFailure);
  });

  test('a hole between proposals', () => {
    const proposals = begun();
    proposals.establish(0);
    expect(() => propose(proposals, 2)).toThrow(AssertionFailure);
  });

  test('a transaction that is in the tree before it was committed', () => {
    const proposals = begun();
    proposals.establish(0);
    const zxid = propose(proposals, 1);
    expect(() => proposals.applied(zxid)).toThrow(AssertionFailure);
  });
});
