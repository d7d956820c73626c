import { expect, test } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { openDoors } from '../../src/quorum/config/open-doors.ts';
import { readConfigProperties } from '../../src/quorum/config/read-config.ts';

/** Doors that a stranger finds open, and the switch that does not start with one. */
const AUTH = 'org.apache.zookeeper.server.auth';
const JAAS = `Server { ${AUTH}.DigestLoginModule required user_bob="b"; };
QuorumServer { ${AUTH}.DigestLoginModule required user_zk="z"; };
QuorumLearner { ${AUTH}.DigestLoginModule required username="zk" password="z"; };`;

const files: Readonly<Record<string, string>> = { '/jaas.conf': JAAS, '/data/myid': '1\n' };
const context = {
  cwd: '/',
  disk: {
    exists: (path: string) => path in files,
    readSmall: (path: string) => Buffer.from(files[path] ?? ''),
    list: () => [],
  },
};
const OPEN = { dataDir: '/data', clientPort: 2181 };
const MEMBERS = { initLimit: 10, syncLimit: 5, 'server.1': 'a:1:2', 'server.2': 'b:1:2', 'server.3': 'c:1:2' };
const SHUT = {
  dataDir: '/data',
  secureClientPort: 2281,
  'ssl.keyStore.location': '/k.pem',
  'authProvider.1': `${AUTH}.SASLAuthenticationProvider`,
  'java.security.auth.login.config': '/jaas.conf',
  'enforce.auth.enabled': true,
  'enforce.auth.schemes': 'sasl',
  'admin.auth': 'required',
};
const SHUT_MEMBERS = {
  ...MEMBERS,
  sslQuorum: true,
  'ssl.quorum.keyStore.location': '/k.pem',
  'quorum.auth.enableSasl': true,
  'quorum.auth.learnerRequireSasl': true,
  'quorum.auth.serverRequireSasl': true,
};

type Keys = Record<string, string | number | boolean>;
const open = (keys: Keys): string[] => openDoors(readConfigProperties(keys, context).config).map(({ what }) => what);

test('a server as it comes out of the box says what is open', () => {
  expect(open(OPEN)).toEqual([
    'clients connect without TLS',
    'clients need not log in',
    'the admin port answers anybody',
  ]);
  expect(open({ ...OPEN, ...MEMBERS })).toEqual([
    'clients connect without TLS',
    'clients need not log in',
    'servers talk without TLS',
    'servers need not prove who they are',
    'the admin port answers anybody',
  ]);
});

test('a server with every door shut says nothing, and starts with security=required', () => {
  expect(open({ ...SHUT, security: 'required' })).toEqual([]);
  expect(open({ ...SHUT, ...SHUT_MEMBERS, security: 'required' })).toEqual([]);
});

test.each([
  [{ clientPort: 2181 }, 'clients connect without TLS; take secureClientPort instead of clientPort'],
  [
    { 'enforce.auth.schemes': 'sasl,digest' },
    'clients need not log in; set enforce.auth.enabled=true and enforce.auth.schemes=sasl or x509',
  ],
  [{ skipACL: 'yes' }, 'ACLs are passed over; remove skipACL'],
  [{ portUnification: true }, 'servers talk without TLS; set sslQuorum=true, without portUnification'],
  [{ 'admin.auth': 'none' }, 'the admin port answers anybody; set admin.auth=required, or admin.enableServer=false'],
  [{ 'admin.serverAddress': '0.0.0.0' }, 'the admin port talks without TLS; set admin.forceHttps=true'],
  [
    { 'metricsProvider.className': 'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider' },
    'metrics are given to anybody; set metricsProvider.httpHost=127.0.0.1',
  ],
])('with %j open, security=required does not start', (door, what) => {
  const keys = { ...SHUT, ...SHUT_MEMBERS, ...door };
  expect(open(keys)).toEqual([what.split(';')[0]]);
  const start = () => readConfigProperties({ ...keys, security: 'required' }, context);
  expect(start).toThrow(ConfigError);
  expect(start).toThrow(`config: security=required: ${what}`);
});
