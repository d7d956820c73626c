import { describe, expect, test } from 'vitest';
import { AssertionFailure } from '../../../src/base/assert.ts';
import { makeZxid, type Zxid } from '../../../src/jute/zxid.ts';
import { Proposals } from '../../../src/zab/leader/proposals.ts';
import { majority } from '../ensemble.ts';
import { membershipsOf } from '../lone-hosts.ts';

const START = makeZxid(3, 0);

function begun(): Proposals {
  const proposals = new Proposals(1, membershipsOf([majority([1, 2, 3], [])]));
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
    expect(() => new Proposals(1, membershipsOf([])).establish(0)).toThrow(AssertionFailure);
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

test('a quorum that is found once counts for what all of it has, until a log is cut or other members count', () => {
  const members = membershipsOf([majority([1, 2, 3], [])]);
  const proposals = new Proposals(1, members);
  proposals.begin(START);
  proposals.establish(0);
  const zxids = [1, 2, 3, 4, 5].map((counter) => propose(proposals, counter));
  const at = (counter: number): Zxid => zxids[counter - 1] as Zxid;
  proposals.acknowledge(1, at(5));
  proposals.acknowledge(2, at(3));
  expect([proposals.nextCommit()?.zxid, proposals.nextCommit()?.zxid]).toEqual([at(1), at(2)]);
  proposals.forget(2);
  expect(proposals.nextCommit()).toBeUndefined();
  proposals.acknowledge(3, at(4));
  expect(proposals.nextCommit()?.zxid).toBe(at(3));
  members.propose(majority([1, 4, 5], []).withVersion(at(4)));
  expect(proposals.nextCommit()).toBeUndefined();
  proposals.acknowledge(4, at(4));
  expect(proposals.nextCommit()?.zxid).toBe(at(4));
  expect(proposals.nextCommit()).toBeUndefined();
});
