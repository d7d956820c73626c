import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Net } from './net.ts';
import type { Random } from './random.ts';

/** Nets of the same network with TLS in front, for those ports that are to have it. */
export interface SecureNets {
  /** Of the client port, which takes plain connections and TLS. */
  readonly clients?: Net | undefined;
  /** Of the client port for TLS alone. */
  readonly secureClients?: Net | undefined;
  /** Of the ports between servers. */
  readonly servers?: Net | undefined;
}

/** All the doors a peer has. node-world.ts opens the real ones; test/sim builds the others. */
export interface World {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly net: Net;
  readonly random: Random;
  /** `net` is meant wherever this says nothing. */
  readonly secure?: SecureNets | undefined;
}
