// Ensembles of Apache's servers and ours that log in at each other by DIGEST-MD5, and one that does not know the password.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Kind, type Server } from './harness/server.ts';
import { RawSession } from './raw/session.ts';

const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';
const dir = mkdtempSync(join(tmpdir(), 'quorum-sasl-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function jaas(password: string): string {
  const file = join(dir, `${password}.jaas`);
  writeFileSync(
    file,
    `QuorumServer {\n  ${MODULE} required\n  user_zk="quorumsecret";\n};\nQuorumLearner {\n  ${MODULE} required\n  username="zk"\n  password="${password}";\n};\n`,
  );
  return file;
}

const settings = {
  'quorum.auth.enableSasl': 'true',
  'quorum.auth.learnerRequireSasl': 'true',
  'quorum.auth.serverRequireSasl': 'true',
};

// With fips-mode, which is on by default, a server of Apache's cannot log in by DIGEST-MD5.
const flagsFor = (password: string) => [
  `-Djava.security.auth.login.config=${jaas(password)}`,
  '-Dzookeeper.fips-mode=false',
];

async function servesWithLeader(servers: readonly Server[]): Promise<boolean> {
  const modes = await Promise.all(servers.map((server) => server.mode()));
  return modes.every((mode) => mode !== null) && modes.includes('leader');
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await sleep(100);
  }
}

it.each([
  [['ours', judge, 'ours'], 28_000],
  [[judge, 'ours', judge], 28_100],
] as [Kind[], number][])(
  'an ensemble of %j elects, serves and takes a member back',
  async (kinds, basePort) => {
    const ensemble = new Ensemble({ basePort, kinds, settings, flags: flagsFor('quorumsecret') });
    try {
      for (const server of ensemble.servers) server.launch();
      await Promise.all(ensemble.servers.map((server) => server.untilServing(40_000)));
      for (const server of ensemble.servers) {
        const session = await RawSession.open({ port: server.clientPort });
        const acl = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }];
        await session.call('create', { path: `/by-${server.options.id}`, data: Buffer.from('x'), acl, flags: 0 });
        await session.close();
      }
      const [first] = ensemble.servers;
      await first?.stop();
      await until('the others serve without the first', () => servesWithLeader(ensemble.servers.slice(1)));
      await first?.start(40_000);
      const session = await RawSession.open({ port: first?.clientPort ?? 0 });
      for (const server of ensemble.servers)
        await session.call('exists', { path: `/by-${server.options.id}`, watch: false });
      await session.close();
    } finally {
      await Promise.all(ensemble.servers.map((server) => server.remove()));
    }
  },
  120_000,
);

it('a server that does not know the password stays outside, whoever it is', async () => {
  const ensemble = new Ensemble({
    basePort: 28_200,
    kinds: ['ours', judge, 'ours'],
    settings,
    flags: flagsFor('quorumsecret'),
  });
  const stranger = new Ensemble({
    basePort: 28_200,
    kinds: ['ours', judge, 'ours'],
    settings,
    flags: flagsFor('wrong'),
  });
  try {
    for (const server of ensemble.servers) server.launch();
    await Promise.all(ensemble.servers.map((server) => server.untilServing(40_000)));
    await ensemble.servers[2]?.stop();
    await until('the others serve without the third', () => servesWithLeader(ensemble.servers.slice(0, 2)));
    const third = stranger.servers[2];
    third?.launch();
    await until('the third is refused', async () => third?.log().includes('a login between servers failed') === true);
    expect(await third?.mode()).toBeNull();
    expect(third?.log()).not.toMatch(/quorumsecret|wrong"/);
    const session = await RawSession.open({ port: ensemble.servers[0]?.clientPort ?? 0 });
    await session.call('exists', { path: '/', watch: false });
    await session.close();
  } finally {
    await Promise.all([...ensemble.servers, ...stranger.servers].map((server) => server.remove()));
  }
}, 120_000);

it('logins are switched on step by step, one server at a time under a writer: nothing is lost', async () => {
  const ensemble = new Ensemble({ basePort: 28_300, kinds: ['ours', judge, 'ours'], flags: flagsFor('quorumsecret') });
  let client: ZooKeeperClient | undefined;
  try {
    for (const server of ensemble.servers) server.launch();
    await Promise.all(ensemble.servers.map((server) => server.untilServing(40_000)));
    client = await connect(ensemble.connectString, { sessionTimeoutMs: 15_000 });
    const writer = client;
    const acknowledged: string[] = [];
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
    const { 'quorum.auth.serverRequireSasl': _required, ...logsIn } = settings;
    const enabled = { 'quorum.auth.enableSasl': 'true' };
    for (const step of [enabled, logsIn, settings]) {
      for (const server of ensemble.servers) {
        const own = server.options.settings as Record<string, string>;
        for (const key of Object.keys(settings)) delete own[key];
        Object.assign(own, step);
        await server.stop();
        await server.start(60_000);
      }
    }
    isWriting = false;
    await writing;
    await writer.sync('/');
    const there = new Set((await writer.getChildren('/')).map((name) => `/${name}`));
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((path) => !there.has(path))).toEqual([]);
  } finally {
    await client?.close().catch(() => {});
    await Promise.all(ensemble.servers.map((server) => server.remove()));
  }
}, 120_000);
