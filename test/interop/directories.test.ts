// A directory that a running server of any release left by kill -9, in the middle of writes: ours starts on it with
// everything that was acknowledged, and what ours then leaves, again by kill -9, the release it came from starts on, and
// the newest. Also with compressed snapshots. (Directories as they were recorded are in files.test.ts.)
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshDirs } from './harness/fresh-dirs.ts';
import { cache, judge, type Kind, Server } from './harness/server.ts';
import { everyKindOfWrite } from './harness/traffic.ts';
import { readTree, type SeenNode, superDigest, treeDifferences } from './harness/tree.ts';
import { encodeRequest, op, openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const port = 22_960;
let running: Server | null = null;
const freshDir = freshDirs('directories', () => running?.kill());

function copyOf(dir: string): string {
  const copy = freshDir();
  cpSync(join(dir, 'data'), join(copy, 'data'), { recursive: true });
  return copy;
}

async function serve(kind: Kind, dir: string, more: { readonly [key: string]: string }): Promise<Server> {
  running = new Server({
    kind,
    clientPort: port,
    dir,
    settings: { extendedTypesEnabled: 'true', snapCount: 40, maxSessionTimeout: 600_000, ...superDigest, ...more },
  });
  return await running.start();
}

/** What a release before 3.5 knows. */
async function oldWrites(prefix: string): Promise<void> {
  const session = await RawSession.open({ port });
  const create = (path: string, flags: number): Promise<unknown> =>
    session.call('create', { path, data: Buffer.from(path), acl: openAcl, flags });
  await create(prefix, 0);
  for (let i = 0; i < 30; i++) await create(`${prefix}/seq-`, 2);
  await session.call('setACL', {
    path: prefix,
    acl: [...openAcl, { perms: 1, id: { scheme: 'ip', id: '10.0.0.1' } }],
    version: 0,
  });
  await session.call('delete', { path: `${prefix}/seq-0000000003`, version: 0 });
  await session.multi([
    { type: op.create, body: encodeRequest('create', { path: `${prefix}/m`, data: null, acl: openAcl, flags: 0 }) },
    { type: op.setData, body: encodeRequest('setData', { path: prefix, data: Buffer.from('multi'), version: 0 }) },
  ]);
  await session.close();
}

/** An ephemeral of a session that outlives its server, and a register that is written to when the server dies. */
async function dieWriting(server: Server, name: string): Promise<number> {
  const holder = await RawSession.open({ port, timeoutMs: 600_000 });
  await holder.call('create', { path: `/ephemeral-${name}`, data: null, acl: openAcl, flags: 1 });
  const session = await RawSession.open({ port });
  const path = `/register-${name}`;
  await session.call('create', { path, data: null, acl: openAcl, flags: 0 });
  for (let i = 1; i <= 5_000; i++)
    session.sendRaw(
      session.takeXid(),
      op.setData,
      encodeRequest('setData', { path, data: Buffer.alloc(50), version: -1 }),
    );
  let acknowledged = 0;
  for (;;) {
    const answer = await session.nextReply();
    if (answer === 'closed') break;
    expect(answer.err).toBe(0);
    if (++acknowledged === 300) void server.kill();
  }
  holder.abandon();
  await server.kill();
  return acknowledged;
}

type Tree = Map<string, SeenNode>;

/** Also without what a release before 3.5 does not have. */
function comparable(tree: Tree): Tree {
  return new Map([...tree].filter(([path]) => path !== '/zookeeper' && path !== '/zookeeper/config'));
}

async function treeUnder(kind: Kind, dir: string, more: { readonly [key: string]: string }): Promise<Tree> {
  const server = await serve(kind, dir, more);
  const tree = await readTree(port);
  await server.kill();
  expect(server.log(), kind).not.toMatch(/[Dd]igests? (are|is|does) not match|digest mismatch|"level":"(error|fatal)"/);
  return comparable(tree);
}

function writes(tree: Tree, name: string): number {
  return tree.get(`/register-${name}`)?.stat.version ?? -1;
}

const gz = { 'snapshot.compression.method': 'gz' };
const snappy = { 'snapshot.compression.method': 'snappy' };
const cases = (
  [
    ['apache-3.4.14', {}],
    ['apache-3.5.10', {}],
    ['apache-3.6.4', {}],
    ['apache-3.7.2', {}],
    ['apache-3.8.0', {}],
    ['apache-3.9.5', {}],
    ['apache-3.9.5', gz],
    ['apache-3.9.5', snappy],
  ] as const
).filter(([kind]) => kind === 'apache-3.8.0' || existsSync(join(cache, kind)));

it.each(cases)('a directory on which %s %o was killed goes to ours and back', async (kind, more) => {
  const dir = freshDir();
  const first = await serve(kind, dir, more);
  if (kind === 'apache-3.4.14') await oldWrites('/theirs');
  else await everyKindOfWrite(port, '/theirs', kind === judge);
  const acknowledged = await dieWriting(first, 'theirs');

  const asTheNewest = await treeUnder(judge, copyOf(dir), more);
  const ours = await serve('ours', dir, more);
  const taken = comparable(await readTree(port));
  expect(treeDifferences(asTheNewest, taken)).toEqual([]);
  expect(writes(taken, 'theirs')).toBeGreaterThanOrEqual(acknowledged);
  expect(taken.has('/ephemeral-theirs')).toBe(true);
  expect(taken.size).toBeGreaterThan(8);

  if (kind === 'apache-3.4.14') await oldWrites('/ours');
  else await everyKindOfWrite(port, '/ours', kind === judge);
  const acknowledgedByOurs = await dieWriting(ours, 'ours');
  expect(ours.log()).not.toMatch(/"level":"(error|fatal)"/);
  const method = Object.values(more)[0];
  const snapshots = readdirSync(join(dir, 'data/version-2')).filter((name) => name.startsWith('snapshot.'));
  expect(snapshots.some((name) => name.endsWith(method === undefined ? '' : `.${method}`))).toBe(true);

  const left = await treeUnder('ours', copyOf(dir), more);
  expect(writes(left, 'ours')).toBeGreaterThanOrEqual(acknowledgedByOurs);
  expect(left.has('/ephemeral-ours')).toBe(true);
  expect(treeDifferences(left, await treeUnder(judge, copyOf(dir), more))).toEqual([]);
  expect(treeDifferences(left, await treeUnder(kind, dir, more))).toEqual([]);
});
