import { describe, expect, it } from 'vitest';
import { EventTurn } from '../../../src/quorum/roles/event-turn.ts';

/** A core whose handling of one thing leads to others being asked. */
function turnOf(leadsTo: Readonly<Record<string, string[]>> = {}): { turn: EventTurn<string>; handled: string[] } {
  const handled: string[] = [];
  const turn = new EventTurn<string>((asked) => {
    handled.push(`${asked} begins`);
    for (const next of leadsTo[asked] ?? []) turn.ask(next);
    handled.push(`${asked} ends`);
  });
  return { turn, handled };
}

describe('what is asked of a core', () => {
  it('while an event runs waits until the event is over, in the order asked', () => {
    const { turn, handled } = turnOf();
    turn.begin();
    turn.ask('a');
    turn.ask('b');
    handled.push('the event ends');
    turn.end();
    expect(handled).toEqual(['the event ends', 'a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('while something asked is handled waits for that', () => {
    const { turn, handled } = turnOf({ a: ['b', 'c'], b: ['d'] });
    turn.ask('a');
    const order = ['a', 'b', 'c', 'd'].flatMap((each) => [`${each} begins`, `${each} ends`]);
    expect(handled).toEqual(order);
  });

  it('is forgotten with the role, and an event inside an event is a bug of ours', () => {
    const { turn, handled } = turnOf();
    turn.begin();
    turn.ask('a');
    expect(() => turn.begin()).toThrow('events come one at a time');
    turn.clear();
    turn.end();
    expect(handled).toEqual([]);
  });
});
