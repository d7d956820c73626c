// Logins by Kerberos: tickets of MIT's KDC, shown by Java's client and kazoo, at our server and at Apache's.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kdc } from './harness/kdc.ts';
import { run, runKazoo } from './harness/programs.ts';
import { classpath, judge, type Kind, lightJava, Server } from './harness/server.ts';

const AUTH = 'org.apache.zookeeper.server.auth';
const MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
const OURS = 22_200;
const APACHE = 22_201;
const SHORT = 22_202;
const kdc = new Kdc(22_204);
const keytabs = { service: '', alice: '', host: '', other: '' };

function section(name: string, principal: string, keytab: string): string {
  return `${name} {\n  ${MODULE} required\n  useKeyTab=true\n  keyTab="${keytab}"\n  storeKey=true\n  useTicketCache=false\n  principal="${principal}";\n};\n`;
}

function serverOf(
  kind: Kind,
  clientPort: number,
  keytab: string,
  settings: Readonly<Record<string, string>> = {},
): Server {
  const jaas = join(kdc.dir, `server-${clientPort}.jaas`);
  writeFileSync(jaas, section('Server', 'zookeeper/localhost', keytab));
  return new Server({
    kind,
    clientPort,
    settings: { 'authProvider.1': `${AUTH}.SASLAuthenticationProvider`, ...settings },
    flags: [`-Djava.security.auth.login.config=${jaas}`, `-Djava.security.krb5.conf=${kdc.krb5Conf}`],
  });
}

/** Apache's shell with a ticket, for a service that it looks for at this port. */
async function zkCli(
  port: number,
  principal: string,
  keytab: string,
  service = 'zookeeper/localhost',
): Promise<string> {
  const jaas = join(kdc.dir, `${principal.replace('/', '-')}.jaas`);
  writeFileSync(jaas, section('Client', principal, keytab));
  const flags = [
    '-Dinterop.log=OFF',
    `-Dzookeeper.server.principal=${service}`,
    `-Djava.security.auth.login.config=${jaas}`,
    `-Djava.security.krb5.conf=${kdc.krb5Conf}`,
  ];
  const main = 'org.apache.zookeeper.ZooKeeperMain';
  const args = [...lightJava, ...flags, '-cp', classpath(judge), main, '-server', `localhost:${port}`, 'whoami'];
  const { stdout, stderr } = await run('java', args, { timeoutMs: 25_000 });
  return `${stdout}\n${stderr}`;
}

/** The identities in the table that whoami prints. */
const saslOf = (said: string): string | undefined => /sasl: (\S+)/.exec(said)?.[1];

describe('a ticket of MIT’s KDC', () => {
  const servers: Server[] = [];
  beforeAll(async () => {
    keytabs.service = kdc.keytab('zookeeper/localhost');
    keytabs.alice = kdc.keytab('alice');
    keytabs.host = kdc.keytab('orders/app1');
    keytabs.other = kdc.keytab('other/localhost');
    await kdc.start();
    const removing = { 'kerberos.removeHostFromPrincipal': 'true', 'kerberos.removeRealmFromPrincipal': 'true' };
    servers.push(serverOf('ours', OURS, keytabs.service), serverOf(judge, APACHE, keytabs.service));
    servers.push(serverOf('ours', SHORT, keytabs.service, { ...removing, superUser: 'orders' }));
    await Promise.all(servers.map((server) => server.start()));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.remove()));
    await kdc.remove();
  });

  it('logs Java’s client in as the same at both, with and without a host', async () => {
    const [alice, orders] = await Promise.all([
      Promise.all([zkCli(OURS, 'alice', keytabs.alice), zkCli(APACHE, 'alice', keytabs.alice)]),
      Promise.all([zkCli(OURS, 'orders/app1', keytabs.host), zkCli(APACHE, 'orders/app1', keytabs.host)]),
    ]);
    expect(alice.map(saslOf)).toEqual(['alice@INTEROP.TEST', 'alice@INTEROP.TEST']);
    expect(orders.map(saslOf)).toEqual(['orders/app1@INTEROP.TEST', 'orders/app1@INTEROP.TEST']);
  }, 60_000);

  it.each([
    ['ours', OURS],
    ['Apache', APACHE],
  ])(
    'logs kazoo in at %s, whose MIT library takes the key that an answer offers',
    async (_name, port) => {
      // kazoo looks for zookeeper/<the host as it is written>, and without a ticket says no more than ConnectionLoss.
      const env = { ...kdc.env, KRB5_CLIENT_KTNAME: keytabs.alice };
      const { stdout, stderr } = await runKazoo('gssapi.py', [`localhost:${port}`, 'alice@INTEROP.TEST'], { env });
      expect(stdout, stderr).toBe('ok x alice@INTEROP.TEST\n');
    },
    60_000,
  );

  it('makes a short name, which may be that of a super user', async () => {
    const said = await zkCli(SHORT, 'orders/app1', keytabs.host);
    expect(saslOf(said)).toBe('orders');
    expect(said).toMatch(/super/);
  }, 60_000);

  it('for another service is refused, with a line that names both', async () => {
    expect(saslOf(await zkCli(OURS, 'alice', keytabs.alice, 'other/localhost'))).toBeUndefined();
    expect(servers[0]?.log()).toContain(
      'the ticket is for other/localhost@INTEROP.TEST; this server is zookeeper/localhost@INTEROP.TEST',
    );
  }, 60_000);
});
