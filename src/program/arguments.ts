import { EXIT } from '../base/exit-codes.ts';
import { LOG_LEVELS } from '../base/log.ts';
import { COMPATIBLE_VERSION, OWN_VERSION } from '../server/monitoring/version.ts';

/** The command line of the program, and what it answers by itself. */
export const USAGE = `Usage: peer.js --config <zoo.cfg>
       peer.js <zoo.cfg>
       peer.js <clientPort> <dataDir> [tickTime] [maxClientCnxns]
       peer.js audit who <path> ...: who changed a node; --help says more
       peer.js doctor --config <zoo.cfg>: what is wrong, and what to do about it
       peer.js backup create|list|verify|restore|diff ...: copies of a history, proofs of them, directories made from them
       peer.js testing ...: an ensemble for the tests of a program, with switches for faults; --help says more
       peer.js record --to <servers> ...: a proxy that tells what clients and servers say to each other
       peer.js compare <server> <server> ...: whether two servers answer the same

  --config <file>    configuration, as Apache ZooKeeper's zoo.cfg
  --check            say all that is wrong with the configuration, start nothing; 0: it would start, 2: it would not
  --log-level <l>    debug, info (default), warn, error
  --log-format <f>   json: one object a line; text: for people, the default on a terminal
  --log-file <file>  the log goes there; SIGUSR2 opens the file anew
  --ready-file <f>   written once clients are accepted; holds the process id and the port
  --until-input-ends stop when standard input ends, as it does with the process that started this one
  --help, --version

Options of a JVM in SERVER_JVMFLAGS and JVMFLAGS are read for -Dname=value.
The log goes to standard output.
SIGTERM and SIGINT stop serving, sync and exit 0. SIGQUIT writes connections, roles
and elections to the log. SIGHUP and SIGUSR1 are passed over.
`;

export interface Arguments {
  readonly config: string | undefined;
  readonly plain: readonly string[];
  readonly logLevel: string;
  /** undefined: what suits where the log goes. */
  readonly logFormat: 'json' | 'text' | undefined;
  readonly logFile: string | undefined;
  readonly readyFile: string | undefined;
  readonly welcome: boolean;
  readonly check: boolean;
  readonly untilInputEnds: boolean;
}

/** Said instead of starting a peer. */
export interface Answer {
  readonly exitCode: number;
  readonly text: string;
}

const VALUED = new Set(['--config', '--log-level', '--log-format', '--log-file', '--ready-file']);

export function parseArguments(argv: readonly string[]): Arguments | Answer {
  const plain: string[] = [];
  const values = new Map<string, string>();
  let welcome = false;
  let check = false;
  let untilInputEnds = false;
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === '--help' || arg === '-h') return { exitCode: EXIT.stopped, text: USAGE };
    if (arg === '--version') {
      const text = `${OWN_VERSION} (compatible with Apache ZooKeeper ${COMPATIBLE_VERSION})\n`;
      return { exitCode: EXIT.stopped, text };
    }
    if (arg === '--welcome') welcome = true;
    else if (arg === '--check') check = true;
    else if (arg === '--until-input-ends') untilInputEnds = true;
    else if (VALUED.has(arg)) {
      const value = argv[++i];
      if (value === undefined || value === '') return refused(`${arg} needs a value`);
      values.set(arg, value);
    } else if (arg.startsWith('-')) return refused(`unknown option ${arg}`);
    else plain.push(arg);
  }
  const logLevel = values.get('--log-level') ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) return refused(`unknown log level ${logLevel}`);
  const logFormat = values.get('--log-format');
  if (logFormat !== undefined && logFormat !== 'json' && logFormat !== 'text') {
    return refused(`unknown log format ${logFormat}: json or text`);
  }
  let config = values.get('--config');
  if (config === undefined && plain.length === 1) config = plain.shift();
  if (config === undefined && plain.length === 0) return refused('no configuration');
  if (config !== undefined && plain.length > 0) return refused(`unexpected argument ${plain[0]}`);
  return {
    config,
    plain,
    logLevel,
    logFormat,
    logFile: values.get('--log-file'),
    readyFile: values.get('--ready-file'),
    welcome,
    check,
    untilInputEnds,
  };
}

function refused(why: string): Answer {
  return { exitCode: EXIT.invalidConfig, text: `${why}\n\n${USAGE}` };
}
