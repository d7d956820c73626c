import {
  type Listener,
  type ListenHandlers,
  type ListenOptions,
  type Net,
  NetError,
  type Stream,
  type StreamHandlers,
} from '../../../src/io/net.ts';
import type { SimRandom } from './random.ts';
import type { Micros, Scheduler, SimEvent, SimProcess } from './scheduler.ts';
import { SimStream } from './stream.ts';

/**
 * The simulated network: hosts with one address each, names that resolve or do not, cables between every two hosts
 * that are fast, slow or cut in either direction, and what operating systems do: ports in use, refused and
 * black-holed dials, half-open connections to machines that lost power. stream.ts is a connection.
 *
 * A process gets its own view with `netOf`; when it dies, everything it had open goes with it.
 */

export interface LinkSpeed {
  /** Each segment takes a random time between these. */
  readonly minDelayUs: Micros;
  readonly maxDelayUs: Micros;
  /** undefined: as fast as one likes. */
  readonly bytesPerMs: number | undefined;
}

const LAN: LinkSpeed = { minDelayUs: 50, maxDelayUs: 1500, bytesPerMs: undefined };
const LOOPBACK: LinkSpeed = { minDelayUs: 5, maxDelayUs: 60, bytesPerMs: undefined };

/** `fail`: no such name. `hang`: the resolver never answers. */
export type NameState = 'fail' | 'hang' | { readonly address: string };

export class SimHost {
  readonly name: string;
  readonly address: string;
  /** That one first, and what else leads here. */
  readonly addresses: string[];
  /** One for each address. */
  readonly names: string[];
  /** Without power: whatever is sent here vanishes. */
  isDown = false;
  /** Listeners by port. */
  readonly listeners = new Map<number, SimListener>();
  private nextPort = 40_000;

  constructor(name: string, address: string) {
    this.name = name;
    this.address = address;
    this.addresses = [address];
    this.names = [name];
  }

  ephemeralPort(): number {
    for (;;) {
      const port = this.nextPort++;
      if (this.nextPort > 60_000) this.nextPort = 40_000;
      if (!this.listeners.has(port)) return port;
    }
  }
}

export class SimNetwork {
  readonly scheduler: Scheduler;
  readonly random: SimRandom;
  /** How long a kernel repeats unanswered bytes before it gives the connection up. */
  giveUpUs: Micros = 900_000_000;
  /** Bytes under way or unread in one direction of a connection, the kernel buffers of both sides together. */
  windowBytes = 256 * 1024;
  /** The most that ever waited for a kernel to take it. */
  mostUnsentBytes = 0;
  /** Between hosts without a speed of their own. */
  defaultSpeed: LinkSpeed = LAN;
  private readonly hosts = new Map<string, SimHost>();
  private readonly names = new Map<string, NameState>();
  private readonly speeds = new Map<string, LinkSpeed>();
  private readonly cuts = new Set<string>();
  /** Addresses that lead nowhere for now. */
  private readonly lostPaths = new Set<string>();
  private readonly streams = new Set<SimStream>();
  private readonly holding = new Set<SimStream>();

  constructor(scheduler: Scheduler, random: SimRandom) {
    this.scheduler = scheduler;
    this.random = random;
  }

  /** A machine with a name of its own and the next address. */
  addHost(name: string): SimHost {
    const host = new SimHost(name, `10.0.0.${this.hosts.size + 1}`);
    this.hosts.set(host.address, host);
    this.names.set(name, { address: host.address });
    return host;
  }

  /** One more address of a machine, on a cable of its own, with a name for it. */
  addAddress(host: SimHost, name: string): void {
    const address = `10.${host.addresses.length}.${host.address.split('.').slice(2).join('.')}`;
    host.addresses.push(address);
    host.names.push(name);
    this.hosts.set(address, host);
    this.names.set(name, { address });
  }

  /** Dials to that address go through, or are held. */
  setPath(address: string, isThere: boolean): void {
    if (!isThere) this.lostPaths.add(address);
    else if (this.lostPaths.delete(address)) this.release((stream) => stream.path === address, false);
  }

  isPathLost(address: string): boolean {
    return this.lostPaths.has(address);
  }

  setName(name: string, state: NameState): void {
    this.names.set(name, state);
  }

  nameState(name: string): NameState {
    return this.names.get(name) ?? 'fail';
  }

  hostAt(address: string): SimHost | undefined {
    return this.hosts.get(address);
  }

  /** Speed in one direction; undefined for the default again. */
  setSpeed(from: SimHost, to: SimHost, speed: LinkSpeed | undefined): void {
    if (speed === undefined) this.speeds.delete(cableKey(from, to));
    else this.speeds.set(cableKey(from, to), speed);
  }

  /** Cuts one direction: what is sent is held. */
  cut(from: SimHost, to: SimHost): void {
    this.cuts.add(cableKey(from, to));
  }

  /** Separates the groups from each other in both directions; hosts in no group keep all their cables. */
  partition(...groups: readonly (readonly SimHost[])[]): void {
    for (const group of groups) {
      for (const other of groups) {
        if (group === other) continue;
        for (const from of group) for (const to of other) this.cut(from, to);
      }
    }
  }

  /** Mends one direction. `lost`: the connections that were held back are reset instead of going on. */
  heal(from: SimHost, to: SimHost, lost = false): void {
    if (!this.cuts.delete(cableKey(from, to))) return;
    this.release((stream) => stream.host === from && stream.peer?.host === to, lost);
  }

  healAll(lost = false): void {
    this.cuts.clear();
    this.release((stream) => stream.peer?.host.isDown === false, lost);
  }

  isCut(from: SimHost, to: SimHost): boolean {
    return this.cuts.size > 0 && this.cuts.has(cableKey(from, to));
  }

  delayUs(from: SimHost, to: SimHost): Micros {
    const speed = this.speedOf(from, to);
    return this.random.between(speed.minDelayUs, speed.maxDelayUs);
  }

  /** How long the cable is busy with so many bytes, behind those before them. */
  transferUs(from: SimHost, to: SimHost, bytes: number): Micros {
    const { bytesPerMs } = this.speedOf(from, to);
    return bytesPerMs === undefined ? 0 : Math.ceil((bytes * 1000) / bytesPerMs);
  }

  /** The machine loses power, or gets it back; its processes are killed by whoever calls this. */
  setPower(host: SimHost, on: boolean): void {
    host.isDown = !on;
    if (on) this.release((stream) => stream.peer?.host === host && !this.isCut(stream.host, host), false);
  }

  netOf(process: SimProcess, host: SimHost): Net {
    return new SimNet(this, process, host);
  }

  /** Every open connection between two hosts breaks with a reset on both sides. */
  resetStreams(a: SimHost, b: SimHost): void {
    for (const stream of [...this.streams]) {
      if (stream.host === a && stream.peer?.host === b) {
        const peer = stream.peer;
        stream.fail(new NetError('ECONNRESET', 'read ECONNRESET'));
        peer.fail(new NetError('ECONNRESET', 'read ECONNRESET'));
      }
    }
  }

  /** Every host that has dialled that port ends its side, and goes on reading. Returns how many there were. */
  halfClose(to: SimHost, port: number): number {
    let ended = 0;
    for (const stream of [...this.streams]) {
      if (stream.peer?.host !== to || stream.remotePort !== port || stream.process.isDead) continue;
      stream.end();
      ended++;
    }
    return ended;
  }

  get openStreams(): number {
    return this.streams.size;
  }

  // ---- for streams

  opened(stream: SimStream): void {
    this.streams.add(stream);
  }

  closed(stream: SimStream): void {
    this.streams.delete(stream);
  }

  hold(stream: SimStream): void {
    this.holding.add(stream);
  }

  private release(which: (stream: SimStream) => boolean, lost: boolean): void {
    for (const stream of [...this.holding]) {
      if (!which(stream)) continue;
      this.holding.delete(stream);
      stream.released(lost);
    }
  }

  private speedOf(from: SimHost, to: SimHost): LinkSpeed {
    if (from === to) return LOOPBACK;
    return (this.speeds.size > 0 ? this.speeds.get(cableKey(from, to)) : undefined) ?? this.defaultSpeed;
  }
}

function cableKey(from: SimHost, to: SimHost): string {
  return `${from.address}>${to.address}`;
}

class SimListener implements Listener {
  readonly net: SimNet;
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly handlers: ListenHandlers;
  port: number;
  closed = false;

  constructor(net: SimNet, host: SimHost, process: SimProcess, handlers: ListenHandlers, port: number) {
    this.net = net;
    this.host = host;
    this.process = process;
    this.handlers = handlers;
    this.port = port;
  }

  close(): void {
    this.closed = true;
    if (this.host.listeners.get(this.port) === this) this.host.listeners.delete(this.port);
  }
}

/** The network as one process sees it. */
class SimNet implements Net {
  private readonly network: SimNetwork;
  private readonly process: SimProcess;
  private readonly host: SimHost;
  private readonly streams = new Set<SimStream>();
  private readonly listeners = new Set<SimListener>();
  /** The last address each name resolved to. */
  private readonly known = new Map<string, string>();

  constructor(network: SimNetwork, process: SimProcess, host: SimHost) {
    this.network = network;
    this.process = process;
    this.host = host;
    process.onDeath((death) => {
      for (const listener of this.listeners) listener.close();
      for (const stream of this.streams) stream.abandon(death === 'power');
    });
  }

  listen(options: ListenOptions, handlers: ListenHandlers): Listener {
    const listener = new SimListener(this, this.host, this.process, handlers, options.port);
    this.listeners.add(listener);
    this.network.scheduler.after(0, this.process, () => {
      if (listener.closed) return;
      const refusal = this.whyNotListen(options);
      if (refusal !== undefined) {
        handlers.onError(refusal);
        return;
      }
      if (listener.port === 0) listener.port = this.host.ephemeralPort();
      this.host.listeners.set(listener.port, listener);
      handlers.onListening(listener.port);
    });
    return listener;
  }

  dial(host: string, port: number, timeoutMs: number, handlers: StreamHandlers): Stream {
    const local = [this.host.address, this.host.ephemeralPort()] as const;
    const stream = new SimStream(this.network, this.host, this.process, handlers, local, [host, port]);
    this.remember(stream);
    const dial = new SimDial(this, this.network, stream, host, port);
    dial.start(Math.round(timeoutMs * 1000));
    return stream;
  }

  /** The answer of the resolver now; and an earlier one, which stands in while it does not or cannot answer. */
  resolve(name: string): { state: NameState; known: string | undefined } {
    if (name === 'localhost' || name === '127.0.0.1' || name === '0:0:0:0:0:0:0:1') {
      return { state: { address: this.host.address }, known: undefined };
    }
    if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return { state: { address: name }, known: undefined };
    const state = this.network.nameState(name);
    const known = this.known.get(name);
    if (typeof state !== 'string') this.known.set(name, state.address);
    return { state, known };
  }

  /** A connection came in on `listener`, one of this process. */
  accept(listener: SimListener, from: SimStream): SimStream {
    const local = [this.host.address, listener.port] as const;
    const stream = new SimStream(this.network, this.host, this.process, undefined, local, [
      from.host.address,
      from.localPort,
    ]);
    stream.peer = from;
    this.remember(stream);
    this.network.scheduler.after(0, this.process, () => {
      if (stream.isClosed) return;
      const handlers = listener.closed ? undefined : listener.handlers.onStream(stream);
      if (handlers === undefined) {
        stream.destroy();
        return;
      }
      stream.handlers = handlers;
      stream.opened(from, false);
    });
    return stream;
  }

  private remember(stream: SimStream): void {
    this.network.opened(stream);
    this.streams.add(stream);
    if (this.streams.size % 64 === 0) {
      for (const old of this.streams) if (old.isClosed) this.streams.delete(old);
    }
  }

  private whyNotListen(options: ListenOptions): NetError | undefined {
    if (options.host !== undefined && options.host !== '0.0.0.0' && options.host !== '0:0:0:0:0:0:0:0') {
      const { state } = this.resolve(options.host);
      if (typeof state === 'string') return new NetError('ENOTFOUND', `getaddrinfo ENOTFOUND ${options.host}`);
      if (!this.host.addresses.includes(state.address)) {
        return new NetError('EADDRNOTAVAIL', `listen EADDRNOTAVAIL: address not available ${options.host}`);
      }
    }
    return options.port !== 0 && this.host.listeners.has(options.port)
      ? new NetError('EADDRINUSE', `listen EADDRINUSE: address already in use ${options.host ?? '*'}:${options.port}`)
      : undefined;
  }
}

/** One attempt to connect: look up, knock, and be let in, refused or left standing until the time is over. */
class SimDial {
  private readonly net: SimNet;
  private readonly network: SimNetwork;
  private readonly stream: SimStream;
  private readonly name: string;
  private readonly port: number;
  private limit: SimEvent | undefined = undefined;

  constructor(net: SimNet, network: SimNetwork, stream: SimStream, name: string, port: number) {
    this.net = net;
    this.network = network;
    this.stream = stream;
    this.name = name;
    this.port = port;
  }

  start(timeoutUs: Micros): void {
    const stream = this.stream;
    stream.onGivenUp = (): void => this.limit?.cancel();
    this.limit = this.network.scheduler.after(timeoutUs, stream.process, () => {
      this.fail('ETIMEDOUT', `no connection to ${this.name}:${this.port} within ${timeoutUs / 1000} ms`);
    });
    const { state, known } = this.net.resolve(this.name);
    const lookupUs = this.network.random.between(20, 2000);
    if (typeof state !== 'string') this.world(lookupUs, () => this.knock(state.address));
    else if (known !== undefined) this.world(lookupUs + 100_000, () => this.knock(known));
    else if (state === 'fail') this.world(lookupUs, () => this.fail('ENOTFOUND', `getaddrinfo ENOTFOUND ${this.name}`));
  }

  /** Kernels knock again, after one second, three, and so on. */
  private knock(address: string, againUs: Micros = 1_000_000): void {
    const from = this.stream.host;
    const to = this.network.hostAt(address);
    const isLost = to === undefined || this.network.isCut(from, to) || this.network.isPathLost(address);
    if (this.stream.isClosed) return;
    if (isLost) {
      this.world(againUs, () => this.knock(address, againUs * 2));
      return;
    }
    this.world(this.network.delayUs(from, to), () => {
      if (this.stream.isClosed) return;
      if (to.isDown || this.network.isCut(to, from)) {
        this.world(againUs, () => this.knock(address, againUs * 2));
        return;
      }
      const listener = to.listeners.get(this.port);
      const backUs = this.network.delayUs(to, from);
      if (listener === undefined || listener.process.isDead) {
        this.world(backUs, () => this.fail('ECONNREFUSED', `connect ECONNREFUSED ${address}:${this.port}`));
        return;
      }
      const accepted = listener.net.accept(listener, this.stream);
      this.stream.path = address;
      accepted.path = address;
      this.world(backUs, () => {
        if (this.stream.isClosed) {
          accepted.arrive('rst');
          return;
        }
        this.limit?.cancel();
        this.stream.opened(accepted, true);
      });
    });
  }

  private fail(code: string, message: string): void {
    this.limit?.cancel();
    this.stream.fail(new NetError(code, message));
  }

  private world(delay: Micros, task: () => void): void {
    this.network.scheduler.after(delay, undefined, task);
  }
}
