import { expect, test } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { LoneLead } from '../../../src/zab/leader/lone-lead.ts';
import { logTo } from '../../fakes/log-to.ts';
import { majority } from '../ensemble.ts';

const PAIR = [majority([4, 7], [9])];

class Asked {
  readonly said: string[] = [];
  asked = 0;
  word = true;
  readonly lead: LoneLead;

  constructor(self: number) {
    const log = logTo((_level, message) => this.said.push(message));
    this.lead = new LoneLead(self, { permits: () => this.ask() }, log);
  }

  private ask(): boolean {
    this.asked++;
    return this.word;
  }

  isEnough(...sids: number[]): boolean {
    return this.lead.quorumOf(PAIR[0] as (typeof PAIR)[0]).containsQuorum(new Set(sids));
  }
}

test('the other voter has a tick to come before the oracle is asked', () => {
  const host = new Asked(4);
  host.lead.ask(PAIR, 1);
  expect([host.asked, host.isEnough(4)]).toEqual([0, false]);
  host.lead.ask(PAIR, 2);
  expect([host.asked, host.isEnough(4), host.isEnough(7)]).toEqual([1, true, false]);
});

test('what it said counts until it says otherwise, or the other voter follows', () => {
  const host = new Asked(4);
  host.lead.ask(PAIR, 2);
  host.lead.ask(PAIR, 3);
  host.word = false;
  host.lead.ask(PAIR, 4);
  expect(host.isEnough(4)).toBe(false);
  host.word = true;
  host.lead.ask(PAIR, 5);
  host.lead.end();
  expect([host.isEnough(4), host.isEnough(4, 7)]).toEqual([false, true]);
  host.lead.end();
  expect(host.said).toEqual([
    'leading alone: what is written now is on this disk alone',
    'this leader may not lead alone any more',
    'leading alone: what is written now is on this disk alone',
    'the other voter is here: this leader is not alone any more',
  ]);
});

test('three voters ask nobody', () => {
  const host = new Asked(4);
  host.lead.ask([majority([4, 7, 9], [])], 2);
  expect(host.asked).toBe(0);
});

test('no two of the epochs are one: those chosen by both, by the one alone, by the other one alone', () => {
  const from = (self: number, connected: number[]): number[] =>
    [1, 2, 3, 4, 5].map((wanted) => new Asked(self).lead.epochFrom(wanted, PAIR, new Set(connected)));
  expect(from(4, [4, 7])).toEqual([3, 3, 3, 6, 6]);
  expect(from(4, [4])).toEqual([1, 4, 4, 4, 7]);
  expect(from(7, [7])).toEqual([2, 2, 5, 5, 5]);
});

test('without an oracle, or with three voters, an epoch is the next one', () => {
  expect(new LoneLead(4, undefined, silentLog).epochFrom(5, PAIR, new Set([4]))).toBe(5);
  expect(new Asked(4).lead.epochFrom(5, [majority([4, 7, 9], [])], new Set([4, 7]))).toBe(5);
});
