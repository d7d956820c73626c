import { isAbsolute, resolve } from 'node:path';
import type { LoginModule } from '../../sasl/jaas-file.ts';
import type { KerberosIdentity } from '../../sasl/kerberos/client/kerberos-client.ts';
import { emptyKrb5Conf, type Krb5Conf, readKrb5Conf } from '../../sasl/kerberos/client/krb5-conf.ts';
import { encryptionOf } from '../../sasl/kerberos/encryption.ts';
import { type KeytabEntry, parseKeytab } from '../../sasl/kerberos/keytab.ts';
import { krb5Options, pathOf } from '../../sasl/kerberos/krb5-module.ts';
import { fileFault } from './config-text.ts';
import type { ConfigContext, Settings } from './settings.ts';

/**
 * A section with Java's Krb5LoginModule. The side that accepts needs the principal that is asked for, and its keys: the ticket that
 * such a section may also ask for is of no use to it. The side that logs in needs a principal, and where its first
 * ticket comes from.
 */
export interface KerberosKeys {
  /** `service/host@REALM`, or `*`: any that has a key. */
  readonly principal: string;
  readonly keys: readonly KeytabEntry[];
  /** Absolute. */
  readonly keyTab: string;
}

/** Where the section stands, and the krb5.conf that goes with it. */
export interface KerberosSection {
  /** Of the JAAS file. */
  readonly path: string;
  readonly module: LoginModule;
  readonly conf: Krb5Conf;
}

type Refuse = (what: string) => undefined;

/** Undefined when anything was refused. */
export function readKerberosKeys(
  settings: Settings,
  { disk, cwd }: ConfigContext,
  section: KerberosSection,
): KerberosKeys | undefined {
  const refuse = refusalIn(settings, section);
  const { keyTab: named, principal: written } = optionsIn(settings, section);
  if (named === undefined || named === '') {
    return refuse('it needs useKeyTab=true and keyTab="...", the file with the keys of this server');
  }
  if (written === undefined) return refuse('it needs principal="zookeeper/this.host@REALM"');
  const principal = written === '*' ? written : withRealm(written, section, refuse);
  if (principal === undefined) return undefined;
  const keyTab = absolute(named, cwd);
  let bytes: Buffer;
  try {
    bytes = disk.readSmall(keyTab);
  } catch (error) {
    return refuse(`keyTab ${keyTab}: ${fileFault(error)}`);
  }
  const keys = parseKeytab(bytes);
  if (typeof keys === 'string') return refuse(`keyTab ${keyTab}: ${keys}`);
  const own = principal === '*' ? keys : keys.filter((entry) => entry.principal === principal);
  if (own.length === 0) {
    const held = [...new Set(keys.map((entry) => entry.principal))].join(', ');
    return refuse(`keyTab ${keyTab} has no key of ${principal}; it has keys of ${held === '' ? 'nobody' : held}`);
  }
  if (!own.some(({ encryption }) => encryptionOf(encryption) !== undefined)) {
    return refuse(`keyTab ${keyTab} has no AES key of ${principal}: types 17 to 20 are taken, DES and RC4 are not`);
  }
  return { principal, keys: own, keyTab };
}

/** Of the side that logs in. Undefined when anything was refused. */
export function readKerberosIdentity(
  settings: Settings,
  { disk, cwd }: ConfigContext,
  section: KerberosSection,
): KerberosIdentity | undefined {
  const refuse = refusalIn(settings, section);
  const { conf } = section;
  const options = optionsIn(settings, section);
  const { keyTab: named = '', ticketCache: cached = '', principal: written, password } = options;
  const keyTab = named === '' ? conf.keyTab : absolute(named, cwd);
  const ticketCache = cached === '' ? conf.ticketCache : absolute(cached, cwd);
  const usesKeyTab = options.keyTab !== undefined;
  const usesCache = options.ticketCache !== undefined;
  if (!usesKeyTab && !usesCache && password === undefined) {
    return refuse('it needs useKeyTab=true and keyTab="...", or useTicketCache=true and ticketCache="..."');
  }
  if (usesKeyTab && keyTab === undefined) return refuse('it needs keyTab="..." beside useKeyTab=true');
  if (usesCache && ticketCache === undefined) return refuse('it needs ticketCache="..." beside useTicketCache=true');
  if (written === undefined && !usesCache) return refuse('it needs principal="zkquorum/this.host@REALM"');
  const principal = written === undefined ? undefined : withRealm(written, section, refuse);
  if (written !== undefined && principal === undefined) return undefined;
  if (usesKeyTab && keyTab !== undefined && !disk.exists(keyTab)) {
    return refuse(`keyTab ${keyTab}: there is no such file`);
  }
  const realm = principal?.slice(principal.lastIndexOf('@') + 1);
  if (realm !== undefined && !conf.kdcs.has(realm)) {
    return refuse(`krb5.conf names no kdc of ${realm} in its section [realms], and DNS is not asked`);
  }
  return {
    principal,
    ticketCache: usesCache ? ticketCache : undefined,
    keyTab: usesKeyTab ? keyTab : undefined,
    password,
  };
}

function optionsIn(settings: Settings, { path, module }: KerberosSection): ReturnType<typeof krb5Options> {
  const options = krb5Options(module);
  for (const name of options.unknown) {
    settings.warnings.push(`${path}:${module.line}: Krb5LoginModule: the option ${name} is unknown and has no effect`);
  }
  return options;
}

function refusalIn(settings: Settings, { path, module }: KerberosSection): Refuse {
  return (what) => {
    settings.refuseText(`${path}:${module.line}: Krb5LoginModule: ${what}`);
    return undefined;
  };
}

function withRealm(written: string, { conf }: KerberosSection, refuse: Refuse): string | undefined {
  if (written.includes('@')) return written;
  if (conf.defaultRealm === '') return refuse('the principal names no realm, and krb5.conf has no default_realm');
  return `${written}@${conf.defaultRealm}`;
}

function absolute(written: string, cwd: string): string {
  const plain = pathOf(written);
  return isAbsolute(plain) ? plain : resolve(cwd, plain);
}

/** Of `java.security.krb5.conf`, or of the system; an empty one where there is none. */
export function readKerberosConf(settings: Settings, { disk, cwd }: ConfigContext): Krb5Conf {
  const key = 'java.security.krb5.conf';
  const named = settings.value(key);
  const path = named === undefined ? '/etc/krb5.conf' : resolve(cwd, named);
  const files = { readFile: (file: string) => disk.readSmall(file), list: (dir: string) => disk.list(dir) };
  try {
    const { conf, faults } = readKrb5Conf(path, files);
    if (settings.has('java.security.auth.login.config')) settings.warnings.push(...faults);
    return conf;
  } catch (error) {
    if (named !== undefined) settings.refuse(key, fileFault(error));
    return emptyKrb5Conf();
  }
}
