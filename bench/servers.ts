import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join, resolve } from 'node:path';

/** The servers that are compared, each a process of its own on the same configuration. */
export interface Contestant {
  readonly name: string;
  command(config: string): { readonly program: string; readonly args: readonly string[] };
}

const root = resolve(import.meta.dirname, '..');
const CACHE = join(root, '.cache', 'interop');

export const ours: Contestant = {
  name: 'menagerie',
  command: (config) => ({ program: process.execPath, args: [join(root, 'dist', 'peer.js'), '--config', config] }),
};

/** The Apache release that scripts/interop-setup.sh fetched; undefined without it. */
export function apache(): Contestant | undefined {
  const judge = join(CACHE, 'judge');
  if (!existsSync(judge)) return undefined;
  const version = readFileSync(judge, 'utf8').trim();
  const jars = join(CACHE, `apache-${version}`);
  if (!existsSync(jars)) return undefined;
  const classpath = readdirSync(jars)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(jars, name))
    .join(':');
  return {
    name: `Apache ${version}`,
    command: (config) => ({
      program: 'java',
      args: [
        '-Xmx1000m',
        '-Dzookeeper.admin.enableServer=false',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-cp',
        classpath,
        'org.apache.zookeeper.server.quorum.QuorumPeerMain',
        config,
      ],
    }),
  };
}

export class RunningServer {
  readonly port: number;
  private readonly child: ChildProcess;
  private readonly dir: string;

  private constructor(child: ChildProcess, port: number, dir: string) {
    this.child = child;
    this.port = port;
    this.dir = dir;
  }

  static async start(contestant: Contestant): Promise<RunningServer> {
    mkdirSync(join(root, '.cache'), { recursive: true });
    const dir = mkdtempSync(join(root, '.cache', 'bench-'));
    const port = await freePort();
    const config = join(dir, 'zoo.cfg');
    writeFileSync(
      config,
      `tickTime=2000\ndataDir=${dir}/data\nclientPort=${port}\nclientPortAddress=127.0.0.1\nmaxClientCnxns=0\n`,
    );
    const { program, args } = contestant.command(config);
    const child = spawn(program, args, { stdio: 'ignore', cwd: dir });
    const server = new RunningServer(child, port, dir);
    for (let tries = 0; !(await accepts(port)); tries++) {
      if (tries === 200 || hasEnded(child)) throw new Error(`${contestant.name} does not start`);
      await new Promise((done) => setTimeout(done, 100));
    }
    return server;
  }

  /** User and system time of the process so far; undefined where there is no /proc. */
  cpuSeconds(): number | undefined {
    try {
      const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.once('exit', done));
    if (!hasEnded(this.child)) {
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** USER_HZ, which Linux has fixed for what /proc shows. */
const CLOCK_TICKS = 100;

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** Serving, not just listening: `srvr` says so. */
function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write('srvr'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('error', () => done(false));
    socket.on('close', () => done(text.includes('Mode:')));
  });
}
