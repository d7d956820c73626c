import { lookupService } from 'node:dns';
import { readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Net } from '../io/net.ts';
import type { Random } from '../io/random.ts';
import { KerberosClient, type KerberosIdentity } from '../sasl/kerberos/client/kerberos-client.ts';
import { emptyKrb5Conf, fileOf, type Krb5Conf, readKrb5Conf } from '../sasl/kerberos/client/krb5-conf.ts';
import type { BeginLogin } from './session/session-options.ts';

/**
 * A login by Kerberos (SASL GSSAPI), as Java's client has it by its section `Client` and its properties. The first ticket
 * comes from a ticket cache, a keytab or a password, in this order; the KDCs are those of krb5.conf.
 */
export interface ClientKerberos {
  /** `orders@REALM`, the realm may be left out. Without one it is whoever the ticket cache is of. */
  readonly principal?: string;
  /** The file with the keys of the principal. */
  readonly keyTab?: string;
  /** True: that of KRB5CCNAME, of krb5.conf, or /tmp/krb5cc_<uid>. Only files are read. */
  readonly ticketCache?: string | boolean;
  readonly password?: string;
  /** KRB5_CONFIG or /etc/krb5.conf by default. */
  readonly krb5Conf?: string;
  /** Of the servers, `zookeeper/host@REALM`. By default `zookeeper/` and the host of each. */
  readonly serverPrincipal?: string;
  /** In front of the host. `zookeeper` by default. */
  readonly serviceName?: string;
  /** The host is the one that DNS has for the server's address. True by default, as in Java. */
  readonly canonicalizeHostname?: boolean;
}

interface Doors {
  readonly clock: Clock;
  readonly net: Net;
  readonly random: Random;
}

/** Throws ConfigError when it cannot come to a login. */
export function kerberosLogin(kerberos: ClientKerberos, { clock, net, random }: Doors, log: Log): BeginLogin {
  const conf = confOf(kerberos, log);
  const ports = {
    clock,
    net,
    secret: (bytes: number) => random.secret(bytes),
    readFile: (path: string) => readFileSync(path),
  };
  const client = new KerberosClient(identityOf(kerberos, conf), conf, ports, log);
  const { serverPrincipal, serviceName = 'zookeeper', canonicalizeHostname = true } = kerberos;
  if (serverPrincipal !== undefined && !/^[^/@]+\/[^/@]+(@[^/@]+)?$/.test(serverPrincipal))
    throw new ConfigError(`kerberos: serverPrincipal ${serverPrincipal}: write zookeeper/host@REALM`);
  return ({ host, address }, done) => {
    if (serverPrincipal !== undefined) client.begin(serverPrincipal, done);
    else if (!canonicalizeHostname) client.begin(`${serviceName}/${host}`, done);
    else canonicalName(host, address, (name) => client.begin(`${serviceName}/${name}`, done));
  };
}

/** The name that DNS has for the address; the host itself where it has none. */
function canonicalName(host: string, address: string, done: (name: string) => void): void {
  if (isIP(address) === 0) {
    done(host);
    return;
  }
  lookupService(address, 0, (error, name) => done(error !== null || isIP(name) !== 0 ? host : name.toLowerCase()));
}

function confOf({ krb5Conf }: ClientKerberos, log: Log): Krb5Conf {
  const named = krb5Conf ?? process.env.KRB5_CONFIG?.split(':')[0];
  const path = resolve(named ?? '/etc/krb5.conf');
  const files = { readFile: (file: string) => readFileSync(file), list: (dir: string) => readdirSync(dir) };
  try {
    const { conf, faults } = readKrb5Conf(path, files);
    for (const fault of faults) log.warn({}, fault);
    return conf;
  } catch (error) {
    if (named === undefined) return emptyKrb5Conf();
    throw new ConfigError(`kerberos: ${path} cannot be read (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function identityOf(kerberos: ClientKerberos, conf: Krb5Conf): KerberosIdentity {
  const { keyTab: named, password, principal: written } = kerberos;
  const keyTab = named === '' ? conf.keyTab : named;
  const ticketCache = cacheOf(kerberos, conf);
  if (named === '' && keyTab === undefined) throw new ConfigError('kerberos: it needs keyTab, the file with the keys');
  if (keyTab === undefined && ticketCache === undefined && password === undefined)
    throw new ConfigError('kerberos: it needs keyTab, ticketCache or password');
  if (written === undefined && ticketCache === undefined) throw new ConfigError('kerberos: it needs principal');
  if (written !== undefined && !written.includes('@') && conf.defaultRealm === '')
    throw new ConfigError(`kerberos: principal ${written} names no realm, and krb5.conf has no default_realm`);
  const principal = written === undefined || written.includes('@') ? written : `${written}@${conf.defaultRealm}`;
  const realm = principal?.slice(principal.lastIndexOf('@') + 1);
  if (realm !== undefined && !conf.kdcs.has(realm))
    throw new ConfigError(`kerberos: krb5.conf names no kdc of ${realm} in its section [realms], and DNS is not asked`);
  return {
    principal,
    ticketCache,
    keyTab: keyTab === undefined ? undefined : (fileOf(keyTab) ?? resolve(keyTab)),
    password,
  };
}

function cacheOf({ ticketCache }: ClientKerberos, conf: Krb5Conf): string | undefined {
  if (ticketCache === undefined || ticketCache === false) return undefined;
  if (typeof ticketCache === 'string' && ticketCache !== '') return fileOf(ticketCache) ?? resolve(ticketCache);
  const uid = process.getuid?.() ?? 0;
  const named = process.env.KRB5CCNAME;
  const cache = named === undefined ? (conf.ticketCache ?? `/tmp/krb5cc_${uid}`) : fileOf(named);
  if (cache === undefined) throw new ConfigError(`kerberos: KRB5CCNAME=${named} is no file; only FILE: is read`);
  return cache.replaceAll('%{uid}', String(uid));
}
