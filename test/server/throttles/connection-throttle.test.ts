import { describe, expect, it } from 'vitest';
import {
  type AskedSession,
  ConnectionThrottle,
  type ConnectionThrottleOptions,
} from '../../../src/server/throttles/connection-throttle.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { NO_THROTTLES } from './no-throttles.ts';

/** A throttle, its clock, and what chance says, as a part of one. */
function throttled(options: Partial<ConnectionThrottleOptions>) {
  const clock = new FakeClock();
  const dice = { says: 0 };
  const random = { below: (bound: number) => Math.floor(dice.says * bound), secret: () => new Uint8Array() };
  const throttle = new ConnectionThrottle({ ...NO_THROTTLES.connections, ...options }, clock, random);
  const ask = (...asked: AskedSession[]): string => asked.map((each) => (throttle.admits(each) ? 'y' : 'n')).join('');
  return { throttle, clock, dice, ask };
}

describe('the bucket of tokens', () => {
  it('is none with 0 tokens', () => {
    const { ask, throttle } = throttled({ tokens: 0 });
    expect(ask('global', 'global', 'global')).toBe('yyy');
    expect(throttle.deficit).toBe(0);
  });

  it('lets in as many as there are tokens, and more as it is filled', () => {
    const { ask, clock, throttle } = throttled({ tokens: 2, fillTimeMs: 100, fillCount: 1 });
    expect(ask('global', 'renewed', 'global')).toBe('yyn');
    expect(throttle.deficit).toBe(2);
    clock.now += 100;
    expect(ask('global')).toBe('n');
    clock.now += 1;
    expect(ask('global', 'global')).toBe('yn');
    clock.now += 1000;
    expect(ask('global', 'global', 'global')).toBe('yyn');
  });

  it('costs what the kind of session weighs, and is as many times as large', () => {
    const { ask, throttle } = throttled({ tokens: 2, weights: { global: 3, renewed: 2, local: 1 } });
    expect(ask('global')).toBe('y');
    expect(throttle.deficit).toBe(3);
    expect(ask('renewed', 'global', 'local', 'local')).toBe('ynyn');
  });

  it('no session weighs less than a local one', () => {
    const { ask, throttle } = throttled({ tokens: 1, weights: { global: 3, renewed: 2, local: 5 } });
    expect(ask('renewed')).toBe('y');
    expect(throttle.deficit).toBe(5);
  });
});

describe('the chance to be turned away', () => {
  const options = {
    tokens: 1,
    fillTimeMs: 1000,
    fillCount: 1,
    freezeTimeMs: 10,
    dropIncrease: 0.5,
    dropDecrease: 0.25,
    decreaseRatio: 0,
  };

  it('grows while the bucket is empty, once in a time, and up to one', () => {
    const { ask, clock, throttle } = throttled(options);
    ask('global');
    clock.now += 10;
    ask('global');
    expect(throttle.dropProbability).toBe(0);
    clock.now += 1;
    ask('global', 'global');
    expect(throttle.dropProbability).toBe(0.5);
    for (let i = 0; i < 3; i++) {
      clock.now += 11;
      ask('global');
    }
    expect(throttle.dropProbability).toBe(1);
  });

  it('turns away with a full bucket, takes no token for it, and shrinks', () => {
    const { ask, clock, throttle, dice } = throttled(options);
    ask('global');
    clock.now += 11;
    ask('global');
    clock.now += 2000;
    dice.says = 0.2;
    expect(ask('global')).toBe('n');
    expect([throttle.dropProbability, throttle.deficit]).toEqual([0.25, 0]);
    dice.says = 0.3;
    expect(ask('global')).toBe('y');
  });
});
