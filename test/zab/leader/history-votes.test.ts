import { describe, expect, test } from 'vitest';
import { HistoryVotes } from '../../../src/zab/leader/history-votes.ts';
import { majority } from '../ensemble.ts';

function votes(voters: readonly number[], answers: Readonly<Record<number, 'some' | 'fresh' | 'empty'>>): HistoryVotes {
  const members = [majority(voters, [9])];
  const made = new HistoryVotes(members, members);
  for (const [sid, kind] of Object.entries(answers)) made.add(Number(sid), kind);
  return made;
}

describe('whether the best history is known', () => {
  test('a quorum of those who remember, the leader among them', () => {
    expect(votes([1, 2, 3], { 3: 'some', 1: 'some' }).hasQuorum(3)).toBe(true);
    expect(votes([1, 2, 3], { 2: 'some', 1: 'some' }).hasQuorum(3)).toBe(false);
    expect(votes([1, 2, 3], { 3: 'some' }).hasQuorum(3)).toBe(false);
    expect(votes([1, 2, 3], { 3: 'some', 9: 'some' }).hasQuorum(3)).toBe(false);
  });

  test('an empty voter does not count beside a history', () => {
    expect(votes([1, 2, 3], { 3: 'some', 1: 'empty' }).hasQuorum(3)).toBe(false);
    expect(votes([1, 2, 3, 4, 5], { 5: 'some', 4: 'some', 1: 'empty', 2: 'empty' }).hasQuorum(5)).toBe(false);
  });

  test('unless every voter has answered', () => {
    expect(votes([1, 2, 3], { 3: 'some', 1: 'empty', 2: 'empty' }).hasQuorum(3)).toBe(true);
  });

  test('a first start: nobody has a history, and the empty ones are a quorum', () => {
    const made = votes([1, 2, 3], { 3: 'empty', 1: 'empty' });
    expect([made.isFirstStart, made.hasQuorum(3)]).toEqual([true, true]);
    expect(votes([1, 2, 3, 4, 5], { 3: 'empty', 1: 'empty' }).hasQuorum(3)).toBe(false);
  });

  test('it was none when someone has a history after all, or accepted this epoch before', () => {
    const withHistory = votes([1, 2, 3, 4, 5], { 3: 'empty', 1: 'empty', 2: 'empty' });
    withHistory.add(4, 'some');
    expect(withHistory.isFirstStart).toBe(false);
    const again = votes([1, 2, 3, 4, 5], { 3: 'empty', 1: 'empty', 2: 'empty' });
    again.addUncounted(2);
    expect([again.isFirstStart, again.hasQuorum(3)]).toEqual([false, false]);
  });

  test('what a voter without a history told is forgotten when it leaves', () => {
    const made = votes([1, 2, 3], { 3: 'empty', 1: 'empty' });
    made.left(1);
    expect(made.hasQuorum(3)).toBe(false);
    const remembering = votes([1, 2, 3], { 3: 'some', 1: 'some' });
    remembering.left(1);
    expect(remembering.hasQuorum(3)).toBe(true);
  });

  test('who is meant to be empty counts', () => {
    expect(votes([1, 2, 3], { 3: 'some', 1: 'fresh' }).hasQuorum(3)).toBe(true);
  });

  test('an oracle makes one of two enough, but no first start of it', () => {
    const lone = (kind: 'some' | 'empty'): HistoryVotes => {
      const made = new HistoryVotes([majority([1, 2], [])], [{ voters: new Set([1, 2]), containsQuorum: () => true }]);
      made.add(1, kind);
      return made;
    };
    expect([lone('some').hasQuorum(1), lone('some').isFirstStart]).toEqual([true, false]);
    expect([lone('empty').hasQuorum(1), lone('empty').isFirstStart]).toEqual([false, false]);
  });
});
