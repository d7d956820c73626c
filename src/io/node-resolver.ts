import { lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import { NetError } from './net.ts';

/**
 * Names to addresses, for dialling. Resolved anew at every dial, because addresses move (ZOOKEEPER-2164,
 * ZOOKEEPER-2614). When an earlier answer is at hand, the new one is waited for only a moment: a resolver that hangs
 * must not keep peers apart that know each other's address. Nothing is remembered of a name that did not resolve.
 *
 * One lookup per name is in flight at most. The system's getaddrinfo blocks a thread, and has half of them at most; a
 * peer that redials a dead name must not take the other half as well.
 */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export type Lookup = (host: string, done: (error: NetError | undefined, addresses: ResolvedAddress[]) => void) => void;

export type ResolveListener = (error: NetError | undefined, addresses: readonly ResolvedAddress[]) => void;

export class NodeResolver {
  private readonly lookup: Lookup;
  private readonly lastGood = new Map<string, readonly ResolvedAddress[]>();
  private readonly waiting = new Map<string, ResolveListener[]>();

  constructor(lookup: Lookup = lookupAll) {
    this.lookup = lookup;
  }

  /** The answer of the latest lookup that had one. */
  known(host: string): readonly ResolvedAddress[] | undefined {
    return this.lastGood.get(host);
  }

  /** Asks, or joins the lookup of `host` that is in flight. An address is its own answer. */
  resolve(host: string, listener: ResolveListener): void {
    const family = isIP(host);
    if (family !== 0) {
      listener(undefined, [{ address: host, family }]);
      return;
    }
    const waiting = this.waiting.get(host);
    if (waiting !== undefined) {
      waiting.push(listener);
      return;
    }
    this.waiting.set(host, [listener]);
    this.lookup(host, (error, addresses) => {
      const listeners = this.waiting.get(host) ?? [];
      this.waiting.delete(host);
      if (error === undefined && addresses.length > 0) this.lastGood.set(host, addresses);
      for (const each of listeners) each(error, addresses);
    });
  }
}

function lookupAll(host: string, done: (error: NetError | undefined, addresses: ResolvedAddress[]) => void): void {
  systemLookup(host, { all: true }, (error, addresses) => {
    if (error !== null) done(new NetError(error.code ?? 'ENOTFOUND', `${host} does not resolve: ${error.code}`), []);
    else if (addresses.length === 0) done(new NetError('ENOTFOUND', `${host} has no address`), []);
    else done(undefined, addresses);
  });
}
