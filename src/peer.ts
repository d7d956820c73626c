#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { destination, type Logger, pino } from 'pino';
import { ConfigError, FatalError, messageOf } from './base/errors.ts';
import { RunningPeer } from './embed/running-peer.ts';
import { threadPoolWarning } from './io/node-disk.ts';
import { openNodeWorld } from './io/node-world.ts';
import type { PeerConfig } from './quorum/config/peer-config.ts';
import { type ReadConfig, readConfigArguments, readConfigFile } from './quorum/config/read-config.ts';
import { COMPATIBLE_VERSION, OWN_VERSION } from './server/monitoring/version.ts';

/**
 * The program: one peer, from its arguments to its exit code. 0 after SIGTERM or SIGINT, 2 for a configuration that
 * cannot be honoured, and for what else ends a peer the code Apache ZooKeeper ends with (base/errors.ts).
 */
const USAGE = `Usage: peer.js --config <zoo.cfg>
       peer.js <zoo.cfg>
       peer.js <clientPort> <dataDir> [tickTime] [maxClientCnxns]

  --config <file>    configuration, as Apache ZooKeeper's zoo.cfg
  --log-level <l>    debug, info (default), warn, error
  --ready-file <f>   written once clients are accepted; holds the process id and the port
  --help, --version

Options of a JVM in SERVER_JVMFLAGS and JVMFLAGS are read for -Dname=value.
The log goes to standard output, one JSON object a line.
SIGTERM stops serving, syncs and exits 0.
`;

/** A disk that does not come back must not keep a peer from being restarted. */
const CLOSE_LIMIT_MS = 15_000;

const LAST_LINES_MS = 1000;
const SAME_SIGNAL_MS = 1000;

const EXIT_UNEXPECTED = 1;
const EXIT_INVALID_CONFIG = 2;

interface Arguments {
  readonly config: string | undefined;
  readonly plain: readonly string[];
  readonly logLevel: string;
  readonly readyFile: string | undefined;
  readonly welcome: boolean;
}

function main(): void {
  const args = parseArguments(process.argv.slice(2));
  const output = destination({ dest: 1, sync: false });
  // Whoever read the log is gone: no reason to stop serving.
  output.on('error', () => {});
  const log = pino(
    {
      level: args.logLevel,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
  /** The log to its last line first: but a reader that has stalled does not keep the process. */
  const exit = (code: number): void => {
    const leave = (): never => process.exit(code);
    output.once('close', leave);
    setTimeout(leave, LAST_LINES_MS);
    output.end();
  };
  process.on('uncaughtException', (error) => {
    log.error({ stack: error.stack }, `stopped: ${error.message}`);
    output.flushSync();
    process.exit(EXIT_UNEXPECTED);
  });

  const world = openNodeWorld(log);
  let read: ReadConfig;
  try {
    const jvmFlags = `${process.env.SERVER_JVMFLAGS ?? ''} ${process.env.JVMFLAGS ?? ''}`;
    const context = { disk: world.disk, cwd: process.cwd(), jvmFlags };
    read = args.config === undefined ? readConfigArguments(args.plain, context) : readConfigFile(args.config, context);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    log.error({}, `invalid configuration: ${error.message}`);
    exit(EXIT_INVALID_CONFIG);
    return;
  }
  const { config, warnings } = read;
  if (config.myid !== undefined) log.setBindings({ myid: config.myid });
  log.info(startFields(config), 'starting');
  for (const warning of warnings) log.warn({}, warning);
  const poolWarning = threadPoolWarning(process.env.UV_THREADPOOL_SIZE);
  if (poolWarning !== undefined) log.warn({}, poolWarning);

  const peer = new RunningPeer(world, config, log);
  stopOnSignals(peer, log, exit);
  peer.closed.then(
    () => {
      log.info({}, 'stopped');
      exit(0);
    },
    (error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      exit(exitCodeOf(error));
    },
  );
  const { readyFile } = args;
  if (readyFile !== undefined) {
    peer.listening.then(
      () => writeFileSync(readyFile, `${process.pid} ${peer.clientPort ?? '-'}\n`),
      () => {},
    );
  }
  if (args.welcome) {
    Promise.all([peer.ready, peer.listening]).then(
      () => process.stderr.write(welcome(peer)),
      () => {},
    );
  }
  peer.start();
}

function parseArguments(argv: readonly string[]): Arguments {
  const plain: string[] = [];
  let config: string | undefined;
  let logLevel = 'info';
  let readyFile: string | undefined;
  let showWelcome = false;
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === '--help' || arg === '-h') return leave(USAGE);
    if (arg === '--version') return leave(`${OWN_VERSION} (compatible with Apache ZooKeeper ${COMPATIBLE_VERSION})\n`);
    if (arg === '--welcome') showWelcome = true;
    else if (arg === '--config' || arg === '--log-level' || arg === '--ready-file') {
      const value = argv[++i];
      if (value === undefined) return refuse(`${arg} needs a value`);
      if (arg === '--config') config = value;
      else if (arg === '--ready-file') readyFile = value;
      else logLevel = value;
    } else if (arg.startsWith('-')) return refuse(`unknown option ${arg}`);
    else plain.push(arg);
  }
  if (!['debug', 'info', 'warn', 'error'].includes(logLevel)) return refuse(`unknown log level ${logLevel}`);
  if (config === undefined && plain.length === 1) config = plain.shift();
  if (config === undefined && plain.length === 0) return refuse('no configuration');
  if (config !== undefined && plain.length > 0) return refuse(`unexpected argument ${plain[0]}`);
  return { config, plain, logLevel, readyFile, welcome: showWelcome };
}

function leave(text: string): never {
  process.stdout.write(text);
  process.exit(0);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n\n${USAGE}`);
  process.exit(EXIT_INVALID_CONFIG);
}

/**
 * The first signal closes in order; whoever sends another one after a while does not want to wait. Not at once: a
 * terminal and npm both pass on the same Ctrl-C.
 */
function stopOnSignals(peer: RunningPeer, log: Logger, exit: (code: number) => void): void {
  let firstMs: number | undefined;
  const onSignal = (signal: string): void => {
    if (firstMs !== undefined) {
      if (performance.now() - firstMs < SAME_SIGNAL_MS) return;
      log.warn({ signal }, 'stopped at once');
      exit(EXIT_UNEXPECTED);
    }
    firstMs = performance.now();
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error({}, `did not stop within ${CLOSE_LIMIT_MS / 1000} s`);
      exit(EXIT_UNEXPECTED);
    }, CLOSE_LIMIT_MS).unref();
    peer.close().catch(() => {});
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', onSignal);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof FatalError) return error.exitCode;
  return error instanceof ConfigError ? EXIT_INVALID_CONFIG : EXIT_UNEXPECTED;
}

function startFields(config: PeerConfig): Record<string, string | number | undefined> {
  return {
    version: OWN_VERSION,
    compatible: COMPATIBLE_VERSION,
    node: process.versions.node,
    pid: process.pid,
    config: config.configFile,
    dataDir: config.dataDir,
    dataLogDir: config.dataLogDir === config.dataDir ? undefined : config.dataLogDir,
    mode: config.distributed ? config.peerType : 'standalone',
  };
}

function welcome(peer: RunningPeer): string {
  const { clientPortAddress, dataDir } = peer.config;
  const server = `${clientPortAddress ?? '127.0.0.1'}:${peer.clientPort}`;
  return `
Serving on ${server}, data in ${dataDir}. Try, in another terminal:

  node dist/cli/zk.js --server ${server} create /hello world
  node dist/cli/zk.js --server ${server} get /hello
  echo srvr | nc ${server.replace(':', ' ')}

Every ZooKeeper client works as well. Ctrl-C stops the server. Three of them: npm run ensemble
`;
}

main();
