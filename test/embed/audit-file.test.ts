import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
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

/** The file of the audit log: what is in it after each turn, how it turns over, and a disk that does not take it. */
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

test('the lines of a turn are in the file by the next one, in their order, behind those of before', async () => {
  writeFileSync(path, 'before\n');
  const file = open();
  file.write('one');
  file.write('two');
  expect(text()).toBe('before\n');
  await turn();
  expect(text()).toBe('before\none\ntwo\n');
  file.close();
});

test('what waits is written when it closes, and others cannot read it', () => {
  const file = open();
  file.write('last');
  file.close();
  expect(text()).toBe('last\n');
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('it turns over before it is too long, and keeps as many as it was told', () => {
  const file = open(10, 2);
  for (const line of ['1111', '2222', '3333', '4444', '5555', '6666', 'longer than the limit', '7777'])
    file.write(line);
  file.close();
  expect(readdirSync(dir).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2']);
  expect([text(), text('audit.log.1'), text('audit.log.2')]).toEqual([
    '7777\n',
    'longer than the limit\n',
    '5555\n6666\n',
  ]);
});

test('after a reopening the lines are in a new file, and none is lost', async () => {
  const file = open();
  file.write('old');
  renameSync(path, `${path}.moved`);
  file.reopen();
  file.write('new');
  await turn();
  expect([text('audit.log.moved'), text()]).toEqual(['old\n', 'new\n']);
  file.close();
});

test('a disk that does not take the lines is said once; those beyond the backlog are counted, and the rest is written', () => {
  const file = open(1 << 30);
  // A descriptor that cannot be written.
  const hold = file as unknown as { fd: number; flush(): void };
  const good = hold.fd;
  const bad = openSync(path, 'r');
  hold.fd = bad;
  const line = 'x'.repeat(1 << 16);
  const fit = Math.floor(AUDIT_BACKLOG_BYTES / (line.length + 1));
  for (let i = 0; i < fit + 5; i++) file.write(line);
  hold.flush();
  hold.flush();
  expect(file.lost).toBe(5);
  expect(said).toEqual(['error the audit log cannot be written; lines wait, and are lost when they become too many']);
  hold.fd = good;
  closeSync(bad);
  hold.flush();
  file.close();
  const lines = text().split('\n');
  expect(lines.filter((each) => each === line)).toHaveLength(fit);
  expect(lines.at(-2)).toMatch(/^\S+Z ERROR audit: 5 lines were lost here$/);
});

test('many lines in one turn are written while the disk takes them', () => {
  const file = open(1 << 30);
  const line = 'x'.repeat(1 << 16);
  const count = 3 * Math.floor(AUDIT_BACKLOG_BYTES / line.length);
  for (let i = 0; i < count; i++) file.write(line);
  file.close();
  expect([file.lost, text().split('\n').length - 1]).toEqual([0, count]);
});

test('a turn that has left no file behind is made good, and older files stay', () => {
  const file = open(10, 3);
  for (const line of ['1111', '2222', '3333']) file.write(line);
  (file as unknown as { flush(): void }).flush();
  // As when the disk has no room for another file.
  renameSync(path, `${path}.away`);
  file.write('4444');
  file.write('5555');
  file.close();
  expect(said).toEqual([]);
  expect([text(), text('audit.log.1'), text('audit.log.away')]).toEqual(['5555\n', '1111\n2222\n', '3333\n4444\n']);
});

test('a reopening that turns it over goes on in the new file', () => {
  const file = open(10, 3);
  for (const line of ['1111', '2222', '3333']) file.write(line);
  file.reopen();
  file.write('4444');
  file.close();
  expect([text(), text('audit.log.1')]).toEqual(['3333\n4444\n', '1111\n2222\n']);
});

test('a line that was cut off before does not run into the next one', () => {
  writeFileSync(path, 'whole\nhal');
  const file = open();
  file.write('next');
  file.close();
  expect(text()).toBe('whole\nhal\nnext\n');
});

test('lines that no disk has taken when it closes are counted, and it is said', () => {
  const file = open();
  const hold = file as unknown as { fd: number };
  closeSync(hold.fd);
  hold.fd = openSync(path, 'r');
  file.write('one');
  file.write('two');
  file.close();
  expect(file.lost).toBe(2);
  expect(said.at(-1)).toBe('error the audit log is closed, and lines that waited are lost');
});
