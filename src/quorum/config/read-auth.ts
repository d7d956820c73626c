import { isAbsolute, resolve } from 'node:path';
import { suggest } from '../../base/suggest.ts';
import { JaasFault, type JaasSections, type LoginModule, parseJaas } from '../../sasl/jaas-file.ts';
import type { Krb5Conf } from '../../sasl/kerberos/client/krb5-conf.ts';
import { KERBEROS_MODULE } from '../../sasl/kerberos/krb5-module.ts';
import { type NameRules, parseNameRules } from '../../sasl/kerberos-name.ts';
import type { AcceptedLogins, ClientSasl, OwnProviderFile, QuorumLogin, QuorumSasl } from './auth-config.ts';
import { readConfigText } from './config-text.ts';
import { AUTH_PROVIDERS } from './keys/families.ts';
import type { PeerConfig } from './peer-config.ts';
import { readKerberosConf, readKerberosIdentity, readKerberosKeys } from './read-kerberos.ts';
import type { ConfigContext, Settings } from './settings.ts';

/**
 * From the keys of authentication to what the parts are told: providers, the schemes a client has to prove, and the
 * sections of the JAAS file. Every fault of that file is refused with its line; its values are never said.
 */
type AuthConfig = Pick<
  PeerConfig,
  | 'authProviderClasses'
  | 'ownProviderFiles'
  | 'ownProviders'
  | 'saslSuperUsers'
  | 'requiredSchemes'
  | 'clientSasl'
  | 'quorumSasl'
  | 'jaasFile'
>;

const X509_PROVIDER = 'org.apache.zookeeper.server.auth.X509AuthenticationProvider';
const SASL_PROVIDER = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';

const NEVER_EMPTY = [
  'superUser',
  'SASLAuthenticationProvider.superPassword',
  'letAnySaslUserDoX',
  'security.auth_to_local',
  'sasl.serverconfig',
  'quorum.auth.learner.saslLoginContext',
  'quorum.auth.server.saslLoginContext',
  'quorum.auth.kerberos.servicePrincipal',
] as const;

/** `hasTls`: clients may come with certificates; the scheme x509 is there by itself then, as in Apache. */
export function readAuth(settings: Settings, context: ConfigContext, hasTls: boolean): AuthConfig {
  for (const key of NEVER_EMPTY) {
    if (settings.get(key)?.value === '') settings.refuse(key, 'it names nothing; write a value, or leave the key out');
  }
  const { classes: named, files } = readProviders(settings, context);
  const classes = hasTls && !named.includes(X509_PROVIDER) ? [...named, X509_PROVIDER] : named;
  const requiredSchemes = readRequiredSchemes(settings, classes, files.length > 0);
  const jaas = readJaas(settings, context);
  const conf = readKerberosConf(settings, context);
  const clientSasl = readClientSasl(settings, context, jaas, conf);
  if (clientSasl === undefined && (classes.includes(SASL_PROVIDER) || requiredSchemes.includes('sasl'))) {
    const missing = jaas === undefined ? 'java.security.auth.login.config names no JAAS file' : 'the JAAS file has no';
    const section = jaas === undefined ? '' : ` section ${settings.value('sasl.serverconfig')}`;
    settings.warnings.push(`no client can log in by SASL: ${missing}${section}`);
  }
  return {
    authProviderClasses: classes,
    ownProviderFiles: files,
    ownProviders: [],
    saslSuperUsers: settings
      .family('superUser')
      .filter((setting) => setting.key === 'superUser' || setting.key.startsWith('superUser.'))
      .map((setting) => setting.value),
    requiredSchemes,
    clientSasl,
    quorumSasl: readQuorumSasl(settings, context, jaas, conf),
    jaasFile: jaas?.path,
  };
}

/** Classes and modules in the order of their keys. */
function readProviders(
  settings: Settings,
  context: ConfigContext,
): { readonly classes: readonly string[]; readonly files: readonly OwnProviderFile[] } {
  const classes: string[] = [];
  const files: OwnProviderFile[] = [];
  const named = settings.family('authProvider.').sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const setting of named) {
    const { value, where, key } = setting;
    if (/\.[mc]?js$/.test(value)) {
      const path = resolve(context.cwd, value);
      if (context.disk.exists(path)) files.push({ path, where: `${where}: ${key}` });
      else settings.refuseSetting(setting, `there is no file ${path}`);
      continue;
    }
    if (AUTH_PROVIDERS[value] === 'honoured') {
      classes.push(value);
      continue;
    }
    const meant = suggest(value, Object.keys(AUTH_PROVIDERS));
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    settings.refuseSetting(setting, `there is no such provider here${hint}`);
  }
  return { classes, files };
}

/** Schemes of providers, by the class that brings each. */
const SCHEMES: Readonly<Record<string, string>> = {
  Digest: 'digest',
  IP: 'ip',
  Key: 'key',
  Ensemble: 'ensemble',
  SASL: 'sasl',
  X509: 'x509',
};

function readRequiredSchemes(settings: Settings, classes: readonly string[], hasModules: boolean): readonly string[] {
  const known = new Set(['ip', ...(settings.value('DigestAuthenticationProvider.enabled') ? ['digest'] : [])]);
  for (const name of classes) {
    const scheme = SCHEMES[/\.(\w+)AuthenticationProvider$/.exec(name)?.[1] ?? ''];
    if (scheme !== undefined) known.add(scheme);
  }
  if (settings.value('sessionRequireClientSASLAuth')) {
    if (!known.has('sasl')) {
      settings.refuse('sessionRequireClientSASLAuth', `it needs the scheme sasl; add authProvider.1=${SASL_PROVIDER}`);
    }
    return ['sasl'];
  }
  if (!settings.value('enforce.auth.enabled')) {
    if (settings.has('enforce.auth.schemes')) {
      const where = settings.get('enforce.auth.schemes')?.where;
      settings.warnings.push(`${where}: enforce.auth.schemes has no effect without enforce.auth.enabled=true`);
    }
    return [];
  }
  const schemes = (settings.value('enforce.auth.schemes') ?? '').split(',').map((scheme) => scheme.trim());
  if (schemes.every((scheme) => scheme === '')) {
    settings.refuse('enforce.auth.enabled', 'it needs enforce.auth.schemes, such as digest or sasl');
    return [];
  }
  // A module says its scheme only when it is loaded; the registry judges then.
  const unknown = hasModules ? [] : schemes.filter((scheme) => !known.has(scheme));
  if (unknown.length > 0) {
    settings.refuse(
      'enforce.auth.schemes',
      `there is no provider of ${unknown.map((scheme) => `"${scheme}"`).join(', ')}; those that are there are ${[...known].join(', ')}`,
    );
  }
  return schemes;
}

export interface JaasFile {
  readonly path: string;
  readonly sections: JaasSections;
}

/** `==file` and `file:/path` are Java's other ways to write it. */
function readJaas(settings: Settings, context: ConfigContext): JaasFile | undefined {
  const key = 'java.security.auth.login.config';
  const written = settings.value(key);
  if (written === undefined || !settings.sound(key)) return undefined;
  const named = written.replace(/^=/, '').replace(/^file:(?:\/\/)?(?=\/)/, '');
  const path = isAbsolute(named) ? named : resolve(context.cwd, named);
  const read = readConfigText(path, context.disk);
  if (read === undefined || 'fault' in read) {
    settings.refuse(key, read === undefined ? 'there is no such file' : read.fault);
    return undefined;
  }
  try {
    return { path, sections: parseJaas(Buffer.from(read.text, 'latin1').toString('utf8')) };
  } catch (error) {
    if (!(error instanceof JaasFault)) throw error;
    settings.refuseText(`${path}:${error.line}: ${error.message}`);
    return undefined;
  }
}

const DIGEST_MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';

function readClientSasl(
  settings: Settings,
  context: ConfigContext,
  jaas: JaasFile | undefined,
  conf: Krb5Conf,
): ClientSasl | undefined {
  const key = 'security.auth_to_local';
  const rules = parseNameRules(settings.value(key));
  if (typeof rules === 'string') settings.refuse(key, rules);
  const { defaultRealm } = conf;
  if (settings.value('requireKerberosConfig') && defaultRealm === '') {
    settings.refuse('requireKerberosConfig', 'no krb5.conf here has a default_realm');
  }
  const name = settings.value('sasl.serverconfig');
  const modules = jaas?.sections.get(name);
  if (jaas === undefined || modules === undefined) {
    if (jaas !== undefined && settings.has('sasl.serverconfig')) {
      settings.refuse('sasl.serverconfig', `${jaas.path} has no section ${name}`);
    }
    return undefined;
  }
  const names: NameRules = {
    rules: typeof rules === 'string' ? [] : rules,
    defaultRealm,
    removeHost: settings.value('kerberos.removeHostFromPrincipal'),
    removeRealm: settings.value('kerberos.removeRealmFromPrincipal'),
  };
  const kerberos = kerberosModule(settings, jaas.path, modules);
  if (kerberos !== undefined) {
    const keys = readKerberosKeys(settings, context, { path: jaas.path, module: kerberos, conf });
    return keys === undefined ? undefined : { logins: { mechanism: 'GSSAPI', ...keys }, names };
  }
  const users = usersOf(settings, jaas.path, name, modules);
  const superPassword = settings.value('SASLAuthenticationProvider.superPassword');
  if (superPassword !== undefined && users.has('super')) users.set('super', superPassword);
  return { logins: { mechanism: 'DIGEST-MD5', users }, names };
}

function kerberosModule(settings: Settings, path: string, modules: readonly LoginModule[]): LoginModule | undefined {
  const kerberos = modules.find(({ className }) => className === KERBEROS_MODULE);
  if (kerberos !== undefined && modules.length > 1)
    settings.refuseText(`${path}:${kerberos.line}: Krb5LoginModule stands alone in its section`);
  return kerberos;
}

const REQUIRE_KEYS = ['quorum.auth.serverRequireSasl', 'quorum.auth.learnerRequireSasl'] as const;

function readQuorumSasl(
  settings: Settings,
  context: ConfigContext,
  jaas: JaasFile | undefined,
  conf: Krb5Conf,
): QuorumSasl | undefined {
  const isRequired = settings.value('quorum.auth.serverRequireSasl');
  const logsIn = settings.value('quorum.auth.learnerRequireSasl');
  if (!settings.value('quorum.auth.enableSasl')) {
    for (const key of REQUIRE_KEYS) {
      if (settings.value(key)) settings.refuse(key, 'it needs quorum.auth.enableSasl=true');
    }
    return undefined;
  }
  if (isRequired && !logsIn) {
    settings.refuse(
      'quorum.auth.serverRequireSasl',
      'it needs quorum.auth.learnerRequireSasl=true: this server could not join',
    );
  }
  if (jaas === undefined) {
    if (settings.sound('java.security.auth.login.config')) {
      settings.refuse('quorum.auth.enableSasl', 'it needs a JAAS file: java.security.auth.login.config names none');
    }
    return undefined;
  }
  const accepting = quorumSection(settings, jaas, 'quorum.auth.server.saslLoginContext');
  const dialling = quorumSection(settings, jaas, 'quorum.auth.learner.saslLoginContext');
  if (accepting === undefined || dialling === undefined) return undefined;
  const logins = acceptedLogins(settings, context, jaas, accepting, conf);
  const login = ownLogin(settings, context, jaas, dialling, conf);
  if (logins === undefined || login === undefined) return undefined;
  return { logins, isRequired, login: logsIn ? login : undefined };
}

function acceptedLogins(
  settings: Settings,
  context: ConfigContext,
  jaas: JaasFile,
  modules: readonly LoginModule[],
  conf: Krb5Conf,
): AcceptedLogins | undefined {
  const kerberos = kerberosModule(settings, jaas.path, modules);
  if (kerberos === undefined) {
    const section = settings.value('quorum.auth.server.saslLoginContext');
    return { mechanism: 'DIGEST-MD5', users: usersOf(settings, jaas.path, section, modules) };
  }
  const keys = readKerberosKeys(settings, context, { path: jaas.path, module: kerberos, conf });
  return keys === undefined ? undefined : { mechanism: 'GSSAPI', ...keys };
}

function ownLogin(
  settings: Settings,
  context: ConfigContext,
  jaas: JaasFile,
  modules: readonly LoginModule[],
  conf: Krb5Conf,
): QuorumLogin | undefined {
  const kerberos = kerberosModule(settings, jaas.path, modules);
  if (kerberos !== undefined) {
    const identity = readKerberosIdentity(settings, context, { path: jaas.path, module: kerberos, conf });
    const servicePrincipal = settings.value('quorum.auth.kerberos.servicePrincipal');
    if (!/^[^/@\s]+\/[^/@\s]+(@[^/@\s]+)?$/.test(servicePrincipal)) {
      settings.refuse(
        'quorum.auth.kerberos.servicePrincipal',
        'write zkquorum/_HOST@REALM, or a host instead of _HOST',
      );
    }
    return identity === undefined ? undefined : { mechanism: 'GSSAPI', identity, conf, servicePrincipal };
  }
  const own = modules.find(({ options }) => options.has('username'));
  const username = own?.options.get('username');
  const password = own?.options.get('password');
  if (username !== undefined && password !== undefined) return { mechanism: 'DIGEST-MD5', username, password };
  const section = settings.value('quorum.auth.learner.saslLoginContext');
  settings.refuseText(
    `${jaas.path}:${modules[0]?.line}: the section ${section} needs username="..." and password="..."`,
  );
  return undefined;
}

function quorumSection(
  settings: Settings,
  jaas: JaasFile,
  key: 'quorum.auth.server.saslLoginContext' | 'quorum.auth.learner.saslLoginContext',
): readonly LoginModule[] | undefined {
  const name = settings.value(key);
  const modules = jaas.sections.get(name);
  if (modules === undefined) settings.refuse('quorum.auth.enableSasl', `${jaas.path} has no section ${name}`);
  return modules;
}

/** `user_<name>="password"` in the options of the login modules of a section. */
function usersOf(
  settings: Settings,
  path: string,
  section: string,
  modules: readonly LoginModule[],
): Map<string, string> {
  const users = new Map<string, string>();
  for (const { className, options, line } of modules) {
    if (className !== DIGEST_MODULE) {
      settings.refuseText(`${path}:${line}: there is no login module ${className} here; there is ${DIGEST_MODULE}`);
    }
    for (const [option, password] of options) {
      if (option.startsWith('user_')) users.set(option.slice('user_'.length), password);
    }
  }
  if (users.size === 0) {
    settings.warnings.push(`${path}: the section ${section} has no user_<name>="password": nobody can log in by it`);
  }
  return users;
}
