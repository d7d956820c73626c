import type { Random } from '../../io/random.ts';
import type { ServerAddress } from '../connect-string.ts';

/**
 * The servers in the order in which they are dialled: shuffled once, so that clients spread, and then round and round. A
 * pause comes after each round in which nobody gave a session, longer each time and never the same for two clients.
 */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export class ServerList {
  private readonly servers: readonly ServerAddress[];
  private readonly random: Random;
  private next = 0;
  private failedRounds = 0;

  constructor(servers: readonly ServerAddress[], random: Random) {
    this.servers = shuffled(servers, random);
    this.random = random;
  }

  get size(): number {
    return this.servers.length;
  }

  take(): ServerAddress {
    const server = this.servers[this.next] as ServerAddress;
    this.next = (this.next + 1) % this.servers.length;
    return server;
  }

  /** It is dialled before the others. */
  preferNext(server: ServerAddress): void {
    this.next = Math.max(this.servers.indexOf(server), 0);
  }

  onServed(): void {
    this.failedRounds = 0;
  }

  /** How long to wait before the next one is dialled. */
  pauseMs(wasConnected: boolean): number {
    if (!wasConnected && this.next === 0) this.failedRounds++;
    if (!wasConnected && this.next !== 0) return 0;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.failedRounds, 10), LONGEST_PAUSE_MS);
    return Math.floor(pauseMs / 2) + this.random.below(pauseMs);
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const item = order[i] as T;
    order[i] = order[j] as T;
    order[j] = item;
  }
  return order;
}
