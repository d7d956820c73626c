import { existsSync, readFileSync } from 'node:fs';
import type { ClientKerberos, ClientOptions } from '../../client/client.ts';
import { JaasFault, type JaasSections, type LoginModule, parseJaas } from '../../sasl/jaas-file.ts';
import { KERBEROS_MODULE, krb5Options } from '../../sasl/kerberos/krb5-module.ts';
import { CliError } from './cli-error.ts';

/**
 * The login of the shell, as a Java client has it: `-Djava.security.auth.login.config=FILE` in CLIENT_JVMFLAGS, its section
 * `Client` or the one of `zookeeper.sasl.clientconfig`. Without that section there is no login, and none with
 * `zookeeper.sasl.client=false`. A section with Krb5LoginModule logs in by Kerberos.
 */
export const LOGIN_KEYS: ReadonlySet<string> = new Set([
  'java.security.auth.login.config',
  'java.security.krb5.conf',
  'zookeeper.sasl.clientconfig',
  'zookeeper.sasl.client',
  'zookeeper.sasl.client.username',
  'zookeeper.sasl.client.canonicalize.hostname',
  'zookeeper.server.principal',
  'zookeeper.server.realm',
]);

type Properties = ReadonlyMap<string, { readonly value: string; readonly where: string }>;

export type ShellLogin = NonNullable<ClientOptions['sasl']>;

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
  const kerberos = modules.find(({ className }) => className === KERBEROS_MODULE);
  if (kerberos !== undefined) return { kerberos: kerberosOf(kerberos, `${file}:${kerberos.line}`, properties) };
  const digest = modules.find(({ className }) => className === DIGEST_MODULE);
  const username = digest?.options.get('username');
  const password = digest?.options.get('password');
  if (username === undefined || password === undefined) {
    throw new CliError(
      `${file}:${modules[0]?.line}: the section ${section} needs ${DIGEST_MODULE} with username and password, or ${KERBEROS_MODULE}`,
    );
  }
  return { username, password };
}

function kerberosOf(module: LoginModule, where: string, properties: Properties): ClientKerberos {
  const { principal, keyTab, ticketCache, password, unknown } = krb5Options(module);
  if (unknown.length > 0) throw new CliError(`${where}: Krb5LoginModule: the option ${unknown[0]} is unknown`);
  const value = (key: string): string | undefined => properties.get(key)?.value;
  const krb5Conf = value('java.security.krb5.conf');
  const serviceName = value('zookeeper.sasl.client.username');
  const server = value('zookeeper.server.principal');
  const realm = value('zookeeper.server.realm');
  const serverPrincipal =
    server === undefined || server.includes('@') || realm === undefined ? server : `${server}@${realm}`;
  return {
    ...(principal === undefined ? {} : { principal }),
    ...(keyTab === undefined ? {} : { keyTab }),
    ...(ticketCache === undefined ? {} : { ticketCache: ticketCache === '' ? true : ticketCache }),
    ...(password === undefined ? {} : { password }),
    ...(krb5Conf === undefined ? {} : { krb5Conf }),
    ...(serviceName === undefined ? {} : { serviceName }),
    ...(serverPrincipal === undefined ? {} : { serverPrincipal }),
    canonicalizeHostname: value('zookeeper.sasl.client.canonicalize.hostname') !== 'false',
  };
}

function sectionsOf(file: string): JaasSections {
  try {
    return parseJaas(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof JaasFault)) throw error;
    throw new CliError(`${file}:${error.line}: ${error.message}`);
  }
}
