import { type Fault, faultInForce } from '../door/fault.ts';
import type { Seat } from './seat.ts';

/** The disks of the servers, each with its faults. A server ends at a disk that fails, as ZooKeeper does. */
export class Disks {
  private readonly seat: (id: number) => Seat;

  constructor(seat: (id: number) => Seat) {
    this.seat = seat;
  }

  /** Every sync while clients wait takes `ms` longer, in real time. */
  slowSync(server: number, ms: number): Fault {
    const { faults } = this.seat(server);
    faults.syncMs = ms;
    return faultInForce(`slow sync at ${server}`, () => {
      faults.syncMs = 0;
    });
  }

  /** The next sync fails, and all that follow. The server ends with it; `restart` after `undo` brings it back. */
  failSync(server: number): Fault {
    const { faults } = this.seat(server);
    faults.syncFails = true;
    return faultInForce(`fail sync at ${server}`, () => {
      faults.syncFails = false;
    });
  }

  /** Nothing can be written any more. The server ends at its next write. */
  fill(server: number): Fault {
    const { faults } = this.seat(server);
    faults.isFull = true;
    return faultInForce(`full disk at ${server}`, () => {
      faults.isFull = false;
    });
  }

  /** Kills the server, and all that it had on disk is gone. `restart` brings it back, empty. */
  async lose(server: number): Promise<void> {
    const seat = this.seat(server);
    await seat.kill();
    seat.wipe();
  }
}
