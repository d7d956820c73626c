import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskError } from '../../src/io/disk.ts';
import { NodeDisk, threadPoolWarning } from '../../src/io/node-disk.ts';
import { lockByFile } from '../../src/io/node-lock.ts';

/** The real disk, in a directory of its own. */
let dir: string;
const thrown: unknown[] = [];
const disk = new NodeDisk({ onThrow: (error) => thrown.push(error) });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'node-disk-'));
  thrown.length = 0;
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return 'none';
}

function isLinkTo(link: string, path: string): boolean {
  try {
    return readlinkSync(link) === path;
  } catch {
    // Closed since the directory was read.
    return false;
  }
}

function done(start: (done: (error: DiskError | undefined) => void) => void): Promise<DiskError | undefined> {
  return new Promise((resolve) => start(resolve));
}

describe('files', () => {
  test('are created, written in chunks, synced, cut and read', async () => {
    const path = join(dir, 'a');
    const file = disk.open(path, 'create');
    expect(await done((next) => file.write([Buffer.from('one '), Buffer.from('two')], 2, next))).toBeUndefined();
    expect(await done((next) => file.sync(next))).toBeUndefined();
    file.writeAt(Buffer.from('> '), 0);
    file.truncate(6);
    file.truncate(8);
    file.syncNow();
    expect(file.size()).toBe(8);
    const target = Buffer.alloc(20);
    expect(file.readAt(target, 1)).toBe(7);
    file.close();
    expect(disk.readSmall(path).toString()).toBe('> one \0\0');
    expect(disk.stat(path).bytes).toBe(8);
    expect(Math.abs(disk.stat(path).mtimeMs - Date.now())).toBeLessThan(60_000);
  });

  test('that are written through have the system sync each write, or are synced here after it', async () => {
    const path = join(dir, 'a');
    disk.open(path, 'create').close();
    const file = disk.open(path, 'writeThrough');
    if (process.platform === 'linux') {
      const fd = readdirSync('/proc/self/fd').find((each) => isLinkTo(`/proc/self/fd/${each}`, path));
      const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] as string;
      expect(Number.parseInt(flags, 8) & 0o10000).toBe(0o10000);
    }
    expect(await done((next) => file.write([Buffer.from('one '), Buffer.from('two')], 0, next))).toBeUndefined();
    file.truncate(9);
    expect(await done((next) => file.write([Buffer.from('2')], 4, next))).toBeUndefined();
    file.close();
    expect(disk.readSmall(path).toString()).toBe('one 2wo\0\0');
    expect(codeOf(() => disk.open(join(dir, 'none'), 'writeThrough'))).toBe('ENOENT');
  });

  test('that cannot be looked at are not taken for missing', () => {
    writeFileSync(join(dir, 'a'), '');
    symlinkSync(join(dir, 'loop'), join(dir, 'loop'));
    expect([disk.exists(join(dir, 'a')), disk.exists(join(dir, 'none')), disk.exists(join(dir, 'a/b'))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(codeOf(() => disk.exists(join(dir, 'loop')))).toBe('ELOOP');
    expect(codeOf(() => disk.exists(join(dir, 'x'.repeat(300))))).toBe('ENAMETOOLONG');
  });

  test('fail with the code of the system', () => {
    writeFileSync(join(dir, 'a'), '');
    expect(codeOf(() => disk.open(join(dir, 'a'), 'create'))).toBe('EEXIST');
    expect(codeOf(() => disk.open(join(dir, 'b'), 'write'))).toBe('ENOENT');
    expect(codeOf(() => disk.list(join(dir, 'none')))).toBe('ENOENT');
    expect(codeOf(() => disk.unlink(join(dir, 'b')))).toBe('ENOENT');
    expect(codeOf(() => disk.rename(join(dir, 'b'), join(dir, 'c')))).toBe('ENOENT');
  });

  test('report a failure of the pool where it belongs, and an exception to the owner', async () => {
    const file = disk.open(join(dir, 'a'), 'create');
    file.close();
    expect((await done((next) => file.sync(next)))?.code).toBe('EBADF');
    expect((await done((next) => file.write([Buffer.from('x')], 0, next)))?.code).toBe('EBADF');
    const other = disk.open(join(dir, 'b'), 'create');
    const failure = new Error('a bug in whoever was told');
    await new Promise<void>((resolve) => {
      other.sync(() => {
        setImmediate(resolve);
        throw failure;
      });
    });
    expect(thrown).toEqual([failure]);
    other.close();
  });

  test('a full disk is ENOSPC', async () => {
    const file = disk.open('/dev/full', 'write');
    expect((await done((next) => file.write([Buffer.from('x')], 0, next)))?.code).toBe('ENOSPC');
    file.close();
  });
});

describe('directories', () => {
  test('are made with their parents, listed in order, and synced', async () => {
    const deep = join(dir, 'a', 'b', 'version-2');
    disk.makeDir(deep);
    disk.makeDir(deep);
    for (const name of ['log.2', 'log.1']) writeFileSync(join(deep, name), '');
    expect(disk.list(deep)).toEqual(['log.1', 'log.2']);
    disk.syncDir(deep);
    expect(await done((next) => disk.syncDirAsync(deep, next))).toBeUndefined();
    expect((await done((next) => disk.syncDirAsync(join(dir, 'none'), next)))?.code).toBe('ENOENT');
    expect(disk.freeBytes(deep)).toBeGreaterThan(0);
    expect([disk.exists(deep), disk.exists(join(dir, 'none'))]).toEqual([true, false]);
  });
});

describe('the lock', () => {
  test('is for one at a time, by whatever name the directory goes', () => {
    const link = join(dir, 'link');
    const target = join(dir, 'target');
    disk.makeDir(target);
    symlinkSync(target, link);
    const lock = disk.lock(target);
    expect(lock).toBeDefined();
    expect(disk.lock(target)).toBeUndefined();
    expect(disk.lock(link)).toBeUndefined();
    const parents = disk.lock(dir);
    expect(parents).toBeDefined();
    expect(disk.list(target)).toEqual([]);
    lock?.release();
    const again = disk.lock(link);
    expect(again).toBeDefined();
    again?.release();
    parents?.release();
  });

  test('holds against another process, and vanishes with it when it is killed', async () => {
    const script = `
      import { NodeDisk } from ${JSON.stringify(join(import.meta.dirname, '../../src/io/node-disk.ts'))};
      const lock = new NodeDisk({ onThrow() {} }).lock(${JSON.stringify(dir)});
      console.log(lock === undefined ? 'refused' : 'taken');
      if (process.argv[2] === 'stay') setInterval(() => {}, 1000);
    `;
    const path = join(dir, 'holder.ts');
    writeFileSync(path, script);
    const node = ['--import', join(import.meta.dirname, '../../scripts/ts.mjs'), path];
    const holder = spawn(process.execPath, [...node, 'stay']);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(disk.lock(dir)).toBeUndefined();
    expect(spawnSync(process.execPath, node).stdout.toString()).toBe('refused\n');
    await new Promise((resolve) => {
      holder.once('exit', resolve);
      holder.kill('SIGKILL');
    });
    const lock = disk.lock(dir);
    expect(lock).toBeDefined();
    expect(spawnSync(process.execPath, node).stdout.toString()).toBe('refused\n');
    lock?.release();
    expect(spawnSync(process.execPath, node).stdout.toString()).toBe('taken\n');
  });

  test('by file, where there is nothing better, sees through an owner that is gone', () => {
    const path = join(dir, 'in-use');
    const lock = lockByFile(path);
    expect(lock).toBeDefined();
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    expect(lockByFile(path)).toBeUndefined();
    lock?.release();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    for (const stale of [`${gone} 1\n`, `${process.pid} 1\n`, '', 'rubbish']) {
      writeFileSync(path, stale);
      const next = lockByFile(path);
      expect(next, JSON.stringify(stale)).toBeDefined();
      next?.release();
    }
  });
});

test('a thread pool that is too small is worth a line', () => {
  expect(threadPoolWarning(undefined)).toBeUndefined();
  expect(threadPoolWarning('4')).toBeUndefined();
  expect(threadPoolWarning('2')).toContain('UV_THREADPOOL_SIZE=2');
});
