import { type ClientTls, ZooKeeperError } from '../../client/client.ts';
import { parseConnectString } from '../../client/connect-string.ts';
import { CliError } from './cli-error.ts';
import { clientLogin, type ShellLogin } from './client-login.ts';
import { clientProperties, clientTls, withoutEffect } from './client-settings.ts';

/**
 * The arguments before the command: where to connect and how. `--server` and `--timeout` are the same with two dashes.
 */
export interface ShellOptions {
  readonly server: string;
  readonly timeoutMs: number;
  readonly readOnly: boolean;
  /** Wait for a session before the first command, for as long as the timeout. */
  readonly waitForConnection: boolean;
  readonly json: boolean;
  readonly help: boolean;
  /** undefined: in the clear. */
  readonly tls: ClientTls | undefined;
  /** undefined: without a login. */
  readonly sasl: ShellLogin | undefined;
  /** Settings that change nothing, as lines for standard error. */
  readonly warnings: readonly string[];
  /** Empty: commands are read from standard input. */
  readonly command: readonly string[];
}

const DEFAULT_SERVER = 'localhost:2181';
const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_INT = 0x7fffffff;

/** Throws CliError. `env` has the flags of a JVM that are about TLS. */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): ShellOptions {
  let server = DEFAULT_SERVER;
  let timeoutMs = DEFAULT_TIMEOUT_MS;
  let configuration: string | undefined;
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
        configuration = value(option);
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
  const properties = clientProperties(configuration, env);
  const tls = clientTls(properties);
  const sasl = clientLogin(properties);
  const warnings = withoutEffect(properties);
  return { server, timeoutMs, readOnly, waitForConnection, json, help, tls, sasl, warnings, command: args.slice(i) };
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
