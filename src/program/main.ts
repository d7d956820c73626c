import { writeFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { type Logger, pino } from 'pino';
import { ConfigError, FatalError, messageOf } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import { checkConfig } from '../embed/check-config.ts';
import { RunningPeer } from '../embed/running-peer.ts';
import { threadPoolWarning } from '../io/node-disk.ts';
import { openNodeWorld } from '../io/node-world.ts';
import type { PeerConfig } from '../quorum/config/peer-config.ts';
import { type ReadConfig, readConfigArguments, readConfigFile } from '../quorum/config/read-config.ts';
import { linesOf } from '../quorum/config/refused-config.ts';
import { COMPATIBLE_VERSION, OWN_VERSION } from '../server/monitoring/version.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { ComponentLogs } from './component-logs.ts';
import { logOptions } from './log-options.ts';
import { LogOutput } from './log-output.ts';
import { textLine } from './log-text.ts';
import { ProcessExit } from './process-exit.ts';
import { handleSignals } from './signals.ts';

/**
 * The program: one peer, from its arguments to its exit code (base/exit-codes.ts). Everything it says goes through
 * LogOutput, standard error too, and every way out through ProcessExit.
 */

/** A disk that does not come back must not keep a peer from being restarted. */
const CLOSE_LIMIT_MS = 15_000;

/** A terminal and npm both pass on the same Ctrl-C. */
const SAME_SIGNAL_MS = 1000;

export function main(argv: readonly string[]): void {
  const errors = new LogOutput(2, { droppedLine: (lines) => `${lines} lines were dropped\n` });
  const args = parseArguments(argv);
  if ('exitCode' in args) {
    const answers = args.exitCode === EXIT.stopped ? new LogOutput(1, { droppedLine: () => '' }) : errors;
    answers.write(args.text);
    new ProcessExit([answers]).leave(args.exitCode);
    return;
  }
  let output: LogOutput;
  try {
    output = new LogOutput(args.logFile ?? 1, { droppedLine });
  } catch (error) {
    errors.write(`cannot open the log file ${args.logFile}: ${messageOf(error)}\n`);
    new ProcessExit([errors]).leave(EXIT.invalidConfig);
    return;
  }
  new Program(args, output, errors).run();
}

class Program {
  private readonly args: Arguments;
  private readonly output: LogOutput;
  private readonly errors: LogOutput;
  private readonly exit: ProcessExit;
  private readonly log: Logger;
  private firstSignalMs: number | undefined = undefined;

  constructor(args: Arguments, output: LogOutput, errors: LogOutput) {
    this.args = args;
    this.output = output;
    this.errors = errors;
    this.exit = new ProcessExit([output, errors]);
    this.log = pino(
      logOptions(args.logLevel),
      this.isForPeople() ? { write: (line) => output.write(textLine(line)) } : output,
    );
  }

  private isForPeople(): boolean {
    const { logFormat, logFile } = this.args;
    return logFormat === undefined ? logFile === undefined && isatty(1) : logFormat === 'text';
  }

  run(): void {
    const { args, log } = this;
    const world = openNodeWorld(log);
    process.on('uncaughtException', (error) => {
      log.error({ stack: error.stack }, `stopped: ${error.message}`);
      world.shut();
      this.exit.leave(EXIT.unexpected);
    });
    // Node's own listener writes to standard error, and waits for it.
    process.removeAllListeners('warning');
    process.on('warning', (warning) => log.warn({ stack: warning.stack }, `a warning of Node.js: ${warning.message}`));

    const jvmFlags = `${process.env.SERVER_JVMFLAGS ?? ''} ${process.env.JVMFLAGS ?? ''}`;
    const readConfig = (): ReadConfig => {
      const context = { disk: world.disk, cwd: workingDirectory(), jvmFlags };
      return args.config === undefined
        ? readConfigArguments(args.plain, context)
        : readConfigFile(args.config, context);
    };
    if (args.check) {
      void checkConfig(readConfig).then(({ good, lines }) => {
        for (const line of lines) this.errors.write(`${line}\n`);
        this.exit.leave(good ? EXIT.stopped : EXIT.invalidConfig);
      });
      return;
    }
    let read: ReadConfig;
    try {
      read = readConfig();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const line of linesOf(error)) this.errors.write(`${line}\n`);
      log.error({}, `invalid configuration: ${error.message}`);
      this.exit.leave(EXIT.invalidConfig);
      return;
    }
    const { config, warnings } = read;
    if (config.myid !== undefined) log.setBindings({ myid: config.myid });
    log.info(startFields(config), 'starting');
    for (const warning of warnings) log.warn({}, warning);
    const poolWarning = threadPoolWarning(process.env.UV_THREADPOOL_SIZE);
    if (poolWarning !== undefined) log.warn({}, poolWarning);

    const logs = new ComponentLogs(log);
    const peer = new RunningPeer(world, config, logs, logs);
    this.handleSignals(peer);
    if (args.untilInputEnds) {
      process.stdin.once('close', () => this.onStopSignal('end of standard input', peer));
      process.stdin.on('error', () => {});
      process.stdin.resume();
    }
    peer.closed.then(
      () => {
        log.info({}, 'stopped');
        this.exit.leave(EXIT.stopped);
      },
      (error: unknown) => {
        this.errors.write(`${messageOf(error)}\n`);
        this.exit.leave(exitCodeOf(error));
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
        () => this.errors.write(welcome(peer)),
        () => {},
      );
    }
    peer.start();
  }

  private handleSignals(peer: RunningPeer): void {
    const { log } = this;
    handleSignals({
      stop: (signal) => this.onStopSignal(signal, peer),
      reopenLog: () => this.reopenLog(peer),
      dumpState: () => peer.dumpState(),
      passOver: (signal) => log.info({ signal }, 'a signal that changes nothing'),
    });
  }

  /** The first one closes in order; an operator who sends another one after a while does not want to wait. */
  private onStopSignal(signal: string, peer: RunningPeer): void {
    const { log } = this;
    if (this.firstSignalMs !== undefined) {
      if (performance.now() - this.firstSignalMs < SAME_SIGNAL_MS) return;
      log.warn({ signal }, 'stopped at once');
      this.exit.leave(EXIT.unexpected);
      return;
    }
    this.firstSignalMs = performance.now();
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error({}, `did not stop within ${CLOSE_LIMIT_MS / 1000} s`);
      this.exit.leave(EXIT.unexpected);
    }, CLOSE_LIMIT_MS).unref();
    peer.close().catch(() => {});
  }

  private reopenLog(peer: RunningPeer): void {
    const onFault = (error: unknown): void =>
      this.log.error({ reason: messageOf(error) }, 'the audit log could not be opened anew; the old file stays');
    peer.reopenAudit().catch(onFault);
    try {
      if (this.output.reopen()) this.log.info({}, 'the log file was opened anew');
      else this.log.info({ signal: 'SIGUSR2' }, 'there is no log file to open anew: --log-file names one');
    } catch (error) {
      this.log.error({ reason: messageOf(error) }, 'the log file could not be opened anew; the old one stays');
    }
  }
}

function droppedLine(lines: number): string {
  const time = new Date().toISOString();
  return `{"level":"warn","time":"${time}","lines":${lines},"msg":"lines of the log were dropped: they were not taken in time"}\n`;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof FatalError) return error.exitCode;
  return error instanceof ConfigError ? EXIT.invalidConfig : EXIT.unexpected;
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

  bin/zkCli.sh -server ${server} create /hello world
  bin/zkCli.sh -server ${server} get /hello
  echo srvr | nc ${server.replace(':', ' ')}

Every ZooKeeper client works as well. Ctrl-C stops the server. Three of them: npm run ensemble
`;
}

/** Throws ConfigError: relative names mean nothing in a directory that was removed. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new ConfigError(`the working directory cannot be used: ${messageOf(error)}`);
  }
}
