import { existsSync, readFileSync } from 'node:fs';
import { ZooKeeperError } from '../../client/client.ts';
import { parseConnectString } from '../../client/connect-string.ts';
import { CliError } from './cli-error.ts';

/** What stands before the command: where to connect and how. `--server` and `--timeout` are the same with two dashes. */
export interface ShellOptions {
  readonly server: string;
  readonly timeoutMs: number;
  readonly readOnly: boolean;
  /** Wait for a session before the first command, for as long as the timeout. */
  readonly waitForConnection: boolean;
  readonly json: boolean;
  readonly help: boolean;
  /** Empty: commands are read from standard input. */
  readonly command: readonly string[];
}

const DEFAULT_SERVER = 'localhost:2181';
const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_INT = 0x7fffffff;

/** Throws CliError. */
export function parseOptions(args: readonly string[]): ShellOptions {
  let server = DEFAULT_SERVER;
  let timeoutMs = DEFAULT_TIMEOUT_MS;
  let [readOnly, waitForConnection, json, help] = [false, false, false, false];
  let i = 0;
  const value = (option: string): string => {
    const found = args[++i];
    if (found === undefined) throw new CliError(`Error: no argument found for option ${option}`);
    return found;
  };
  for (; i < args.length && args[i]?.startsWith('-') === true; i++) {
    const option = args[i] as string;
    switch (option.startsWith('--') ? option.slice(1) : option) {
      case '-server':
        server = checkedServer(value(option));
        break;
      case '-timeout':
        timeoutMs = checkedTimeout(value(option));
        break;
      case '-r':
        readOnly = true;
        break;
      case '-waitforconnection':
        waitForConnection = true;
        break;
      case '-client-configuration':
        refuseTls(value(option));
        break;
      case '-json':
        json = true;
        break;
      case '-h':
      case '-help':
        help = true;
        break;
      default:
        throw new CliError(`Unrecognized option before the command: ${option}`);
    }
  }
  return { server, timeoutMs, readOnly, waitForConnection, json, help, command: args.slice(i) };
}

function checkedServer(text: string): string {
  try {
    parseConnectString(text);
  } catch (error) {
    if (error instanceof ZooKeeperError) throw new CliError(error.message);
    throw error;
  }
  return text;
}

function checkedTimeout(text: string): number {
  const timeoutMs = Number(text);
  if (!/^\d+$/.test(text) || timeoutMs < 1 || timeoutMs > MAX_INT) {
    throw new CliError(`-timeout takes milliseconds, 1 to ${MAX_INT}, not "${text}"`);
  }
  return timeoutMs;
}

/** Keys of a client's configuration that mean nothing here, because what they switch is a Java client's. */
const WITHOUT_EFFECT =
  /^(zookeeper\.)?(clientCnxnSocket|request\.timeout|disableAutoWatchReset|client\.(sasl|secure|hostProvider)\S*|sasl\.\S+|server\.\S+)$/;

/**
 * A file of client properties. TLS is the purpose of nearly all of them, and there is none here yet: a connection that
 * was meant to be encrypted must not be made in the clear.
 */
function refuseTls(file: string): void {
  if (!existsSync(file)) throw new CliError(`-client-configuration: there is no file ${file}`);
  for (const line of readFileSync(file, 'utf8').split(/\r?\n/)) {
    const [key, value = ''] = line.trim().split(/\s*[=:]\s*/, 2);
    if (key === undefined || key === '' || /^[#!]/.test(key)) continue;
    if (/^zookeeper\.client\.secure$/.test(key) && value !== 'true') continue;
    if (/ssl|secure|Netty/i.test(`${key} ${value}`)) {
      throw new CliError(`-client-configuration: ${file} sets ${key}, and this shell does not speak TLS`);
    }
    if (!WITHOUT_EFFECT.test(key))
      throw new CliError(`-client-configuration: ${file} sets ${key}, which is unknown here`);
  }
}
