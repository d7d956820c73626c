import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Three peers of ours, each a process, with every door open that a stranger can reach. */
const ROOT = resolve(import.meta.dirname, '../..');
const HOST = '127.0.0.1';

const FIXTURES = resolve(import.meta.dirname, '../tls/fixtures');

/** Every port takes both: TLS, in which the servers talk, and what comes in the clear. */
const TLS_LINES = ['ssl.', 'ssl.quorum.']
  .flatMap((prefix) => [
    `${prefix}keyStore.location=${join(FIXTURES, 'server.pem')}`,
    `${prefix}trustStore.location=${join(FIXTURES, 'ca.pem')}`,
    `${prefix}clientAuth=want`,
  ])
  .concat(
    'ssl.quorum.hostnameVerification=false',
    'client.portUnification=true',
    'sslQuorum=true',
    'portUnification=true',
  );

export interface Ports {
  readonly client: number;
  readonly quorum: number;
  readonly election: number;
  readonly metrics: number;
}

export class Victim {
  readonly id: number;
  readonly ports: Ports;
  readonly logFile: string;
  readonly child: ChildProcess;
  /** How it ended; undefined while it runs. */
  end: string | undefined = undefined;
  highestRssMiB = 0;

  /** `more`: lines of zoo.cfg that all of them have. */
  constructor(id: number, ports: Ports, dir: string, more: readonly string[]) {
    this.id = id;
    this.ports = ports;
    const home = join(dir, String(id));
    this.logFile = join(dir, `${id}.log`);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'myid'), `${id}\n`);
    const config = join(home, 'zoo.cfg');
    writeFileSync(
      config,
      [
        'tickTime=500',
        'initLimit=20',
        'syncLimit=10',
        `dataDir=${home}`,
        `clientPort=${ports.client}`,
        `clientPortAddress=${HOST}`,
        'preAllocSize=1024',
        '4lw.commands.whitelist=*',
        'reconfigEnabled=true',
        'admin.enableServer=false',
        'metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
        `metricsProvider.httpHost=${HOST}`,
        `metricsProvider.httpPort=${ports.metrics}`,
        ...more,
        '',
      ].join('\n'),
    );
    const log = openSync(this.logFile, 'a');
    this.child = spawn(process.execPath, ['--import', './scripts/ts.mjs', 'src/peer.ts', '--config', config], {
      cwd: ROOT,
      stdio: ['ignore', log, log],
    });
    this.child.on('exit', (code, signal) => {
      this.end = String(signal ?? code);
    });
  }

  measure(): void {
    if (this.end !== undefined) return;
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const rssMiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    this.highestRssMiB = Math.max(this.highestRssMiB, Math.round(rssMiB));
  }
}

export class Victims {
  readonly all: Victim[] = [];
  readonly dir = mkdtempSync(join(tmpdir(), 'attack-'));

  static async start(hasTls: boolean): Promise<Victims> {
    const victims = new Victims();
    const ports = await freePorts(12);
    const of = (id: number): Ports => {
      const [client, quorum, election, metrics] = ports.slice((id - 1) * 4, id * 4) as [number, number, number, number];
      return { client, quorum, election, metrics };
    };
    const members = [1, 2, 3].map((id) => `server.${id}=${HOST}:${of(id).quorum}:${of(id).election}`);
    const more = hasTls ? [...members, ...TLS_LINES] : members;
    for (const id of [1, 2, 3]) victims.all.push(new Victim(id, of(id), victims.dir, more));
    return victims;
  }

  get connectString(): string {
    return this.all.map(({ ports }) => `${HOST}:${ports.client}`).join(',');
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    await Promise.all(
      this.all.map(async (victim) => {
        if (victim.end !== undefined) return;
        const ended = new Promise((done) => victim.child.once('exit', done));
        victim.child.kill('SIGTERM');
        await ended;
      }),
    );
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Held until all are known, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((done) => {
          server.listen({ host: HOST, port: 0 }, () => {
            const address = server.address();
            done(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
