import { expect, test } from 'vitest';
import { quorumWithOracle } from '../../../src/election/quorum/oracle.ts';
import { members } from '../parts.ts';

const PAIR = members('server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2:observer');
const THREE = members('server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2');

test('one of two voters is enough with the word of an oracle, and it is this server', () => {
  let word = false;
  const quorum = quorumWithOracle(PAIR, 2, () => word);
  const enough = () => [[], [1], [2], [2, 3], [1, 2]].map((sids) => quorum.containsQuorum(new Set(sids)));
  expect(enough()).toEqual([false, false, false, false, true]);
  word = true;
  expect(enough()).toEqual([false, false, true, true, true]);
});

test('of three an oracle is not asked, nor for two of which this server is none', () => {
  const asked = () => {
    throw new Error('it was asked');
  };
  expect(quorumWithOracle(THREE, 2, asked).containsQuorum(new Set([2]))).toBe(false);
  expect(quorumWithOracle(PAIR, 3, asked).containsQuorum(new Set([3]))).toBe(false);
});
