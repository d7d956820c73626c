import '../io/node-required.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { argumentsOf } from './usage.ts';

/**
 * Several peers on loopback, each a process of its own as in earnest: for trying out what happens when one of them is
 * killed. They end with this process, however it ends: their standard input does.
 */
const HOST = '127.0.0.1';
const DEFAULTS = { size: 3, clientPort: 2181, dir: join('data', 'ensemble') };
const QUORUM_PORTS_FROM = 2888;
const ELECTION_PORTS_FROM = 3888;
const RESTART_AFTER_MS = 10_000;
const SIZE_MAX = 9;

const USAGE = `Usage: npm run ensemble -- [--size n] [--client-port n] [--dir d]

  --size n           servers, 1 to ${SIZE_MAX}; ${DEFAULTS.size} by default
  --client-port n    of the first server, the others count on; ${DEFAULTS.clientPort} by default, 0 takes free ones.
                     A port that is taken is passed over
  --dir d            data and configuration; ${DEFAULTS.dir} by default
`;

interface Arguments {
  readonly size: number;
  readonly clientPort: number;
  readonly dir: string;
}

interface Member {
  readonly id: number;
  readonly client: number;
  readonly quorum: number;
  readonly election: number;
}

/** The arguments, or why they are none. */
function parseArguments(argv: readonly string[]): Arguments | string {
  let { size, clientPort, dir } = DEFAULTS;
  for (let i = 0; i < argv.length; i += 2) {
    const [option, value] = [argv[i], argv[i + 1]];
    if (value === undefined || value === '') return `${option} needs a value`;
    if (option === '--dir') dir = value;
    else if (option === '--size') size = wholeNumber(value, 1, SIZE_MAX);
    else if (option === '--client-port') clientPort = wholeNumber(value, 0, 65_535);
    else return `unknown option ${option}`;
    if (Number.isNaN(size) || Number.isNaN(clientPort)) return `${option} ${value}: out of range`;
  }
  return { size, clientPort, dir: resolve(dir) };
}

function wholeNumber(text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : Number.NaN;
}

async function main(): Promise<void> {
  const args = argumentsOf(USAGE, parseArguments);
  if (args === undefined) return;
  const { size, clientPort, dir } = args;
  const taken = new Set<number>();
  const members: Member[] = [];
  for (let id = 1; id <= size; id++) {
    const wanted = clientPort === 0 ? 0 : clientPort + id - 1;
    members.push({
      id,
      client: await freePort(wanted, taken),
      quorum: await freePort(clientPort === 0 ? 0 : QUORUM_PORTS_FROM + id - 1, taken),
      election: await freePort(clientPort === 0 ? 0 : ELECTION_PORTS_FROM + id - 1, taken),
    });
  }
  const peers = members.map((member) => new Seat(member, writeConfig(member, members, dir)));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      for (const peer of peers) peer.stop();
    });
  }
  process.stdout.write(welcome(members, peers, dir));
}

function writeConfig({ id, client }: Member, members: readonly Member[], dir: string): string {
  const home = join(dir, String(id));
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'myid'), `${id}\n`);
  const config = join(home, 'zoo.cfg');
  const lines = [
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    `dataDir=${home}`,
    `clientPort=${client}`,
    `clientPortAddress=${HOST}`,
    'admin.enableServer=false',
    ...members.map((each) => `server.${each.id}=${HOST}:${each.quorum}:${each.election}`),
    '',
  ];
  writeFileSync(config, lines.join('\n'));
  return config;
}

function welcome(members: readonly Member[], peers: readonly Seat[], dir: string): string {
  const connectString = members.map(({ client }) => `${HOST}:${client}`).join(',');
  return `
${members.length} ${members.length === 1 ? 'peer' : 'peers'}: ${connectString}
${members.map(({ id, client }, i) => `  server ${id}: client port ${client}, process ${peers[i]?.pid}`).join('\n')}
Data and configuration are in ${dir}. Try, in another terminal:

  node dist/cli/zk.js --server ${connectString} create /hello world
  kill -9 <process of the leader>
  node dist/cli/zk.js --server ${connectString} get /hello

A killed peer is started again after 10 seconds. Ctrl-C stops all of them.

`;
}

/** A server's place: the process in it is replaced when it ends. */
class Seat {
  private readonly id: number;
  private readonly config: string;
  private child: ChildProcess;
  private restart: NodeJS.Timeout | undefined = undefined;
  private isStopping = false;

  constructor({ id }: Member, config: string) {
    this.id = id;
    this.config = config;
    this.child = this.start();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  stop(): void {
    this.isStopping = true;
    clearTimeout(this.restart);
    this.child.kill('SIGTERM');
  }

  private start(): ChildProcess {
    const program = join(import.meta.dirname, '..', `peer${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`);
    const args = [...process.execArgv, program, '--config', this.config, '--until-input-ends'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'] });
    child.stdin?.on('error', () => {});
    child.on('exit', (code, signal) => {
      if (this.isStopping) return;
      const ended = `server ${this.id} ended (${signal ?? code}), and starts again in ${RESTART_AFTER_MS / 1000} s\n`;
      process.stdout.write(ended);
      this.restart = setTimeout(() => {
        this.child = this.start();
      }, RESTART_AFTER_MS);
    });
    return child;
  }
}

/** `wanted` or the next free port after it; any for 0. */
async function freePort(wanted: number, taken: Set<number>): Promise<number> {
  for (let port = wanted; ; port = wanted === 0 ? 0 : port + 1) {
    const bound = await tryPort(port);
    if (bound === undefined || taken.has(bound)) continue;
    taken.add(bound);
    return bound;
  }
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

await main();
