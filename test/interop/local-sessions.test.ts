// Local sessions in ensembles of both kinds: beside the leader of either, members of either, with the first ephemeral upgraded
// and refused. The same is asked of each member, and every member of one role answers the same.
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Kind, type Server } from './harness/server.ts';
import { encodeMulti, encodeRequest, op, openAcl, type Part, type RequestOf } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const ensembles: Ensemble[] = [];

afterEach(async () => {
  await Promise.all(ensembles.splice(0).map((ensemble) => ensemble.remove()));
});

function part<N extends 'create'>(name: N, fields: RequestOf<N>): Part {
  return { type: op[name], body: encodeRequest(name, fields) };
}

/** Two of the kind that leads, and one of the other; the first ephemeral is upgraded by those of the kind `upgrades`. */
async function build(leads: Kind, upgrades: Kind, basePort: number): Promise<Ensemble> {
  const other = leads === 'ours' ? judge : 'ours';
  const ensemble = new Ensemble({
    basePort,
    kinds: [other, leads, leads],
    settings: {
      localSessionsEnabled: 'true',
      localSessionsUpgradingEnabled: String(upgrades === 'ours'),
      maxSessionTimeout: 60_000,
    },
    apacheSettings: { localSessionsUpgradingEnabled: String(upgrades !== 'ours') },
  });
  ensembles.push(ensemble);
  await ensemble.start();
  expect((await ensemble.leader()).kind).toBe(leads);
  return ensemble;
}

async function sessionsAt(server: Server): Promise<string> {
  const mntr = await server.word('mntr');
  return ['local', 'global'].map((kind) => new RegExp(`zk_${kind}_sessions\\t(\\d+)`).exec(mntr)?.[1]).join(' ');
}

function open(server: Server, of?: RawSession): Promise<RawSession> {
  const back = of === undefined ? {} : { sessionId: of.sessionId, passwd: of.granted?.passwd ?? null };
  return RawSession.open({ port: server.clientPort, timeoutMs: 60_000, ...back });
}

/** All that a client of that member sees; paths and ids are without what names the member. */
async function story(ensemble: Ensemble, server: Server): Promise<string[]> {
  const told: string[] = [];
  const path = `/of${server.options.id}`;
  const elsewhere = ensemble.servers.find((each) => each !== server) as Server;
  const create = { data: null, acl: openAcl };
  const note = (what: string, answer: { err: number; body: Buffer } | 'closed'): void => {
    told.push(`${what} ${answer === 'closed' ? answer : answer.err}`);
  };
  const session = await open(server);
  told.push(`granted by itself ${Number(session.sessionId >> 56n) === server.options.id}`);
  told.push(`local and global ${await sessionsAt(server)}`);
  note('create', await session.callNamed('create', { ...create, path, flags: 0 }));
  note('setData', await session.callNamed('setData', { path, data: null, version: 0 }));
  note('sync', await session.callNamed('sync', { path }));
  const lost = await open(elsewhere, session);
  told.push(`taken elsewhere ${lost.granted?.timeoutMs}`);
  lost.abandon();
  note('ephemeral', await session.callNamed('create', { ...create, path: `${path}/e`, flags: 1 }));
  told.push(`local and global ${await sessionsAt(server)}`);
  const parts = [
    part('create', { ...create, path: `${path}/m`, flags: 0 }),
    part('create', { ...create, path: `${path}/n`, flags: 3 }),
  ];
  const multi = await session.callRaw(op.multi, encodeMulti(parts));
  note('multi', multi);
  const children = await session.call<'getChildren', { children: string[] }>('getChildren', { path, watch: false });
  told.push(`children ${children.children.map((name) => name.slice(0, 1)).sort()}`);
  const back = await open(elsewhere, session);
  const isBack = back.granted !== null && back.granted.timeoutMs > 0;
  told.push(`taken elsewhere ${isBack}`);
  const last = isBack ? back : session;
  note('closeSession', await last.callRaw(op.closeSession, Buffer.alloc(0)));
  await last.whenClosed();
  const after = await open(server);
  await after.callNamed('sync', { path });
  const left = await after.call<'getChildren', { children: string[] }>('getChildren', { path, watch: false });
  told.push(`left ${left.children.map((name) => name.slice(0, 1)).sort()}`);
  await after.close();
  told.push(`local and global ${await sessionsAt(server)}`);
  session.abandon();
  back.abandon();
  return told;
}

const BEFORE = [
  'granted by itself true',
  'local and global 1 0',
  'create 0',
  'setData 0',
  'sync 0',
  'taken elsewhere 0',
];

const UPGRADED = [
  ...BEFORE,
  'ephemeral 0',
  'local and global 0 1',
  'multi 0',
  'children e,m,n',
  'taken elsewhere true',
  'closeSession 0',
  'left m',
  'local and global 0 0',
];

/** Apache's multi is answered without an error, and its parts say that the session has expired. */
function refusedBy(kind: Kind): string[] {
  return [
    ...BEFORE,
    'ephemeral -120',
    'local and global 1 0',
    kind === 'ours' ? 'multi -120' : 'multi 0',
    'children ',
    'taken elsewhere false',
    'closeSession 0',
    'left ',
    'local and global 0 0',
  ];
}

// Ours among ours are played by the simulator.
it.each([
  { leads: 'ours', upgrades: judge, basePort: 23_260 },
  { leads: judge, upgrades: 'ours', basePort: 23_360 },
] as const)(
  '$leads leads and $upgrades upgrades: members of both kinds answer clients of local sessions alike',
  async ({ leads, upgrades, basePort }) => {
    const ensemble = await build(leads, upgrades, basePort);
    for (const server of ensemble.servers) {
      const { kind } = server;
      const expected = kind === upgrades ? UPGRADED : refusedBy(kind);
      expect(await story(ensemble, server), `${kind}, ${await server.mode()}`).toEqual(expected);
    }
  },
);
