import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AdminFeed } from '../../src/backup/admin-feed.ts';
import { restoreBackup, verifyBackup } from '../../src/backup/backup.ts';
import { DirectoryFeed, type Feed } from '../../src/backup/feed.ts';
import { Follow, type FollowOptions } from '../../src/backup/follow.ts';
import { backupFor, backupsIn, type Kept, refuseHole } from '../../src/backup/series.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { disk, Histories, write } from './histories.ts';

/** Series of backups that grow with a server; every one of them is proved, and restored to what the server had then. */
const histories = new Histories();

afterEach(() => histories.close());

const FOREVER: FollowOptions = { intervalMs: 1, everyMs: 3_600_000, keep: 7, keepMs: undefined };
const at = (dataDir: string) => ({ dataDir, dataLogDir: dataDir });

/** Follows until `step`, which is asked before each read, says so; the lines that were said. */
async function follow(
  feed: Feed,
  dir: string,
  step: (reads: number) => Promise<boolean> | boolean,
  options: FollowOptions = FOREVER,
): Promise<string[]> {
  const stop = new AbortController();
  const lines: string[] = [];
  let reads = 0;
  const watched: Feed = {
    where: feed.where,
    takeSnapshot: (...args) => feed.takeSnapshot(...args),
    epochs: () => feed.epochs(),
    read: async (from) => {
      if (await step(reads++)) stop.abort();
      return feed.read(from);
    },
  };
  await new Follow(disk, watched, dir, options, (line) => lines.push(line)).run(stop.signal);
  return lines;
}

async function restored(dir: string, zxid: number) {
  const limits = { upToZxid: zxid as Zxid };
  const dataDir = join(histories.freshDir(), 'd');
  await restoreBackup(disk, backupFor(backupsIn(dir), limits).dir, at(dataDir), { limits });
  return histories.treeOf(dataDir);
}

describe('a series', () => {
  for (const kind of ['directories', 'the admin port'] as const) {
    it(`from ${kind} grows, goes on after a stop, and gives each transaction back`, async () => {
      const dataDir = histories.freshDir();
      const peer = await histories.start(dataDir, { snapCount: 30 });
      const models = await write(peer, 5);
      const dir = join(histories.freshDir(), 'series');
      const feed = () =>
        kind === 'directories'
          ? new DirectoryFeed(disk, at(dataDir))
          : new AdminFeed({ url: `http://127.0.0.1:${peer.adminPort}`, authorization: 'digest anybody:anything' });
      const first = await follow(feed(), dir, async (reads) => {
        if (reads % 2 === 1) await write(peer, 20, models);
        return reads === 6;
      });
      expect(first.pop()).toMatch(/^stopped, .* goes up to zxid 0x[0-9a-f]+$/);
      expect(first).toEqual([
        expect.stringMatching(/series\/\d{8}T\d{6}\.\d{3}Z-[0-9a-f]+ begins at zxid 0x[0-9a-f]+$/),
      ]);
      await write(peer, 10, models);
      const second = await follow(feed(), dir, (reads) => reads === 1);
      second.pop();
      expect(second).toEqual([expect.stringMatching(/^going on with .* at zxid 0x/)]);
      const backups = backupsIn(dir);
      expect(backups).toHaveLength(1);
      for (const kept of backups) verifyBackup(disk, kept.dir);
      const zxids = [...models.keys()];
      expect(Number.parseInt(backups[0]?.manifest.lastZxid ?? '', 16)).toBeGreaterThanOrEqual(zxids.at(-1) as number);
      for (const zxid of [zxids[5], zxids[24], zxids[40], zxids.at(-1)] as number[]) {
        expect(await restored(dir, zxid)).toEqual(models.get(zxid));
      }
    });
  }

  it('begins another backup in its time, keeps some, and restores from the right one', async () => {
    const peer = await histories.start(histories.freshDir());
    const models = await write(peer, 5);
    const dir = join(histories.freshDir(), 'series');
    const feed = new AdminFeed({ url: `http://127.0.0.1:${peer.adminPort}`, authorization: 'digest a:b' });
    const newest = () => readdirSync(dir).findLast((name) => /^\d/.test(name));
    for (let round = 1; round <= 5; round++) {
      await follow(feed, dir, async (reads) => {
        if (reads === 1) await write(peer, 5, models);
        return reads === 3;
      });
      const before = newest();
      await follow(feed, dir, () => newest() !== before, { ...FOREVER, everyMs: 1, keep: 3 });
      expect(backupsIn(dir).length).toBeLessThanOrEqual(3);
    }
    const backups = backupsIn(dir);
    expect(backups.map(({ manifest }) => manifest.growing === true)).toEqual([
      ...backups.slice(1).map(() => false),
      true,
    ]);
    for (const kept of backups) verifyBackup(disk, kept.dir);
    const oldest = Number.parseInt(backups[0]?.manifest.snapshot.zxid ?? '', 16);
    const reachable = [...models.keys()].filter((zxid) => zxid >= oldest);
    expect(reachable.length).toBeGreaterThan(5);
    for (const zxid of reachable) expect(await restored(dir, zxid)).toEqual(models.get(zxid));
  });

  it('survives a kill at any moment: what the manifest does not name does not count', async () => {
    const dataDir = histories.freshDir();
    const peer = await histories.start(dataDir);
    const models = await write(peer, 5);
    const dir = join(histories.freshDir(), 'series');
    const feed = () => new DirectoryFeed(disk, at(dataDir));
    await follow(feed(), dir, async (reads) => {
      if (reads === 1) await write(peer, 5, models);
      return reads === 3;
    });
    const backup = backupsIn(dir)[0]?.dir as string;
    const log = readdirSync(backup).find((name) => name.startsWith('log.')) as string;
    const whole = readFileSync(join(backup, log));
    // Half a record behind the log, half a manifest, a log that is not named yet, a snapshot on its way, a retired backup.
    appendFileSync(join(backup, log), whole.subarray(16, 40));
    writeFileSync(join(backup, 'writing-manifest.json'), '{');
    writeFileSync(join(backup, 'log.ffff'), whole.subarray(0, 20));
    for (const [name, file] of [
      ['writing-1', 'snapshot.0'],
      ['removing-x', 'log.1'],
    ] as const) {
      disk.makeDir(join(dir, name));
      writeFileSync(join(dir, name, file), 'half');
    }
    expect(verifyBackup(disk, backup).lastZxid).toBe('e');
    expect(await restored(dir, 0xc)).toEqual(models.get(0xc));
    await write(peer, 5, models);
    await follow(feed(), dir, (reads) => reads === 1);
    expect(readdirSync(dir)).toHaveLength(1);
    expect(readdirSync(backup).sort()).toEqual([log, 'manifest.json', 'snapshot.0']);
    verifyBackup(disk, backup);
    const last = [...models.keys()].at(-1) as number;
    expect(await restored(dir, last)).toEqual(models.get(last));
  });

  it('begins anew where the log was cut, and gives back what became of it', async () => {
    const dataDir = histories.freshDir();
    const peer = await histories.start(dataDir);
    const models = await write(peer, 10);
    const dir = join(histories.freshDir(), 'series');
    await follow(new DirectoryFeed(disk, at(dataDir)), dir, (reads) => reads === 1);
    await peer.close();
    // As if its last transactions had never been acknowledged: another history goes on at 0x8.
    const log = join(dataDir, 'version-2', 'log.1');
    const cut = offsetOf(log, 8);
    writeFileSync(log, readFileSync(log).subarray(0, cut));
    rmSync(join(dataDir, 'version-2', 'synced'), { force: true });
    const again = await histories.start(dataDir);
    const other = await write(again, 0, new Map([[7, models.get(7) as ReadonlyMap<string, string>]]));
    await write(again, 6, other);
    const lines = await follow(new DirectoryFeed(disk, at(dataDir)), dir, (reads) => reads === 3);
    expect(lines.join('\n')).toMatch(/does not go on from zxid 0xc: its log was cut, replaced or purged/);
    const last = [...other.keys()].at(-1) as number;
    expect(await restored(dir, last)).toEqual(other.get(last));
    await expect(restored(dir, last + 9)).rejects.toThrow(
      / ends at zxid 0x[0-9a-f]+, before 0x[0-9a-f]+: take a later/,
    );
    for (const kept of backupsIn(dir)) verifyBackup(disk, kept.dir);
  });

  it('waits for a server that is away, and says each reason once', async () => {
    const dataDir = histories.freshDir();
    let peer = await histories.start(dataDir);
    const models = await write(peer, 5);
    const dir = join(histories.freshDir(), 'series');
    const port = peer.adminPort as number;
    const feed = new AdminFeed({ url: `http://127.0.0.1:${port}`, authorization: 'digest a:b' });
    const lines = await follow(feed, dir, async (reads) => {
      if (reads === 1) await peer.close();
      if (reads === 4) peer = await histories.start(dataDir, { 'admin.serverPort': port });
      if (reads === 5) await write(peer, 5, models);
      return reads === 7;
    });
    lines.pop();
    expect(lines[0]).toMatch(/ begins at zxid 0x7$/);
    expect(lines.at(-1)).toBe('shipping again, up to zxid 0x7');
    const reasons = lines.slice(1, -1);
    expect(reasons.length).toBeGreaterThan(0);
    for (const line of reasons) expect(line).toMatch(/ did not answer: .*; trying again$/);
    expect(new Set(reasons).size).toBe(reasons.length);
    const last = [...models.keys()].at(-1) as number;
    expect(await restored(dir, last)).toEqual(models.get(last));
  });

  it('is refused where something else is, or another one follows, or a server has its files', async () => {
    const dataDir = histories.freshDir();
    const peer = await histories.start(dataDir);
    await write(peer, 2);
    const feed = new DirectoryFeed(disk, at(dataDir));
    const dir = histories.freshDir();
    writeFileSync(join(dir, 'letter'), 'x');
    await expect(follow(feed, dir, () => true)).rejects.toThrow(/letter is in the way: a series of backups has/);
    await expect(follow(feed, join(dataDir, 'backups'), () => true)).rejects.toThrow(/is in use by a running server/);
    expect(existsSync(join(dataDir, 'backups'))).toBe(false);
    const series = join(histories.freshDir(), 'series');
    await follow(feed, series, async () => {
      await expect(follow(feed, series, () => true)).rejects.toThrow(/another one follows into it/);
      return true;
    });
    const empty = histories.freshDir();
    await expect(follow(new DirectoryFeed(disk, at(empty)), join(dir, 'n'), () => true)).rejects.toThrow(
      /holds no history/,
    );
  });
});

/** Where the record of a zxid begins in a log. */
function offsetOf(path: string, zxid: number): number {
  const bytes = readFileSync(path);
  let offset = 16;
  while (bytes.readUInt32BE(offset + 12 + 12 + 4) !== zxid) offset += 12 + bytes.readInt32BE(offset + 8) + 1;
  return offset;
}

it('a time in a hole of a series is refused', () => {
  const kept = (from: string, to: string, first: string, last: string): Kept => ({
    dir: from,
    manifest: {
      format: 1,
      made: first,
      snapshot: { name: `snapshot.${from}`, zxid: from, bytes: 1, sha256: '' },
      logs: [
        {
          name: 'log.1',
          bytes: 1,
          sha256: '',
          transactions: 1,
          firstZxid: from,
          lastZxid: to,
          firstTime: first,
          lastTime: last,
        },
      ],
      lastZxid: to,
      lastTime: last,
      digest: '0',
      nodes: 1,
      epochs: { accepted: undefined, current: undefined },
    },
  });
  const early = kept('1', '9', '2026-11-30T10:00:00Z', '2026-11-30T11:00:00Z');
  const late = kept('20', '30', '2026-11-30T12:00:00Z', '2026-11-30T13:00:00Z');
  const at = (time: string) => ({ upToTimeMs: Date.parse(time) });
  const choose = (time: string, backups = [early, late]): string => {
    const chosen = backupFor(backups, at(time));
    refuseHole(backups, chosen, at(time));
    return chosen.dir;
  };
  expect(choose('2026-11-30T10:30:00Z')).toBe('1');
  expect(() => choose('2026-11-30T11:30:00Z')).toThrow(
    /^1 ends at zxid 0x9, of .*, and the next backup begins at 0x20: /,
  );
  expect(choose('2026-11-30T12:30:00Z')).toBe('20');
  expect(choose('2026-11-30T14:00:00Z')).toBe('20');
  const joined = kept('9', '30', '2026-11-30T12:00:00Z', '2026-11-30T13:00:00Z');
  expect(choose('2026-11-30T11:30:00Z', [early, joined])).toBe('1');
});
