// Logins by Kerberos: tickets of MIT's KDC, shown by Java's client and kazoo, at our server and at Apache's.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kdc } from './harness/kdc.ts';
import { run, runJava, runKazoo } from './harness/programs.ts';
import { cache, classpath, judge, type Kind, lightJava, root, Server } from './harness/server.ts';

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

/** As the document has what was just found. */
function expectRows(client: string): void {
  const compatibility = readFileSync(join(root, 'docs/COMPATIBILITY.md'), 'utf8');
  for (const server of ['Apache', 'ours'])
    expect(compatibility).toContain(`| ${client} | ${server} | wrote | refused |\n`);
}

/** The identities in the table that whoami prints. */
const saslOf = (said: string): string | undefined => /sasl: (\S+)/.exec(said)?.[1];

/** At each port a session with alice's ticket, and one with a ticket for another service; all in one JVM. */
async function javaOf(release: string, ports: readonly number[]): Promise<string[]> {
  const jaas = join(kdc.dir, `client-${release}.jaas`);
  writeFileSync(jaas, section('Client', 'alice', keytabs.alice));
  const line = (port: number, service: string, limitMs: number): string =>
    [`localhost:${port}`, limitMs, 'own', `zookeeper.server.principal=${service}`].join('\t');
  const lines = ports.flatMap((port) => [
    line(port, 'zookeeper/localhost', 40_000),
    line(port, 'other/localhost', 3000),
  ]);
  const { stdout } = await runJava('interop.Doors', [], {
    kind: `apache-${release}`,
    input: `${lines.join('\n')}\n`,
    env: {
      JAVA_TOOL_OPTIONS: `-Djava.security.auth.login.config=${jaas} -Djava.security.krb5.conf=${kdc.krb5Conf}`,
    },
  });
  return stdout.trim().split('\n');
}

async function cClient(port: number, isForAnother: boolean): Promise<string> {
  const args = [
    `localhost:${port}`,
    isForAnother ? '3' : '40',
    'sasl',
    'GSSAPI',
    isForAnother ? 'elsewhere' : 'localhost',
  ];
  const env = {
    ...kdc.env,
    KRB5_CLIENT_KTNAME: keytabs.alice,
    SASL_PATH: `${join(cache, 'c/sasl2')}:/usr/lib/x86_64-linux-gnu/sasl2`,
  };
  const { stdout, stderr } = await run(join(cache, 'c/door'), args, { env });
  return stdout.trim() || stderr;
}

describe('a ticket of MIT’s KDC', () => {
  const servers: Server[] = [];
  beforeAll(async () => {
    keytabs.service = kdc.keytab('zookeeper/localhost');
    keytabs.alice = kdc.keytab('alice');
    keytabs.host = kdc.keytab('orders/app1');
    keytabs.other = kdc.keytab('other/localhost');
    kdc.keytab('zookeeper/elsewhere');
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

  it.each(['3.5.10', '3.6.4', '3.7.2', '3.8.4', '3.9.5'])(
    'is good for Java %s, and one for another service is not',
    async (release) => {
      const found = await javaOf(release, [APACHE, OURS]);
      expect(found).toEqual(['wrote', 'refused', 'wrote', 'refused']);
      expectRows(`Java ${release}`);
    },
    60_000,
  );

  it('is good for the C client, and one for another host is not', async () => {
    const found = await Promise.all([APACHE, OURS].flatMap((port) => [cClient(port, false), cClient(port, true)]));
    expect(found).toEqual(['wrote', 'refused', 'wrote', 'refused']);
    expectRows('C 3.8.0');
  }, 60_000);

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
