import { FatalError, messageOf } from '../../../src/base/errors.ts';
import type { Log, LogFields } from '../../../src/base/log.ts';
import type { Net } from '../../../src/io/net.ts';
import type { PeerConfig } from '../../../src/quorum/config/peer-config.ts';
import { readConfigFile } from '../../../src/quorum/config/read-config.ts';
import { Peer } from '../../../src/quorum/peer.ts';
import type { PeerProbe } from '../../../src/quorum/peer-probe.ts';
import type { PeerMode } from '../../../src/quorum/roles/role.ts';
import type { HostInfo } from '../../../src/server/monitoring/server-info.ts';
import { Violation } from '../judges/violation.ts';
import { SimClock } from './clock.ts';
import { DeadProcess, SimDisk } from './disk.ts';
import type { SimHost, SimNetwork } from './net.ts';
import type { SimRandom } from './random.ts';
import { type Scheduler, SimProcess } from './scheduler.ts';

/**
 * One machine of a simulated ensemble: a host on the network, a disk, and at most one process on it, which runs the
 * production peer from its configuration file on. The machine outlives its processes.
 */
export const CLIENT_PORT = 2181;
const CONFIG_FILE = '/etc/zoo.cfg';
/** Log lines kept for a failure's report. */
const KEPT_LINES = 400;

const NO_HOST_INFO: HostInfo = {
  environment: () => [],
  properties: () => [],
  openFileDescriptors: () => -1,
  maxFileDescriptors: () => -1,
};

export class Machine {
  readonly sid: number;
  readonly host: SimHost;
  readonly disk: SimDisk;
  readonly lines: string[] = [];
  /** Why the last process ended by itself; undefined while it runs or was ended from outside. */
  failure: unknown;
  /** The network as its processes use it. */
  viaNet: (net: Net) => Net = (net) => net;
  /** Looks into each of its processes. */
  probe: PeerProbe | undefined;
  /** Configuration of its processes beside zoo.cfg. */
  overrides: Partial<PeerConfig> = {};
  /** Runs after every start of a process, before its first event. */
  onStarted: (peer: Peer) => void = () => {};
  /** The process ended by itself: a FatalError, or a bug. */
  onStopped: (failure: unknown) => void = () => {};
  /** Every line of its log. */
  onLine: (line: string) => void = () => {};
  private readonly scheduler: Scheduler;
  private readonly network: SimNetwork;
  private readonly random: SimRandom;
  private process: SimProcess | undefined;
  private running: Peer | undefined;
  private clock: SimClock | undefined;
  private starts = 0;
  private wallOffsetMs = 0;

  constructor(sid: number, host: SimHost, scheduler: Scheduler, network: SimNetwork, random: SimRandom) {
    this.sid = sid;
    this.host = host;
    this.scheduler = scheduler;
    this.network = network;
    this.random = random;
    this.disk = new SimDisk(random.split('disk'));
  }

  get peer(): Peer | undefined {
    return this.running;
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  isRunBy(process: SimProcess): boolean {
    return process === this.process;
  }

  get isPaused(): boolean {
    return this.process?.isPaused ?? false;
  }

  get mode(): PeerMode | 'down' {
    return this.running?.mode ?? 'down';
  }

  /** Where its snapshots and logs are, by its configuration. */
  get dirs(): { readonly snapDir: string; readonly logDir: string } {
    const logs = /^dataLogDir=(.*)$/m.exec(this.disk.read(CONFIG_FILE).toString())?.[1];
    return { snapDir: '/data/version-2', logDir: `${(logs ?? '/data').replace(/\/$/, '')}/version-2` };
  }

  /** Its directories have to be there. */
  get makesNoDirectories(): boolean {
    return /^datadir\.autocreate=false$/m.test(this.disk.read(CONFIG_FILE).toString());
  }

  configure(config: string): void {
    this.disk.put(CONFIG_FILE, Buffer.from(config));
    // A server that is alone need not have one.
    if (config.includes('server.')) this.disk.put('/data/myid', Buffer.from(`${this.sid}\n`));
  }

  start(): void {
    if (this.isUp) return;
    this.failure = undefined;
    this.starts++;
    const process = new SimProcess(this.scheduler, `peer ${this.sid}.${this.starts}`);
    this.process = process;
    process.onThrow = (error) => this.onThrow(process, error);
    this.network.setPower(this.host, true);
    const clock = new SimClock(process);
    clock.jumpWall(this.wallOffsetMs);
    this.clock = clock;
    const disk = this.disk.mount(clock);
    const net = this.viaNet(this.network.netOf(process, this.host));
    this.scheduler.at(this.scheduler.nowUs, process, () => {
      const { config, warnings } = readConfigFile(CONFIG_FILE, { disk, cwd: '/' });
      const log = this.logOf(clock);
      for (const warning of warnings) log.debug({}, warning);
      const random = this.random.split(`peer ${this.starts}`);
      const peer = new Peer(
        { clock, disk, net, random },
        { ...config, ...this.overrides },
        NO_HOST_INFO,
        { onListening: () => {}, onServing: () => {}, ...(this.probe === undefined ? {} : { probe: this.probe }) },
        log,
      );
      this.running = peer;
      this.onStarted(peer);
      peer.start();
    });
  }

  /** SIGTERM: it ends by itself, and in good order. */
  stop(ended: () => void): void {
    const { running, process } = this;
    if (running === undefined) return;
    this.run(() => {
      running.leave(() => {
        if (process !== this.process) return;
        this.end('killed');
        ended();
      });
    });
  }

  /** SIGKILL: the page cache survives. */
  kill(): void {
    this.end('killed');
  }

  /** The machine loses power: so does everything on its disk that was not synced. */
  powerLoss(): void {
    this.end('power');
  }

  /** In an event of its own process. */
  run(task: () => void): void {
    const { process } = this;
    if (process !== undefined) this.scheduler.after(0, process, task);
  }

  pause(): void {
    this.process?.pause();
  }

  resume(): void {
    this.process?.resume();
  }

  /** Turns take time until its next start: so much from each look at the clock to the next. */
  slowTurns(lookMs: number): void {
    if (this.clock !== undefined) this.clock.lookMs = lookMs;
  }

  /** The time by its wall clock. */
  get wallMs(): number {
    return this.clock?.wallMs() ?? 0;
  }

  /** The wall clock is set, for this process and those after it. */
  jumpWall(byMs: number): void {
    this.wallOffsetMs += byMs;
    this.clock?.jumpWall(byMs);
  }

  /** A new disk, with the configuration and nothing else; only while nothing runs. */
  wipe(): void {
    this.disk.wipe('/data');
    this.disk.wipe('/logs');
    this.disk.put('/data/myid', Buffer.from(`${this.sid}\n`));
  }

  private end(death: 'killed' | 'power'): void {
    const process = this.process;
    if (process === undefined) return;
    this.process = undefined;
    this.running = undefined;
    process.kill(death);
    if (death === 'killed') {
      this.disk.kill();
    } else {
      this.disk.powerLoss();
      this.network.setPower(this.host, false);
    }
  }

  private onThrow(process: SimProcess, error: unknown): void {
    if (error instanceof Violation) throw error;
    if (process !== this.process) return;
    if (error instanceof DeadProcess) return;
    this.failure = error;
    this.keepLine(`stopped: ${error instanceof FatalError ? '' : 'BUG '}${messageOf(error)}`);
    this.end('killed');
    this.onStopped(error);
  }

  private logOf(clock: SimClock): Log {
    const write = (level: string) => (fields: LogFields, message: string) => {
      const pairs = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
      this.keepLine(`${clock.nowMs().toFixed(3)} ${level} ${message} ${pairs.join(' ')}`);
    };
    return { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') };
  }

  private keepLine(line: string): void {
    this.onLine(line);
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
  }
}
