import { describe, expect, test } from 'vitest';
import { ConfigError, messageOf } from '../../src/base/errors.ts';
import { DiskError } from '../../src/io/disk.ts';
import { type ReadConfig, readConfigFile } from '../../src/quorum/config/read-config.ts';
import { keytabOf } from '../sasl/kerberos/client/kerberos-files.ts';

/** The keys of authentication: what a start makes of them, and the sentence that stops it. */
const AUTH = 'org.apache.zookeeper.server.auth';
const JAAS = `Server {
  ${AUTH}.DigestLoginModule required
  user_super="adminsecret"
  user_bob="bobsecret";
};
`;

function read(lines: readonly string[], files: Readonly<Record<string, string>> = {}, jvmFlags = ''): ReadConfig {
  const all: Readonly<Record<string, string>> = {
    '/conf/zoo.cfg': `dataDir=/data\nclientPort=2181\n${lines.join('\n')}\n`,
    ...files,
  };
  const disk = {
    exists: (path: string) => all[path] !== undefined,
    readSmall: (path: string) => {
      const text = all[path];
      if (text === undefined) throw new DiskError('ENOENT', path, path);
      return Buffer.from(text);
    },
    list: (): string[] => [],
  };
  return readConfigFile('zoo.cfg', { disk, cwd: '/conf', jvmFlags });
}

function refusal(...args: Parameters<typeof read>): string {
  try {
    read(...args);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return messageOf(error);
  }
  return 'not refused';
}

const SASL = `authProvider.1=${AUTH}.SASLAuthenticationProvider`;
const FLAG = '-Djava.security.auth.login.config=/jaas.conf';

describe('enforced authentication', () => {
  test('names the schemes of which a client proves one', () => {
    expect(read([]).config.requiredSchemes).toEqual([]);
    const lines = ['enforce.auth.enabled=true', 'enforce.auth.schemes=sasl, digest', SASL];
    expect(read(lines, { '/jaas.conf': JAAS }, FLAG)).toMatchObject({
      config: { requiredSchemes: ['sasl', 'digest'] },
      warnings: [],
    });
    expect(read(['sessionRequireClientSASLAuth=true', SASL]).config.requiredSchemes).toEqual(['sasl']);
  });

  test.each([
    [
      ['enforce.auth.enabled=true'],
      'zoo.cfg:3: enforce.auth.enabled=true: it needs enforce.auth.schemes, such as digest or sasl',
    ],
    [
      ['enforce.auth.enabled=true', 'enforce.auth.schemes=digest,sasl'],
      'zoo.cfg:4: enforce.auth.schemes=digest,sasl: there is no provider of "sasl"; those that are there are ip, digest',
    ],
    [
      ['enforce.auth.enabled=true', 'enforce.auth.schemes=digest', 'DigestAuthenticationProvider.enabled=false'],
      'zoo.cfg:4: enforce.auth.schemes=digest: there is no provider of "digest"; those that are there are ip',
    ],
    [
      ['sessionRequireClientSASLAuth=true'],
      `zoo.cfg:3: sessionRequireClientSASLAuth=true: it needs the scheme sasl; add ${SASL}`,
    ],
  ])('%j refuses to start', (lines, said) => {
    expect(refusal(lines)).toBe(said);
  });

  test('that is not switched on is warned about', () => {
    expect(read(['enforce.auth.schemes=digest']).warnings).toEqual([
      'zoo.cfg:3: enforce.auth.schemes has no effect without enforce.auth.enabled=true',
    ]);
  });
});

describe('the JAAS file', () => {
  test('gives users by name, as a flag or as a key, by any of its spellings', () => {
    const users = new Map([
      ['super', 'adminsecret'],
      ['bob', 'bobsecret'],
    ]);
    for (const flag of [
      FLAG,
      FLAG.replace('=', '=='),
      FLAG.replace('=/', '=file:/'),
      FLAG.replace('=/', '=file:///'),
    ]) {
      expect(read([], { '/jaas.conf': JAAS }, flag).config.clientSasl?.logins).toEqual({
        mechanism: 'DIGEST-MD5',
        users,
      });
    }
    const key = 'java.security.auth.login.config=jaas.conf';
    expect(read([key], { '/conf/jaas.conf': JAAS }).config.clientSasl?.logins).toEqual({
      mechanism: 'DIGEST-MD5',
      users,
    });
  });

  test('may have a section of another name, and another password of super', () => {
    const lines = ['sasl.serverconfig=Mine', 'SASLAuthenticationProvider.superPassword=other'];
    const { config } = read(lines, { '/jaas.conf': JAAS.replace('Server', 'Mine') }, FLAG);
    const users = new Map([
      ['super', 'other'],
      ['bob', 'bobsecret'],
    ]);
    expect(config.clientSasl?.logins).toEqual({ mechanism: 'DIGEST-MD5', users });
  });

  test('without a section for clients lets nobody log in, and says so where that was meant', () => {
    const other = { '/jaas.conf': JAAS.replace('Server', 'Client') };
    expect(read([], other, FLAG)).toMatchObject({ config: { clientSasl: undefined }, warnings: [] });
    expect(read([SASL], other, FLAG).warnings).toEqual([
      'no client can log in by SASL: the JAAS file has no section Server',
    ]);
    expect(read([SASL]).warnings).toEqual([
      'no client can log in by SASL: java.security.auth.login.config names no JAAS file',
    ]);
    expect(refusal(['sasl.serverconfig=Mine'], other, FLAG)).toBe(
      'zoo.cfg:3: sasl.serverconfig=Mine: /jaas.conf has no section Mine',
    );
  });

  test.each([
    [
      undefined,
      'SERVER_JVMFLAGS: -Djava.security.auth.login.config: java.security.auth.login.config=/jaas.conf: there is no such file',
    ],
    [
      JAAS.replace('required', ''),
      '/jaas.conf:3: one of required, requisite, sufficient, optional belongs behind org.apache.zookeeper.server.auth.DigestLoginModule',
    ],
    [
      JAAS.replace(';', ''),
      '/jaas.conf:5: a ";" belongs at the end of the options of org.apache.zookeeper.server.auth.DigestLoginModule',
    ],
    [
      JAAS.replace('DigestLogin', 'Digest'),
      `/jaas.conf:2: there is no login module ${AUTH}.DigestModule here; there is ${AUTH}.DigestLoginModule`,
    ],
  ])('with a fault stops the start: %j', (text, said) => {
    expect(refusal([], text === undefined ? {} : { '/jaas.conf': text }, FLAG)).toBe(said);
    expect(said).not.toContain('secret');
  });
});

describe('logins between servers', () => {
  const QUORUM = `${JAAS}QuorumServer {
  ${AUTH}.DigestLoginModule required
  user_zk="quorumsecret";
};
QuorumLearner {
  ${AUTH}.DigestLoginModule required
  username="zk"
  password="quorumsecret";
};
`;
  const ON = ['quorum.auth.enableSasl=true'];
  const ALL = [...ON, 'quorum.auth.learnerRequireSasl=true', 'quorum.auth.serverRequireSasl=true'];

  test('are switched on in three steps, as an ensemble is changed', () => {
    const files = { '/jaas.conf': QUORUM };
    const users = new Map([['zk', 'quorumsecret']]);
    const logins = { mechanism: 'DIGEST-MD5', users };
    const login = { mechanism: 'DIGEST-MD5', username: 'zk', password: 'quorumsecret' };
    expect(read([], files, FLAG).config.quorumSasl).toBeUndefined();
    expect(read(ON, files, FLAG).config.quorumSasl).toEqual({ logins, isRequired: false, login: undefined });
    expect(read(ALL.slice(0, 2), files, FLAG).config.quorumSasl).toEqual({ logins, isRequired: false, login });
    expect(read(ALL, files, FLAG).config.quorumSasl).toEqual({ logins, isRequired: true, login });
  });

  test.each([
    [ON, JAAS, 'zoo.cfg:3: quorum.auth.enableSasl=true: /jaas.conf has no section QuorumServer'],
    [ALL.slice(1), QUORUM, 'zoo.cfg:4: quorum.auth.serverRequireSasl=true: it needs quorum.auth.enableSasl=true'],
    [[ALL[0], ALL[2]], QUORUM, 'quorum.auth.serverRequireSasl=true: it needs quorum.auth.learnerRequireSasl=true'],
    [
      ON,
      QUORUM.replace('username=', 'user='),
      '/jaas.conf:11: the section QuorumLearner needs username="..." and password="..."',
    ],
  ])('%j refuses to start with the reason', (lines, text, said) => {
    expect(refusal(lines as string[], { '/jaas.conf': text }, FLAG)).toContain(said);
  });
});

describe('identities', () => {
  test('that may do everything are named by superUser and by every superUser.<any>', () => {
    expect(read(['superUser=a', 'superUser.1=b', 'superUser.2=c']).config.saslSuperUsers).toEqual(['a', 'b', 'c']);
  });

  test('are made by rules, and a rule that cannot be read stops the start', () => {
    expect(refusal(['security.auth_to_local=RULE:[1'])).toBe(
      'zoo.cfg:3: security.auth_to_local=RULE:[1: no rule begins with RULE:[1; write RULE:[1:$1](match)s/from/to/ or DEFAULT',
    );
    const lines = ['security.auth_to_local=RULE:[1:$1] DEFAULT', 'kerberos.removeRealmFromPrincipal=true'];
    const files = { '/jaas.conf': JAAS, '/etc/krb5.conf': '[libdefaults]\ndefault_realm=A.ORG\n' };
    expect(read(lines, files, FLAG).config.clientSasl?.names).toMatchObject({
      rules: [{ components: 1, format: '$1' }, 'DEFAULT'],
      defaultRealm: 'A.ORG',
      removeHost: false,
      removeRealm: true,
    });
  });
});

describe('providers', () => {
  test('are classes of Apache ZooKeeper, or modules beside the configuration', () => {
    const lines = ['authProvider.token=./token.mjs', `authProvider.key=${AUTH}.KeyAuthenticationProvider`];
    expect(read(lines, { '/conf/token.mjs': '' }).config).toMatchObject({
      authProviderClasses: [`${AUTH}.KeyAuthenticationProvider`],
      ownProviderFiles: [{ path: '/conf/token.mjs', where: 'zoo.cfg:3: authProvider.token' }],
    });
    expect(refusal(lines)).toBe('zoo.cfg:3: authProvider.token=./token.mjs: there is no file /conf/token.mjs');
  });
});

describe('a section of Kerberos', () => {
  const MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
  const section = (options: string): string => `Server {\n  ${MODULE} required ${options};\n};`;
  const GOOD = 'useKeyTab=true storeKey=true keyTab="/zk.keytab" principal="zookeeper/zk1"';
  const KRB5 = { '/etc/krb5.conf': '[libdefaults]\n  default_realm = EXAMPLE.ORG\n' };

  /** A keytab of one key of two letters, all of whose bytes are ASCII. */
  function keytab(principal = 'zookeeper/zk1', encryption = 18): string {
    const short = (value: number): string => `\0${String.fromCharCode(value)}`;
    const text = (value: string): string => `${short(value.length)}${value}`;
    const components = principal.split('/');
    const body = `${short(components.length)}${text('EXAMPLE.ORG')}${components.map(text).join('')}\0\0\0\x01\0\0\0\0\x02${short(encryption)}${text('kk')}`;
    return `\x05\x02\0\0${short(body.length)}${body}`;
  }

  const withKeys = (
    options: string,
    files: Readonly<Record<string, string>> = {},
  ): Readonly<Record<string, string>> => ({
    '/jaas.conf': section(options),
    '/zk.keytab': keytab(),
    ...KRB5,
    ...files,
  });

  test('gives the principal with its realm, and its keys', () => {
    const { config, warnings } = read([SASL], withKeys(GOOD), FLAG);
    expect(warnings).toEqual([]);
    expect(config.clientSasl).toMatchObject({
      logins: {
        mechanism: 'GSSAPI',
        principal: 'zookeeper/zk1@EXAMPLE.ORG',
        keyTab: '/zk.keytab',
        keys: [{ principal: 'zookeeper/zk1@EXAMPLE.ORG', version: 2, encryption: 18, key: Buffer.from('kk') }],
      },
      names: { defaultRealm: 'EXAMPLE.ORG' },
    });
    const any = read([SASL], withKeys(GOOD.replace('zookeeper/zk1', '*')), FLAG).config.clientSasl?.logins;
    expect(any).toMatchObject({ principal: '*' });
    const elsewhere = read(
      [SASL],
      { ...withKeys(GOOD), '/etc/krb5.conf': '', '/krb5.conf': KRB5['/etc/krb5.conf'] },
      `${FLAG} -Djava.security.krb5.conf=/krb5.conf`,
    );
    expect(elsewhere.config.clientSasl?.logins).toMatchObject({ principal: 'zookeeper/zk1@EXAMPLE.ORG' });
  });

  const WHERE = '/jaas.conf:2: Krb5LoginModule';
  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'without a keytab',
      withKeys('useTicketCache=true principal="zookeeper/zk1"'),
      `${WHERE}: it needs useKeyTab=true and keyTab="...", the file with the keys of this server`,
    ],
    [
      'without a principal',
      withKeys('useKeyTab=true keyTab="/zk.keytab"'),
      `${WHERE}: it needs principal="zookeeper/this.host@REALM"`,
    ],
    [
      'with a keytab that is not there',
      withKeys(GOOD.replace('/zk.keytab', '/no.keytab')),
      `${WHERE}: keyTab /no.keytab: there is no such file`,
    ],
    [
      'with a keytab that is none',
      withKeys(GOOD, { '/zk.keytab': 'PEM' }),
      `${WHERE}: keyTab /zk.keytab: it is no keytab of the format 0x502`,
    ],
    [
      'with keys of others',
      withKeys(GOOD, { '/zk.keytab': keytab('orders') }),
      `${WHERE}: keyTab /zk.keytab has no key of zookeeper/zk1@EXAMPLE.ORG; it has keys of orders@EXAMPLE.ORG`,
    ],
    [
      'with RC4 alone',
      withKeys(GOOD, { '/zk.keytab': keytab('zookeeper/zk1', 23) }),
      `${WHERE}: keyTab /zk.keytab has no AES key of zookeeper/zk1@EXAMPLE.ORG: types 17 to 20 are taken, DES and RC4 are not`,
    ],
    [
      'without a realm',
      withKeys(GOOD, { '/etc/krb5.conf': '' }),
      `${WHERE}: the principal names no realm, and krb5.conf has no default_realm`,
    ],
  ])('%s stops the start', (_what, files, sentence) => {
    expect(refusal([SASL], files, FLAG)).toContain(sentence);
  });

  test('that needs a krb5.conf stops the start without one', () => {
    const files = withKeys(GOOD.replace('zk1', 'zk1@EXAMPLE.ORG'), { '/etc/krb5.conf': '' });
    expect(read([SASL], files, FLAG).warnings).toEqual([]);
    expect(refusal([SASL, 'requireKerberosConfig=true'], files, FLAG)).toContain(
      'requireKerberosConfig=true: no krb5.conf here has a default_realm',
    );
    expect(refusal(['requireKerberosConfig=true'])).toContain('no krb5.conf here has a default_realm');
    expect(refusal([SASL, 'java.security.krb5.conf=/no.conf'], files, FLAG)).toContain('there is no such file');
  });
});

describe('Kerberos between servers', () => {
  const MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
  const KRB5 = '[libdefaults]\n default_realm = A.ORG\n[realms]\nA.ORG = {\nkdc = kdc\n}\n';
  const OPTIONS = 'useKeyTab=true keyTab="/zk.keytab" principal="zkquorum/zk1"';
  const jaas = (server: string, learner: string): string =>
    `QuorumServer { ${MODULE} required ${server}; };\nQuorumLearner { ${MODULE} required ${learner}; };\n`;
  const KEYTAB = keytabOf('zkquorum/zk1@A.ORG', 18, Buffer.from('k'.repeat(32))).toString('latin1');
  const files = (learner = OPTIONS, more: Readonly<Record<string, string>> = {}) => ({
    '/jaas.conf': jaas(OPTIONS, learner),
    '/etc/krb5.conf': KRB5,
    '/zk.keytab': KEYTAB,
    ...more,
  });
  const ALL = ['enableSasl', 'learnerRequireSasl', 'serverRequireSasl'].map((key) => `quorum.auth.${key}=true`);
  const PRINCIPAL = 'quorum.auth.kerberos.servicePrincipal';

  test('is a keytab for either side, and the name of the others', () => {
    const { config, warnings } = read([...ALL, `${PRINCIPAL}=zkquorum/_HOST@A.ORG`], files(), FLAG);
    expect(warnings).toEqual([]);
    expect(config.quorumSasl).toMatchObject({
      logins: { mechanism: 'GSSAPI', principal: 'zkquorum/zk1@A.ORG', keyTab: '/zk.keytab' },
      isRequired: true,
      login: {
        mechanism: 'GSSAPI',
        identity: {
          principal: 'zkquorum/zk1@A.ORG',
          keyTab: '/zk.keytab',
          ticketCache: undefined,
          password: undefined,
        },
        servicePrincipal: 'zkquorum/_HOST@A.ORG',
      },
    });
    expect(read(ALL, files(), FLAG).config.quorumSasl?.login).toMatchObject({ servicePrincipal: 'zkquorum/localhost' });
  });

  test('may take its first ticket from a cache', () => {
    const { config } = read(ALL, files('useTicketCache=true ticketCache="/tmp/cc"'), FLAG);
    expect(config.quorumSasl?.login).toMatchObject({ identity: { principal: undefined, ticketCache: '/tmp/cc' } });
  });

  const WHERE = '/jaas.conf:2: Krb5LoginModule: ';
  test.each<[readonly string[], Readonly<Record<string, string>>, string]>([
    [[], files('useKeyTab=false'), `${WHERE}it needs useKeyTab=true and keyTab="...", or useTicketCache=true`],
    [[], files('useKeyTab=true principal="a/b"'), `${WHERE}it needs keyTab="..." beside useKeyTab=true`],
    [[], files('useTicketCache=true'), `${WHERE}it needs ticketCache="..." beside useTicketCache=true`],
    [[], files('useKeyTab=true keyTab="/zk.keytab"'), `${WHERE}it needs principal="zkquorum/this.host@REALM"`],
    [[], files(OPTIONS.replace('zk.keytab', 'no')), `${WHERE}keyTab /no: there is no such file`],
    [[], files(OPTIONS.replace('zk1', 'zk1@B')), `${WHERE}krb5.conf names no kdc of B in its section [realms]`],
    [
      [`${PRINCIPAL}=zkquorum`],
      files(),
      `${PRINCIPAL}=zkquorum: write zkquorum/_HOST@REALM, or a host instead of _HOST`,
    ],
  ])('%j with a fault stops the start', (lines, all, sentence) => {
    expect(refusal([...ALL, ...lines], all, FLAG)).toContain(sentence);
  });

  test('names options that it does not know, and lines of krb5.conf that are none', () => {
    const all = files(`${OPTIONS} useKeytabs=true`, { '/etc/krb5.conf': `${KRB5}nonsense\n` });
    expect(read(ALL, all, FLAG).warnings).toEqual([
      '/etc/krb5.conf:7: this is no line of a krb5.conf; write key = value',
      `${WHERE}the option useKeytabs is unknown and has no effect`,
    ]);
  });
});
