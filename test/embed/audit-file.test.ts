import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AUDIT_BACKLOG_BYTES, AuditFile } from '../../src/embed/audit-file.ts';
import { logTo } from '../fakes/log-to.ts';

/** The file of the audit log: what is in it, how it turns over, and disks that refuse it or hang. */
let dir: string;
let path: string;
const said: string[] = [];
const log = logTo((level, message) => said.push(`${level} ${message}`));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'audit-'));
  path = join(dir, 'audit.log');
  said.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (limitBytes = 1 << 20, retain = 3): AuditFile => new AuditFile({ path, limitBytes, retain }, log);
const text = (name = 'audit.log'): string => readFileSync(join(dir, name), 'utf8');

/** Nothing waits any more. */
async function drained(file: AuditFile): Promise<void> {
  const hold = file as unknown as { writing: Promise<void> | undefined };
  while (hold.writing !== undefined) await hold.writing;
}

/** Writes to it fail from here on; the good descriptor comes back. */
function spoil(file: AuditFile): number {
  const hold = file as unknown as { fd: number };
  const good = hold.fd;
  hold.fd = openSync(path, 'r');
  return good;
}

function heal(file: AuditFile, good: number): void {
  const hold = file as unknown as { fd: number; wake(): void };
  closeSync(hold.fd);
  hold.fd = good;
  hold.wake();
}

async function untilSaid(count: number): Promise<void> {
  while (said.length < count) await turn();
}

test('lines are written behind the turn that they came in, in their order, behind those of before', async () => {
  writeFileSync(path, 'before\n');
  const file = open();
  file.write('one');
  file.write('two');
  expect(text()).toBe('before\n');
  await drained(file);
  expect(text()).toBe('before\none\ntwo\n');
  await file.close();
});

test('what waits is written when it closes, and others cannot read it', async () => {
  const file = open();
  file.write('last');
  await file.close();
  expect(text()).toBe('last\n');
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('it turns over before it is too long, and keeps as many as it was told', async () => {
  const file = open(10, 2);
  for (const line of ['1111', '2222', '3333', '4444', '5555', '6666', 'longer than the limit', '7777'])
    file.write(line);
  await file.close();
  expect(readdirSync(dir).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2']);
  expect([text(), text('audit.log.1'), text('audit.log.2')]).toEqual([
    '7777\n',
    'longer than the limit\n',
    '5555\n6666\n',
  ]);
});

test('after a reopening the lines are in a new file, those of before in the old one, and none is lost', async () => {
  const file = open();
  file.write('old');
  renameSync(path, `${path}.moved`);
  const reopened = file.reopen();
  file.write('new');
  await reopened;
  await drained(file);
  expect([text('audit.log.moved'), text()]).toEqual(['old\n', 'new\n']);
  await file.close();
});

test('a reopening that fails is told, and the old file goes on', async () => {
  const file = open();
  renameSync(path, `${path}.moved`);
  mkdirSync(path);
  await expect(file.reopen()).rejects.toThrow('EISDIR');
  file.write('one');
  await file.close();
  expect(text('audit.log.moved')).toBe('one\n');
});

test('a disk that refuses the lines is said once; those beyond the backlog are counted where they were', async () => {
  const file = open(1 << 30);
  const good = spoil(file);
  const line = 'x'.repeat(1 << 20);
  const fit = Math.floor(AUDIT_BACKLOG_BYTES / (line.length + 1));
  for (let i = 0; i < fit + 5; i++) file.write(line);
  expect(file.lost).toBe(5);
  await untilSaid(1);
  heal(file, good);
  await drained(file);
  file.write('afterwards');
  await file.close();
  expect(said).toEqual([
    'error the audit log cannot be written; lines wait, and are lost when they become too many',
    'info the audit log is written again',
  ]);
  const lines = text().split('\n');
  expect(lines.filter((each) => each === line)).toHaveLength(fit);
  expect(lines.at(-3)).toMatch(/^\S+Z ERROR audit: 5 lines were lost here$/);
  expect(lines.at(-2)).toBe('afterwards');
});

test('lines that the disk refuses wait for the next file, when it is opened anew', async () => {
  const file = open();
  const good = spoil(file);
  file.write('one');
  await untilSaid(1);
  renameSync(path, `${path}.full`);
  await file.reopen();
  file.write('two');
  await file.close();
  closeSync(good);
  expect([text('audit.log.full'), text()]).toEqual(['', 'one\ntwo\n']);
});

/** A pipe that nobody reads takes 64 KiB, and then a write to it hangs as one to a disk does. */
function pipe(): number {
  execFileSync('mkfifo', [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function readAll(reader: number): string {
  const pieces: string[] = [];
  const room = Buffer.alloc(1 << 20);
  for (;;) {
    try {
      pieces.push(room.toString('latin1', 0, readSync(reader, room)));
    } catch {
      return pieces.join('');
    }
  }
}

test('a disk that hangs holds nobody up, and has every line in its order when it comes back', async () => {
  const reader = pipe();
  const file = open(1 << 30);
  const lines = Array.from({ length: 200 }, (_, i) => `${i} ${'x'.repeat(4000)}`);
  let turns = 0;
  for (const line of lines) {
    file.write(line);
    await turn();
    turns++;
  }
  expect(turns).toBe(200);
  let found = '';
  while (found.length < 200 * 4000) {
    found += readAll(reader);
    await turn();
  }
  await file.close();
  found += readAll(reader);
  closeSync(reader);
  expect(found).toBe(`${lines.join('\n')}\n`);
  expect(file.lost).toBe(0);
});

test('a disk that hangs when it closes is not waited for: the lines are counted, and it is said', async () => {
  const reader = pipe();
  const file = new AuditFile({ path, limitBytes: 1 << 30, retain: 1 }, log, 20);
  for (let i = 0; i < 100; i++) file.write('x'.repeat(4095));
  await file.close();
  expect(file.lost).toBe(100);
  expect(said).toEqual(['error the audit log is closed, and lines that waited are lost']);
  // The write that hangs goes on as its reader reads, and hangs again with each 64 KiB.
  let isDrained = false;
  const ended = drained(file).then(() => {
    isDrained = true;
  });
  for (; !isDrained; await turn()) readAll(reader);
  await ended;
  closeSync(reader);
});

test('a turn that has left no file behind is made good, and older files stay', async () => {
  const file = open(10, 3);
  for (const line of ['1111', '2222', '3333']) file.write(line);
  await drained(file);
  // As when the disk has no room for another file.
  renameSync(path, `${path}.away`);
  file.write('4444');
  file.write('5555');
  await file.close();
  expect(said).toEqual([]);
  expect([text(), text('audit.log.1'), text('audit.log.away')]).toEqual(['5555\n', '1111\n2222\n', '3333\n4444\n']);
});

test('a reopening that turns it over goes on in the new file', async () => {
  const file = open(10, 3);
  for (const line of ['1111', '2222', '3333']) file.write(line);
  await file.reopen();
  file.write('4444');
  await file.close();
  expect([text(), text('audit.log.1')]).toEqual(['3333\n4444\n', '1111\n2222\n']);
});

test('a line that was cut off before does not run into the next one', async () => {
  writeFileSync(path, 'whole\nhal');
  const file = open();
  file.write('next');
  await file.close();
  expect(text()).toBe('whole\nhal\nnext\n');
});

test('lines that no disk has taken when it closes are counted, and it is said', async () => {
  const file = open();
  closeSync(spoil(file));
  file.write('one');
  file.write('two');
  await file.close();
  expect(file.lost).toBe(2);
  expect(said.at(-1)).toBe('error the audit log is closed, and lines that waited are lost');
});
