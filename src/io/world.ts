import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Net } from './net.ts';
import type { Random } from './random.ts';

/** All the doors a peer has. node-world.ts opens the real ones; test/sim builds the others. */
export interface World {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly net: Net;
  readonly random: Random;
}
