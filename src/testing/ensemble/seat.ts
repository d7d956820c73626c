import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { RunningPeer } from '../../embed/running-peer.ts';
import { readConfigProperties } from '../../quorum/config/read-config.ts';
import type { ClientDoor } from '../door/client-door.ts';
import type { Links } from '../layers/links.ts';
import type { MemoryDisk } from '../layers/memory-disk.ts';
import type { DiskFaults } from '../layers/switched-disk.ts';
import { openSwitchedWorld, type SwitchedWorld } from '../layers/switched-world.ts';
import type { TestClock } from '../layers/test-clock.ts';
import { turns } from './patience.ts';
import { probeInto, SeatState } from './seat-probe.ts';

/**
 * The place of one server in an ensemble: its id, ports, directory and faults, which outlive the peers that run in it one after
 * another. Its ports are held while no peer runs, so that no other process gets one of them.
 */
export const HOST = '127.0.0.1';

export type Properties = Readonly<Record<string, string | number | boolean>>;

export interface SeatSurroundings {
  readonly clock: TestClock;
  readonly links: Links;
  readonly door: ClientDoor;
  /** undefined: the real disk. */
  readonly disk: MemoryDisk | undefined;
  readonly log: Log;
  /** Where clients are waited for. */
  readonly clientHost: string;
  /** They have a port for TLS as well. */
  readonly hasTls: boolean;
  /** The server whose port for others this is. */
  seatAt(port: number): number | undefined;
}

export class Seat {
  readonly id: number;
  readonly isObserver: boolean;
  readonly dir: string;
  readonly faults: DiskFaults = { syncMs: 0, syncFails: false, isFull: false };
  readonly state = new SeatState();
  peer: RunningPeer | undefined = undefined;
  /** The reason why the last peer ended; undefined for one that was ended. */
  failure: unknown = undefined;
  world: SwitchedWorld;
  readonly ports = { quorum: 0, election: 0, client: 0, secureClient: 0 };
  private readonly around: SeatSurroundings;
  private isListening = false;

  constructor(id: number, isObserver: boolean, dir: string, around: SeatSurroundings) {
    this.id = id;
    this.isObserver = isObserver;
    this.dir = dir;
    this.around = around;
    this.world = this.openWorld();
  }

  get isRunning(): boolean {
    return this.peer !== undefined;
  }

  get isPaused(): boolean {
    return this.world.gate.isShut;
  }

  get isServing(): boolean {
    return this.peer !== undefined && this.state.isServing;
  }

  /** Serves, and clients can come. */
  get isReady(): boolean {
    return this.isServing && this.isListening;
  }

  /** Takes ports for the others to dial, and those for clients. */
  async reserve(distributed: boolean): Promise<void> {
    const { net } = this.world;
    if (distributed) {
      this.ports.quorum = await reserve(net, this.ports.quorum);
      this.ports.election = await reserve(net, this.ports.election);
    }
    this.ports.client = await reserve(net, this.ports.client, this.around.clientHost);
    if (this.around.hasTls) {
      this.ports.secureClient = await reserve(net, this.ports.secureClient, this.around.clientHost);
    }
  }

  start(properties: Properties): void {
    const { disk, log } = this.around;
    const { world, state } = this;
    const myid = Buffer.from(`${this.id}\n`);
    if (disk === undefined) {
      mkdirSync(this.dir, { recursive: true });
      writeFileSync(join(this.dir, 'myid'), myid);
    } else {
      disk.makeDir(this.dir);
      if (!disk.exists(`${this.dir}/myid`)) disk.open(`${this.dir}/myid`, 'create').writeAt(myid, 0);
    }
    const { config, warnings } = readConfigProperties(properties, { disk: world.disk, cwd: this.dir });
    for (const warning of warnings) log.warn({ server: this.id }, warning);
    const peer = new RunningPeer(world, config, log, undefined, probeInto(state));
    this.peer = peer;
    this.failure = undefined;
    this.isListening = false;
    peer.listening.then(
      () => {
        this.isListening = true;
      },
      () => {},
    );
    peer.closed.then(
      () => this.gone(peer, undefined),
      (error: unknown) => this.gone(peer, error),
    );
    peer.start();
  }

  /** Ends the peer where it stands. */
  async kill(): Promise<void> {
    this.peer?.kill();
    // Sockets that were closed say so a turn later.
    await turns(0);
  }

  /** For good: whatever is held is let go. */
  async close(): Promise<void> {
    this.peer?.kill();
    this.world.shut();
    await turns(0);
  }

  /** Ends the peer in order. */
  async stop(): Promise<void> {
    await this.peer?.close();
  }

  /** For a peer that ended: its ports again, for the next one. */
  async prepare(distributed: boolean): Promise<void> {
    const { wrongByMs } = this.world.clock;
    this.world.shut();
    this.world = this.openWorld();
    this.world.clock.wrongByMs = wrongByMs;
    await this.reserve(distributed);
  }

  wipe(): void {
    const { disk } = this.around;
    if (disk === undefined) rmSync(this.dir, { recursive: true, force: true });
    else disk.wipe(this.dir);
  }

  private gone(peer: RunningPeer, error: unknown): void {
    if (this.peer !== peer) return;
    this.failure = error;
    this.peer = undefined;
    this.state.rest();
  }

  private openWorld(): SwitchedWorld {
    const { clock, links, door, disk, log, seatAt } = this.around;
    return openSwitchedWorld({
      log,
      clock,
      faults: this.faults,
      disk,
      around: (gate) => ({
        self: this.id,
        links,
        peerAt: seatAt,
        openToClient: (forget) => door.admit(this.id, gate, forget),
      }),
    });
  }
}

function reserve(net: SwitchedWorld['net'], wanted: number, host = HOST): Promise<number> {
  return new Promise((resolve, reject) => {
    net.reserve(host, (error, port) => (error === undefined ? resolve(port) : reject(error)), wanted);
  });
}
