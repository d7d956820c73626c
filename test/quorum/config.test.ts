import { describe, expect, test } from 'vitest';
import { ConfigError, messageOf } from '../../src/base/errors.ts';
import { DiskError } from '../../src/io/disk.ts';
import { KEYS } from '../../src/quorum/config/keys.ts';
import type { PeerConfig } from '../../src/quorum/config/peer-config.ts';
import {
  type ReadConfig,
  readConfigArguments,
  readConfigFile,
  readConfigProperties,
} from '../../src/quorum/config/read-config.ts';
import { linesOf } from '../../src/quorum/config/refused-config.ts';
import type { ConfigContext } from '../../src/quorum/config/settings.ts';

/** Files by absolute path; /conf is where a peer is started from. */
function diskOf(files: Record<string, string>): ConfigContext['disk'] {
  return {
    exists: (path) => files[path] !== undefined,
    readSmall: (path) => {
      const text = files[path];
      if (text === undefined) throw new DiskError('ENOENT', path, `${path}: no such file`);
      return Buffer.from(text, 'latin1');
    },
    list: (path) => {
      if (files[path] !== undefined) throw new DiskError('ENOTDIR', path, `${path}: not a directory`);
      return [];
    },
  };
}

function read(text: string, files: Record<string, string> = {}, jvmFlags = ''): ReadConfig {
  return readConfigFile('zoo.cfg', { disk: diskOf({ '/conf/zoo.cfg': text, ...files }), cwd: '/conf', jvmFlags });
}

function configOf(text: string, files: Record<string, string> = {}, jvmFlags = ''): PeerConfig {
  return read(text, files, jvmFlags).config;
}

function refusal(text: string, files: Record<string, string> = {}, jvmFlags = ''): string {
  try {
    read(text, files, jvmFlags);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return messageOf(error);
  }
  return 'not refused';
}

const STANDALONE = 'dataDir=/data\nclientPort=2181\n';
const THREE = `${STANDALONE}initLimit=10
syncLimit=5
server.1=a:2888:3888
server.2=b:2888:3888
server.3=c:2888:3888:observer
server.4=d:2888:3888
`;
const MYID = { '/data/myid': '2\n' };

describe('zoo.cfg', () => {
  test('the sample file of Apache ZooKeeper makes a standalone server with its defaults', () => {
    const { config, warnings } = read(
      '# The number of milliseconds of each tick\ntickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/tmp/zookeeper\nclientPort=2181\n',
    );
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      distributed: false,
      dataDir: '/tmp/zookeeper',
      dataLogDir: '/tmp/zookeeper',
      clientPort: 2181,
      clientPortAddress: undefined,
      tickTimeMs: 2000,
      minSessionTimeoutMs: 4000,
      maxSessionTimeoutMs: 40_000,
      maxClientCnxns: 60,
      juteMaxBufferBytes: 1_048_575,
      snapCount: 100_000,
      forceSync: true,
      configFile: '/conf/zoo.cfg',
    });
  });

  test('without a word about it, snapshots are purged daily and three are kept', () => {
    const config = configOf(STANDALONE);
    expect(config.purgeIntervalMs).toBe(24 * 3600 * 1000);
    expect(config.snapRetainCount).toBe(3);
    expect(configOf(`${STANDALONE}autopurge.purgeInterval=0`).purgeIntervalMs).toBe(0);
    expect(configOf(`${STANDALONE}autopurge.purgeInterval=6`).purgeIntervalMs).toBe(6 * 3600 * 1000);
  });

  test.each([
    ['30m', 1_800_000],
    ['500ms', 500],
    ['90s', 90_000],
    ['12h', 43_200_000],
    ['2d', 172_800_000],
    ['0d', 0],
    ['-1', 0],
    ['1000', 3_600_000_000],
  ])('%s between purges are %d ms', (text, ms) => {
    expect(configOf(`${STANDALONE}autopurge.purgeInterval=${text}`).purgeIntervalMs).toBe(ms);
  });

  test.each(['30 m', '1w', '1.5h', 'm', '', '99999999999'])('%j is no time between purges', (text) => {
    expect(refusal(`${STANDALONE}autopurge.purgeInterval=${text}`)).toBe(
      `zoo.cfg:3: autopurge.purgeInterval=${text}: a whole number of hours is needed, or one with ms, s, m, h or d behind it, such as 30m`,
    );
  });

  test('fewer than three snapshots to keep are three, said by name', () => {
    const { config, warnings } = read(`${STANDALONE}autopurge.snapRetainCount=1`);
    expect(config.snapRetainCount).toBe(3);
    expect(warnings).toEqual(['zoo.cfg:3: autopurge.snapRetainCount=1 is less than 3; 3 is used']);
  });

  test('colons, blanks, continued lines, escapes and comments are read as Java reads them', () => {
    const config = configOf(
      '! comment\n  dataDir : /da\\\n     ta\n\tclientPort\t2182  \ntick\\u0054ime=1500\n#tickTime=1\n',
    );
    expect(config).toMatchObject({ dataDir: '/data', clientPort: 2182, tickTimeMs: 1500 });
  });

  test('the last of two lines counts, and is mentioned', () => {
    const { config, warnings } = read(`${STANDALONE}tickTime=1000\ntickTime=2000\n`);
    expect(config.tickTimeMs).toBe(2000);
    expect(warnings).toEqual(['zoo.cfg:4: tickTime is set again, and this time counts (before: zoo.cfg:3)']);
  });

  test('relative directories are below the working directory, and warned about unless written with ./', () => {
    const { config, warnings } = read('dataDir=data\ndataLogDir=./log\nclientPort=1\n');
    expect(config).toMatchObject({ dataDir: '/conf/data', dataLogDir: '/conf/log' });
    expect(warnings).toEqual(['zoo.cfg:1: dataDir=data is relative; write ./data if that is meant']);
  });

  test('keys that Apache takes as properties may stand in the file', () => {
    const config = configOf(
      `${STANDALONE}snapCount=1000\nextendedTypesEnabled=TRUE\nforceSync=no\nskipACL=yes\njute.maxbuffer=0x400000\n` +
        'znode.container.checkIntervalMs=500\nfsync.warningthresholdms=20\nleaderServes=no\nsnapshotSizeFactor=-1\n' +
        'preAllocSize=64\ntxnLogSizeLimitInKb=128\nsnapSizeLimitInKb=-1\n',
    );
    expect(config).toMatchObject({
      snapCount: 1000,
      extendedTypesEnabled: true,
      forceSync: false,
      skipACL: true,
      juteMaxBufferBytes: 4_194_304,
      containerCheckIntervalMs: 500,
      fsyncWarningThresholdMs: 20,
      leaderServes: false,
      snapshotSizeFactor: -1,
      preAllocBytes: 65_536,
      txnLogSizeLimitBytes: 131_072,
    });
    expect(config.snapSizeLimitBytes).toBeLessThan(0);
  });

  test('forceSync=no and skipACL=yes are said at every start', () => {
    expect(read(`${STANDALONE}forceSync=no\nskipACL=yes`).warnings).toEqual([
      'forceSync=no: writes are acknowledged before they are on disk; a power loss loses them',
      'skipACL=yes: every client may read and change everything',
    ]);
  });
});

describe('JVM flags', () => {
  test('-D is read from the flags of the server, everything else in them is for a JVM', () => {
    const { config, warnings } = read(
      STANDALONE,
      {},
      '-Xmx1g -Dzookeeper.snapCount=77 "-Djute.maxbuffer=4194304" -Dzookeeper.root.logger=INFO -Dcom.sun.management=1',
    );
    expect(warnings).toEqual(['SERVER_JVMFLAGS: there is no JVM here for -Xmx1g -Dcom.sun.management']);
    expect(config).toMatchObject({ snapCount: 77, juteMaxBufferBytes: 4_194_304 });
  });

  test('the file wins over -Dzookeeper.x, as in Apache; what Apache takes from flags alone, the flag decides', () => {
    const config = configOf(
      `${STANDALONE}snapCount=1000\njute.maxbuffer=2000000\n`,
      {},
      '-Dzookeeper.snapCount=77 -Djute.maxbuffer=3000000',
    );
    expect(config).toMatchObject({ snapCount: 1000, juteMaxBufferBytes: 3_000_000 });
  });

  test('a key of the file has no effect as a flag, nor has an unknown one', () => {
    expect(read(STANDALONE, {}, '-Dzookeeper.tickTime=1 -Dzookeeper.snapCuont=1').warnings).toEqual([
      'SERVER_JVMFLAGS: -Dzookeeper.tickTime has no effect as a flag; write tickTime= in zoo.cfg',
      'SERVER_JVMFLAGS: -Dzookeeper.snapCuont: unknown property; did you mean snapCount?',
    ]);
  });

  test('a wrong value in a flag is refused by its name', () => {
    expect(refusal(STANDALONE, {}, '-Dzookeeper.snapCount=many')).toBe(
      'SERVER_JVMFLAGS: -Dzookeeper.snapCount: snapCount=many: a whole number is needed, from -2147483648 to 2147483647',
    );
  });
});

describe('unknown and unhonoured keys', () => {
  test.each([
    ['tickTme=2000', 'zoo.cfg:3: unknown key tickTme; did you mean tickTime?'],
    ['TICKTIME=2000', 'zoo.cfg:3: unknown key TICKTIME; did you mean tickTime?'],
    ['foo=bar', 'zoo.cfg:3: unknown key foo'],
    [
      'zookeeper.snapCount=5',
      'zoo.cfg:3: unknown key zookeeper.snapCount; in zoo.cfg it is snapCount, without the prefix',
    ],
    [
      'requestThrottleLimit=5',
      'zoo.cfg:3: unknown key requestThrottleLimit; the key that works is request_throttle_max_requests',
    ],
    ['admin.httpVersion=2', 'zoo.cfg:3: admin.httpVersion has no meaning here: HTTP/1.1 is spoken'],
    ['metricsProvider.foo=1', 'zoo.cfg:3: metricsProvider.foo is not honoured: the metrics provider has no such key'],
  ])('%s is warned about by name', (line, warning) => {
    expect(read(`${STANDALONE}${line}\n`).warnings).toEqual([warning]);
  });

  test.each(['localSessionsEnabled=true', 'observerMasterPort=0', 'admin.enableServer=false', 'sslQuorum=false'])(
    '%s asks for nothing and is passed over',
    (line) => {
      expect(read(`${STANDALONE}${line}\n`).warnings).toEqual([]);
    },
  );

  test.each(['ssl.context.supplier.class=com.example.Contexts', 'ssl.x509.clientCertIdType=SAN'])(
    '%s refuses to start rather than run open',
    (line) => {
      expect(refusal(`${STANDALONE}${line}\n`)).toMatch(
        new RegExp(`^zoo\\.cfg:3: ${line.replace(/[.*=/]/g, '\\$&')}: refused, because `),
      );
    },
  );

  test('an oracle is a file of its own for two that count alike', () => {
    const two = `${STANDALONE}initLimit=10\nsyncLimit=5\nserver.1=a:2888:3888\nserver.2=b:2888:3888\noraclePath=oracle\n`;
    expect(configOf(two, { ...MYID, '/conf/oracle': '0' }).oraclePath).toBe('/conf/oracle');
    expect(read(two, MYID).warnings).toContain('zoo.cfg:7: oraclePath: /conf/oracle is not there now, which is a no');
    expect(read(`${STANDALONE}oraclePath=/data/myid\n`, MYID).warnings).toEqual([
      'zoo.cfg:3: oraclePath: it is for two servers of an ensemble; this one is alone',
    ]);
    expect(refusal(`${two}group.1=1:2\n`, MYID)).toBe(
      'zoo.cfg:7: oraclePath=oracle: it is for two voters that count alike; leave out group.N and weight.N',
    );
  });

  test('a password is not said', () => {
    const said = read(`${STANDALONE}ssl.keyStore.password=geheim\nssl.quorum.trustStore.password=geheim\n`).warnings;
    expect(said).toEqual([
      'zoo.cfg:3: ssl.keyStore.password has no effect: no client port has TLS (secureClientPort, client.portUnification)',
      'zoo.cfg:4: ssl.quorum.trustStore.password has no effect: neither the ports between servers nor the admin server have TLS (sslQuorum)',
    ]);
    const { clientTls } = configOf(`${STANDALONE}secureClientPort=0\nssl.keyStore.password=geheim\n`);
    expect(clientTls?.place('ssl.keyStore.password')).toBe('zoo.cfg:4: ssl.keyStore.password=***');
    const flags = '-Djavax.net.ssl.keyStorePassword=geheim -Dzookeeper.ssl.trustStore.password=geheim';
    expect(refusal(STANDALONE, {}, flags)).not.toContain('geheim');
    expect(read(STANDALONE, {}, '-Djavax.net.ssl.keyStorePassword=geheim').warnings).toEqual([
      'SERVER_JVMFLAGS: there is no JVM here for -Djavax.net.ssl.keyStorePassword',
    ]);
  });

  test('providers that are built in are named in the order of their keys, a stranger is refused', () => {
    const auth = 'org.apache.zookeeper.server.auth.';
    expect(
      configOf(
        `${STANDALONE}authProvider.2=${auth}IPAuthenticationProvider\nauthProvider.1=${auth}DigestAuthenticationProvider\n`,
      ).authProviderClasses,
    ).toEqual([`${auth}DigestAuthenticationProvider`, `${auth}IPAuthenticationProvider`]);
    expect(refusal(`${STANDALONE}authProvider.1=com.example.Mine`)).toBe(
      'zoo.cfg:3: authProvider.1=com.example.Mine: there is no such provider here',
    );
  });
});

describe('wrong values', () => {
  test.each([
    ['tickTime=fast', 'zoo.cfg:3: tickTime=fast: a whole number is needed, 10 or more'],
    ['tickTime=0', 'zoo.cfg:3: tickTime=0: a whole number is needed, 10 or more'],
    ['clientPort=70000', 'zoo.cfg:3: clientPort=70000: a whole number is needed, from 0 to 65535'],
    ['tickTime=0x10', 'zoo.cfg:3: tickTime=0x10: a whole number is needed, 10 or more'],
    ['standaloneEnabled=yes', 'zoo.cfg:3: standaloneEnabled=yes: it is true or false'],
    ['standaloneEnabled=ture', 'zoo.cfg:3: standaloneEnabled=ture: it is true or false; did you mean true?'],
    ['forceSync=true', 'zoo.cfg:3: forceSync=true: it is yes or no'],
    ['electionAlg=1', 'zoo.cfg:3: electionAlg=1: only 3 is supported'],
    ['peerType=observr', 'zoo.cfg:3: peerType=observr: it is participant or observer; did you mean observer?'],
    ['snapshotSizeFactor=third', 'zoo.cfg:3: snapshotSizeFactor=third: a number is needed, such as 0.33'],
    [
      'nio.directBufferBytes=x',
      'zoo.cfg:3: nio.directBufferBytes=x: a whole number is needed, from -2147483648 to 2147483647',
    ],
    [
      'minSessionTimeout=90000',
      'zoo.cfg:3: minSessionTimeout=90000: minSessionTimeout (90000 ms) must not be above maxSessionTimeout (60000 ms)',
    ],
    ['server.1=a:2888', /^zoo\.cfg:3: server\.1=a:2888: /],
  ])('%s stops the start with what would be right', (line, message) => {
    const said = refusal(`${STANDALONE}${line}\n`);
    if (typeof message === 'string') expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  test('a metrics provider is one of three', () => {
    expect(
      configOf(
        `${STANDALONE}metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider\nmetricsProvider.httpPort=7070`,
      ),
    ).toMatchObject({ metricsProvider: 'prometheus', metricsHttpHost: '0.0.0.0', metricsHttpPort: 7070 });
    expect(
      refusal(
        `${STANDALONE}metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricProvider`,
      ),
    ).toContain('did you mean org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider?');
  });

  test('dataDir cannot be missing, nor clientPort beside clientPortAddress, nor the file itself', () => {
    expect(refusal('clientPort=1')).toBe('zoo.cfg: dataDir: it is missing; name the directory for the data');
    expect(refusal('dataDir=/d\nclientPortAddress=::1')).toBe(
      'zoo.cfg:2: clientPortAddress=::1: clientPort is missing',
    );
    expect(() => readConfigFile('nope.cfg', { disk: diskOf({}), cwd: '/' })).toThrow('nope.cfg: there is no such file');
  });
});

describe('what a shell, an editor or a script leaves behind', () => {
  test.each([
    ['dataLogDir=', 'zoo.cfg:3: dataLogDir=: it names nothing; write a path, or leave the key out'],
    ['dataLogDir= \t', 'zoo.cfg:3: dataLogDir=: it names nothing; write a path, or leave the key out'],
    ['dynamicConfigFile=', 'zoo.cfg:3: dynamicConfigFile=: it names nothing; write a path, or leave the key out'],
    [
      'dataLogDir="/log"',
      'zoo.cfg:3: dataLogDir="/log": quotes, ~ and $ mean themselves here; write the path as it is on the disk',
    ],
    [
      'dataLogDir=~/log',
      'zoo.cfg:3: dataLogDir=~/log: quotes, ~ and $ mean themselves here; write the path as it is on the disk',
    ],
    [
      'dataLogDir=$LOG',
      'zoo.cfg:3: dataLogDir=$LOG: quotes, ~ and $ mean themselves here; write the path as it is on the disk',
    ],
    ['datalogdir=/log', 'zoo.cfg:3: datalogdir=/log: there is no such key; write dataLogDir'],
    ['dataLogDir=/a\\u0000b', 'zoo.cfg:3: dataLogDir=/a\0b: a name with a NUL in it; write the path of a directory'],
    ['dataLogDir=/file', 'zoo.cfg:3: dataLogDir=/file: it is a file; name a directory'],
    [
      'DigestAuthenticationProvider.digestAlg=',
      'zoo.cfg:3: DigestAuthenticationProvider.digestAlg=: no such hash here; SHA1, SHA-256 and SHA-512 are',
    ],
    ['tickTime=1', 'zoo.cfg:3: tickTime=1: a whole number is needed, 10 or more'],
    ['a=\\u12', 'zoo.cfg:3: "\\u12" is no character; write \\u and four hexadecimal digits, or \\\\ for a backslash'],
  ])('%s is refused', (line, message) => {
    expect(refusal(`${STANDALONE}${line}\n`, { '/file': '' })).toBe(message);
  });

  test('the wrong case of dataDir is named beside what is missing', () => {
    expect(refusal('datadir=/d\nclientPort=1\n')).toBe(
      'zoo.cfg: dataDir: it is missing; name the directory for the data; zoo.cfg:1 has datadir, write dataDir',
    );
  });

  test('a byte order mark is named; Java takes it for a part of the first key', () => {
    const said = 'zoo.cfg:1: the file begins with a byte order mark; save it as UTF-8 without one';
    expect(refusal(`\xef\xbb\xbf${STANDALONE}`)).toBe(
      `${said}\nzoo.cfg: dataDir: it is missing; name the directory for the data`,
    );
    expect(read(`\xef\xbb\xbf# comment\n${STANDALONE}`).warnings).toEqual([said]);
  });

  test('a directory of such a name that is there is used, for it may hold data', () => {
    const disk = { ...diskOf({ '/conf/zoo.cfg': 'dataDir=/$d\nclientPort=1\n' }), exists: () => true };
    const { config, warnings } = readConfigFile('zoo.cfg', { disk, cwd: '/conf' });
    expect(config.dataDir).toBe('/$d');
    expect(warnings).toEqual([
      'zoo.cfg:1: dataDir=/$d: quotes, ~ and $ mean themselves here, and there is a directory of that name',
    ]);
  });

  test('a name in UTF-8 is the one that Java makes of its bytes, to the last of them', () => {
    const { config, warnings } = read('dataDir=/d\xc3\xa9j\xc3\xa0\nclientPort=1\n');
    expect(config.dataDir).toBe('/d\u00c3\u00a9j\u00c3\u00a0');
    expect(warnings).toEqual([
      'zoo.cfg:1: dataDir=/d\u00c3\u00a9j\u00c3\u00a0: each byte is read as a character of its own, as by Java; for /d\u00e9j\u00e0 write /d\\u00e9j\\u00e0',
    ]);
    expect(read('dataDir=/d\\u00e9j\\u00e0\nclientPort=1\n')).toMatchObject({
      warnings: [],
      config: { dataDir: '/d\u00e9j\u00e0' },
    });
  });

  test('everything up to the blank is trimmed as by Java: NUL, Ctrl-Z, and no other white space', () => {
    expect(configOf('dataDir=\0/d\x1a\0\nclientPort=1\n').dataDir).toBe('/d');
    expect(configOf('dataDir=/d\x85\nclientPort=1\n').dataDir).toBe('/d\x85');
  });

  test.each([
    [
      'clientPortAddress=',
      '127.0.0.1',
      'zoo.cfg:3: clientPortAddress is empty: 127.0.0.1 is used, which only this machine can reach',
    ],
    ['clientPortAddress=[::1]', '0:0:0:0:0:0:0:1', undefined],
    ['clientPortAddress=127.1', '127.0.0.1', undefined],
    ['clientPortAddress=[fe80::1%eth0]', 'fe80::1%eth0', undefined],
    ['clientPortAddress=[::]', undefined, undefined],
    ['clientPortAddress=0', undefined, undefined],
    ['clientPortAddress=zoo.', 'zoo.', undefined],
  ])('%s is bound as Java would', (line, host, warning) => {
    const { config, warnings } = read(`${STANDALONE}${line}\n`);
    expect(config.clientPortAddress).toBe(host);
    expect(warnings).toEqual(warning === undefined ? [] : [warning]);
  });

  test('no key with an empty value is passed over: a default, a refusal or a word', () => {
    const taken = Object.keys(KEYS).filter((key) => refusal(`clientPort=1\ndataDir=/d\n${key}=\n`) === 'not refused');
    const quiet = taken.filter((key) => read(`clientPort=1\ndataDir=/d\n${key}=\n`).warnings.length === 0);
    expect(quiet).toEqual([
      'snapshot.compression.method',
      'log.acceptLossAfter',
      '4lw.commands.whitelist',
      'admin.commandURL',
      'DigestAuthenticationProvider.superDigest',
      'X509AuthenticationProvider.superUser',
      'ensembleAuthName',
    ]);
  });

  test('one number in two lines, one address in two lines, one port twice: refused', () => {
    const refusalOf = (lines: string): string => refusal(`${THREE}${lines}\n`, MYID);
    expect(refusalOf('server.1=z:1:2')).toBe(
      'zoo.cfg:9: server.1=z:1:2: zoo.cfg:5 gives it another value; each number may stand in one line',
    );
    expect(refusalOf('server.01=z:1:2')).toBe('zoo.cfg:9: server.01=z:1:2: server 1 is named twice');
    expect(refusalOf('server.5=127.1:2888:3888\nserver.6=127.0.0.1:3888:4888')).toBe(
      'zoo.cfg:10: server.6=127.0.0.1:3888:4888: server.5 has 127.0.0.1:3888 too; each needs its own',
    );
  });

  test('a file that is a directory, or that this user may not read, is named', () => {
    const failing = (code: string): ConfigContext['disk'] => ({
      ...diskOf({}),
      readSmall: (path) => {
        throw new DiskError(code, path, code);
      },
    });
    const said = (code: string) => () => readConfigFile('zoo.cfg', { disk: failing(code), cwd: '/conf' });
    expect(said('EISDIR')).toThrow('zoo.cfg: it is a directory, and a file is needed');
    expect(said('EACCES')).toThrow('zoo.cfg: this user may not read it; give it the right to');
    expect(said('EIO')).toThrow('zoo.cfg: it cannot be read (EIO)');
  });

  test('all refusals and all warnings come at once', () => {
    try {
      read('dataDir=/file\nclientPort=x\nfoo=1\nserver.1=a:1\nserver.x=b:1:2\nsslQuorum=ja\nforceSync=no\n', {
        '/file': '',
      });
      expect.unreachable();
    } catch (error) {
      expect(linesOf(error as ConfigError)).toEqual([
        'zoo.cfg:2: clientPort=x: a whole number is needed, from 0 to 65535',
        'zoo.cfg:6: sslQuorum=ja: it is true or false',
        'zoo.cfg:1: dataDir=/file: it is a file; name a directory',
        'zoo.cfg:4: server.1=a:1: "a:1" has 2 fields, not 3 or 4; write host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]',
        'zoo.cfg:5: server.x=b:1:2: "x" is not a server or group id, a whole number such as 1',
        'warning: zoo.cfg:3: unknown key foo',
        'warning: forceSync=no: writes are acknowledged before they are on disk; a power loss loses them',
      ]);
    }
  });
});

describe('four-letter words', () => {
  const words = (line: string): string[] => [...configOf(STANDALONE + line).fourLetterWords].sort();

  test('those that cost little and reveal little are answered unless the file says which', () => {
    expect(words('')).toEqual(['conf', 'dirs', 'envi', 'hash', 'isro', 'mntr', 'ruok', 'srvr', 'stat', 'wchs']);
    expect(words('4lw.commands.whitelist=ruok, cons')).toEqual(['cons', 'ruok', 'srvr']);
    expect(words('4lw.commands.whitelist=ruok\nreadonlymode.enabled=true')).toEqual(['isro', 'ruok', 'srvr']);
    expect(words('4lw.commands.whitelist=*')).toHaveLength(18);
  });

  test('an unknown word is warned about', () => {
    expect(read(`${STANDALONE}4lw.commands.whitelist=srvr,mntrr,telnet`).warnings).toEqual([
      'zoo.cfg:3: there is no four-letter word "mntrr"; did you mean mntr?',
      'zoo.cfg:3: there is no four-letter word "telnet"',
    ]);
  });
});

describe('members', () => {
  test('server lines and myid make a member of an ensemble', () => {
    const config = configOf(THREE, MYID);
    expect(config).toMatchObject({ distributed: true, myid: 2, peerType: 'participant', initLimitTicks: 10 });
    expect([...(config.quorumVerifier?.voters ?? [])]).toEqual([1, 2, 4]);
    expect(config.connectToLearnerMasterLimitTicks).toBe(10);
  });

  test('the client address of zoo.cfg becomes the own server line\u2019s, without being printed', () => {
    const verifier = configOf(THREE, MYID).quorumVerifier;
    expect(verifier?.members.get(2)?.client).toEqual({ host: '0.0.0.0', port: 2181 });
    expect(verifier?.text()).toContain('server.2=b:2888:3888:participant\n');
  });

  test('the role comes from the server line, and a peerType that says otherwise is warned about', () => {
    const { config, warnings } = read(THREE, { '/data/myid': '3' });
    expect(config.peerType).toBe('observer');
    expect(warnings).toEqual(["peerType is participant, but this server's line makes it observer, and that counts"]);
    expect(read(`${THREE}peerType=observer`, { '/data/myid': '3' }).warnings).toEqual([]);
  });

  test('initLimit, syncLimit, myid and its server line are needed', () => {
    expect(refusal(THREE.replace('initLimit=10\n', ''), MYID)).toMatch(/^zoo\.cfg: initLimit: it is needed/);
    expect(refusal(THREE.replace('syncLimit=5\n', ''), MYID)).toMatch(/^zoo\.cfg: syncLimit: it is needed/);
    expect(refusal(THREE)).toMatch(/^\/data\/myid: the file is missing/);
    expect(refusal(THREE, { '/data/myid': 'two' })).toMatch(/^\/data\/myid:1: "two" is not a server number/);
    expect(refusal(THREE, { '/data/myid': '9' })).toBe(
      '/data/myid:1: server 9 is not among the server lines (1, 2, 3, 4)',
    );
  });

  test('one server line alone is a standalone server, unless standaloneEnabled=false', () => {
    const one = `${STANDALONE}initLimit=1\nsyncLimit=1\nserver.1=a:1:2\n`;
    const { config, warnings } = read(one);
    expect(config).toMatchObject({ distributed: false, quorumVerifier: undefined });
    expect(warnings).toEqual(['a single server line without standaloneEnabled=false makes a standalone server']);
    expect(configOf(`${one}standaloneEnabled=false`, { '/data/myid': '1' }).distributed).toBe(true);
  });

  test('the client port may stand in the server line instead of clientPort, but not differ from it', () => {
    const text = THREE.replace('clientPort=2181\n', '').replace('b:2888:3888', 'b:2888:3888;127.0.0.1:2182');
    expect(configOf(text, MYID)).toMatchObject({ clientPort: 2182, clientPortAddress: '127.0.0.1' });
    expect(refusal(`${text}clientPort=2181`, MYID)).toContain('gives 127.0.0.1:2182 as the client address');
    expect(configOf(`${text}clientPort=2182`, MYID).clientPort).toBe(2182);
  });

  test('members may stand in a file of their own, whose name ends in the version', () => {
    const text = `${STANDALONE}initLimit=5\nsyncLimit=2\ndynamicConfigFile=/conf/zoo.cfg.dynamic.100000000\n`;
    const dynamic = 'server.1=a:1:2:participant;2181\nserver.2=b:1:2:participant;2181\n';
    const config = configOf(text, { ...MYID, '/conf/zoo.cfg.dynamic.100000000': dynamic });
    expect(config.quorumVerifier?.version).toBe(0x100000000);
    expect(refusal(`${text}server.1=a:1:2`, { ...MYID, '/conf/zoo.cfg.dynamic.100000000': dynamic })).toBe(
      'zoo.cfg:6: server.1=a:1:2: with dynamicConfigFile it belongs in /conf/zoo.cfg.dynamic.100000000',
    );
    expect(refusal(text, { ...MYID, '/conf/zoo.cfg.dynamic.100000000': `${dynamic}version=1` })).toMatch(
      /^\/conf\/zoo\.cfg\.dynamic\.100000000:3: version must not be in the file/,
    );
    expect(refusal(text, { ...MYID, '/conf/zoo.cfg.dynamic.100000000': 'tickTime=1' })).toContain('only server.N');
    expect(refusal(text, MYID)).toContain('there is no such file');
  });

  test('a proposed membership is kept apart from the one in force', () => {
    const text = `${STANDALONE}initLimit=5\nsyncLimit=2\ndynamicConfigFile=zoo.cfg.dynamic\n`;
    const files = {
      ...MYID,
      '/conf/zoo.cfg.dynamic': 'server.1=a:1:2\nserver.2=b:1:2\n',
      '/conf/zoo.cfg.dynamic.next': 'server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nversion=200000001',
    };
    const config = configOf(text, files);
    expect(config.quorumVerifier?.version).toBe(0);
    expect(config.lastSeenVerifier?.version).toBe(0x200000001);
    expect(config.lastSeenVerifier?.voters.size).toBe(3);
    const damaged = read(text, { ...files, '/conf/zoo.cfg.dynamic.next': 'server.1=a' });
    expect(damaged.config.lastSeenVerifier).toBeUndefined();
    expect(damaged.warnings.at(-1)).toMatch(/^\/conf\/zoo\.cfg\.dynamic\.next is not used: /);
  });

  test('with TTL nodes a server number leaves room for their mark', () => {
    const text = `${THREE}server.255=e:2888:3888\n`;
    expect(configOf(text, { '/data/myid': '255' }).myid).toBe(255);
    expect(refusal(`${text}extendedTypesEnabled=true`, { '/data/myid': '255' })).toContain('0 to 254');
  });
});

describe('without a file', () => {
  test('arguments are client port, directory, tick and connections', () => {
    const context = { disk: diskOf({}), cwd: '/w' };
    expect(readConfigArguments(['2181', 'd', '500', '0'], context).config).toMatchObject({
      clientPort: 2181,
      dataDir: '/w/d',
      tickTimeMs: 500,
      maxClientCnxns: 0,
      configFile: undefined,
    });
    expect(() => readConfigArguments(['2181'], context)).toThrow(ConfigError);
    expect(() => readConfigArguments(['x', 'd'], context)).toThrow('argument 1: clientPort=x: a whole number');
  });

  test('an embedding program gives the keys of zoo.cfg as an object', () => {
    const { config } = readConfigProperties(
      { dataDir: '/d', clientPort: 0, extendedTypesEnabled: true },
      { disk: diskOf({}), cwd: '/' },
    );
    expect(config).toMatchObject({ clientPort: 0, extendedTypesEnabled: true, distributed: false });
  });
});

describe('observers', () => {
  test('syncEnabled and its older name, which counts where both are there', () => {
    const logs = (lines: string): boolean => read(`${STANDALONE}${lines}`).config.observerLogs;
    expect(logs('')).toBe(true);
    expect(logs('syncEnabled=false\n')).toBe(false);
    expect(logs('syncEnabled=false\nobserver.syncEnabled=true\n')).toBe(true);
    expect(logs('observer.syncEnabled=false\n')).toBe(false);
  });

  test('observerMasterPort is a port of its own', () => {
    expect(read(`${STANDALONE}observerMasterPort=2191\n`).config.observerMasterPort).toBe(2191);
    expect(() => read(`${STANDALONE}observerMasterPort=2181\n`)).toThrow(
      'zoo.cfg:3: observerMasterPort=2181: it is another port of this server; write one that is free',
    );
  });
});
