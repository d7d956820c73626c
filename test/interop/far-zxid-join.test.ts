// A standalone history of Apache's ends with what looks like transaction 0 of epoch 1, and its server gets companions: nothing of it
// is lost, and all have the same tree. One that comes late to others with an older copy is like one of Apache's.
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Kind, Server } from './harness/server.ts';
import { readTree, type SeenNode, superDigest, treeDifferences } from './harness/tree.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const dirs = mkdtempSync(join(tmpdir(), 'interop-far-zxid-join-'));
const whole = join(dirs, 'whole');
const older = join(dirs, 'older');
const settings = { ...superDigest, 'digest.enabled': 'false' };
const LAST = 0x1_0000_0000n;
let ensemble: Ensemble | null = null;
afterAll(() => rmSync(dirs, { recursive: true }));
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

async function writesUpTo(dir: string, last: bigint): Promise<void> {
  const server = await new Server({ kind: judge, clientPort: 22_975, dir, settings }).start();
  const session = await RawSession.open({ port: server.clientPort });
  const zxid = async () => BigInt(/^Zxid: (0x[0-9a-f]+)$/m.exec(await server.word('srvr'))?.[1] ?? '0');
  for (let at = await zxid(); at < last; at++) {
    await session.call('create', { path: `/at-${(at + 1n).toString(16)}`, data: null, acl: openAcl, flags: 0 });
  }
  expect(await zxid()).toBe(last);
  await server.kill();
  await session.close().catch(() => undefined);
}

beforeAll(async () => {
  const first = await new Server({ kind: judge, clientPort: 22_975, dir: whole, settings }).start();
  await first.kill();
  const version2 = join(whole, 'data/version-2');
  for (const name of readdirSync(version2)) if (name.startsWith('log.')) rmSync(join(version2, name));
  renameSync(join(version2, 'snapshot.0'), join(version2, 'snapshot.fffffff0'));
  await writesUpTo(whole, LAST - 4n);
  cpSync(join(whole, 'data'), join(older, 'data'), { recursive: true });
  await writesUpTo(whole, LAST);
}, 60_000);

/** The members' directories: the first has the whole history, the others nothing, or an older copy of it. */
function ensembleOf(kinds: readonly Kind[], others: 'empty' | 'older'): Ensemble {
  const made = new Ensemble({ basePort: 22_976, kinds, settings });
  for (const [i, server] of made.servers.entries()) {
    if (i > 0 && others === 'empty') continue;
    cpSync(join(i === 0 ? whole : older, 'data/version-2'), join(server.dataDir, 'version-2'), { recursive: true });
  }
  return made;
}

async function write(server: Server, path: string): Promise<void> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 20_000 });
  await session.call('create', { path, data: null, acl: openAcl, flags: 0 });
  await session.call('sync', { path: '/' });
  await session.close();
}

/** Of all members; the membership in the tree is the leader's matter, and a follower of Apache's keeps the one of its directory. */
async function equalTrees({ servers }: Ensemble): Promise<Map<string, SeenNode>> {
  const trees = await Promise.all(servers.map((server) => readTree(server.clientPort)));
  for (const tree of trees) tree.delete('/zookeeper/config');
  const [first] = trees as [Map<string, SeenNode>];
  for (const tree of trees.slice(1)) expect(treeDifferences(first, tree)).toEqual([]);
  for (const server of servers) expect(server.running).toBe(true);
  return first;
}

const mixes: readonly (readonly [Kind, Kind, Kind])[] = [
  ['ours', 'ours', 'ours'],
  ['ours', judge, judge],
  [judge, 'ours', 'ours'],
];

it.each(mixes)(
  'nothing of a history that ends at 1_0 is lost when its server, %s, gets two empty ones, %s and %s',
  async (...kinds) => {
    ensemble = await ensembleOf(kinds, 'empty').start();
    await write(ensemble.at(1), '/after');
    const paths = [...(await equalTrees(ensemble)).keys()];
    expect(paths).toEqual(expect.arrayContaining(['/at-fffffffc', '/at-100000000', '/after']));
  },
  60_000,
);

// Two have an older copy and go on without it. To their leader 1_0 is where an epoch begins, so nothing of it is cut; the number of a
// standalone server that has counted past 2^32 says no more. As with every copy that is older: who has the newest is started first.
it.each([judge, 'ours'] as const)(
  'a member of %s that comes with 1_0 to others without it keeps it',
  async (kind) => {
    ensemble = ensembleOf([kind, kind, kind], 'older');
    const [first, second, third] = ensemble.servers as [Server, Server, Server];
    second.launch();
    third.launch();
    await Promise.all([second.untilServing(), third.untilServing()]);
    await first.start();
    await write(second, '/after');
    const [with1, without] = await Promise.all([first, second].map((server) => readTree(server.clientPort)));
    expect(with1?.has('/at-100000000')).toBe(true);
    expect(with1?.has('/after')).toBe(true);
    expect(without?.has('/at-100000000')).toBe(false);
  },
  60_000,
);
