import { expect, test } from 'vitest';
import type { ReceivedVote } from '../../../src/election/voting/vote.ts';
import { VoteTable } from '../../../src/election/voting/vote-table.ts';
import { makeZxid } from '../../../src/jute/zxid.ts';
import { electorate, members, THREE } from '../parts.ts';

function voteFor(leader: number, state: ReceivedVote['state'] = 'looking'): ReceivedVote {
  return { leader, zxid: makeZxid(1, 5), round: 1n, peerEpoch: 1, state, version: 2 };
}

test('a vote is supported by a quorum that says the same', () => {
  const table = new VoteTable(electorate(THREE));
  table.set(1, voteFor(3));
  expect(table.isSupported(voteFor(3))).toBe(false);
  table.set(2, voteFor(2));
  expect(table.isSupported(voteFor(3))).toBe(false);
  table.set(2, voteFor(3));
  expect(table.isSupported(voteFor(3))).toBe(true);
  table.delete(1);
  expect(table.isSupported(voteFor(3))).toBe(false);
});

test('observers support nobody', () => {
  const table = new VoteTable(electorate(THREE));
  table.set(1, voteFor(3));
  table.set(4, voteFor(3));
  expect(table.isSupported(voteFor(3))).toBe(false);
});

test('while members are proposed, a quorum of both is needed', () => {
  const table = new VoteTable(electorate(THREE, members('server.3=c:1:2', 'server.5=e:1:2', 'version=5')));
  table.set(1, voteFor(3));
  table.set(3, voteFor(3));
  expect(table.isSupported(voteFor(3))).toBe(false);
  expect(table.isFollowed(voteFor(3))).toBe(true);
  table.set(5, voteFor(3));
  expect(table.isSupported(voteFor(3))).toBe(true);
  table.delete(1);
  expect(table.isSupported(voteFor(3))).toBe(false);
  expect(table.isFollowed(voteFor(3))).toBe(true);
  table.delete(3);
  expect(table.isFollowed(voteFor(3))).toBe(false);
});

test('ZOOKEEPER-975: who leads has to have said so', () => {
  const table = new VoteTable(electorate(THREE));
  table.set(1, voteFor(3, 'following'));
  table.set(3, voteFor(3, 'looking'));
  expect(table.saysItLeads(3)).toBe(false);
  table.set(3, voteFor(3, 'leading'));
  expect(table.saysItLeads(3)).toBe(true);
  table.clear();
  expect(table.saysItLeads(3)).toBe(false);
});
