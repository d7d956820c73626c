// The TypeScript client and our shell with tickets of MIT's KDC, at our server and at Apache's: good days, and what is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { type ClientKerberos, type ConnectOptions, connect } from '../../src/client/client.ts';
import { NodeClock } from '../../src/io/node-clock.ts';
import { NodeGuard } from '../../src/io/node-guard.ts';
import { NodeNet } from '../../src/io/node-net.ts';
import { NodeRandom } from '../../src/io/node-random.ts';
import { Kdc } from './harness/kdc.ts';
import { run } from './harness/programs.ts';
import { judge, type Kind, root, Server } from './harness/server.ts';

const AUTH = 'org.apache.zookeeper.server.auth';
const MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
const OURS = 22_210;
const APACHE = 22_211;
const kdc = new Kdc(22_214);
const keytabs = { alice: '', host: '', other: '', brief: '' };

function section(name: string, principal: string, keytab: string): string {
  return `${name} {\n  ${MODULE} required\n  useKeyTab=true\n  keyTab="${keytab}"\n  storeKey=true\n  useTicketCache=false\n  principal="${principal}";\n};\n`;
}

function serverOf(kind: Kind, clientPort: number, keytab: string): Server {
  const jaas = join(kdc.dir, `server-${clientPort}.jaas`);
  writeFileSync(jaas, section('Server', 'zookeeper/localhost', keytab));
  return new Server({
    kind,
    clientPort,
    settings: { 'authProvider.1': `${AUTH}.SASLAuthenticationProvider` },
    flags: [`-Djava.security.auth.login.config=${jaas}`, `-Djava.security.krb5.conf=${kdc.krb5Conf}`],
  });
}

describe('a ticket of MIT’s KDC', () => {
  const servers: Server[] = [];
  beforeAll(async () => {
    const service = kdc.keytab('zookeeper/localhost');
    keytabs.alice = kdc.keytab('alice');
    keytabs.host = kdc.keytab('orders/app1');
    keytabs.other = kdc.keytab('other/localhost');
    keytabs.brief = kdc.keytab('brief');
    kdc.password('carol', 'through the looking glass');
    await kdc.start();
    servers.push(serverOf('ours', OURS, service), serverOf(judge, APACHE, service));
    await Promise.all(servers.map((server) => server.start()));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.remove()));
    await kdc.remove();
  });

  it('is in the table of logins', () => {
    const compatibility = readFileSync(join(root, 'docs/COMPATIBILITY.md'), 'utf8');
    for (const server of ['Apache', 'ours'])
      expect(compatibility).toContain(`| TypeScript | ${server} | wrote | refused |\n`);
  });

  describe.each([
    ['ours', OURS],
    ['Apache', APACHE],
  ])('the TypeScript client at %s', (_name, port) => {
    const own = (kerberos: ClientKerberos, more: ConnectOptions = {}) =>
      connect(`localhost:${port}`, {
        sasl: { kerberos: { krb5Conf: kdc.krb5Conf, ...kerberos } },
        connectTimeoutMs: 6000,
        ...more,
      });

    it('logs in with a keytab, a password and a ticket cache, and is who the ticket says', async () => {
      const cache = join(kdc.dir, `cache-${port}`);
      kdc.kinit('orders/app1', keytabs.host, cache);
      const clients = await Promise.all([
        own({ principal: 'alice', keyTab: keytabs.alice }),
        own({ principal: 'carol', password: 'through the looking glass' }),
        own({ ticketCache: cache, serverPrincipal: 'zookeeper/localhost' }),
      ]);
      const acl = [{ perms: 31, id: { scheme: 'sasl', id: 'alice@INTEROP.TEST' } }];
      await clients[0].create('/by-ticket', 'x', { acl });
      const seen = await Promise.all(
        clients.map(async (client) => (await client.whoAmI()).find(({ scheme }) => scheme === 'sasl')?.id),
      );
      expect(seen).toEqual(['alice@INTEROP.TEST', 'carol@INTEROP.TEST', 'orders/app1@INTEROP.TEST']);
      await expect(clients[1].getData('/by-ticket')).rejects.toThrow(/noAuth/);
      await clients[0].delete('/by-ticket');
      await Promise.all(clients.map((client) => client.close()));
    }, 30_000);

    it.each<[string, ClientKerberos, RegExp]>([
      [
        'a service that the KDC does not know',
        { serviceName: 'nobody' },
        /the KDC does not know nobody\/localhost@INTEROP\.TEST/,
      ],
      ['a server that has not the key of its ticket', { serverPrincipal: 'other/localhost' }, /./],
      [
        'a principal that the KDC does not know',
        { principal: 'mallory', password: 'x' },
        /the KDC does not know mallory@INTEROP\.TEST/,
      ],
      [
        'another password',
        { principal: 'carol', password: 'x' },
        /the key or password of carol@INTEROP\.TEST is not the one/,
      ],
      [
        'a keytab of somebody else',
        { keyTab: 'other' },
        /has no key of alice@INTEROP\.TEST; it has keys of other\/localhost@/,
      ],
      ['a realm without a KDC', { principal: 'alice@ELSEWHERE' }, /krb5\.conf names no kdc of ELSEWHERE/],
    ])(
      'is refused for %s',
      async (_what, kerberos, sentence) => {
        const reasons: string[] = [];
        const keyTab = kerberos.keyTab === 'other' ? keytabs.other : keytabs.alice;
        const identity = kerberos.password === undefined ? { principal: 'alice', keyTab } : {};
        const onAttemptFailed = (_server: string, reason: string): void => void reasons.push(reason);
        await own(
          { ...identity, ...kerberos, ...(kerberos.keyTab === undefined ? {} : { keyTab }) },
          { onAttemptFailed, connectTimeoutMs: 1500 },
        ).then(
          () => expect.unreachable(),
          (error: Error) => reasons.push(error.message),
        );
        expect(reasons.join('; ')).toMatch(sentence);
        expect(reasons.join('; ')).not.toContain('through the');
      },
      30_000,
    );

    it('is refused with a clock that is wrong, and says by how much', async () => {
      const reasons: string[] = [];
      const guard = new NodeGuard((error) => expect.unreachable(String(error)));
      const clock = new (class extends NodeClock {
        override wallMs(): number {
          return super.wallMs() + 900_000;
        }
      })(guard);
      const world = { clock, net: new NodeNet({ guard, log: silentLog }), random: new NodeRandom() };
      const onAttemptFailed = (_server: string, reason: string): void => void reasons.push(reason);
      const options = { world, onAttemptFailed, connectTimeoutMs: 300 };
      await expect(own({ principal: 'alice', keyTab: keytabs.alice }, options)).rejects.toThrow(/clock of the KDC/);
      expect(reasons[0]).toMatch(/^the clock of the KDC is (899|90[01]) s behind: set the clocks \(error 37\)$/);
    }, 30_000);
  });

  it('takes our shell in, with the JAAS file and the properties of a Java client', async () => {
    const jaas = join(kdc.dir, 'shell.jaas');
    writeFileSync(jaas, section('Client', 'orders/app1', keytabs.host));
    const env = {
      CLIENT_JVMFLAGS: `-Djava.security.auth.login.config=${jaas} -Djava.security.krb5.conf=${kdc.krb5Conf} -Dzookeeper.server.principal=zookeeper/localhost@INTEROP.TEST`,
    };
    const args = [join(root, 'bin/zkCli.sh'), '-server', `127.0.0.1:${OURS}`, 'whoami'];
    const { stdout, stderr } = await run('bash', args, { timeoutMs: 20_000, env });
    expect(stdout, stderr).toMatch(/sasl: orders\/app1@INTEROP\.TEST/);
  }, 30_000);

  it('is asked for anew when it has expired, and a KDC that is away is waited for', async () => {
    const reasons: string[] = [];
    kdc.shortLived('brief', 3);
    const client = await connect(`localhost:${OURS}`, {
      sasl: { kerberos: { krb5Conf: kdc.krb5Conf, principal: 'brief', keyTab: keytabs.brief } },
      onAttemptFailed: (_server, reason) => void reasons.push(reason),
      sessionTimeoutMs: 20_000,
    });
    const other = await connect(`localhost:${OURS}`);
    await kdc.stop();
    await sleep(3100);
    await servers[0]?.stop();
    await servers[0]?.start();
    const until = Date.now() + 10_000;
    while (!reasons.some((reason) => reason.includes('KDC')) && Date.now() < until) await sleep(20);
    expect(reasons.find((reason) => reason.includes('KDC'))).toMatch(
      /^no KDC of INTEROP\.TEST answers: 127\.0\.0\.1:\d+: /,
    );
    await other.exists('/');
    await kdc.start();
    expect((await client.whoAmI()).map(({ id }) => id)).toContain('brief@INTEROP.TEST');
    await Promise.all([client.close(), other.close()]);
  }, 60_000);
});
