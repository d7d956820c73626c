import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createBackup, restoreBackup, verifyBackup } from '../../src/backup/backup.ts';
import { connect } from '../../src/client/client.ts';
import { type RunningPeer, startPeer } from '../../src/index.ts';
import { NodeDisk } from '../../src/io/node-disk.ts';
import type { Zxid } from '../../src/jute/zxid.ts';

/** Backups of real directories: what comes back is compared with what a model says was there at that transaction. */
const disk = new NodeDisk({
  onThrow: (error) => {
    throw error;
  },
});
const dirs: string[] = [];
const peers: RunningPeer[] = [];

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'backup-'));
  dirs.push(dir);
  return dir;
}

const at = (dataDir: string) => ({ dataDir, dataLogDir: dataDir });

async function start(dataDir: string, snapCount = 100_000): Promise<RunningPeer> {
  const peer = startPeer({ dataDir, clientPort: 0, clientPortAddress: '127.0.0.1', snapCount });
  peers.push(peer);
  await peer.ready;
  await peer.listening;
  return peer;
}

type Model = ReadonlyMap<string, string>;

/** Writes `count` times, at random places; the tree after each transaction, by zxid. */
async function write(peer: RunningPeer, count: number): Promise<Map<number, Model>> {
  const client = await connect(`127.0.0.1:${peer.clientPort}`);
  const models = new Map<number, Model>();
  const now = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const path = `/n${(i * 7) % 12}`;
    if (now.has(path) && i % 5 === 4) {
      await client.delete(path);
      now.delete(path);
    } else if (now.has(path)) {
      await client.setData(path, `v${i}`);
      now.set(path, `v${i}`);
    } else {
      await client.create(path, `v${i}`);
      now.set(path, `v${i}`);
    }
    models.set(i + 2, new Map(now));
  }
  await client.close();
  return models;
}

async function treeOf(dataDir: string): Promise<Model> {
  const peer = await start(dataDir);
  const client = await connect(`127.0.0.1:${peer.clientPort}`);
  const found = new Map<string, string>();
  for (const name of await client.getChildren('/')) {
    if (name === 'zookeeper') continue;
    found.set(`/${name}`, (await client.getData(`/${name}`)).data?.toString() ?? '');
  }
  await client.close();
  await peer.close();
  return found;
}

describe('a backup of a server that runs', () => {
  it('can be proved, and restored to any transaction in it', async () => {
    const dataDir = freshDir();
    const peer = await start(dataDir, 20);
    const models = await write(peer, 60);
    const to = join(freshDir(), 'b');
    const manifest = await createBackup(disk, { dataDir, dataLogDir: dataDir, fromOldest: true }, to);
    expect(manifest.snapshot.zxid).toBe('0');
    expect(manifest.lastZxid).toBe((62).toString(16));
    expect(verifyBackup(disk, to).digest).toBe(manifest.digest);
    for (const zxid of [2, 9, 17, 23, 30, 31, 38, 44, 52, 61]) {
      const restored = join(freshDir(), 'd');
      const made = await restoreBackup(disk, to, at(restored), { limits: { upToZxid: zxid as Zxid } });
      expect([made.zxid, made.leftOut, made.epoch]).toEqual([zxid, 62 - zxid, 0]);
      expect(await treeOf(restored)).toEqual(models.get(zxid));
    }
  });

  it('of the newest snapshot alone goes back to that, and says so', async () => {
    const dataDir = freshDir();
    const peer = await start(dataDir, 20);
    await write(peer, 60);
    const to = join(freshDir(), 'b');
    const manifest = await createBackup(disk, { dataDir, dataLogDir: dataDir }, to);
    expect(Number.parseInt(manifest.snapshot.zxid, 16)).toBeGreaterThan(20);
    const limits = { upToZxid: 5 as Zxid };
    await expect(restoreBackup(disk, to, at(join(freshDir(), 'd')), { limits })).rejects.toThrow(
      /there is no whole snapshot in .* at or before zxid 0x5/,
    );
    const longAgo = { limits: { upToTimeMs: 1000 } };
    await expect(restoreBackup(disk, to, at(join(freshDir(), 'd')), longAgo)).rejects.toThrow(
      /is not known to be before that time: take an older backup/,
    );
  });

  it('goes back to a time', async () => {
    const dataDir = freshDir();
    const peer = await start(dataDir);
    const models = await write(peer, 10);
    const to = join(freshDir(), 'b');
    const { lastTime } = await createBackup(disk, { dataDir, dataLogDir: dataDir }, to);
    const restored = join(freshDir(), 'd');
    const limits = { upToTimeMs: Date.parse(lastTime as string) };
    expect((await restoreBackup(disk, to, at(restored), { limits })).leftOut).toBe(0);
    expect(await treeOf(restored)).toEqual(models.get(11));
  });
});

describe('damage', () => {
  it('of any byte of any file is found', async () => {
    const dataDir = freshDir();
    const peer = await start(dataDir);
    await write(peer, 20);
    const to = join(freshDir(), 'b');
    await createBackup(disk, { dataDir, dataLogDir: dataDir }, to);
    const files = readdirSync(to);
    expect(files.sort()).toEqual(['log.1', 'manifest.json', 'snapshot.0']);
    for (const file of files) {
      const path = join(to, file);
      const whole = readFileSync(path);
      for (let i = 0; i < 40; i++) {
        const at = Math.floor((i * whole.length) / 40);
        const flipped = Buffer.from(whole);
        flipped.writeUInt8(flipped.readUInt8(at) ^ 0x10, at);
        writeFileSync(path, flipped);
        expect(() => verifyBackup(disk, to), `${file} at ${at}`).toThrow(/damaged/);
      }
      writeFileSync(path, whole.subarray(0, whole.length - 1));
      expect(() => verifyBackup(disk, to)).toThrow(/damaged|bytes/);
      writeFileSync(path, whole);
    }
    rmSync(join(to, 'log.1'));
    expect(() => verifyBackup(disk, to)).toThrow(/log\.1 cannot be read/);
  });

  it("in the middle of a server's log ends the backup with file and offset", async () => {
    const dataDir = freshDir();
    const peer = await start(dataDir, 20);
    await write(peer, 60);
    await peer.close();
    const version = join(dataDir, 'version-2');
    const log = join(version, 'log.1');
    const bytes = readFileSync(log);
    bytes.writeUInt8(bytes.readUInt8(300) ^ 1, 300);
    writeFileSync(log, bytes);
    const from = { dataDir, dataLogDir: dataDir, fromOldest: true };
    await expect(createBackup(disk, from, join(freshDir(), 'b'))).rejects.toThrow(
      /log\.1 breaks off at offset \d+ \(.*\), and there are later logs/,
    );
  });
});

it('a restored member of an ensemble counts as of an epoch that no server had', async () => {
  const dataDir = freshDir();
  const peer = await start(dataDir);
  await write(peer, 5);
  await peer.close();
  for (const name of ['acceptedEpoch', 'currentEpoch']) writeFileSync(join(dataDir, 'version-2', name), '7');
  const to = join(freshDir(), 'b');
  await createBackup(disk, { dataDir, dataLogDir: dataDir }, to);
  const restored = join(freshDir(), 'd');
  expect((await restoreBackup(disk, to, at(restored))).epoch).toBe(8);
  expect(readFileSync(join(restored, 'version-2', 'currentEpoch'), 'utf8')).toBe('8');
  expect(readFileSync(join(restored, 'version-2', 'acceptedEpoch'), 'utf8')).toBe('8');
});

describe('the command', () => {
  const root = resolve(import.meta.dirname, '../..');
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', join(root, 'scripts/ts.mjs'), join(root, 'src/cli/backup.ts'), ...args],
      { encoding: 'utf8' },
    );
    return { status, stdout, stderr };
  };

  it('makes, proves and restores, and leaves nothing else behind', async () => {
    const dataDir = freshDir();
    const peer = await start(dataDir);
    await write(peer, 5);
    const dir = freshDir();
    const b = join(dir, 'b');
    expect(run('create', '--data-dir', dataDir, '--to', b)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^.*\/b: snapshot\.0 and 1 log, [\d.]+ (?:bytes|MiB); \d+ nodes at zxid 0x7\n$/),
    });
    expect(statSync(join(b, 'log.1')).mode & 0o777).toBe(0o640);
    expect(run('verify', b)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^.* is whole: \d+ nodes at zxid 0x7, of 20/),
    });
    expect(run('restore', b, '--data-dir', join(dir, 'd'), '--to-zxid', '0x4')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/at zxid 0x4; 3 later transactions are left out\n$/),
    });
    expect(readdirSync(dir).sort()).toEqual(['b', 'd']);
  });

  it('refuses what it does not understand, and directories that are not empty', () => {
    const dir = freshDir();
    cpSync(join(root, 'package.json'), join(dir, 'x'));
    expect(run()).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^say one of create, list, verify, restore, diff\n/),
    });
    expect(run('verify', dir)).toMatchObject({ status: 1, stderr: expect.stringMatching(/ is no backup: /) });
    expect(run('create', '--data-dir', '/nope', '--to', join(dir, 'n'))).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/holds no history/),
    });
    expect(run('restore', dir, '--data-dir', dir, '--to-time', 'noon')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^--to-time noon is no time/),
    });
    expect(run('create', '--to', dir)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^--data-dir or --from is needed, and not both\n/),
    });
  });
});
