import type { Log } from '../../base/log.ts';
import type { Disk } from '../../io/disk.ts';
import { NodeDisk } from '../../io/node-disk.ts';
import { NodeGuard } from '../../io/node-guard.ts';
import { NodeGuardedDisk } from '../../io/node-guarded-disk.ts';
import { NodeRandom } from '../../io/node-random.ts';
import type { NodeWorld } from '../../io/node-world.ts';
import { Gate } from './gate.ts';
import { type DiskFaults, SwitchedDisk } from './switched-disk.ts';
import { type NetSurroundings, SwitchedNet } from './switched-net.ts';
import { PeerClock, type TestClock } from './test-clock.ts';

/** The doors of one peer of an ensemble under test: those of a real peer, each with switches in front. */
export interface SwitchedWorld extends NodeWorld {
  readonly net: SwitchedNet;
  readonly clock: PeerClock;
  readonly gate: Gate;
  readonly switchedDisk: SwitchedDisk;
}

export interface WorldParts {
  readonly log: Log;
  readonly clock: TestClock;
  readonly faults: DiskFaults;
  /** undefined: the real disk. */
  readonly disk: Disk | undefined;
  readonly around: (gate: Gate) => Omit<NetSurroundings, 'gate' | 'after'>;
}

export function openSwitchedWorld(parts: WorldParts): SwitchedWorld {
  const onThrow = (error: unknown): void => world.onThrow(error);
  const guard = new NodeGuard(onThrow);
  const gate = new Gate(guard);
  const clock = new PeerClock(parts.clock, gate);
  const after = (delayMs: number, task: () => void): { cancel(): void } => clock.after(delayMs, task);
  const net = new SwitchedNet({ guard, log: parts.log }, { ...parts.around(gate), gate, after });
  const switchedDisk = new SwitchedDisk(parts.disk ?? new NodeDisk({ onThrow }), gate, parts.faults);
  const disk = new NodeGuardedDisk(switchedDisk, guard);
  const shut = (): void => {
    guard.shut();
    gate.resume();
    clock.shut();
    net.shut();
    switchedDisk.shut();
    disk.shut();
  };
  const world: SwitchedWorld = {
    clock,
    net,
    disk,
    gate,
    switchedDisk,
    random: new NodeRandom(),
    onThrow: (error) => {
      throw error;
    },
    shut,
    drain: (done) => {
      guard.shut();
      gate.resume();
      clock.shut();
      switchedDisk.shut();
      disk.shut();
      net.drain(done);
    },
  };
  return world;
}
