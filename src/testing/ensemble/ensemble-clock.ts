import type { ClientDoor } from '../door/client-door.ts';
import { type Fault, faultInForce } from '../door/fault.ts';
import type { TestClock } from '../layers/test-clock.ts';
import { turns } from './patience.ts';
import type { Seat } from './seat.ts';

/**
 * The time that all servers have, and that clients have which the ensemble made. It goes on by itself as real time does, and can be
 * advanced.
 */
export interface AdvanceOptions {
  /**
   * `ping` (the default): clients that are connected keep their sessions, for they would have sent pings. `silent`: no server hears of
   * any client meanwhile, and sessions expire that are shorter.
   */
  readonly clients?: 'ping' | 'silent';
}

export class EnsembleClock {
  private readonly clock: TestClock;
  private readonly door: ClientDoor;
  private readonly seats: readonly Seat[];
  private readonly stepMs: number;

  /** `stepMs`: the servers hear of each other that often, however much is advanced. */
  constructor(clock: TestClock, door: ClientDoor, seats: readonly Seat[], stepMs: number) {
    this.clock = clock;
    this.door = door;
    this.seats = seats;
    this.stepMs = stepMs;
  }

  /** Monotonic, ms: what timeouts are measured by. */
  nowMs(): number {
    return this.clock.nowMs();
  }

  /** Whole ms since 1970, as a server reads it that is not wrong. */
  wallMs(): number {
    return this.clock.wallMs();
  }

  /**
   * `ms` pass, in a moment. Sessions that end by it are closed when this resolves, and what else was due has happened. Clients of
   * other programs measure real time: to them the servers have become quick.
   */
  async advance(ms: number, { clients = 'ping' }: AdvanceOptions = {}): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`${ms} ms cannot pass: time does not go back`);
    for (let left = ms; left > 0; left -= this.stepMs) {
      this.clock.skip(Math.min(left, this.stepMs));
      if (clients === 'ping') this.door.pingForClients();
      await this.settle();
    }
    await this.settle();
  }

  /** The wall clock of one server jumps. Timeouts do not go by it; mtime, TTL and ids of sessions do. */
  moveWall(server: number, ms: number): Fault {
    const move = (wrongByMs: number): void => {
      for (const seat of this.seats) if (seat.id === server) seat.world.clock.wrongByMs = wrongByMs;
    };
    move(ms);
    return faultInForce(`wall clock of ${server} wrong by ${ms} ms`, () => move(0));
  }

  /** Packets between servers arrive, and writes to their disks are carried out. */
  private async settle(): Promise<void> {
    do await turns(0);
    while (this.seats.some(({ world, isPaused }) => !isPaused && world.switchedDisk.underWay > 0));
  }
}
