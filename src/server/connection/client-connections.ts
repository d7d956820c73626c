import type { Expiring, ExpiryBuckets } from '../sessions/expiry-buckets.ts';

/** All who are connected, how many from each address, and when each has been silent for too long. */
export interface Counted extends Expiring {
  readonly remoteAddress: string;
}

export class ClientConnections<C extends Counted> {
  readonly all = new Set<C>();
  readonly expiry: ExpiryBuckets<C>;
  private readonly perAddress = new Map<string, number>();

  constructor(expiry: ExpiryBuckets<C>) {
    this.expiry = expiry;
  }

  ofAddress(address: string): number {
    return this.perAddress.get(address) ?? 0;
  }

  add(connection: C): void {
    this.all.add(connection);
    this.perAddress.set(connection.remoteAddress, this.ofAddress(connection.remoteAddress) + 1);
  }

  /** The connection closed, from either side. */
  remove(connection: C): void {
    this.all.delete(connection);
    this.expiry.remove(connection);
    const left = this.ofAddress(connection.remoteAddress) - 1;
    if (left > 0) this.perAddress.set(connection.remoteAddress, left);
    else this.perAddress.delete(connection.remoteAddress);
  }
}
