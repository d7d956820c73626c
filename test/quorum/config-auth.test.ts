import { describe, expect, test } from 'vitest';
import { ConfigError, messageOf } from '../../src/base/errors.ts';
import { DiskError } from '../../src/io/disk.ts';
import { type ReadConfig, readConfigFile } from '../../src/quorum/config/read-config.ts';

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
    const login = { username: 'zk', password: 'quorumsecret' };
    expect(read([], files, FLAG).config.quorumSasl).toBeUndefined();
    expect(read(ON, files, FLAG).config.quorumSasl).toEqual({ users, isRequired: false, login: undefined });
    expect(read(ALL.slice(0, 2), files, FLAG).config.quorumSasl).toEqual({ users, isRequired: false, login });
    expect(read(ALL, files, FLAG).config.quorumSasl).toEqual({ users, isRequired: true, login });
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
