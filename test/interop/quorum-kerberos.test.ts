// Ensembles of Apache's servers and ours that log in at each other by Kerberos, with tickets of MIT's KDC.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { Ensemble } from './harness/ensemble.ts';
import { Kdc } from './harness/kdc.ts';
import { judge, type Kind, type Server } from './harness/server.ts';

const MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
/** Each server has a name of its own, so that tickets are for one of them alone. */
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const kdc = new Kdc(28_690);
const keytabs = new Map([...HOSTS, '127.0.0.9'].map((host) => [host, kdc.keytab(`zkquorum/${host}`)]));

const settings = {
  'quorum.auth.enableSasl': 'true',
  'quorum.auth.learnerRequireSasl': 'true',
  'quorum.auth.serverRequireSasl': 'true',
  'quorum.auth.kerberos.servicePrincipal': 'zkquorum/_HOST',
};

beforeAll(() => kdc.start());
afterAll(() => kdc.remove());

/** `accepts` and `shows`: hosts. */
function jaas(name: string, accepts: string, shows: string, keytab = keytabs.get(shows) ?? ''): string {
  const section = (of: string, who: string, file: string): string =>
    `${of} {\n  ${MODULE} required\n  useKeyTab=true\n  keyTab="${file}"\n  storeKey=true\n  useTicketCache=false\n  principal="zkquorum/${who}@INTEROP.TEST";\n};\n`;
  const file = join(kdc.dir, `${name}.jaas`);
  writeFileSync(
    file,
    section('QuorumServer', accepts, keytabs.get(accepts) ?? '') + section('QuorumLearner', shows, keytab),
  );
  return file;
}

function ensembleOf(kinds: readonly Kind[], basePort: number, loginOf?: (id: number) => string): Ensemble {
  const own = (id: number): string => jaas(`zk${id}`, HOSTS[id - 1] as string, HOSTS[id - 1] as string);
  const flagsOf = (id: number): string[] => [
    `-Djava.security.auth.login.config=${(loginOf ?? own)(id)}`,
    `-Djava.security.krb5.conf=${kdc.krb5Conf}`,
  ];
  return new Ensemble({ basePort, kinds, hosts: HOSTS, settings, flagsOf });
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await sleep(50);
  }
}

/** Written through this member, or through another one when it elects just then. */
async function write(ensemble: Ensemble, server: Server, path: string): Promise<void> {
  const others = ensemble.servers.filter((other) => other !== server && other.running);
  const client = await connect([server, ...others].map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(','));
  await client.create(path, 'x');
  await client.close();
}

const serves = async (server: Server): Promise<boolean> => (await server.mode()) !== null;

describe.each<[Kind[], number]>([
  [['ours', judge, 'ours'], 28_600],
  [[judge, 'ours', judge], 28_630],
])('an ensemble of %j', (kinds, basePort) => {
  const ensemble = ensembleOf(kinds, basePort);
  beforeAll(() => ensemble.start());
  afterAll(() => ensemble.remove());

  it('elects, serves, and takes members back', async () => {
    await write(ensemble, ensemble.at(0), '/before');
    for (const server of ensemble.servers.slice(0, 2)) {
      await server.stop();
      await server.start();
    }
    const client = await connect(ensemble.connectString);
    await client.sync('/');
    expect(await client.exists('/before')).toBeTruthy();
    await client.close();
  });

  it('leaves one outside that shows the ticket of a host that is no member, and serves on', async () => {
    const [first, ...others] = ensemble.servers as [Server, ...Server[]];
    await first.stop();
    const shown = ensembleOf(kinds, basePort, (id) =>
      jaas(`stranger${basePort}`, HOSTS[id - 1] as string, '127.0.0.9'),
    );
    const stranger = shown.at(0);
    const line = 'zkquorum/127.0.0.9@INTEROP.TEST is no member: no server line has the host 127.0.0.9';
    try {
      stranger.launch();
      await until('it is refused', () =>
        others.some((server) => server.kind === 'ours' && server.log().includes(line)),
      );
      expect(await stranger.mode()).toBeNull();
      await write(ensemble, ensemble.at(2), '/without-the-stranger');
    } finally {
      await shown.remove();
    }
    await first.start();
  });
});

describe('a server of ours', () => {
  const kinds: Kind[] = ['ours', 'ours', 'ours'];
  const ensemble = ensembleOf(kinds, 28_660);
  beforeAll(() => ensemble.start());
  afterAll(() => ensemble.remove());

  it('with another key says so, and the others serve', async () => {
    const last = ensemble.at(0);
    await last.stop();
    // The KDC has changed the key since.
    const shown = ensembleOf(kinds, 28_660, () =>
      jaas('wrong', '127.0.0.1', '127.0.0.1', kdc.forged('zkquorum/127.0.0.1')),
    );
    const stranger = shown.at(0);
    try {
      stranger.launch();
      await until('it says so', () => stranger.log().includes('no ticket of Kerberos'));
      expect(stranger.log()).toMatch(/zkquorum\/127\.0\.0\.1@INTEROP\.TEST/);
      expect(await stranger.mode()).toBeNull();
      await write(ensemble, ensemble.at(2), '/without-the-key');
    } finally {
      await shown.remove();
    }
    await last.start();
  });

  it('does not need a KDC while its tickets last, waits for one when it starts without any, and the others serve', async () => {
    const [first, , last] = ensemble.servers as [Server, Server, Server];
    await kdc.stop();
    const leader = await ensemble.leader();
    const other = leader === first ? last : first;
    await other.stop();
    other.launch();
    await until('it says what it waits for', () =>
      /no KDC of INTEROP\.TEST answers: 127\.0\.0\.1:28690: /.test(other.log()),
    );
    expect(await serves(other)).toBe(false);
    await write(ensemble, leader, '/without-a-kdc');
    await kdc.start();
    await other.untilServing();
    await write(ensemble, other, '/with-a-kdc');
    expect(other.log()).toContain('a first ticket of Kerberos');
  });
});
