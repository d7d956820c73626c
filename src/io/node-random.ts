import type { Random } from './random.ts';

/** The process's own generator: good enough for jitter, never for secrets. */
export class NodeRandom implements Random {
  below(bound: number): number {
    return Math.floor(Math.random() * bound);
  }
}
