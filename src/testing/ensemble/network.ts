import { type Fault, faultInForce } from '../door/fault.ts';
import type { Links } from '../layers/links.ts';

/**
 * The network between the servers. A blocked way is as one that loses packets: connections that are open stay, and say
 * nothing; new ones come to nothing. Once it is healed, the bytes sent arrive, as far as the connection is still there.
 * Clients are not touched.
 */
export class Network {
  private readonly links: Links;
  private readonly ids: () => readonly number[];

  constructor(links: Links, ids: () => readonly number[]) {
    this.links = links;
    this.ids = ids;
  }

  /** Nothing passes between the two sides, either way. Without the second, the first is cut off from all others. */
  partition(side: readonly number[], other?: readonly number[]): Fault {
    const rest = other ?? this.ids().filter((id) => !side.includes(id));
    const ways = side.flatMap((from) => rest.flatMap((to) => [this.links.block(from, to), this.links.block(to, from)]));
    return faultInForce(`partition ${side} from ${rest}`, () => {
      for (const heal of ways) heal();
    });
  }

  /** Nothing gets from one server to another; the way back stays. */
  block(from: number, to: number): Fault {
    return faultInForce(`block ${from} to ${to}`, this.links.block(from, to));
  }

  /** All that one server says to another takes `ms` longer, in real time. */
  slow(from: number, to: number, ms: number): Fault {
    this.links.slow(from, to, ms);
    return faultInForce(`slow ${from} to ${to}`, () => this.links.slow(from, to, 0));
  }
}
