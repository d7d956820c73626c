import { fstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogOutput } from '../../src/program/log-output.ts';
import { BlockedPipe, testDir } from './program-process.ts';

const droppedLine = (lines: number): string => `dropped ${lines}\n`;

test('lines wait for the other side up to a limit; beyond it they are counted, and the count is said', async () => {
  const pipe = new BlockedPipe('out');
  const output = new LogOutput(pipe.writeEnd, { backlogBytes: 20, droppedLine });
  output.write('a line of 18 bytes\n');
  output.flushWithin(0);
  output.write('dropped\n');
  output.write('as well\n');
  output.flushWithin(0);
  expect(pipe.read()).toMatch(/^#+$/);
  output.flushWithin(0);
  expect(pipe.read()).toBe('a line of 18 bytes\ndropped 2\n');
  output.write('room again\n');
  output.flushWithin(0);
  expect(pipe.read()).toBe('room again\n');
});

test('what waited goes out by itself when the other side begins to read', async () => {
  const pipe = new BlockedPipe('out');
  const output = new LogOutput(pipe.writeEnd, { droppedLine });
  output.write('late\n');
  output.flushWithin(0);
  let text = '';
  while (!text.endsWith('late\n')) {
    text += pipe.read();
    await new Promise(setImmediate);
  }
  expect(text).toMatch(/^#+late\n$/);
});

test('a pipe stays as it was for those who share it', () => {
  const pipe = new BlockedPipe('out');
  new LogOutput(pipe.writeEnd, { droppedLine }).flushWithin(0);
  const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${pipe.writeEnd}`, 'utf8'))?.[1];
  expect(Number.parseInt(flags as string, 8) & 0o4000).toBe(0);
  expect(fstatSync(pipe.writeEnd).isFIFO()).toBe(true);
});

test('a file is written to its end, and opened anew where it was moved away', () => {
  const file = join(testDir(), 'log');
  writeFileSync(file, 'before\n');
  const output = new LogOutput(file, { droppedLine });
  output.write('after\n');
  expect(output.reopen()).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('before\nafter\n');
});
