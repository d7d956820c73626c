import { type NetPlan, ONE_NETWORK } from '../plan/net-plan.ts';
import { CLIENT_PORT, Machine } from './machine.ts';
import { SimNetwork } from './net.ts';
import { speaksAsBefore } from './old-release.ts';
import { SimRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';

/** Machines with production peers on them, joined by one network, in one virtual time. */
export interface SimEnsembleOptions {
  readonly seed: number;
  readonly voters: number;
  readonly observers?: number;
  /** Lines of zoo.cfg that differ from the defaults below; a key given here wins. */
  readonly config?: Readonly<Record<string, string | number>>;
  readonly net?: NetPlan;
  /** The sid of one that no other server knows: it knows them, and believes itself to be a voter. */
  readonly stranger?: number | undefined;
}

const DEFAULTS: Readonly<Record<string, string | number>> = {
  tickTime: 500,
  initLimit: 10,
  syncLimit: 5,
  dataDir: '/data',
  clientPort: CLIENT_PORT,
  // Small, so that a simulated disk stays small and log files fill up.
  preAllocSize: 16,
  '4lw.commands.whitelist': '*',
};

export class SimEnsemble {
  readonly scheduler = new Scheduler();
  readonly random: SimRandom;
  readonly network: SimNetwork;
  readonly machines: Machine[] = [];
  private readonly lines: readonly string[];

  constructor(options: SimEnsembleOptions) {
    this.random = new SimRandom(options.seed);
    this.network = new SimNetwork(this.scheduler, this.random.split('net'));
    const { addresses, prefix, old, windowBytes, delaysMs } = options.net ?? ONE_NETWORK;
    this.network.windowBytes = windowBytes;
    if (delaysMs !== undefined) {
      const { least, most } = delaysMs;
      this.network.defaultSpeed = { minDelayUs: least * 1000, maxDelayUs: most * 1000, bytesPerMs: undefined };
    }
    const count = options.voters + (options.observers ?? 0);
    for (let sid = 1; sid <= count; sid++) {
      const host = this.network.addHost(`${prefix}${sid}`);
      this.machines.push(new Machine(sid, host, this.scheduler, this.network, this.random.split(`machine ${sid}`)));
    }
    for (const { host } of addresses > 1 ? this.machines : []) this.network.addAddress(host, `${host.name}-b`);
    for (const machine of this.machines) {
      if (old.includes(machine.sid)) machine.viaNet = (net) => speaksAsBefore(net, addresses);
    }
    const several = addresses > 1 ? { 'multiAddress.enabled': 'true' } : {};
    const config = { ...DEFAULTS, ...several, ...options.config };
    this.lines = Object.entries(config).map(([key, value]) => `${key}=${value}`);
    const sids = this.machines.map(({ sid }) => sid);
    // One alone need not be named.
    const isNamed = count > 1 || options.seed % 2 === 1 || options.config?.standaloneEnabled === 'false';
    const participants = isNamed ? sids.filter((sid) => sid <= options.voters) : [];
    const observers = sids.slice(options.voters).filter((sid) => sid !== options.stranger);
    for (const sid of sids) {
      this.configure(sid, sid === options.stranger ? [...participants, sid] : participants, observers);
    }
  }

  /** Writes zoo.cfg of `sid`, with these members. */
  configure(sid: number, participants: readonly number[], observers: readonly number[] = []): void {
    const server = (each: number, role: string): string => {
      const { names } = this.machine(each).host;
      return `server.${each}=${names.map((name, i) => `${name}:${2888 + i}:${3888 + i}:${role}`).join('|')}`;
    };
    const lines = [...this.lines];
    for (const each of participants) lines.push(server(each, 'participant'));
    for (const each of observers) lines.push(server(each, 'observer'));
    this.machine(sid).configure(escaped(`${lines.join('\n')}\n`));
  }

  startAll(): void {
    for (const machine of this.machines) machine.start();
  }

  machine(sid: number): Machine {
    return this.machines[sid - 1] as Machine;
  }

  /** The one that leads and serves; undefined while nobody does, or more than one believes it. */
  get leader(): Machine | undefined {
    const leaders = this.machines.filter(
      ({ mode, peer }) => (mode === 'leader' || mode === 'standalone') && peer?.server.isServing === true,
    );
    return leaders.length === 1 ? leaders[0] : undefined;
  }

  /** Every machine that is up serves. */
  get isServing(): boolean {
    const up = this.machines.filter((machine) => machine.isUp);
    return up.length > 0 && up.every((machine) => machine.peer?.server.isServing === true);
  }

  /** For a test's failure: what each peer said last. */
  report(lines = 40): string {
    return this.machines
      .map((machine) => `--- peer ${machine.sid} (${machine.mode})\n${machine.lines.slice(-lines).join('\n')}`)
      .join('\n');
  }
}

/** Properties are read as ISO 8859-1: what is beyond ASCII is written as Java's native2ascii has it. */
export function escaped(text: string): string {
  return text.replace(/[^\n -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
