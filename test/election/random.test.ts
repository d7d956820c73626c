import { describe, expect, it } from 'vitest';
import { makeZxid } from '../../src/jute/zxid.ts';
import { SimRandom } from '../sim/world/random.ts';
import { Faults } from './faults.ts';
import { type ModelOptions, ModelWorld } from './model.ts';

/** Everyone elects and is synchronised within this much virtual time once nothing is broken any more. */
const BOUND_MS = 40_000;

function badDays(options: ModelOptions, durationMs = 40_000): ModelWorld {
  const world = new ModelWorld(options);
  const faults = new Faults(world, options.seed);
  for (const peer of world.peers) peer.start();
  try {
    faults.run(durationMs);
    faults.heal();
    const committed = world.committed.length;
    if (!world.scheduler.runUntil(() => world.isWhole() && world.committed.length > committed, BOUND_MS)) {
      throw new Error(`no ensemble within ${BOUND_MS} ms`);
    }
  } catch (error) {
    const story = faults.happened.slice(-40).join('\n  ');
    throw new Error(`seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}\n  ${story}`, {
      cause: error,
    });
  }
  return world;
}

describe('elections at random', () => {
  it('elect one leader a round, and all settle on it, while messages take less than the finalize wait', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new SimRandom(seed).split('start');
      const world = new ModelWorld({ voters: random.pick([1, 2, 3, 5]), observers: random.below(2), seed });
      world.network.defaultSpeed = { minDelayUs: 50, maxDelayUs: 20_000, bytesPerMs: undefined };
      for (const peer of world.peers) {
        const epoch = random.between(1, 2);
        peer.disk = { accepted: epoch, current: epoch, log: [makeZxid(epoch, random.between(1, 3))] };
        world.scheduler.after(random.below(300_000), undefined, () => peer.start());
      }
      expect(world.scheduler.runUntil(() => world.peers.every(({ isUp }) => isUp) && world.isWhole(), 10_000)).toBe(
        true,
      );
      const rounds = world.decidedLeaders.map(({ round }) => round);
      expect(new Set(rounds).size).toBe(rounds.length);
    }
  });

  it('start an ensemble of fresh servers', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new ModelWorld({ voters: seed % 2 === 0 ? 3 : 5, observers: 1, seed });
      for (const peer of world.peers) world.scheduler.after(peer.sid * 30_000, undefined, () => peer.start());
      expect(world.scheduler.runUntil(() => world.peers.every(({ isUp }) => isUp) && world.isWhole(), 8000)).toBe(true);
    }
  });

  it('take a voter that was wiped back at once', () => {
    const world = new ModelWorld({ voters: 5, observers: 0, seed: 9 });
    for (const peer of world.peers) peer.start();
    expect(world.scheduler.runUntil(() => world.isWhole(), 8000)).toBe(true);
    for (const peer of world.peers.filter((each) => each.leading === undefined).slice(0, 2)) {
      peer.kill();
      peer.wipe();
      peer.start();
    }
    expect(world.scheduler.runUntil(() => world.isWhole(), 1000)).toBe(true);
  });

  it.each([
    { voters: 3, seeds: 80 },
    { voters: 5, seeds: 50 },
  ])('lose nothing that was committed through bad days of $voters voters', ({ voters, seeds }) => {
    let established = 0;
    for (let seed = 1; seed <= seeds; seed++) established += badDays({ voters, observers: seed % 2, seed }).established;
    expect(established).toBeGreaterThan(seeds * 2);
  });

  it('go the same way for the same seed', () => {
    const once = badDays({ voters: 3, observers: 1, seed: 4 }, 20_000);
    const again = badDays({ voters: 3, observers: 1, seed: 4 }, 20_000);
    expect(again.scheduler.hash).toBe(once.scheduler.hash);
  });
});
