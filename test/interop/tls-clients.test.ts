// TLS of clients beyond who is let in (client-matrix.test.ts): the shell and the status of ours, and certificates that change.
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { pem } from '../tls/tls-fixtures.ts';
import { run } from './harness/programs.ts';
import { judge, type Kind, root, Server } from './harness/server.ts';
import { fixture, javaTlsKeys, type Stores, storeKeys, storesOf } from './harness/stores.ts';

const PLAIN = 23_960;
const SECURE = 23_961;
const ADDRESS = `localhost:${SECURE}`;

let server: Server | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

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

it.each([judge, 'ours'] as const)('%s: zkCli.sh and zkServer.sh status of ours', async (kind) => {
  const running = await start(kind, storesOf('server', 'PKCS12'));
  const flags = Object.entries(javaTlsKeys({ key: 'client.p12', trust: 'ca.pem' })).map(([k, v]) => `-D${k}=${v}`);
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

it('5,000 halves of handshakes from a hundred addresses: others are served, each half is closed, told and counted', async () => {
  const running = await start('ours', storesOf('server', 'PEM'));
  const before = residentMiB(running.pid);
  // The record of a hello, without its last byte.
  const half = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), Buffer.alloc(193)]);
  const closed: Promise<void>[] = [];
  for (let i = 0; i < 5000; i += 250) {
    const opened: Promise<void>[] = [];
    for (let j = i; j < i + 250; j++) {
      const from = `127.0.1.${1 + (j % 100)}`;
      const socket = dial({ port: SECURE, host: '127.0.0.1', localAddress: from }, () => socket.write(half));
      socket.on('error', () => {});
      opened.push(new Promise((done) => socket.once('connect', () => done())));
      closed.push(new Promise((done) => socket.once('close', () => done())));
    }
    await Promise.all(opened);
  }
  const tls = { ca: pem('ca'), key: pem('client'), cert: pem('client') };
  const client = await connect(ADDRESS, { tls });
  await client.create('/beside', 'x');
  expect(residentMiB(running.pid) - before).toBeLessThan(500);
  await Promise.all(closed);
  await client.create('/behind', 'x');
  await client.close();
  const mntr = await running.word('mntr');
  expect(mntr).toContain('zk_unsuccessful_handshake\t5000\n');
  expect(mntr).toContain('zk_outstanding_tls_handshake\t0\n');
  expect(running.log()).toMatch(/"reason":"its handshake took more than 10000 ms".*"a TLS connection was refused"/);
}, 60_000);

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

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
