import { randomBytes } from 'node:crypto';
import type { Random } from './random.ts';

/** The process's own generator is good enough for jitter; secrets come from the system's. */
export class NodeRandom implements Random {
  below(bound: number): number {
    return Math.floor(Math.random() * bound);
  }

  secret(bytes: number): Uint8Array {
    return randomBytes(bytes);
  }
}
