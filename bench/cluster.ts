import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from './contestants.ts';
import type { LoadKeys } from './generator.ts';

/** One or three processes of one contestant on loopback, with their data on the disk this repository is on. */
const root = resolve(import.meta.dirname, '..');
const HOST = '127.0.0.1';
/** USER_HZ, which Linux has fixed for what /proc shows. */
const CLOCK_TICKS = 100;
const POLL_MS = 5;
/** Ten million nodes take a while. */
const START_LIMIT_MS = 300_000;
const FIXTURES = join(root, 'test', 'tls', 'fixtures');
const TLS_LINES = [
  'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
  'ssl.enabledProtocols=TLSv1.3',
  'ssl.ciphersuites=TLS_AES_128_GCM_SHA256',
  'ssl.clientAuth=none',
  `ssl.keyStore.location=${join(FIXTURES, 'server.p12')}`,
  'ssl.keyStore.password=geheim',
  `ssl.trustStore.location=${join(FIXTURES, 'trust.p12')}`,
  'ssl.trustStore.password=geheim',
];

interface Member {
  readonly config: string;
  readonly clientPort: number;
  /** Undefined without TLS. */
  readonly securePort: number | undefined;
  child: ChildProcess;
}

export class Cluster {
  readonly contestant: Contestant;
  private readonly dir: string;
  private readonly members: Member[] = [];
  /** From the first process's start to the first answer as a server that serves, in ms. */
  private servedAfter = 0;

  private constructor(contestant: Contestant, dir: string) {
    this.contestant = contestant;
    this.dir = dir;
  }

  /** `more`: lines of the configuration. `isSecure`: the load comes over TLS. */
  static async start(
    contestant: Contestant,
    size: number,
    more: readonly string[] = [],
    isSecure = false,
  ): Promise<Cluster> {
    mkdirSync(join(root, '.cache', 'bench'), { recursive: true });
    const dir = mkdtempSync(join(root, '.cache', 'bench', 'data-'));
    const cluster = new Cluster(contestant, dir);
    const ports = await freePorts(size * 4);
    const servers = Array.from({ length: size }, (_, i) => {
      return `server.${i + 1}=${HOST}:${ports[size + 2 * i]}:${ports[size + 2 * i + 1]}`;
    });
    const began = performance.now();
    for (let i = 0; i < size; i++) {
      const own = join(dir, String(i + 1));
      mkdirSync(join(own, 'data'), { recursive: true });
      writeFileSync(join(own, 'data', 'myid'), `${i + 1}\n`);
      const config = join(own, 'zoo.cfg');
      const lines = [
        'tickTime=2000',
        'initLimit=10',
        'syncLimit=5',
        `dataDir=${own}/data`,
        `clientPort=${ports[i]}`,
        `clientPortAddress=${HOST}`,
        'maxClientCnxns=0',
        'clientPortListenBacklog=4096',
        'admin.enableServer=false',
        '4lw.commands.whitelist=*',
        ...(size > 1 ? servers : []),
        ...(isSecure ? [`secureClientPort=${ports[3 * size + i]}`, ...TLS_LINES] : []),
        ...more,
      ];
      writeFileSync(config, `${lines.join('\n')}\n`);
      cluster.members.push({
        config,
        clientPort: ports[i] as number,
        securePort: isSecure ? ports[3 * size + i] : undefined,
        child: cluster.launch(config),
      });
    }
    try {
      cluster.servedAfter = (await cluster.firstServing()) - began;
      await cluster.allServing();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get size(): number {
    return this.members.length;
  }

  get hosts(): string {
    return this.members.map(({ clientPort, securePort }) => `${HOST}:${securePort ?? clientPort}`).join(',');
  }

  /** For the load generator: where it goes, and how. */
  get door(): LoadKeys {
    return { hosts: this.hosts, ...(this.members[0]?.securePort === undefined ? {} : { tls: 1 }) };
  }

  get firstServedMs(): number {
    return this.servedAfter;
  }

  /** User and system time of all processes so far. */
  cpuSeconds(): number {
    let ticks = 0;
    for (const { child } of this.members) {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
      ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks / CLOCK_TICKS;
  }

  /** Of the largest process. */
  rssMb(): number {
    const sizes = this.members.map(({ child }) => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    });
    return Math.max(...sizes);
  }

  /** The longest event-loop stall of any of the processes since `forgetStalls`, in ms; undefined where none is told. */
  async stallMs(): Promise<number | undefined> {
    if (!this.contestant.tellsStalls) return undefined;
    await sleep(1100);
    return Math.max(...this.members.map(({ config }) => Number(readFileSync(`${config}.stall`, 'latin1'))));
  }

  forgetStalls(): void {
    if (this.contestant.tellsStalls) for (const { child } of this.members) child.kill('SIGWINCH');
  }

  /** Kills the leader; the ms until a write at another member is answered. */
  async leaderLossMs(write: (host: string) => Promise<boolean>): Promise<number> {
    const modes = await Promise.all(this.members.map(({ clientPort }) => mode(clientPort)));
    const leader = this.members[modes.indexOf('leader')];
    const other = this.members[modes.indexOf('follower')];
    if (leader === undefined || other === undefined)
      throw new Error(`no leader and follower among ${modes.join(', ')}`);
    const began = performance.now();
    leader.child.kill('SIGKILL');
    while (!(await write(`${HOST}:${other.clientPort}`))) await sleep(POLL_MS);
    return performance.now() - began;
  }

  /** Stops all in order and starts them on what they left; the ms from the start to the first answer. */
  async restartMs(): Promise<number> {
    for (const { child } of this.members) {
      child.kill('SIGTERM');
      await ended(child);
    }
    const began = performance.now();
    for (const member of this.members) member.child = this.launch(member.config);
    const served = await this.firstServing();
    await this.allServing();
    return served - began;
  }

  async stop(): Promise<void> {
    for (const { child } of this.members) {
      child.kill('SIGKILL');
      await ended(child);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  private launch(config: string): ChildProcess {
    const { program, args } = this.contestant.command(config);
    const out = openSync(`${config}.out`, 'a');
    const child = spawn(program, args, { stdio: ['ignore', out, out], cwd: this.dir });
    closeSync(out);
    return child;
  }

  private async firstServing(): Promise<number> {
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      const modes = await Promise.all(this.members.map(({ clientPort }) => mode(clientPort)));
      if (modes.some((each) => each !== undefined)) return performance.now();
      this.failIfOver(deadline);
      await sleep(POLL_MS);
    }
  }

  private async allServing(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    for (;;) {
      const modes = await Promise.all(this.members.map(({ clientPort }) => mode(clientPort)));
      if (modes.every((each) => each !== undefined)) return;
      this.failIfOver(deadline);
      await sleep(50);
    }
  }

  private failIfOver(deadline: number): void {
    for (const { child, config } of this.members) {
      if (!hasEnded(child) && performance.now() < deadline) continue;
      const words = readFileSync(`${config}.out`, 'utf8').split('\n').slice(-5).join('\n');
      throw new Error(`${this.contestant.name} does not serve:\n${words}`);
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (hasEnded(child)) done();
    else child.once('exit', () => done());
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((done) => {
          server.listen({ host: HOST, port: 0 }, () => done((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** The role of this server by `srvr`; undefined while it does not serve. */
function mode(port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const socket = createConnection({ host: HOST, port }, () => socket.write('srvr'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(/^Mode: (.*)$/m.exec(text)?.[1]));
  });
}
