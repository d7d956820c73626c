// Logins by SASL and enforced authentication: the clients of others at our server and at Apache's, and every operation by
// every kind of identity, with the same answers from both.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directivesOf } from '../../src/sasl/digest-md5.ts';
import { DigestMd5Client } from '../../src/sasl/digest-md5-client.ts';
import { run, runKazoo } from './harness/programs.ts';
import { classpath, judge, type Kind, lightJava, Server } from './harness/server.ts';
import { Bytes } from './raw/jute.ts';
import {
  encodeMulti,
  encodeRequest,
  type OpName,
  op,
  type Part,
  type RequestOf,
  type requestShape,
  responseShape,
} from './raw/records.ts';
import { type Answer, RawSession } from './raw/session.ts';

const AUTH = 'org.apache.zookeeper.server.auth';
const dir = mkdtempSync(join(tmpdir(), 'sasl-'));
const jaas = join(dir, 'server.jaas');
writeFileSync(
  jaas,
  `Server {\n  ${AUTH}.DigestLoginModule required\n  user_super="adminsecret"\n  user_bob="bobsecret"\n  user_root="rootsecret";\n};\n`,
);
chmodSync(jaas, 0o600);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const base = {
  'authProvider.1': `${AUTH}.SASLAuthenticationProvider`,
  superUser: 'root',
  extendedTypesEnabled: 'true',
  // super:admin
  'DigestAuthenticationProvider.superDigest': 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=',
};

function serverOf(kind: Kind, clientPort: number, settings: Readonly<Record<string, string>> = {}): Server {
  const flags = [`-Djava.security.auth.login.config=${jaas}`];
  return new Server({ kind, clientPort, settings: { ...base, ...settings }, flags });
}

const kinds: readonly (readonly [string, Kind, number])[] = [
  ['ours', 'ours', 22_180],
  ['Apache', judge, 22_181],
];

async function withServers(
  settings: Readonly<Record<string, string>>,
  use: (port: number) => Promise<unknown>,
): Promise<{ ours: unknown; apache: unknown }> {
  const servers = kinds.map(([, kind, port]) => serverOf(kind, port, settings));
  try {
    await Promise.all(servers.map((server) => server.start()));
    const [ours, apache] = [await use(22_180), await use(22_181)];
    return { ours, apache };
  } finally {
    await Promise.all(servers.map((server) => server.remove()));
  }
}

function clientJaas(user: string, password: string): string {
  const file = join(dir, `${user}-${password}.jaas`);
  writeFileSync(
    file,
    `Client {\n  ${AUTH}.DigestLoginModule required\n  username="${user}"\n  password="${password}";\n};\n`,
  );
  return file;
}

/** Apache's shell with a login: its last lines. */
async function zkCli(port: number, user: string, password: string): Promise<string> {
  const { stdout, stderr } = await run(
    'java',
    [
      ...lightJava,
      '-Dinterop.log=OFF',
      '-Dzookeeper.fips-mode=false',
      `-Djava.security.auth.login.config=${clientJaas(user, password)}`,
      '-cp',
      classpath(judge),
      'org.apache.zookeeper.ZooKeeperMain',
      '-server',
      `127.0.0.1:${port}`,
      'whoami',
    ],
    { timeoutMs: 25_000 },
  );
  return `${stdout}\n${stderr}`;
}

describe('a login of others', () => {
  const servers = kinds.map(([, kind, port]) => serverOf(kind, port));
  beforeAll(() => Promise.all(servers.map((server) => server.start())), 60_000);
  afterAll(() => Promise.all(servers.map((server) => server.remove())));

  it.each(kinds)(
    'by zkCli of Apache is good at %s',
    async (_name, _kind, port) => {
      const said = await zkCli(port, 'bob', 'bobsecret');
      expect(said).toMatch(/sasl: bob/);
    },
    60_000,
  );

  it.each(kinds)(
    'by kazoo is good at %s, and refused with another password',
    async (_name, _kind, port) => {
      const good = await runKazoo('sasl.py', [`127.0.0.1:${port}`, 'bob', 'bobsecret']);
      expect(good.stdout).toBe('ok x bob\n');
      const bad = await runKazoo('sasl.py', [`127.0.0.1:${port}`, 'bob', 'wrong']);
      expect(bad.stdout).toBe('refused AuthFailedError\n');
    },
    60_000,
  );

  it('of raw tokens is answered alike', async () => {
    const ask = async (port: number): Promise<unknown> => {
      const heard: unknown[] = [];
      for (const change of [
        (token: string) => token,
        (token: string) => token.replace('bob', 'eve'),
        (token: string) => token.replace('zk-sasl-md5', 'elsewhere'),
        (token: string) => token.replace('nc=00000001', 'nc=00000002'),
        (token: string) => token.replace('qop=auth', 'qop=auth-conf'),
        (token: string) => token.replace(/nonce="[^"]*"/, 'nonce="AAAA"'),
        (token: string) => token.replace(/response=\w+/, 'response=00'),
        (token: string) => token.replace(/,authzid="bob"/, ''),
        () => 'nonsense',
        () => '',
      ]) {
        const session = await RawSession.open({ port });
        const first = await session.callNamed('sasl', { token: Buffer.alloc(0) });
        const challenge = tokenOf(first);
        const directives = directivesOf(challenge ?? Buffer.alloc(0));
        if (typeof directives === 'string') throw new Error(directives);
        const client = clientOf('bob', 'bobsecret');
        const token = (client.step(challenge as Buffer) as Buffer).toString();
        const second = await session.callNamed('sasl', { token: Buffer.from(change(token)) });
        const rspauth = tokenOf(second);
        heard.push({
          challenge: [...directives].filter(([name]) => name !== 'nonce').sort(),
          second: shape(second),
          rspauth: rspauth === null ? null : rspauth.toString().replace(/[0-9a-f]{32}/, '...'),
          third: shape(await session.callNamed('sasl', { token: Buffer.from('again') })),
        });
        session.abandon();
      }
      return heard;
    };
    expect(await ask(22_180)).toEqual(await ask(22_181));
  }, 60_000);
});

function clientOf(username: string, password: string): DigestMd5Client {
  const secret = (bytes: number): Uint8Array => Buffer.alloc(bytes, 5);
  return new DigestMd5Client({ username, password, service: 'zookeeper', host: 'zk-sasl-md5', secret });
}

function tokenOf(answer: Answer): Buffer | null {
  if (answer === 'closed' || answer.body.length < 4) return null;
  const length = answer.body.readInt32BE(0);
  return length < 0 ? null : answer.body.subarray(4, 4 + length);
}

const shape = (answer: Answer): unknown =>
  answer === 'closed' ? 'closed' : [answer.err, answer.zxid === 0n ? 'zxid 0' : 'a zxid', answer.body.length];

/** How each kind of identity is proved on a session. */
const identities: Readonly<Record<string, (session: RawSession) => Promise<unknown>>> = {
  nobody: async () => {},
  'digest bob': (session) => digest(session, 'bob:bobsecret'),
  'digest super': (session) => digest(session, 'super:admin'),
  'sasl bob': (session) => sasl(session, 'bob', 'bobsecret'),
  'sasl super': (session) => sasl(session, 'super', 'adminsecret'),
  'sasl root, a superUser': (session) => sasl(session, 'root', 'rootsecret'),
  'both bobs': async (session) => {
    await digest(session, 'bob:bobsecret');
    await sasl(session, 'bob', 'bobsecret');
  },
};

function digest(session: RawSession, credentials: string): Promise<unknown> {
  return session.callNamed('auth', { type: 0, scheme: 'digest', auth: Buffer.from(credentials) });
}

async function sasl(session: RawSession, username: string, password: string): Promise<unknown> {
  const challenge = tokenOf(await session.callNamed('sasl', { token: Buffer.alloc(0) }));
  const token = clientOf(username, password).step(challenge as Buffer) as Buffer;
  return session.callNamed('sasl', { token });
}

const world = (perms: number) => ({ perms, id: { scheme: 'world', id: 'anyone' } });
const acls = {
  open: [world(31)],
  read: [world(1)],
  digest: [{ perms: 31, id: { scheme: 'digest', id: 'bob:WGAwC+XYxdw8bJ5K6KcPh8oL58U=' } }],
  sasl: [{ perms: 31, id: { scheme: 'sasl', id: 'bob' } }],
  ip: [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } }],
  nobody: [{ perms: 31, id: { scheme: 'digest', id: 'nobody:x' } }],
} as const;

/** Every operation of a client, on a node of each ACL; nodes are made anew by a super user for each identity. */
async function probe(port: number): Promise<Record<string, unknown>> {
  const heard: Record<string, unknown> = {};
  const maker = await RawSession.open({ port });
  await digest(maker, 'super:admin');
  for (const [who, prove] of Object.entries(identities)) {
    const answers: string[] = [];
    for (const [name, acl] of Object.entries(acls)) {
      const session = await RawSession.open({ port });
      await prove(session);
      const root = `/${who.replaceAll(/\W/g, '-')}-${name}`;
      for (const path of [root, `${root}/a`, `${root}/b`]) {
        await maker.call('create', { path, data: Buffer.from('x'), acl: [...acl], flags: 0 });
      }
      for (const [operation, body] of bodiesOf(root)) {
        const answer = await session.callRaw(op[operation], body);
        const shown = answer === 'closed' ? 'closed' : `${answer.err} ${aclShown(operation, answer)}`;
        answers.push(`${name} ${operation} ${shown.trim()}`);
      }
      session.abandon();
    }
    heard[who] = answers;
  }
  await maker.close();
  return heard;
}

/** The ids of an ACL are part of the answer: who may not administer sees no hashes. */
function aclShown(operation: OpName, answer: Exclude<Answer, 'closed'>): string {
  const record = responseShape[operation];
  if (answer.err !== 0 || (operation !== 'getACL' && operation !== 'whoAmI') || record === undefined) return '';
  const read = new Bytes(answer.body).read(record) as { acl?: unknown };
  return JSON.stringify(operation === 'getACL' ? read.acl : read);
}

function part<N extends keyof typeof requestShape>(name: N, fields: RequestOf<N>): Part {
  return { type: op[name], body: encodeRequest(name, fields) };
}

function bodiesOf(root: string): [OpName, Buffer][] {
  const data = Buffer.from('y');
  const acl = [world(31)];
  const made: [OpName, Buffer][] = [];
  const add = <N extends keyof typeof requestShape>(name: N, fields: RequestOf<N>): void => {
    made.push([name, encodeRequest(name, fields)]);
  };
  add('exists', { path: root, watch: false });
  add('getData', { path: root, watch: false });
  add('getACL', { path: root });
  add('getChildren', { path: root, watch: false });
  add('getChildren2', { path: root, watch: false });
  add('getAllChildrenNumber', { path: root });
  add('getEphemerals', { path: root });
  add('sync', { path: root });
  add('addWatch', { path: root, mode: 0 });
  add('checkWatches', { path: root, type: 3 });
  add('removeWatches', { path: root, type: 3 });
  add('setWatches', { relativeZxid: 0n, data: [], exist: [], child: [] });
  add('setWatches2', { relativeZxid: 0n, data: [], exist: [], child: [], persistent: [], recursive: [] });
  add('whoAmI', {});
  add('ping', {});
  add('setData', { path: root, data, version: -1 });
  add('create', { path: `${root}/c1`, data, acl, flags: 0 });
  add('create2', { path: `${root}/c2`, data, acl, flags: 1 });
  add('createContainer', { path: `${root}/c3`, data, acl, flags: 4 });
  add('createTTL', { path: `${root}/c4`, data, acl, flags: 5, ttl: 100_000n });
  add('create', { path: `${root}/c5`, data, acl: [{ perms: 31, id: { scheme: 'auth', id: '' } }], flags: 0 });
  add('create', { path: `${root}/c6`, data, acl: [{ perms: 31, id: { scheme: 'sasl', id: 'a@b@c' } }], flags: 0 });
  made.push(['multi', encodeMulti([part('check', { path: root, version: -1 })])]);
  made.push(['multi', encodeMulti([part('setData', { path: root, data, version: -1 })])]);
  made.push(['multiRead', encodeMulti([part('getData', { path: root, watch: false })])]);
  add('delete', { path: `${root}/a`, version: -1 });
  // deleteContainer is for servers alone here, and its difference is judged elsewhere.
  add('setACL', { path: `${root}/b`, acl, version: -1 });
  add('reconfig', { joining: '', leaving: '', newMembers: '', curConfigId: -1n });
  return made;
}

describe('every operation by every kind of identity', () => {
  it('is answered as by Apache', async () => {
    const { ours, apache } = await withServers({}, probe);
    expect(ours).toEqual(apache);
    expect(JSON.stringify(ours)).not.toContain('closed');
  }, 120_000);

  it.each([
    [{ 'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'digest' }],
    [{ 'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'sasl' }],
    [{ sessionRequireClientSASLAuth: 'true' }],
    [{ allowSaslFailedClients: 'true' }],
  ])(
    'is answered as by Apache under %j',
    async (settings) => {
      const { ours, apache } = await withServers(settings, async (port) => {
        const heard: Record<string, unknown> = {};
        for (const [who, prove] of Object.entries({
          ...identities,
          'a wrong password': (session: RawSession) => sasl(session, 'bob', 'wrong'),
        })) {
          for (const [name, body] of [
            ['getData', encodeRequest('getData', { path: '/', watch: false })],
            ['create', encodeRequest('create', { path: '/x', data: Buffer.alloc(0), acl: [world(31)], flags: 0 })],
            ['ping', Buffer.alloc(0)],
            ['closeSession', Buffer.alloc(0)],
          ] as const) {
            const session = await RawSession.open({ port });
            const proved = await prove(session);
            const first = session.closed ? 'closed' : await session.callRaw(op[name], body);
            const next = session.closed ? 'closed' : await session.callRaw(op.ping, Buffer.alloc(0), -2);
            const err = (answer: Answer | 'closed'): unknown => (answer === 'closed' ? answer : answer.err);
            heard[`${who} ${name}`] = [
              proved === undefined ? 'nothing' : err(proved as Answer),
              err(first),
              name === 'closeSession' ? 'over' : err(next),
            ];
            session.abandon();
          }
        }
        return heard;
      });
      expect(ours).toEqual(apache);
    },
    120_000,
  );
});
