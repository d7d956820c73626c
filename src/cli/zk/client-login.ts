import { existsSync, readFileSync } from 'node:fs';
import { JaasFault, type JaasSections, parseJaas } from '../../sasl/jaas-file.ts';
import { CliError } from './cli-error.ts';

/**
 * The login of the shell, as a Java client has it: `-Djava.security.auth.login.config=FILE` in CLIENT_JVMFLAGS, its section
 * `Client` or the one of `zookeeper.sasl.clientconfig`. Without that section there is no login, and none with
 * `zookeeper.sasl.client=false`.
 */
export const LOGIN_KEYS: ReadonlySet<string> = new Set([
  'java.security.auth.login.config',
  'zookeeper.sasl.clientconfig',
  'zookeeper.sasl.client',
]);

type Properties = ReadonlyMap<string, { readonly value: string; readonly where: string }>;

export interface ShellLogin {
  readonly username: string;
  readonly password: string;
}

const DIGEST_MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';

/** Throws CliError, which never holds a password. */
export function clientLogin(properties: Properties): ShellLogin | undefined {
  const written = properties.get('java.security.auth.login.config');
  if (written === undefined || properties.get('zookeeper.sasl.client')?.value === 'false') return undefined;
  const file = written.value.replace(/^=/, '').replace(/^file:(?:\/\/)?(?=\/)/, '');
  if (!existsSync(file)) throw new CliError(`${written.where}: there is no JAAS file ${file}`);
  const section = properties.get('zookeeper.sasl.clientconfig')?.value ?? 'Client';
  const modules = sectionsOf(file).get(section);
  if (modules === undefined) return undefined;
  const digest = modules.find(({ className }) => className === DIGEST_MODULE);
  const username = digest?.options.get('username');
  const password = digest?.options.get('password');
  if (username === undefined || password === undefined) {
    throw new CliError(
      `${file}:${modules[0]?.line}: the section ${section} needs ${DIGEST_MODULE} with username and password`,
    );
  }
  return { username, password };
}

function sectionsOf(file: string): JaasSections {
  try {
    return parseJaas(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof JaasFault)) throw error;
    throw new CliError(`${file}:${error.line}: ${error.message}`);
  }
}
