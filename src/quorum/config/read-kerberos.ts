import { isAbsolute, resolve } from 'node:path';
import type { LoginModule } from '../../sasl/jaas-file.ts';
import { encryptionOf } from '../../sasl/kerberos/encryption.ts';
import { type KeytabEntry, parseKeytab } from '../../sasl/kerberos/keytab.ts';
import { defaultRealmOf } from '../../sasl/kerberos-name.ts';
import { fileFault } from './config-text.ts';
import type { ConfigContext, Settings } from './settings.ts';

/**
 * A section with Java's Krb5LoginModule: the principal that clients ask for, and its keys. The ticket that such a section
 * may also ask for is of no use to the side that accepts: the keys alone open what clients show.
 */
export interface KerberosKeys {
  /** `service/host@REALM`, or `*`: any that has a key. */
  readonly principal: string;
  readonly keys: readonly KeytabEntry[];
  /** Absolute. */
  readonly keyTab: string;
}

/** `path`: of the JAAS file. Undefined when anything was refused. */
export function readKerberosKeys(
  settings: Settings,
  { disk, cwd }: ConfigContext,
  path: string,
  module: LoginModule,
  defaultRealm: string,
): KerberosKeys | undefined {
  const where = `${path}:${module.line}: Krb5LoginModule`;
  const refuse = (what: string): undefined => {
    settings.refuseText(`${where}: ${what}`);
    return undefined;
  };
  const named = module.options.get('keyTab');
  const written = module.options.get('principal');
  if (named === undefined || module.options.get('useKeyTab')?.toLowerCase() !== 'true') {
    return refuse('it needs useKeyTab=true and keyTab="...", the file with the keys of this server');
  }
  if (written === undefined) return refuse('it needs principal="zookeeper/this.host@REALM"');
  if (written !== '*' && !written.includes('@') && defaultRealm === '') {
    return refuse('the principal names no realm, and krb5.conf has no default_realm');
  }
  const principal = written === '*' || written.includes('@') ? written : `${written}@${defaultRealm}`;
  const plain = named.replace(/^file:(?:\/\/)?(?=\/)/i, '').replace(/^FILE:/, '');
  const keyTab = isAbsolute(plain) ? plain : resolve(cwd, plain);
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

/** Of `java.security.krb5.conf`, or of the system; "" where none names one. */
export function readDefaultRealm(settings: Settings, { disk, cwd }: ConfigContext): string {
  const key = 'java.security.krb5.conf';
  const named = settings.value(key);
  try {
    return defaultRealmOf(
      disk.readSmall(named === undefined ? '/etc/krb5.conf' : resolve(cwd, named)).toString('latin1'),
    );
  } catch (error) {
    if (named !== undefined) settings.refuse(key, fileFault(error));
    return '';
  }
}
