import '../io/node-required.ts';
import { ConfigError, messageOf } from '../base/errors.ts';
import { EXIT } from '../base/exit-codes.ts';
import { ControlServer } from '../testing/control/control-server.ts';
import { ensembleTold } from '../testing/control/routes.ts';
import { type EnsembleOptions, startEnsemble } from '../testing/testing.ts';
import { argumentsOf } from './usage.ts';

/**
 * An ensemble for the tests of a program in any language. One line of JSON on standard output says where it is; it ends when its
 * standard input does, so that it outlives nobody who started it.
 */
const PARENT_CHECK_MS = 500;

const USAGE = `Usage: menagerie testing [--size n] [--observers n] [--config key=value ...] [--data-dir d] [--tls]
                         [--host h] [--client-port n] [--control-port n] [--keep]

  --size n            voting servers, 1 to 9; 1 by default
  --observers n       servers that do not vote
  --config key=value  a key of zoo.cfg for every server; may be given often
  --data-dir d        keeps what is written there; in memory by default
  --tls               clients have a port for TLS as well; "tls" names it, and the files of the certificates
  --host h            where clients and switches are waited for; 127.0.0.1 by default, 0.0.0.0 in a container
  --client-port n     of the first server, the others count on; free ones by default
  --control-port n    of the switches; a free one by default
  --keep              go on when standard input ends

Prints {"connectString": ..., "control": "http://127.0.0.1:...", "servers": [...]} when all servers serve.
docs/TESTKIT.md says what can be asked of "control". SIGTERM, SIGINT, the end of standard input and that of the
process that started this one end it.
`;

interface Arguments {
  readonly options: EnsembleOptions;
  readonly controlPort: number;
  readonly host: string;
  readonly keeps: boolean;
}

function parseArguments(argv: readonly string[]): Arguments | string {
  const config: Record<string, string> = {};
  let options: EnsembleOptions = {};
  let controlPort = 0;
  let host = '127.0.0.1';
  let keeps = false;
  for (let i = 0; i < argv.length; i++) {
    const option = argv[i] as string;
    if (option === '--keep') {
      keeps = true;
      continue;
    }
    if (option === '--tls') {
      options = { ...options, tls: true };
      continue;
    }
    const value = argv[++i];
    if (value === undefined || value === '') return `${option} needs a value`;
    if (option === '--size') options = { ...options, size: Number(value) };
    else if (option === '--observers') options = { ...options, observers: Number(value) };
    else if (option === '--data-dir') options = { ...options, dataDir: value };
    else if (option === '--host') host = value;
    else if (option === '--client-port') options = { ...options, clientPort: Number(value) };
    else if (option === '--control-port') controlPort = Number(value);
    else if (option === '--config') {
      const at = value.indexOf('=');
      if (at < 1) return `--config ${value}: key=value is meant`;
      config[value.slice(0, at)] = value.slice(at + 1);
    } else return `unknown option ${option}`;
  }
  const { clientPort = 0 } = options;
  if (!isPort(controlPort) || !isPort(clientPort)) return 'a port is a number from 0 to 65535';
  return { options: { ...options, host, config }, host, controlPort, keeps };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

async function main(): Promise<void> {
  const args = argumentsOf(USAGE, parseArguments);
  if (args === undefined) return;
  const ensemble = await startEnsemble(args.options);
  const parent = process.ppid;
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    clearInterval(parentCheck);
    void Promise.all([control.close(), ensemble.close()]).then(() => process.exit(0));
  };
  const control = new ControlServer(ensemble, () => setImmediate(end));
  const url = await control.listen(args.controlPort, args.host);
  const parentCheck = setInterval(() => {
    if (process.ppid !== parent) end();
  }, PARENT_CHECK_MS);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  if (!args.keeps && !process.stdin.isTTY) {
    process.stdin.once('close', end);
    process.stdin.on('error', () => {});
    process.stdin.resume();
  }
  process.stdout.write(`${JSON.stringify({ ...(ensembleTold(ensemble) as object), control: url })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof ConfigError ? EXIT.invalidConfig : 1;
});
