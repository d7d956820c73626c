// TLS between servers: mixed ensembles of Apache's and ours under sslQuorum, and the change from plain to TLS and back,
// server by server, under a writer.
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { pem } from '../tls/tls-fixtures.ts';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Kind } from './harness/server.ts';

const fixtures = resolve(import.meta.dirname, '../tls/fixtures');

const STORES = {
  'ssl.quorum.keyStore.location': join(fixtures, 'server.p12'),
  'ssl.quorum.keyStore.password': 'geheim',
  'ssl.quorum.trustStore.location': join(fixtures, 'trust.jks'),
  'ssl.quorum.trustStore.password': 'geheim',
};

let ensemble: Ensemble | undefined;
let client: ZooKeeperClient | undefined;
afterEach(async () => {
  await client?.close();
  await ensemble?.remove();
  client = undefined;
  ensemble = undefined;
});

it.each([
  [['ours', judge, 'ours'], {}],
  [[judge, 'ours', judge], { 'ssl.quorum.hostnameVerification': 'true', 'fips-mode': 'false' }],
] as [Kind[], Record<string, string>][])('%j elect, write and follow over TLS, %j', async (kinds, more) => {
  ensemble = await new Ensemble({
    basePort: 23_900,
    kinds,
    settings: { ...STORES, ...more, sslQuorum: 'true' },
  }).start();
  for (const [i, server] of ensemble.servers.entries()) {
    const own = await connect(`127.0.0.1:${server.clientPort}`, { sessionTimeoutMs: 8000 });
    await own.create(`/from-${i}`, String(i));
    await own.close();
  }
  const last = await connect(`127.0.0.1:${ensemble.at(0).clientPort}`, { sessionTimeoutMs: 8000 });
  await last.sync('/');
  expect((await last.getChildren('/')).filter((name) => name.startsWith('from-')).sort()).toEqual([
    'from-0',
    'from-1',
    'from-2',
  ]);
  await last.close();
  for (const server of ensemble.servers) expect(server.log()).not.toContain('a TLS connection was refused');
});

it('certificates of servers are replaced while a majority runs: links stay, and new ones see the new certificate', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'quorum-reload-')), 'server.pem');
  copyFileSync(join(fixtures, 'server.pem'), file);
  const settings = { ...STORES, 'ssl.quorum.keyStore.location': file, 'ssl.quorum.keyStore.password': '' };
  ensemble = await new Ensemble({
    basePort: 23_900,
    kinds: ['ours', 'ours', 'ours'],
    settings: { ...settings, sslQuorum: 'true', sslQuorumReloadCertFiles: 'true' },
  }).start();
  const shown = (): Promise<string> => subjectAt(23_900 + 40);
  expect(await shown()).toBe('server');
  copyFileSync(join(fixtures, 'server-2.pem'), file);
  const deadline = Date.now() + 20_000;
  while ((await shown()) !== 'server-2' && Date.now() < deadline) await sleep(100);
  expect(await shown()).toBe('server-2');
  for (const server of ensemble.servers) expect(server.log()).not.toContain('role over');
  const follower = (await ensemble.followers())[0];
  await follower?.stop();
  await follower?.start();
  client = await connect(`127.0.0.1:${follower?.clientPort}`, { sessionTimeoutMs: 8000 });
  await client.create('/after');
});

function subjectAt(port: number): Promise<string> {
  return new Promise((done, fail) => {
    const own = pem('client');
    const socket = tlsConnect({ host: 'localhost', port, ca: pem('ca'), key: own, cert: own }, () => {
      done(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', fail);
  });
}

it('a server without a certificate that is trusted stays outside, and the others serve', async () => {
  ensemble = new Ensemble({
    basePort: 23_900,
    kinds: ['ours', 'ours', judge],
    settings: { ...STORES, sslQuorum: 'true' },
  });
  const stranger = ensemble.at(0);
  (stranger.options.settings as Record<string, string>)['ssl.quorum.keyStore.location'] = join(
    fixtures,
    'stranger.pem',
  );
  for (const server of ensemble.servers) server.launch();
  await Promise.all([1, 2].map((i) => ensemble?.at(i).untilServing()));
  const deadline = Date.now() + 20_000;
  const others = ensemble.at(1);
  while (!others.log().includes('a TLS connection was refused') && Date.now() < deadline) await sleep(100);
  expect(others.log()).toMatch(/"the issuer of its certificate is unknown".*"a TLS connection was refused"/);
  expect(await stranger.mode()).toBeNull();
});

it.each([[[judge, 'ours', 'ours']]] as [Kind[]][])(
  '%j: plain, both, TLS, and back, one server at a time under a writer: nothing is lost',
  async (kinds) => {
    ensemble = await new Ensemble({ basePort: 23_900, kinds, settings: { ...STORES } }).start();
    const running = ensemble;
    client = await connect(running.connectString, { sessionTimeoutMs: 15_000 });
    const acknowledged: string[] = [];
    const writer = client;
    let isWriting = true;
    const writing = (async () => {
      for (let i = 0; isWriting; i++) {
        try {
          acknowledged.push(await writer.create(`/n${i}`, String(i)));
        } catch {
          // The connection went with its server; the write may have been carried out, and is not counted on.
        }
        await sleep(5);
      }
    })();
    const steps: Record<string, string>[] = [
      { portUnification: 'true' },
      { portUnification: 'true', sslQuorum: 'true' },
      { sslQuorum: 'true' },
      { portUnification: 'true', sslQuorum: 'true' },
      { portUnification: 'true' },
      {},
    ];
    for (const step of steps) {
      for (const server of running.servers) {
        const settings = server.options.settings as Record<string, string>;
        for (const key of ['portUnification', 'sslQuorum']) delete settings[key];
        Object.assign(settings, step);
        await server.stop();
        await server.start(60_000);
      }
    }
    isWriting = false;
    await writing;
    const reader = await connect(running.connectString, { sessionTimeoutMs: 8000 });
    await reader.sync('/');
    const there = new Set((await reader.getChildren('/')).map((name) => `/${name}`));
    await reader.close();
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((path) => !there.has(path))).toEqual([]);
  },
);
