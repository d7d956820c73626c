import type { Log } from '../base/log.ts';
import { NodeClock } from './node-clock.ts';
import { NodeDisk } from './node-disk.ts';
import { NodeGuard } from './node-guard.ts';
import { NodeGuardedDisk } from './node-guarded-disk.ts';
import { NodeNet } from './node-net.ts';
import { NodeRandom } from './node-random.ts';
import type { World } from './world.ts';

/** The real doors of one peer. Each peer of a process has its own, so that it can be shut by itself. */
export interface NodeWorld extends World {
  readonly net: NodeNet;
  /** Takes the error that a callback of the peer throws. Until it is replaced, such an error ends the process. */
  onThrow: (error: unknown) => void;
  /**
   * Nothing of the peer runs after this: its timers, streams and listeners are gone, and its directories as soon as
   * no disk operation is under way.
   */
  shut(): void;
  /** The same, but what was written to streams that are still open goes out first, if it does within a second. */
  drain(done: () => void): void;
}

export function openNodeWorld(log: Log): NodeWorld {
  const onThrow = (error: unknown): void => world.onThrow(error);
  const guard = new NodeGuard(onThrow);
  const clock = new NodeClock(guard);
  const net = new NodeNet({ guard, log });
  const disk = new NodeGuardedDisk(new NodeDisk({ onThrow }), guard);
  const world: NodeWorld = {
    clock,
    net,
    disk,
    random: new NodeRandom(),
    onThrow: (error) => {
      throw error;
    },
    shut: () => {
      guard.shut();
      clock.shut();
      net.shut();
      disk.shut();
    },
    drain: (done) => {
      guard.shut();
      clock.shut();
      disk.shut();
      net.drain(done);
    },
  };
  return world;
}
