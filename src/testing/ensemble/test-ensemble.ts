import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../base/errors.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { type ConnectOptions, connect, type ZooKeeperClient } from '../../client/client.ts';
import { sessionText } from '../../conversation/names.ts';
import { ClientDoor } from '../door/client-door.ts';
import { type Fault, faultInForce } from '../door/fault.ts';
import { sessionIdOf } from '../door/match.ts';
import { Links } from '../layers/links.ts';
import { MemoryDisk } from '../layers/memory-disk.ts';
import { TestClock } from '../layers/test-clock.ts';
import { TestTls, type TlsFiles } from '../tls/test-tls.ts';
import { ClientPlace } from './client-place.ts';
import { Disks } from './disks.ts';
import { EnsembleClock } from './ensemble-clock.ts';
import { Network } from './network.ts';
import { turns, until, untilSoon } from './patience.ts';
import { HOST, type Properties, Seat } from './seat.ts';

/** How an ensemble for a test is to be. */
export interface EnsembleOptions {
  /** Voting servers, 1 to 9; 1 by default. */
  readonly size?: number;
  /** Servers that do not vote, behind the others in number; none by default. */
  readonly observers?: number;
  /** Keys of zoo.cfg for every server, over those of the kit (tickTime 200, initLimit 50, syncLimit 25). */
  readonly config?: Properties;
  /** `memory` (the default): nothing is written anywhere. `directory`: a temporary one, removed by `close`. */
  readonly storage?: 'memory' | 'directory';
  /** A directory that stays; servers have 1, 2, ... in it. */
  readonly dataDir?: string;
  /** Clients have a port for TLS as well, with certificates of the kit; `everywhere`: servers speak TLS to each other, too. */
  readonly tls?: boolean | 'everywhere';
  /** Where clients are waited for, 127.0.0.1 by default; another one is for a container. */
  readonly host?: string;
  /** Of the first server, the others count on; free ones by default. */
  readonly clientPort?: number;
  /** Silent by default. */
  readonly log?: Log;
}

export interface TestClientOptions extends ConnectOptions {
  /** Connects to this one alone; to any by default. */
  readonly server?: number;
  readonly chroot?: string;
}

/** A server, as it is told of. */
export interface ServerInfo {
  readonly id: number;
  readonly role: 'voter' | 'observer';
  /** `down` where no peer runs, `paused` where one is stopped. */
  readonly state: 'down' | 'paused' | 'looking' | 'read-only' | 'standalone' | 'leader' | 'follower' | 'observer';
  /** `127.0.0.1:50123` */
  readonly address: string;
}

const SIZE_MAX = 9;

/** Short ticks, for sessions in a test are short; limits that a slow machine keeps. */
const DEFAULTS: Properties = {
  tickTime: 200,
  initLimit: 50,
  syncLimit: 25,
  minSessionTimeout: 100,
  maxSessionTimeout: 600_000,
  preAllocSize: 64,
  '4lw.commands.whitelist': '*',
  'admin.enableServer': false,
};

/**
 * Servers for a test, in this process: real peers on real sockets, which every client can use, with switches for everything that
 * can go wrong around them. A switch has taken effect when it returns, or when its promise resolves.
 */
export class TestEnsemble {
  /** Faults of connections and operations of clients. */
  readonly clients: ClientDoor;
  /** Faults between servers. */
  readonly network: Network;
  readonly disks: Disks;
  readonly clock: EnsembleClock;
  /** The certificates, where TLS was asked for. */
  readonly tls: TlsFiles | undefined;
  private readonly seats: Seat[] = [];
  private readonly dir: string;
  private readonly properties: Properties;
  private readonly options: EnsembleOptions;
  private readonly time = new TestClock();
  private readonly links = new Links();
  private readonly places = new Set<ClientPlace>();
  private readonly testTls: TestTls | undefined;
  private isClosed = false;

  private constructor(options: EnsembleOptions) {
    const { size = 1, observers = 0, dataDir, storage = 'memory', host = HOST, tls = false, log = silentLog } = options;
    if (!Number.isInteger(size) || size < 1 || size > SIZE_MAX) {
      throw new ConfigError(`size ${size}: an ensemble has 1 to ${SIZE_MAX} voting servers`);
    }
    if (!Number.isInteger(observers) || observers < 0 || observers > SIZE_MAX) {
      throw new ConfigError(`observers ${observers}: 0 to ${SIZE_MAX} are possible`);
    }
    this.options = options;
    this.testTls = tls === false ? undefined : new TestTls(tls === 'everywhere');
    this.tls = this.testTls;
    const secure = this.testTls === undefined ? {} : { secureClientPortAddress: host, ...this.testTls.properties };
    this.properties = { ...DEFAULTS, clientPortAddress: host, ...secure, ...options.config };
    const isInMemory = dataDir === undefined && storage === 'memory';
    this.dir = isInMemory
      ? '/menagerie'
      : dataDir === undefined
        ? mkdtempSync(join(tmpdir(), `menagerie-testing-${process.pid}-`))
        : resolve(dataDir);
    this.clients = new ClientDoor();
    const disk = isInMemory ? new MemoryDisk() : undefined;
    for (let id = 1; id <= size + observers; id++) {
      const dir = isInMemory ? `${this.dir}/${id}` : join(this.dir, String(id));
      const seatAt = (port: number): number | undefined => this.seatAt(port);
      const around = {
        clock: this.time,
        links: this.links,
        door: this.clients,
        disk,
        log,
        clientHost: host,
        hasTls: this.tls !== undefined,
        seatAt,
      };
      const seat = new Seat(id, id > size, dir, around);
      if (options.clientPort !== undefined) seat.ports.client = options.clientPort + id - 1;
      this.seats.push(seat);
    }
    this.network = new Network(this.links, () => this.seats.map(({ id }) => id));
    this.disks = new Disks((id) => this.seat(id));
    const tickMs = Number(this.properties.tickTime);
    this.clock = new EnsembleClock(this.time, this.clients, this.seats, tickMs / 2);
  }

  /** Resolves when every server serves. Rejected with ConfigError for options that cannot be. */
  static async start(options: EnsembleOptions): Promise<TestEnsemble> {
    const ensemble = new TestEnsemble(options);
    try {
      await Promise.all(ensemble.seats.map((seat) => seat.reserve(ensemble.isDistributed)));
      for (const seat of ensemble.seats) seat.start(ensemble.propertiesOf(seat));
      await ensemble.ready();
    } catch (error) {
      await ensemble.close();
      throw error;
    }
    return ensemble;
  }

  /** Of all servers: `127.0.0.1:50001,127.0.0.1:50002`. */
  get connectString(): string {
    return this.seats.map(({ id }) => this.addressOf(id)).join(',');
  }

  get servers(): readonly ServerInfo[] {
    return this.seats.map((seat) => ({
      id: seat.id,
      role: seat.isObserver ? 'observer' : 'voter',
      state: seat.peer === undefined ? 'down' : seat.isPaused ? 'paused' : seat.peer.mode,
      address: this.addressOf(seat.id),
    }));
  }

  /** The server that leads, or is alone; undefined while there is none. */
  get leader(): number | undefined {
    return this.leading()?.id;
  }

  /** Of one server, for a client that is to be connected there; `tls`: of its port for TLS. */
  addressOf(server: number, port: 'plain' | 'tls' = 'plain'): string {
    const { client, secureClient } = this.seat(server).ports;
    return `${HOST}:${port === 'tls' ? secureClient : client}`;
  }

  /**
   * A client that lives in the time of the ensemble: it keeps its session when the clock is advanced. Ended by `close`. With `tls: true`
   * it shows the certificate of the kit, and trusts the kit's authority.
   */
  async client(options: TestClientOptions = {}): Promise<ZooKeeperClient> {
    const { server, chroot = '', tls = false, ...others } = options;
    const ofKit = this.tls === undefined ? {} : { ca: this.tls.ca, cert: this.tls.cert, key: this.tls.key };
    const place = new ClientPlace(this.time, tls === true ? ofKit : tls);
    this.places.add(place);
    const ids = server === undefined ? this.seats.map(({ id }) => id) : [server];
    const to = ids.map((id) => this.addressOf(id, tls === false ? 'plain' : 'tls')).join(',');
    const client = await connect(`${to}${chroot}`, { ...others, world: place.world });
    place.client = client;
    return client;
  }

  /**
   * Resolves when one leads, and all servers that run and are not paused serve; rejected with the reason of one that ended
   * instead.
   */
  async ready(): Promise<void> {
    await this.serving(this.seats.filter((seat) => seat.isRunning && !seat.isPaused));
  }

  /** The session expires now, as if its client had been silent; rejected with RangeError when there is none of that id. */
  async expireSession(session: bigint | string): Promise<void> {
    const id = sessionIdOf(session);
    const leader = this.leading();
    const primary = leader?.state.primary;
    if (leader === undefined || primary === undefined) throw new Error('no server leads, so no session can expire');
    if (!primary.sessions.has(id)) throw new RangeError(`there is no session ${sessionText(id)}`);
    primary.sessions.setClosing(id);
    primary.closeSession(id);
    await until(() => !primary.sessions.has(id), `session ${sessionText(id)} is closed`);
    const { lastApplied } = leader.state;
    const told = this.seats.filter(
      (seat) =>
        seat.isServing &&
        !seat.isPaused &&
        !this.links.isBlocked(leader.id, seat.id) &&
        !this.links.isBlocked(seat.id, leader.id),
    );
    await until(
      () => told.every((seat) => !seat.isServing || seat.state.lastApplied >= lastApplied),
      `every server knows that session ${sessionText(id)} is closed`,
    );
  }

  /** Ends a server where it stands, as `kill -9`. */
  async kill(server: number): Promise<void> {
    await this.seat(server).kill();
  }

  /** Ends a server in order, as SIGTERM does: a leader hands over first. */
  async stop(server: number): Promise<void> {
    const seat = this.seat(server);
    const stopped = seat.stop();
    await untilSoon(this.time, () => !seat.isRunning, `server ${server} is stopped`);
    await stopped;
  }

  /** Starts a server again on its data and its ports, which ends it first if it runs. Resolves when it serves. */
  async restart(server: number): Promise<void> {
    const seat = this.seat(server);
    await seat.kill();
    await seat.prepare(this.isDistributed);
    seat.start(this.propertiesOf(seat));
    await this.serving([seat]);
  }

  /** A server stops as a process does that is not scheduled: its sockets stay open, and nothing is answered. */
  pause(server: number): Fault {
    const { gate } = this.seat(server).world;
    gate.pause();
    return faultInForce(`pause ${server}`, () => gate.resume());
  }

  /** Hands the leadership to this server; rejected with the reason when it cannot lead. */
  async elect(server: number): Promise<void> {
    const seat = this.seat(server);
    const leader = this.leading();
    if (leader === seat) return;
    if (leader?.peer === undefined) throw new Error('no server leads, so none can hand over');
    let failure: unknown;
    let isDone = false;
    leader.peer.transfer(server).then(
      () => {
        isDone = true;
      },
      (error: unknown) => {
        failure = error;
        isDone = true;
      },
    );
    await untilSoon(this.time, () => isDone, `server ${leader.id} hands over`);
    if (failure !== undefined) throw failure;
    await this.ready();
    if (this.leading() !== seat) throw new Error(`server ${this.leader} was elected instead of ${server}`);
  }

  /** Ends all servers and the clients that the ensemble made; what was temporary is gone. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.clients.undoRules();
    await Promise.all(this.seats.map((seat) => seat.close()));
    // Clients see that their servers are gone, and say so to those who wait for an answer.
    for (const place of this.places) place.client?.close().catch(() => {});
    await turns(0);
    for (const place of this.places) place.end();
    this.testTls?.remove();
    if (this.options.dataDir === undefined && this.options.storage === 'directory') {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async serving(seats: readonly Seat[]): Promise<void> {
    const names = seats.map(({ id }) => id).join(', ');
    const areThere = (): boolean => seats.every((seat) => seat.isReady) && this.leader !== undefined;
    const ended = (): Seat | undefined => seats.find((seat) => !seat.isRunning);
    await untilSoon(this.time, () => ended() !== undefined || areThere(), `servers ${names} serve`);
    const failed = ended();
    if (failed !== undefined) throw failed.failure ?? new Error(`server ${failed.id} ended`);
  }

  private get isDistributed(): boolean {
    return this.seats.length > 1;
  }

  private leading(): Seat | undefined {
    return this.seats.find((seat) => seat.isServing && !seat.isPaused && seat.state.primary !== undefined);
  }

  private seat(id: number): Seat {
    const seat = this.seats[id - 1];
    if (seat === undefined) throw new RangeError(`there is no server ${id}`);
    return seat;
  }

  private seatAt(port: number): number | undefined {
    return this.seats.find((seat) => port !== 0 && (seat.ports.quorum === port || seat.ports.election === port))?.id;
  }

  private propertiesOf(seat: Seat): Properties {
    const members = this.seats.map(({ id, ports, isObserver }) => [
      `server.${id}`,
      `${HOST}:${ports.quorum}:${ports.election}:${isObserver ? 'observer' : 'participant'}`,
    ]);
    return {
      ...this.properties,
      ...(this.isDistributed ? Object.fromEntries(members) : {}),
      ...(seat.isObserver ? { peerType: 'observer' } : {}),
      clientPort: seat.ports.client,
      ...(this.tls === undefined ? {} : { secureClientPort: seat.ports.secureClient }),
      dataDir: seat.dir,
    };
  }
}
