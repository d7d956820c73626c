// Clients over TLS, each against each server: Java's, kazoo and ours x Apache's server and ours x the three values of
// ssl.clientAuth x no certificate, a good one and a stranger's, in PEM, PKCS12 and JKS. Each cell wrote, or was refused as it
// should be. The C client of the distribution is built without OpenSSL.
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { type ClientTls, connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { pem } from '../tls/tls-fixtures.ts';
import { run, runJava, runKazoo } from './harness/programs.ts';
import { debian, judge, type Kind, root, Server } from './harness/server.ts';

const fixtures = resolve(import.meta.dirname, '../tls/fixtures');
const fixture = (file: string): string => join(fixtures, file);
const PLAIN = 23_960;
const SECURE = 23_961;
const ADDRESS = `localhost:${SECURE}`;

let server: Server | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

interface Stores {
  readonly key: string;
  readonly trust: string;
}

const KINDS_OF_STORES: readonly Stores[] = [
  { key: 'server.pem', trust: 'ca.pem' },
  { key: 'server.p12', trust: 'trust.p12' },
  { key: 'server.jks', trust: 'trust.jks' },
];

/** With a password Java takes a PEM key for an encrypted one. */
function storeKeys(prefix: string, { key, trust }: Stores): Record<string, string> {
  const withPassword = (store: string, file: string): Record<string, string> => ({
    [`${prefix}${store}.location`]: fixture(file),
    ...(file.endsWith('.pem') ? {} : { [`${prefix}${store}.password`]: 'geheim' }),
  });
  return { ...(key === '' ? {} : withPassword('keyStore', key)), ...withPassword('trustStore', trust) };
}

async function start(kind: Kind, stores: Stores, more: Record<string, string> = {}): Promise<Server> {
  server = await new Server({
    kind,
    clientPort: PLAIN,
    settings: {
      tickTime: 500,
      secureClientPort: SECURE,
      serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
      'ssl.enabledProtocols': 'TLSv1.2,TLSv1.3',
      ...storeKeys('ssl.', stores),
      ...more,
    },
  }).start();
  return server;
}

type Shown = 'nothing' | 'a good one' | "a stranger's";

const certificateOf: Record<Shown, string | undefined> = {
  nothing: undefined,
  'a good one': 'client',
  "a stranger's": 'stranger',
};

async function ours(shown: Shown, limitMs: number, stores?: Stores): Promise<string> {
  const name = certificateOf[shown];
  const tls: ClientTls =
    stores === undefined
      ? { ca: pem('ca'), ...(name === undefined ? {} : { key: pem(name), cert: pem(name) }) }
      : {
          keyStore: { location: fixture(stores.key), password: 'geheim' },
          trustStore: { location: fixture(stores.trust), password: 'geheim' },
        };
  try {
    const client = await connect(ADDRESS, { tls, connectTimeoutMs: limitMs });
    await client.create('/ours-', '', { mode: 'persistentSequential' });
    await client.close();
    return 'wrote';
  } catch {
    return 'refused';
  }
}

async function kazoo(shown: Shown, limitMs: number): Promise<string> {
  const name = certificateOf[shown];
  const file = name === undefined ? '-' : fixture(`${name}.pem`);
  const { stdout, stderr } = await runKazoo('tls.py', [ADDRESS, fixture('ca.pem'), file, file, String(limitMs / 1000)]);
  return stdout.trim() || stderr;
}

function javaFlags(stores: Stores): Record<string, string> {
  return {
    'zookeeper.client.secure': 'true',
    'zookeeper.clientCnxnSocket': 'org.apache.zookeeper.ClientCnxnSocketNetty',
    ...storeKeys('zookeeper.ssl.', stores),
  };
}

async function java(shown: Shown, limitMs: number, stores: Stores, kind: Kind = judge): Promise<string> {
  const name = certificateOf[shown];
  const key = name === 'client' ? stores.key : name === undefined ? '' : `${name}.pem`;
  const flags = Object.entries(javaFlags({ ...stores, key })).map(([option, value]) => `-D${option}=${value}`);
  // It prints the answer on standard error.
  const { stderr } = await runJava(
    'org.apache.zookeeper.ZooKeeperMain',
    ['-server', ADDRESS, '-timeout', String(limitMs), '-waitforconnection', 'create', '-s', '/java-', 'x'],
    { kind, env: { JAVA_TOOL_OPTIONS: flags.join(' ') }, timeoutMs: 60_000 },
  );
  return /Created \/java-/.test(stderr) ? 'wrote' : 'refused';
}

/** As the table of the document calls them. */
const NAMES = [
  ['java', 'Java 3.9.5'],
  ['kazoo', 'kazoo'],
  ['ours', 'TypeScript'],
] as const;
const compatibility = readFileSync(join(root, 'docs/COMPATIBILITY.md'), 'utf8');

/** Refused is said after this; whoever should be let in has longer. */
function limitOf(expected: string): number {
  return expected === 'wrote' ? 30_000 : 3000;
}

/** As it should be. */
function outcome(clientAuth: string, shown: Shown): string {
  if (clientAuth === 'none') return 'wrote';
  if (shown === 'nothing') return clientAuth === 'want' ? 'wrote' : 'refused';
  return shown === 'a good one' ? 'wrote' : 'refused';
}

const CLIENT_STORES: readonly Stores[] = [
  { key: 'client.pem', trust: 'ca.pem' },
  { key: 'client.p12', trust: 'trust.p12' },
  { key: 'client.jks', trust: 'trust.jks' },
];

it.each([judge, 'ours'] as const)('%s: every client, every clientAuth, every certificate', async (kind) => {
  const wrong: string[] = [];
  const table = new Map<string, string[]>();
  let cells = 0;
  for (const [i, clientAuth] of (['none', 'want', 'need'] as const).entries()) {
    const stores = KINDS_OF_STORES[i] as Stores;
    const running = await start(kind, stores, { 'ssl.clientAuth': clientAuth });
    const check = async (
      client: string,
      shown: Shown,
      ask: (limitMs: number) => Promise<string>,
      counts = shown,
    ): Promise<void> => {
      cells++;
      const expected = outcome(clientAuth, counts);
      const found = await ask(limitOf(expected));
      const row = `${client} ${clientAuth}`;
      table.set(row, [...(table.get(row) ?? []), found]);
      if (found !== expected) wrong.push(`${client}, ${clientAuth}, shows ${shown}: ${found}, not ${expected}`);
    };
    for (const shown of ['nothing', 'a good one', "a stranger's"] as const) {
      const clientStores = CLIENT_STORES[(i + 1) % 3] as Stores;
      // Java shows no certificate of an issuer that the server does not name.
      const kept = shown === "a stranger's" ? 'nothing' : shown;
      await Promise.all([
        check('ours', shown, (limitMs) => ours(shown, limitMs)),
        check('kazoo', shown, (limitMs) => kazoo(shown, limitMs)),
        check('java', shown, (limitMs) => java(shown, limitMs, clientStores), kept),
      ]);
    }
    for (const each of CLIENT_STORES) {
      await check(`ours ${each.key}`, 'a good one', (limitMs) => ours('a good one', limitMs, each));
    }
    if (clientAuth === 'need') {
      const jks = CLIENT_STORES[2] as Stores;
      await check('java 3.8.0 client.jks', 'a good one', (limitMs) => java('a good one', limitMs, jks, debian));
    }
    await running.remove();
  }
  expect(wrong).toEqual([]);
  expect(cells).toBe(37);
  const rows = NAMES.map(([client, name]) => {
    const results = ['none', 'want', 'need'].map((clientAuth) => table.get(`${client} ${clientAuth}`)?.join(', '));
    return `| ${name} | ${kind === 'ours' ? 'ours' : 'Apache'} | ${results.join(' | ')} |`;
  });
  expect(rows.filter((row) => !compatibility.includes(`${row}\n`))).toEqual([]);
});

it.each([judge, 'ours'] as const)('%s: zkCli.sh and zkServer.sh status of ours', async (kind) => {
  const running = await start(kind, KINDS_OF_STORES[1] as Stores);
  const flags = Object.entries(javaFlags({ key: 'client.p12', trust: 'ca.pem' })).map(([k, v]) => `-D${k}=${v}`);
  const env = { CLIENT_JVMFLAGS: flags.join(' ') };
  const cli = await run(join(root, 'bin/zkCli.sh'), ['-server', ADDRESS, 'whoami'], { env });
  expect(cli.stdout).toContain('x509: CN=client,OU=one\\, two,O=Menagerie tests');
  const inTheClear = await run(join(root, 'bin/zkCli.sh'), ['-timeout', '1000', '-server', ADDRESS, 'ls', '/'], {});
  expect(inTheClear.code).toBe(1);
  const config = join(running.dir, 'secure.cfg');
  writeFileSync(config, `dataDir=/none\nsecureClientPort=${SECURE}\n`);
  const status = await run(process.execPath, [join(root, 'dist/cli/server-status.js'), config], { env });
  expect(status.stdout).toContain(
    `Client port found: ${SECURE}. Client address: localhost. Client SSL: true.\nMode: standalone\n`,
  );
});

it('certificates replaced under load: no connection is dropped, and new ones see the new certificate', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'reload-')), 'server.pem');
  copyFileSync(fixture('server.pem'), file);
  const running = await start(
    'ours',
    { key: 'server.pem', trust: 'ca.pem' },
    {
      'ssl.keyStore.location': file,
      'client.certReload': 'true',
    },
  );
  const tls = { ca: pem('ca'), key: pem('client'), cert: pem('client') };
  const states: string[] = [];
  const clients: ZooKeeperClient[] = [];
  for (let i = 0; i < 20; i++) {
    clients.push(await connect(ADDRESS, { tls, onState: (state) => states.push(state) }));
  }
  const opened = states.length;
  let isWriting = true;
  let written = 0;
  const writing = Promise.all(
    clients.map(async (client) => {
      while (isWriting) {
        await client.create('/load-', '', { mode: 'persistentSequential' });
        written++;
      }
    }),
  );
  expect(await subjectShown()).toBe('server');
  copyFileSync(fixture('server-2.pem'), file);
  const deadline = Date.now() + 20_000;
  while ((await subjectShown()) !== 'server-2' && Date.now() < deadline) await sleep(100);
  expect(await subjectShown()).toBe('server-2');
  copyFileSync(fixture('expired.pem'), file);
  while (!running.log().includes('changed certificates are not taken in') && Date.now() < deadline) await sleep(100);
  expect(await subjectShown()).toBe('server-2');
  const before = written;
  while (written < before + 100) await sleep(20);
  isWriting = false;
  await writing;
  expect(states.length).toBe(opened);
  for (const client of clients) await client.close();
});

function subjectShown(): Promise<string> {
  return new Promise((done, fail) => {
    const options = { ca: pem('ca'), key: pem('client'), cert: pem('client'), host: 'localhost', port: SECURE };
    const socket = tlsConnect(options, () => {
      done(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', fail);
  });
}
