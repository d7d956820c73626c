import type { Expiring, ExpiryBuckets } from '../sessions/expiry-buckets.ts';
import { CLOSING_MS } from './client-limits.ts';
import type { ConnectionOutput, OutputAccount } from './output-account.ts';

/**
 * All who are connected, how many from each address, and when each has been silent for too long. A connection that the
 * server closed counts until its stream is gone: it has a descriptor, and what it was sent last is still in memory. It
 * has CLOSING_MS for that, and makes room for a new one sooner.
 */
export interface Counted extends Expiring {
  readonly output: ConnectionOutput;
  close(reason: string, politely: boolean): void;
}

interface OfAddress {
  readonly address: string;
  open: number;
  readonly closing: Set<Counted>;
}

export class ClientConnections<C extends Counted> {
  readonly all = new Set<C>();
  readonly expiry: ExpiryBuckets<C>;
  readonly account: OutputAccount;
  private readonly byAddress = new Map<string, OfAddress>();
  private readonly addresses = new Map<Counted, OfAddress>();
  /** The closing ones in the order they were closed, with the time at which they are cut off. */
  private readonly closing = new Map<C, number>();

  constructor(expiry: ExpiryBuckets<C>, account: OutputAccount) {
    this.expiry = expiry;
    this.account = account;
  }

  /** The number of connections, closing ones included. */
  get count(): number {
    return this.all.size + this.closing.size;
  }

  ofAddress(address: string): number {
    const of = this.byAddress.get(address);
    return of === undefined ? 0 : of.open + of.closing.size;
  }

  add(connection: C, address: string): void {
    let of = this.byAddress.get(address);
    if (of === undefined) {
      of = { address, open: 0, closing: new Set() };
      this.byAddress.set(address, of);
    }
    of.open++;
    this.addresses.set(connection, of);
    this.all.add(connection);
  }

  /** `isGone`: nothing of it is left. Otherwise `onGone` follows. */
  onClosed(connection: C, isGone: boolean, nowMs: number): void {
    if (!this.all.delete(connection)) return;
    this.expiry.remove(connection);
    const of = this.addresses.get(connection) as OfAddress;
    of.open--;
    of.closing.add(connection);
    this.closing.set(connection, nowMs + CLOSING_MS);
    if (isGone) this.onGone(connection);
  }

  onGone(connection: C): void {
    if (!this.closing.delete(connection)) return;
    connection.output.forget();
    const of = this.addresses.get(connection) as OfAddress;
    this.addresses.delete(connection);
    of.closing.delete(connection);
    if (of.open + of.closing.size === 0) this.byAddress.delete(of.address);
  }

  /** Cuts off one that is closing, of this address if one is named. False: there is none. */
  makeRoom(address?: string): boolean {
    const of = address === undefined ? this.closing.keys() : (this.byAddress.get(address)?.closing ?? []);
    for (const connection of of) {
      this.cutOff(connection as C);
      return true;
    }
    return false;
  }

  /** Call it often: connections that have been closing for too long are cut off. */
  cutOffOverdue(nowMs: number): void {
    for (const [connection, dueMs] of this.closing) {
      if (dueMs > nowMs) return;
      this.cutOff(connection);
    }
  }

  /** Returns how many were cut off because too much waits over all. */
  shedOutput(): number {
    if (!this.account.isOver) return 0;
    const most = [...this.all, ...this.closing.keys()];
    // Streams do not say what is taken of them bit by bit.
    for (const { output } of most) output.note();
    most.sort((a, b) => b.output.noted - a.output.noted);
    let shed = 0;
    while (this.account.bytes > (shed === 0 ? this.account.maxBytes : this.account.leftBytes)) {
      const connection = most[shed++] as C;
      if (this.closing.has(connection)) this.cutOff(connection);
      else connection.close('too much waits in memory for all clients together', false);
    }
    return shed;
  }

  private cutOff(connection: C): void {
    connection.output.cutOff();
    this.onGone(connection);
  }
}
