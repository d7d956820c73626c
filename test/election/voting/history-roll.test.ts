import { describe, expect, it } from 'vitest';
import type { QuorumVerifier } from '../../../src/election/quorum/quorum-verifier.ts';
import { HistoryRoll, hasHistory } from '../../../src/election/voting/history-roll.ts';
import { members, THREE } from '../parts.ts';

function rollOf(verifiers: QuorumVerifier[], told: [number, boolean][]): HistoryRoll {
  const roll = new HistoryRoll(verifiers);
  for (const [sid, history] of told) roll.onTold(sid, history);
  return roll;
}

describe('the roll of histories', () => {
  it('knows when everyone told, observers not among them', () => {
    const roll = rollOf(
      [THREE],
      [
        [1, true],
        [3, false],
        [4, true],
      ],
    );
    expect(roll.everyoneTold()).toBe(false);
    roll.onTold(2, false);
    expect(roll.everyoneTold()).toBe(true);
  });

  it('asks nobody whose weight is 0', () => {
    const weighed = members('server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'group.1=1:2:3', 'weight.3=0');
    expect(
      rollOf(
        [weighed],
        [
          [1, true],
          [2, false],
        ],
      ).everyoneTold(),
    ).toBe(true);
  });

  it('takes it for a first start when a quorum told and none of them has a history', () => {
    expect(rollOf([THREE], [[1, false]]).isFirstStart()).toBe(false);
    expect(
      rollOf(
        [THREE],
        [
          [1, false],
          [4, false],
        ],
      ).isFirstStart(),
    ).toBe(false);
    expect(
      rollOf(
        [THREE],
        [
          [1, false],
          [2, false],
        ],
      ).isFirstStart(),
    ).toBe(true);
    expect(
      rollOf(
        [THREE],
        [
          [1, false],
          [2, false],
          [3, true],
        ],
      ).isFirstStart(),
    ).toBe(false);
  });

  it('asks the voters of both configurations when there are two', () => {
    const next = members('server.3=c:1:2', 'server.5=e:1:2', 'server.6=f:1:2');
    const both = rollOf(
      [THREE, next],
      [
        [1, false],
        [2, false],
        [3, false],
      ],
    );
    expect([both.everyoneTold(), both.isFirstStart()]).toEqual([false, false]);
    both.onTold(5, false);
    expect([both.everyoneTold(), both.isFirstStart()]).toEqual([false, true]);
    both.onTold(6, false);
    expect(both.everyoneTold()).toBe(true);
  });
});

describe('a history', () => {
  it('is there with any epoch or transaction', () => {
    expect([hasHistory(0, 0), hasHistory(1, 0), hasHistory(0, 5)]).toEqual([false, true, true]);
    expect(hasHistory(-(2 ** 63), -(2 ** 63))).toBe(false);
  });
});
