import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect as netConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import { type ClientTls, connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { checkConfig } from '../../src/embed/check-config.ts';
import { type PeerProperties, type RunningPeer, startEnsemble, startPeer } from '../../src/index.ts';
import { openNodeWorld } from '../../src/io/node-world.ts';
import { Perm } from '../../src/jute/codes.ts';
import { readConfigProperties } from '../../src/quorum/config/read-config.ts';
import { FileWatch } from '../../src/tls/file-watch.ts';
import { fixture, pem } from './tls-fixtures.ts';

/** Whole peers with TLS, and the TypeScript client over it. */
let dir: string;
const peers: RunningPeer[] = [];
const clients: ZooKeeperClient[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tls-'));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const client of clients.splice(0)) await client.close();
  for (const peer of peers.splice(0)) await peer.close();
  rmSync(dir, { recursive: true, force: true });
});

const STORES = {
  'ssl.keyStore.location': fixture('server.p12'),
  'ssl.keyStore.password': 'geheim',
  'ssl.trustStore.location': fixture('trust.jks'),
  'ssl.trustStore.password': 'geheim',
};

const asQuorum = (stores: PeerProperties): PeerProperties =>
  Object.fromEntries(Object.entries(stores).map(([key, value]) => [key.replace('ssl.', 'ssl.quorum.'), value]));

async function peerWith(properties: PeerProperties): Promise<RunningPeer> {
  const peer = startPeer({
    dataDir: dir,
    clientPort: 0,
    clientPortAddress: '127.0.0.1',
    tickTime: 200,
    preAllocSize: 64,
    '4lw.commands.whitelist': '*',
    ...properties,
  });
  peers.push(peer);
  await Promise.all([peer.ready, peer.listening, peer.adminListening]);
  return peer;
}

const SECURE = { ...STORES, secureClientPort: 0, secureClientPortAddress: '127.0.0.1' };

async function clientOf(
  port: number | undefined,
  tls: ClientTls | undefined,
  connectTimeoutMs = 10_000,
): Promise<ZooKeeperClient> {
  const client = await connect(`localhost:${port}`, { ...(tls === undefined ? {} : { tls }), connectTimeoutMs });
  clients.push(client);
  return client;
}

const as = (name: string): ClientTls => ({ ca: pem('ca'), key: pem(name), cert: pem(name) });

function word(port: number | undefined, asked: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = netConnect(port ?? 0, '127.0.0.1', () => socket.write(asked));
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

test('a client over TLS is who its certificate says, in ACLs and in whoAmI', async () => {
  const { secureClientPort } = await peerWith(SECURE);
  const client = await clientOf(secureClientPort, as('client'));
  const id = { scheme: 'x509', id: 'CN=client,OU=one\\, two,O=Menagerie tests' };
  expect(await client.whoAmI()).toContainEqual(id);
  await client.create('/mine', 'x', { acl: [{ perms: Perm.all, id }] });
  const other = await clientOf(secureClientPort, { ca: pem('ca'), keyStore: { location: fixture('admin.pem') } });
  await expect(other.getData('/mine')).rejects.toThrow('noAuth');
  expect((await client.getData('/mine')).data?.toString()).toBe('x');
});

test('the subject of X509AuthenticationProvider.superUser may do everything', async () => {
  const { secureClientPort } = await peerWith({
    ...SECURE,
    'X509AuthenticationProvider.superUser': 'CN=admin,O=Menagerie tests',
  });
  const owner = await clientOf(secureClientPort, as('client'));
  await owner.create('/closed', 'x', { acl: [{ perms: Perm.read, id: { scheme: 'x509', id: 'CN=nobody' } }] });
  await expect(owner.getData('/closed')).rejects.toThrow('noAuth');
  const admin = await clientOf(secureClientPort, as('admin'));
  expect((await admin.getData('/closed')).data?.toString()).toBe('x');
});

test('the words and metrics of an operator know the port for TLS', async () => {
  const { clientPort, secureClientPort } = await peerWith(SECURE);
  const secure = await clientOf(secureClientPort, as('client'));
  const plain = await clientOf(clientPort, undefined);
  await secure.create('/a');
  expect(await word(clientPort, 'conf')).toContain(`secureClientPort=${secureClientPort}\n`);
  const lines = (await word(clientPort, 'cons')).split('\n').filter((line) => line.includes('sid='));
  const session = (client: ZooKeeperClient): string => `sid=0x${client.sessionId.toString(16)}`;
  expect(lines.map((line) => /sid=0x[0-9a-f]+/.exec(line)?.[0])).toEqual([session(plain), session(secure)]);
  await expect(clientOf(secureClientPort, as('stranger'), 300)).rejects.toThrow();
  const mntr = await word(clientPort, 'mntr');
  expect(mntr).toMatch(/zk_unsuccessful_handshake\t[1-9]/);
  expect(mntr).toContain('zk_outstanding_tls_handshake\t0\n');
  expect(mntr).toContain('zk_tls_handshake_exceeded\t0\n');
  expect(mntr).toMatch(/zk_non_mtls_local_conn_count\t[1-9]/);
});

test('one port for both', async () => {
  const { clientPort } = await peerWith({ ...STORES, 'client.portUnification': true });
  await (await clientOf(clientPort, undefined)).create('/plain');
  const secure = await clientOf(clientPort, as('client'));
  expect(await secure.getChildren('/')).toContain('plain');
  expect((await secure.whoAmI()).map(({ scheme }) => scheme)).toContain('x509');
  expect(await word(clientPort, 'ruok')).toBe('imok');
});

test('a four-letter word is answered over TLS', async () => {
  const { secureClientPort } = await peerWith(SECURE);
  const text = await new Promise<string>((resolve, reject) => {
    let said = '';
    const options = {
      host: '127.0.0.1',
      port: secureClientPort ?? 0,
      ca: pem('ca'),
      key: pem('client'),
      cert: pem('client'),
    };
    const socket = tlsConnect({ ...options, servername: 'localhost' }, () => socket.write('srvr'));
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    socket.on('close', () => resolve(said));
    socket.on('error', reject);
  });
  expect(text).toContain('Mode: standalone');
});

test('halves of handshakes take no place from clients of other addresses, and have a limit of their own', async () => {
  const { clientPort, secureClientPort } = await peerWith({
    ...SECURE,
    maxClientCnxns: 0,
    'netty.server.outstandingHandshake.limit': 5,
  });
  const closed: Promise<void>[] = [];
  for (let i = 0; i < 12; i++) {
    const socket = netConnect(secureClientPort ?? 0, '127.0.0.1', () => socket.write(Buffer.from('160301', 'hex')));
    socket.on('error', () => {});
    sockets.push(socket);
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())));
  }
  await Promise.all(closed.slice(5).map(() => Promise.race(closed)));
  const mntr = await word(clientPort, 'mntr');
  expect(mntr).toMatch(/zk_tls_handshake_exceeded\t[1-7]\n/);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  expect(await (await clientOf(secureClientPort, as('client'))).getChildren('/')).toContain('zookeeper');
});

test('maxClientCnxns counts connections within their handshake', async () => {
  const { secureClientPort } = await peerWith({ ...SECURE, maxClientCnxns: 1 });
  const half = netConnect(secureClientPort ?? 0, '127.0.0.1', () => half.write(Buffer.from('1603', 'hex')));
  half.on('error', () => {});
  sockets.push(half);
  await new Promise((resolve) => half.once('connect', resolve));
  await expect(clientOf(secureClientPort, as('client'), 300)).rejects.toThrow();
});

test('an ensemble whose servers talk over TLS alone', async () => {
  const ensemble = await startEnsemble(3, { properties: { ...asQuorum(STORES), sslQuorum: true } });
  try {
    const client = await clientOf(ensemble.peers[0]?.clientPort, undefined);
    await client.create('/over-tls');
    expect(await client.getChildren('/')).toContain('over-tls');
  } finally {
    for (const client of clients.splice(0)) await client.close();
    await ensemble.close();
  }
});

function admin(port: number | undefined, path: string, tls: object, header: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: 'localhost', port, path, ca: pem('ca'), headers: { ...header }, ...tls },
      (answer) => {
        let text = `${answer.statusCode} ${answer.headers['strict-transport-security']} `;
        answer.on('data', (chunk) => {
          text += String(chunk);
        });
        answer.on('end', () => resolve(text));
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

test('HTTPS on the admin port: alone, beside HTTP, and with a certificate of the caller', async () => {
  const quorum = { ...asQuorum(STORES), 'admin.enableServer': true, 'admin.serverPort': 0 };
  const alone = await peerWith({ ...quorum, 'admin.forceHttps': true });
  expect(await admin(alone.adminPort, '/commands/ruok', {})).toMatch(/^200 max-age=86400; includeSubDomains .*"ruok"/s);
  await expect(fetch(`http://127.0.0.1:${alone.adminPort}/commands/ruok`)).rejects.toThrow();
  await alone.close();

  const both = await peerWith({ ...quorum, 'admin.portUnification': true, 'admin.needClientAuth': true });
  expect((await fetch(`http://127.0.0.1:${both.adminPort}/commands/ruok`)).status).toBe(200);
  expect(await word(both.clientPort, 'mntr')).toContain('zk_insecure_admin_count\t1\n');
  await expect(admin(both.adminPort, '/commands/ruok', {})).rejects.toThrow();
  const certificate = { key: pem('admin'), cert: pem('admin') };
  expect(await admin(both.adminPort, '/commands/ruok', certificate)).toMatch(/^200 /);
});

test.each([
  [{ 'ssl.keyStore.location': '' }, 'config: ssl.keyStore.location=: a port with TLS needs a key store'],
  [{ 'ssl.keyStore.location': '/none.p12' }, 'config: ssl.keyStore.location=/none.p12: there is no such file'],
  [
    { 'ssl.keyStore.password': 'falsch' },
    `config: ssl.keyStore.location=${fixture('server.p12')}: the password is wrong, or the file is damaged`,
  ],
  [{ 'ssl.keyStore.passwordPath': '/none' }, 'config: ssl.keyStore.passwordPath=/none: there is no such file'],
  [
    { 'ssl.keyStore.location': fixture('trust.p12') },
    `config: ssl.keyStore.location=${fixture('trust.p12')}: it holds no private key`,
  ],
  [
    { 'ssl.keyStore.location': fixture('mismatch.pem') },
    `config: ssl.keyStore.location=${fixture('mismatch.pem')}: its key key does not belong to its certificate`,
  ],
  [
    { 'ssl.trustStore.location': fixture('server.jks') },
    `config: ssl.trustStore.location=${fixture('server.jks')}: it holds no certificate that is trusted`,
  ],
  [
    { 'ssl.ciphersuites': 'TLS_NONSENSE' },
    'config: ssl.ciphersuites=TLS_NONSENSE: there is no cipher suite TLS_NONSENSE here',
  ],
  [
    { 'ssl.ciphersuites': 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' },
    'config: ssl.ciphersuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: none of them is one of TLSv1.3',
  ],
])('%j stops the start, and --check, with key, file and reason', async (wrong, line) => {
  const properties = { dataDir: dir, clientPort: 0, ...SECURE, ...wrong };
  const { disk } = openNodeWorld(silentLog);
  const checked = await checkConfig(() => readConfigProperties(properties, { disk, cwd: dir }));
  expect(checked.good).toBe(false);
  expect(checked.lines[0]).toBe(line);
  const peer = startPeer({ 'admin.enableServer': false, ...properties });
  await expect(peer.ready).rejects.toThrow(line);
});

test('a changed file is seen when it is at rest again', async () => {
  const file = join(dir, 'key.pem');
  copyFileSync(fixture('server.pem'), file);
  await new Promise<void>((resolve) => {
    const watch = new FileWatch(
      [file],
      () => {
        watch.close();
        resolve();
      },
      5,
      () => copyFileSync(fixture('server-2.pem'), file),
    );
  });
});
