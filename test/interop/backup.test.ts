import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { restoreBackup, verifyBackup } from '../../src/backup/backup.ts';
import { backupFor, backupsIn } from '../../src/backup/series.ts';
import { connect } from '../../src/client/client.ts';
import { startPeer } from '../../src/index.ts';
import { NodeDisk } from '../../src/io/node-disk.ts';
import { epochOf, type Zxid } from '../../src/jute/zxid.ts';
import { Rng } from './diff/rng.ts';
import { Ensemble } from './harness/ensemble.ts';
import { run } from './harness/programs.ts';
import { peerProgram, root, type Server } from './harness/server.ts';

/**
 * Three processes under two kazoo writers, whose leader is killed in the middle; a series follows the one that is killed, and
 * is killed itself. Afterwards twenty random moments are restored, and each is what the writers had made by then.
 */
const dir = mkdtempSync(join(tmpdir(), 'interop-backup-'));
const children = new Set<ChildProcess>();
let ensemble: Ensemble | undefined;
const disk = new NodeDisk({
  onThrow: (error) => {
    throw error;
  },
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await ensemble?.remove();
  rmSync(dir, { recursive: true, force: true });
});

function launch(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((done) => child.once('exit', done));

function tool(...args: string[]) {
  return run(process.execPath, [peerProgram(), 'backup', ...args], { env: { ZK_ADMIN_AUTHORIZATION: 'digest a:b' } });
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await isSo()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen`);
  }
}

type Step = readonly [zxid: number, path: string, value: string | null];

function stepsOf(files: readonly string[]): Step[] {
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n').filter(Boolean));
  return lines.map((line) => JSON.parse(line) as Step).sort((a, b) => a[0] - b[0]);
}

function modelAt(steps: readonly Step[], zxid: number): Map<string, string> {
  const model = new Map<string, string>();
  for (const [at, path, value] of steps) {
    if (at > zxid) break;
    if (value === null) model.delete(path);
    else model.set(path, value);
  }
  return model;
}

/** What a server that starts on the directory serves. */
async function treeIn(dataDir: string): Promise<Map<string, string>> {
  const peer = startPeer({ dataDir, clientPort: 0, clientPortAddress: '127.0.0.1' });
  await peer.ready;
  await peer.listening;
  const found = await treeAt(peer.clientPort as number);
  await peer.close();
  return found;
}

/** The writers' nodes and all below them. */
async function treeAt(port: number): Promise<Map<string, string>> {
  const client = await connect(`127.0.0.1:${port}`);
  await client.sync('/');
  const found = new Map<string, string>();
  const read = async (path: string): Promise<void> => {
    found.set(path, (await client.getData(path)).data?.toString() ?? '');
  };
  for (const name of await client.getChildren('/')) {
    if (!name.startsWith('writer-')) continue;
    await read(`/${name}`);
    for (const child of await client.getChildren(`/${name}`)) await read(`/${name}/${child}`);
  }
  await client.close();
  return found;
}

const records = ['writer-1', 'writer-2'].map((name) => join(dir, `${name}.jsonl`));
const series = join(dir, 'series');
const urlOf = (server: Server) => `http://127.0.0.1:${server.options.settings?.['admin.serverPort']}`;
const lastOf = (series: string) => Number.parseInt(backupsIn(series).at(-1)?.manifest.lastZxid ?? '0', 16);

it('twenty moments of a history with a dead leader in it come back as they were', async () => {
  const settings = { snapCount: 400, 'autopurge.purgeInterval': 0 };
  ensemble = await new Ensemble({
    basePort: 22_860,
    adminPort: 22_866,
    kinds: ['ours', 'ours', 'ours'],
    settings,
  }).start();
  const hosts = ensemble.connectString;
  const script = join(root, 'test/interop/kazoo/history.py');
  const writers = records.map((file, i) => launch('/usr/bin/python3', [script, hosts, `writer-${i + 1}`, file]));
  await until(
    'writing',
    () => stepsOf(records.filter((file) => readdirSync(dir).includes(file.split('/').at(-1) as string))).length > 200,
  );

  const leader = await ensemble.leader();
  const following = ['create', '--from', urlOf(leader), '--to', series, '--follow', '--interval', '1s'];
  process.env.ZK_ADMIN_AUTHORIZATION = 'digest a:b';
  let follower = launch(process.execPath, [peerProgram(), 'backup', ...following]);
  await until(
    'a first backup',
    () => readdirSync(dir).includes('series') && readdirSync(series).some((name) => /^\d/.test(name)),
  );
  const first = lastOf(series);
  await until('shipping', () => lastOf(series) > first);

  await leader.kill();
  follower.kill('SIGKILL');
  await ended(follower);
  for (const { dir: each } of backupsIn(series)) verifyBackup(disk, each);
  follower = launch(process.execPath, [peerProgram(), 'backup', ...following]);
  const beforeKill = stepsOf(records);
  const atKill = beforeKill.length;
  const killed = beforeKill.at(-1)?.[0] as number;
  await until('writing on', () => stepsOf(records).length > atKill + 200);
  await leader.start();
  const atReturn = lastOf(series);
  await until('shipping on', () => lastOf(series) > atReturn);
  const atShipping = stepsOf(records).length;
  await until('writing after that', () => stepsOf(records).length > atShipping + 200);
  for (const writer of writers) writer.stdin?.end();
  await Promise.all(writers.map(ended));
  const steps = stepsOf(records);
  const end = steps.at(-1)?.[0] as number;
  await until('all shipped', () => lastOf(series) >= end);
  follower.kill('SIGTERM');
  expect(await ended(follower)).toBe(0);

  // The killed one may have been brought up by a snapshot: its own files then begin there.
  const other = ensemble.servers.find((server) => server !== leader) as Server;
  const { dataDir } = other;
  const copy = join(dir, 'copy');
  expect(await tool('create', '--data-dir', dataDir, '--from-oldest', '--to', copy)).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(await tool('verify', series)).toMatchObject({ code: 0, stderr: '' });
  expect(await tool('diff', copy, urlOf(leader), '--json')).toMatchObject({ stderr: '' });

  const random = new Rng(20_261_130);
  for (const archive of [copy, series]) {
    const spans = backupsIn(archive).map(({ manifest: { snapshot, lastZxid } }) =>
      [snapshot.zxid, lastZxid].map((each) => Number.parseInt(each, 16)),
    ) as [number, number][];
    const isIn = (zxid: number): boolean => spans.some(([from, to]) => zxid >= from && zxid <= to);
    const zxids = steps.map(([zxid]) => zxid).filter(isIn);
    const before = zxids.filter((each) => each <= killed);
    const after = zxids.filter((each) => each > killed);
    // A server's oldest snapshot may be one that it took after the leader's death; a series has both sides.
    if (archive === series) expect(before).not.toEqual([]);
    for (let i = 0; i < 10; i++) {
      const side = i % 2 === 1 || before.length === 0 ? after : before;
      const zxid = side[random.below(side.length)] as number;
      const limits = { upToZxid: zxid as Zxid };
      const to = join(dir, `restored-${i}`);
      await restoreBackup(disk, backupFor(backupsIn(archive), limits).dir, { dataDir: to, dataLogDir: to }, { limits });
      expect([...(await treeIn(to))].sort(), `at 0x${zxid.toString(16)}`).toEqual([...modelAt(steps, zxid)].sort());
      rmSync(to, { recursive: true });
    }
  }
  expect(epochOf(end as Zxid)).toBeGreaterThan(epochOf(killed as Zxid));

  for (const { dir: archive } of [...backupsIn(copy), ...backupsIn(series)]) {
    const broken = join(dir, 'broken');
    mkdirSync(broken);
    for (const name of readdirSync(archive)) cpSync(join(archive, name), join(broken, name));
    for (const name of readdirSync(archive)) {
      const whole = readFileSync(join(archive, name));
      for (let i = 0; i < 8; i++) {
        const flipped = Buffer.from(whole);
        const at = random.below(whole.length);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << random.below(8)), at);
        writeFileSync(join(broken, name), flipped);
        expect(() => verifyBackup(disk, broken), `${name} at ${at}`).toThrow(/damaged/);
      }
      writeFileSync(join(broken, name), whole);
    }
    verifyBackup(disk, broken);
    rmSync(broken, { recursive: true });
  }
});

/** The steps of docs/OPERATIONS.md, "Restore", in their order. */
it('the ensemble is restored to a moment by its page', async () => {
  const servers = ensemble?.servers ?? [];
  await Promise.all(servers.map((server) => server.stop()));
  for (const { dataDir } of servers) renameSync(dataDir, `${dataDir}.kept`);
  const steps = stepsOf(records);
  const [zxid] = steps[steps.length - 50] as Step;
  const [first, ...others] = servers as [Server, ...Server[]];
  const restored = await tool('restore', series, '--data-dir', first.dataDir, '--to-zxid', `0x${zxid.toString(16)}`);
  expect(restored).toMatchObject({ code: 0, stderr: '' });
  expect(restored.stdout).toMatch(
    /later transactions are left out\nIt counts as of epoch \d+\. .* It needs a myid\.\n$/,
  );
  for (const { dataDir } of others) mkdirSync(dataDir);
  for (const { dataDir, options } of servers) writeFileSync(join(dataDir, 'myid'), `${options.id}\n`);
  for (const server of servers) server.launch();
  for (const server of servers) {
    await server.untilServing();
    expect([...(await treeAt(server.clientPort))].sort()).toEqual([...modelAt(steps, zxid)].sort());
  }
});
