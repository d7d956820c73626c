import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { DiskError, DiskFile } from '../../src/io/disk.ts';
import { NodeDisk } from '../../src/io/node-disk.ts';

/**
 * The real disk, when the system takes less than it was given or refuses: every call of node:fs can be told to fail, or to
 * take a few bytes only, from the nth time on.
 */
interface Fault {
  readonly from: number;
  readonly code?: string;
  readonly atMostBytes?: number;
  calls: number;
}

const faults = vi.hoisted(
  () => new Map<string, { from: number; code?: string; atMostBytes?: number; calls: number }>(),
);

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const due = (name: string): { code?: string; atMostBytes?: number } | undefined => {
    const fault = faults.get(name);
    if (fault === undefined || ++fault.calls < fault.from) return undefined;
    return fault;
  };
  const refusal = (name: string, code: string): Error =>
    Object.assign(new Error(`${code}: planned, ${name}`), { code });
  type Call = (...args: unknown[]) => unknown;
  const sync = (name: 'openSync' | 'renameSync' | 'fsyncSync' | 'unlinkSync' | 'ftruncateSync') => {
    const call = real[name] as Call;
    return (...args: unknown[]) => {
      const code = due(name)?.code;
      if (code !== undefined) throw refusal(name, code);
      return call(...args);
    };
  };
  const moving = (name: 'readSync' | 'writeSync') => {
    const call = real[name] as Call;
    return (fd: unknown, bytes: unknown, offset: number, length: number, position: number) => {
      const fault = due(name);
      if (fault?.code !== undefined) throw refusal(name, fault.code);
      return call(fd, bytes, offset, Math.min(length, fault?.atMostBytes ?? length), position);
    };
  };
  const later = (name: 'fsync' | 'fdatasync') => (fd: number, done: (error: Error | null) => void) => {
    const code = due(name)?.code;
    if (code === undefined) real[name](fd, done);
    else setImmediate(() => done(refusal(name, code)));
  };
  return {
    ...real,
    openSync: sync('openSync'),
    renameSync: sync('renameSync'),
    fsyncSync: sync('fsyncSync'),
    unlinkSync: sync('unlinkSync'),
    ftruncateSync: sync('ftruncateSync'),
    readSync: moving('readSync'),
    writeSync: moving('writeSync'),
    fsync: later('fsync'),
    fdatasync: later('fdatasync'),
    writev: (
      fd: number,
      chunks: Buffer[],
      position: number,
      done: (e: Error | null, n: number, b: Buffer[]) => void,
    ) => {
      const fault = due('writev');
      if (fault?.code !== undefined) {
        const { code } = fault;
        setImmediate(() => done(refusal('writev', code), 0, chunks));
        return;
      }
      if (fault?.atMostBytes === undefined) {
        real.writev(fd, chunks, position, done as never);
        return;
      }
      const some = Buffer.concat(chunks).subarray(0, fault.atMostBytes);
      if (some.length > 0) real.writeSync(fd, some, 0, some.length, position);
      setImmediate(() => done(null, some.length, chunks));
    },
  };
});

let dir: string;
let path: string;
const disk = new NodeDisk({
  onThrow: (error) => {
    throw error;
  },
});

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'disk-faults-'));
  path = join(dir, 'file');
});

afterEach(() => {
  faults.clear();
  rmSync(dir, { recursive: true, force: true });
});

function plan(name: string, fault: Omit<Fault, 'calls'>): void {
  faults.set(name, { ...fault, calls: 0 });
}

function callsOf(name: string): number {
  return faults.get(name)?.calls ?? 0;
}

/** The argument of `done`, which was called once. */
async function outcome(start: (done: (error: DiskError | undefined) => void) => void): Promise<DiskError | undefined> {
  const outcomes: (DiskError | undefined)[] = [];
  await new Promise<void>((done) => {
    start((error) => {
      outcomes.push(error);
      setImmediate(done);
    });
  });
  expect(outcomes.length).toBe(1);
  return outcomes[0];
}

const CHUNKS = ['one', '', 'two and a half', 'three'].map((text) => Buffer.from(text));
const WHOLE = 'onetwo and a halfthree';

function created(): DiskFile {
  return disk.open(path, 'create');
}

test.each([1, 2, 3, 5, 16, 17, 100])('a writev that takes %i bytes at a time is completed, in order', async (bytes) => {
  const file = created();
  plan('writev', { from: 1, atMostBytes: bytes });
  expect(await outcome((done) => file.write(CHUNKS, 0, done))).toBeUndefined();
  file.close();
  expect(readFileSync(path, 'utf8')).toBe(WHOLE);
  expect(callsOf('writev')).toBe(Math.ceil(WHOLE.length / Math.min(bytes, WHOLE.length)));
});

test.each(['ENOSPC', 'EIO', 'EDQUOT', 'EFBIG'])(
  'a writev that fails with %s the first time is reported',
  async (code) => {
    const file = created();
    plan('writev', { from: 1, code });
    expect(await outcome((done) => file.write(CHUNKS, 0, done))).toMatchObject({ name: 'DiskError', code, path });
    file.close();
  },
);

test('what is written through is completed as well, and synced by nothing but its writes where the system does that', async () => {
  created().close();
  const file = disk.open(path, 'writeThrough');
  plan('writev', { from: 1, atMostBytes: 5 });
  plan('fdatasync', { from: 1000 });
  expect(await outcome((done) => file.write(CHUNKS, 0, done))).toBeUndefined();
  file.close();
  expect(readFileSync(path, 'utf8')).toBe(WHOLE);
  expect(callsOf('writev')).toBe(5);
  expect(callsOf('fdatasync')).toBe(process.platform === 'linux' ? 0 : 1);
});

test('what is written through and fails is reported once and not tried again', async () => {
  created().close();
  const file = disk.open(path, 'writeThrough');
  plan('writev', { from: 1, code: 'EIO' });
  expect(await outcome((done) => file.write(CHUNKS, 0, done))).toMatchObject({ name: 'DiskError', code: 'EIO', path });
  expect(callsOf('writev')).toBe(1);
  file.close();
});

test('where the system does not write through, a sync follows each write, and its failure is that of the write', async () => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  onTestFinished(() => {
    Object.defineProperty(process, 'platform', platform);
  });
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
  vi.resetModules();
  const elsewhere = await import('../../src/io/node-disk.ts');
  created().close();
  const file = new elsewhere.NodeDisk({ onThrow: () => {} }).open(path, 'writeThrough');
  plan('writev', { from: 1, atMostBytes: 5 });
  plan('fdatasync', { from: 2, code: 'EIO' });
  expect(await outcome((done) => file.write(CHUNKS, 0, done))).toBeUndefined();
  expect([callsOf('writev'), callsOf('fdatasync')]).toEqual([5, 1]);
  expect(await outcome((done) => file.write([Buffer.from('two')], 0, done))).toMatchObject({ code: 'EIO', path });
  expect([callsOf('writev'), callsOf('fdatasync')]).toEqual([6, 2]);
  file.close();
});

test('a writev that takes a part and then nothing is a full disk, not a success', async () => {
  const file = created();
  plan('writev', { from: 1, atMostBytes: 0 });
  expect(await outcome((done) => file.write(CHUNKS, 0, done))).toMatchObject({ code: 'ENOSPC', path });
  expect(callsOf('writev')).toBe(1);
  file.close();
});

test.each([
  ['sync', 'fdatasync', 'EIO'],
  ['sync', 'fdatasync', 'ENOSPC'],
] as const)('a failed %s is reported once and not tried again (%s, %s)', async (_, call, code) => {
  const file = created();
  plan(call, { from: 1, code });
  expect(await outcome((done) => file.sync(done))).toMatchObject({ name: 'DiskError', code, path });
  expect(callsOf(call)).toBe(1);
  file.close();
});

test('reads and writes at a place are completed when the system moves three bytes at a time', () => {
  const file = created();
  plan('writeSync', { from: 1, atMostBytes: 3 });
  plan('readSync', { from: 1, atMostBytes: 3 });
  file.writeAt(Buffer.from(WHOLE), 2);
  const back = Buffer.alloc(WHOLE.length + 10);
  expect(file.readAt(back, 2)).toBe(WHOLE.length);
  expect(back.toString('utf8', 0, WHOLE.length)).toBe(WHOLE);
  expect([callsOf('writeSync'), callsOf('readSync')]).toEqual([8, 9]);
  file.close();
});

test.each([
  ['writeSync', 'EIO', (file: DiskFile) => file.writeAt(Buffer.from('abc'), 0)],
  ['readSync', 'EIO', (file: DiskFile) => file.readAt(Buffer.alloc(3), 0)],
  ['fsyncSync', 'EIO', (file: DiskFile) => file.syncNow()],
  ['ftruncateSync', 'EFBIG', (file: DiskFile) => file.truncate(1 << 20)],
] as const)('%s that fails with %s is a DiskError with the path', (name, code, use) => {
  const file = created();
  plan(name, { from: 1, code });
  expect(() => use(file)).toThrow(expect.objectContaining({ name: 'DiskError', code, path }));
  file.close();
});

test.each([
  ['openSync', 'EACCES', () => disk.open(path, 'write')],
  ['openSync', 'EIO', () => disk.syncDir(dir)],
  ['fsyncSync', 'EIO', () => disk.syncDir(dir)],
  ['renameSync', 'EIO', () => disk.rename(path, `${path}.2`)],
  ['unlinkSync', 'EROFS', () => disk.unlink(path)],
] as const)('%s that fails with %s is a DiskError', (name, code, use) => {
  writeFileSync(path, 'x');
  plan(name, { from: 1, code });
  expect(use).toThrow(expect.objectContaining({ name: 'DiskError', code }));
  faults.clear();
  expect(readFileSync(path, 'utf8')).toBe('x');
});

test('a directory that cannot be opened or synced beside the loop is reported, and not from inside the call', async () => {
  for (const [name, code] of [
    ['openSync', 'EMFILE'],
    ['fsync', 'EIO'],
  ] as const) {
    plan(name, { from: 1, code });
    let isInside = true;
    const error = await outcome((done) => {
      disk.syncDirAsync(dir, (failure) => {
        expect(isInside).toBe(false);
        done(failure);
      });
      isInside = false;
    });
    expect(error).toMatchObject({ name: 'DiskError', code, path: dir });
    faults.clear();
  }
});
