import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Log } from '../base/log.ts';
import { type NodeWorld, openNodeWorld } from '../io/node-world.ts';
import { readConfigProperties } from '../quorum/config/read-config.ts';
import { RunningPeer } from './running-peer.ts';

/**
 * Several peers in this process, on loopback. Their ports are bound before any of them is told the others' addresses:
 * a port that was merely found free may belong to another process a moment later.
 */
export interface EnsembleOptions {
  /** The place of the peers' directories, 1, 2, ...; by default a temporary one, removed by `close`. */
  readonly dataDir?: string;
  /** Keys of zoo.cfg for every peer, over those of DEFAULTS. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  readonly log: Log;
}

/** Peers inside a program open no port that it did not ask for. */
const DEFAULTS = {
  tickTime: 500,
  initLimit: 20,
  syncLimit: 10,
  clientPort: 0,
  clientPortAddress: '127.0.0.1',
  'admin.enableServer': false,
};
const HOST = '127.0.0.1';

interface Seat {
  readonly id: number;
  readonly quorumPort: number;
  readonly electionPort: number;
  /** Holds the ports until the peer starts in it. */
  readonly world: NodeWorld;
}

export class Ensemble {
  /** The peers by position: server 1 is peers[0]. A restart puts another one in its place. */
  readonly peers: RunningPeer[] = [];
  private readonly seats: readonly Seat[];
  private readonly dir: string;
  private readonly options: EnsembleOptions;

  private constructor(seats: readonly Seat[], dir: string, options: EnsembleOptions) {
    this.seats = seats;
    this.dir = dir;
    this.options = options;
  }

  /** Resolves when every peer serves. */
  static async start(size: number, options: EnsembleOptions): Promise<Ensemble> {
    const dir = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'ensemble-')) : resolve(options.dataDir);
    const seats: Seat[] = [];
    for (let id = 1; id <= size; id++) {
      const world = openNodeWorld(options.log);
      const quorumPort = await reserve(world);
      const electionPort = await reserve(world);
      seats.push({ id, quorumPort, electionPort, world });
    }
    const ensemble = new Ensemble(seats, dir, options);
    try {
      for (const seat of seats) ensemble.peers.push(ensemble.startPeer(seat, seat.world, 0));
      await ensemble.ready();
    } catch (error) {
      await ensemble.close();
      throw error;
    }
    return ensemble;
  }

  /** The connect string for clients: every peer's client port, `127.0.0.1:50001,127.0.0.1:50002`. */
  get connectString(): string {
    return this.peers.map((peer) => `${HOST}:${peer.clientPort}`).join(',');
  }

  async ready(): Promise<void> {
    await Promise.all(this.peers.map((peer) => Promise.all([peer.ready, peer.listening])));
  }

  /** The peer that leads at the moment. */
  get leader(): RunningPeer | undefined {
    return this.peers.find((peer) => peer.mode === 'leader');
  }

  /** Stops server `id` if it runs, and starts it again on its data and ports. */
  async restart(id: number): Promise<RunningPeer> {
    const seat = this.seats[id - 1];
    const previous = this.peers[id - 1];
    if (seat === undefined || previous === undefined) throw new RangeError(`there is no server ${id}`);
    await previous.close();
    const peer = this.startPeer(seat, openNodeWorld(this.options.log), previous.clientPort ?? 0);
    this.peers[id - 1] = peer;
    await peer.listening;
    return peer;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.peers.map((peer) => peer.close()));
    for (const seat of this.seats) seat.world.shut();
    if (this.options.dataDir === undefined) rmSync(this.dir, { recursive: true, force: true });
  }

  private startPeer(seat: Seat, world: NodeWorld, clientPort: number): RunningPeer {
    const dataDir = join(this.dir, String(seat.id));
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'myid'), `${seat.id}\n`);
    const members = this.seats.map(({ id, quorumPort, electionPort }) => [
      `server.${id}`,
      `${HOST}:${quorumPort}:${electionPort}`,
    ]);
    const { config, warnings } = readConfigProperties(
      { ...DEFAULTS, ...this.options.properties, clientPort, dataDir, ...Object.fromEntries(members) },
      { disk: world.disk, cwd: this.dir },
    );
    for (const warning of warnings) this.options.log.warn({}, warning);
    const peer = new RunningPeer(world, config, this.options.log);
    peer.start();
    return peer;
  }
}

function reserve(world: NodeWorld): Promise<number> {
  return new Promise((resolvePort, reject) => {
    world.net.reserve(HOST, (error, port) => {
      if (error === undefined) resolvePort(port);
      else reject(error);
    });
  });
}
