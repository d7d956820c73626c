import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientLogin } from '../../src/cli/zk/client-login.ts';
import { connect } from '../../src/client/client.ts';
import { startPeer } from '../../src/index.ts';

/** The TypeScript client and the shell log in by SASL at a server that asks for it. */
const AUTH = 'org.apache.zookeeper.server.auth';
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'login-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function start(more: Record<string, string | boolean> = {}) {
  const jaas = join(dir, 'server.jaas');
  writeFileSync(jaas, `Server { ${AUTH}.DigestLoginModule required user_bob="bobsecret"; };`);
  return startPeer({
    dataDir: dir,
    clientPort: 0,
    clientPortAddress: '127.0.0.1',
    preAllocSize: 64,
    'java.security.auth.login.config': jaas,
    'authProvider.1': `${AUTH}.SASLAuthenticationProvider`,
    ...more,
  });
}

const REQUIRED = { 'enforce.auth.enabled': true, 'enforce.auth.schemes': 'sasl' };

test('a client that logs in is served before anything else is asked, and one that does not is not', async () => {
  const peer = start(REQUIRED);
  await Promise.all([peer.ready, peer.listening]);
  const server = `127.0.0.1:${peer.clientPort}`;
  const bob = await connect(server, { sasl: { username: 'bob', password: 'bobsecret' } });
  await bob.create('/mine', 'x', { acl: [{ perms: 31, id: { scheme: 'sasl', id: 'bob' } }] });
  expect(await bob.whoAmI()).toContainEqual({ scheme: 'sasl', id: 'bob' });
  await bob.close();
  for (const password of ['wrong', '']) {
    const reasons: string[] = [];
    const onAttemptFailed = (_server: string, reason: string) => reasons.push(reason);
    await expect(connect(server, { sasl: { username: 'bob', password }, onAttemptFailed })).rejects.toThrow(/auth/i);
    expect(reasons).toEqual(['the server refused the login (-124)']);
  }
  await peer.close();
});

test('a server that logs nobody in is not the one that was meant', async () => {
  const peer = startPeer({ dataDir: dir, clientPort: 0, clientPortAddress: '127.0.0.1', preAllocSize: 64 });
  await Promise.all([peer.ready, peer.listening]);
  const reasons: string[] = [];
  const options = {
    sasl: { username: 'bob', password: 'x' },
    onAttemptFailed: (_s: string, r: string) => reasons.push(r),
  };
  await expect(connect(`127.0.0.1:${peer.clientPort}`, options)).rejects.toThrow(/auth/i);
  expect(reasons).toEqual(['the server does not log clients in by SASL']);
  await peer.close();
});

describe('the shell', () => {
  const login = (text: string, more: Record<string, string> = {}) => {
    const file = join(dir, 'client.jaas');
    writeFileSync(file, text);
    const all = { 'java.security.auth.login.config': file, ...more };
    return clientLogin(new Map(Object.entries(all).map(([key, value]) => [key, { value, where: 'CLIENT_JVMFLAGS' }])));
  };
  const CLIENT = `Client { ${AUTH}.DigestLoginModule required username="bob" password="bobsecret"; };`;

  test('takes its login from the JAAS file of a Java client', () => {
    expect(login(CLIENT)).toEqual({ username: 'bob', password: 'bobsecret' });
    expect(login(CLIENT, { 'zookeeper.sasl.clientconfig': 'Other' })).toBeUndefined();
    expect(login(CLIENT, { 'zookeeper.sasl.client': 'false' })).toBeUndefined();
    expect(login(CLIENT.replace('Client', 'Other'), { 'zookeeper.sasl.clientconfig': 'Other' })).toMatchObject({
      username: 'bob',
    });
  });

  test('logs in by Kerberos with the section and the properties of a Java client', () => {
    const MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
    const section = `Client { ${MODULE} required useKeyTab=true keyTab="/a.keytab" principal="alice@A" useTicketCache=false; };`;
    expect(login(section)).toEqual({
      kerberos: { principal: 'alice@A', keyTab: '/a.keytab', canonicalizeHostname: true },
    });
    const properties = {
      'java.security.krb5.conf': '/krb5.conf',
      'zookeeper.sasl.client.username': 'zk',
      'zookeeper.sasl.client.canonicalize.hostname': 'false',
      'zookeeper.server.principal': 'zk/one',
      'zookeeper.server.realm': 'B',
    };
    expect(login(`Client { ${MODULE} required useTicketCache=true; };`, properties)).toEqual({
      kerberos: {
        ticketCache: true,
        krb5Conf: '/krb5.conf',
        serviceName: 'zk',
        serverPrincipal: 'zk/one@B',
        canonicalizeHostname: false,
      },
    });
    expect(() => login(section.replace('useTicketCache', 'useTicketCach'))).toThrow(
      /client.jaas:1: Krb5LoginModule: the option useTicketCach is unknown/,
    );
  });

  test('says what is wrong with the file, and never the password', () => {
    expect(() => login(CLIENT.replace(';', ''))).toThrow(/client.jaas:1: a ";" belongs/);
    expect(() => login(CLIENT.replace('username', 'user'))).toThrow(/client.jaas:1: the section Client needs/);
    expect(() => login(CLIENT.replace('username', 'user'))).not.toThrow(/bobsecret/);
  });
});
