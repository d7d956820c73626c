import { CLIENT_PORT, Machine } from './machine.ts';
import { SimNetwork } from './net.ts';
import { SimRandom } from './random.ts';
import { Scheduler } from './scheduler.ts';

/** Machines with production peers on them, joined by one network, in one virtual time. */
export interface SimEnsembleOptions {
  readonly seed: number;
  readonly voters: number;
  readonly observers?: number;
  /** Lines of zoo.cfg that differ from the defaults below; a key given here wins. */
  readonly config?: Readonly<Record<string, string | number>>;
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
    const count = options.voters + (options.observers ?? 0);
    for (let sid = 1; sid <= count; sid++) {
      const host = this.network.addHost(`zk${sid}`);
      this.machines.push(new Machine(sid, host, this.scheduler, this.network, this.random.split(`machine ${sid}`)));
    }
    this.lines = Object.entries({ ...DEFAULTS, ...options.config }).map(([key, value]) => `${key}=${value}`);
    const sids = this.machines.map(({ sid }) => sid);
    // One alone need not be named.
    const isNamed = count > 1 || options.seed % 2 === 1 || options.config?.standaloneEnabled === 'false';
    const participants = isNamed ? sids.filter((sid) => sid <= options.voters) : [];
    for (const sid of sids) this.configure(sid, participants, sids.slice(options.voters));
  }

  /** Writes zoo.cfg of `sid`, with these members. */
  configure(sid: number, participants: readonly number[], observers: readonly number[] = []): void {
    const server = (each: number, role: string): string => `server.${each}=zk${each}:2888:3888:${role}`;
    const lines = [...this.lines];
    for (const each of participants) lines.push(server(each, 'participant'));
    for (const each of observers) lines.push(server(each, 'observer'));
    this.machine(sid).configure(`${lines.join('\n')}\n`);
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
