// Several servers that elect: any mix of Apache's and ours, on one block of ports.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kind, Server, type ServerOptions } from './server.ts';

export interface EnsembleOptions {
  /** Client ports start here, quorum ports 20 above, election ports 40 above. */
  readonly basePort: number;
  readonly kinds: readonly Kind[];
  readonly tickTime?: number;
  readonly settings?: ServerOptions['settings'];
  /** For Apache's members alone, over those for all. */
  readonly apacheSettings?: ServerOptions['settings'];
  readonly flags?: readonly string[];
  /** The admin server of each, from this port on; without it there is none. */
  readonly adminPort?: number;
  /** The address of each member, where it is not 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** More flags of one member. */
  readonly flagsOf?: (id: number) => readonly string[];
  /** Members by number (from 1) that only observe. */
  readonly observers?: readonly number[];
}

export class Ensemble {
  readonly servers: Server[];
  readonly options: EnsembleOptions;

  constructor(options: EnsembleOptions) {
    this.options = options;
    const { basePort, kinds, observers = [], hosts = [] } = options;
    const members = kinds.map((_, i) => {
      const role = observers.includes(i + 1) ? 'observer' : 'participant';
      return `server.${i + 1}=${hosts[i] ?? '127.0.0.1'}:${basePort + 20 + i}:${basePort + 40 + i}:${role}`;
    });
    this.servers = kinds.map((kind, i) => this.build(kind, i + 1, members));
  }

  private build(kind: Kind, id: number, members: readonly string[], dir?: string): Server {
    const {
      basePort,
      tickTime = 500,
      settings = {},
      apacheSettings = {},
      flags = [],
      observers = [],
      adminPort,
    } = this.options;
    const role = observers.includes(id) ? { peerType: 'observer' } : {};
    const admin =
      adminPort === undefined
        ? {}
        : { 'admin.enableServer': 'true', 'admin.serverPort': adminPort + id - 1, 'admin.rateLimiterIntervalInMS': 0 };
    return new Server({
      kind,
      id,
      clientPort: basePort + id - 1,
      members,
      flags: [...flags, ...(this.options.flagsOf?.(id) ?? [])],
      settings: {
        tickTime,
        initLimit: 20,
        syncLimit: 10,
        ...admin,
        ...settings,
        ...(kind === 'ours' ? {} : apacheSettings),
        ...role,
      },
      ...(dir === undefined ? {} : { dir }),
    });
  }

  /** The same member, its directory and its ports, run by another kind of server. */
  replace(index: number, kind: Kind): Server {
    const old = this.at(index);
    const server = this.build(kind, index + 1, old.options.members ?? [], old.dir);
    this.servers[index] = server;
    return server;
  }

  at(index: number): Server {
    const server = this.servers[index];
    if (server === undefined) throw new RangeError(`no member ${index}`);
    return server;
  }

  observes(server: Server): boolean {
    return this.options.observers?.includes(server.options.id ?? 0) ?? false;
  }

  get voters(): Server[] {
    return this.servers.filter((server) => !this.observes(server));
  }

  get observers(): Server[] {
    return this.servers.filter((server) => this.observes(server));
  }

  get connectString(): string {
    return this.servers.map((server) => `127.0.0.1:${server.clientPort}`).join(',');
  }

  async start(timeoutMs = 60_000): Promise<this> {
    for (const server of this.servers) server.launch();
    await Promise.all(this.servers.map((server) => server.untilServing(timeoutMs)));
    return this;
  }

  /** The member that leads; waits for one. */
  async leader(timeoutMs = 60_000): Promise<Server> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const modes = await Promise.all(this.servers.map((server) => (server.running ? server.mode() : null)));
      const index = modes.indexOf('leader');
      if (index >= 0) return this.at(index);
      if (Date.now() > deadline) throw new Error(`no leader: ${modes.join(', ')}`);
      await sleep(20);
    }
  }

  async followers(): Promise<Server[]> {
    const leader = await this.leader();
    return this.servers.filter((server) => server !== leader && server.running);
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()));
  }
}
