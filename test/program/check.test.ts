import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configFile, Program, preload, testDir } from './program-process.ts';

/** `--check`: all that is wrong with a configuration, on standard error, and nothing started. */
test('a configuration that would not start is told all its faults, and ends with 2', async () => {
  const program = new Program([
    '--check',
    configFile('clientPort=x\nclientPortAddress=nobody.invalid\nfoo=1\nsyncLimit=-1\n'),
  ]);
  expect(await program.ended).toBe(2);
  const at = (line: number): string => `${testDir()}/zoo.cfg:${line}`;
  expect(program.err.split('\n')).toEqual([
    `${at(4)}: clientPort=x: a whole number is needed, from 0 to 65535`,
    `${at(7)}: syncLimit=-1: a whole number is needed, 0 or more`,
    `warning: ${at(5)}: clientPortAddress is set again, and this time counts (before: ${at(2)})`,
    `warning: ${at(6)}: unknown key foo`,
    '',
  ]);
  expect(program.out).toBe('');
  expect(existsSync(`${testDir()}/data`)).toBe(false);
});

test('a name that does not resolve is refused where it is listened on', async () => {
  const program = new Program(['--check', configFile('clientPort=0\nclientPortAddress=nobody.invalid\n')]);
  expect(await program.ended).toBe(2);
  expect(program.err).toMatch(/^nobody\.invalid does not resolve, and is to be listened on \(.*\)\n/);
});

test('one that would start ends with 0, its warnings said, and nothing is written or bound', async () => {
  const program = new Program(['--check', '--config', configFile('clientPort=0\nmaxBatchSize=5\n')]);
  expect(await program.ended).toBe(0);
  expect(program.err).toBe(
    `warning: ${testDir()}/zoo.cfg:5: maxBatchSize has no meaning here: what arrives during one sync makes the next one\n`,
  );
  expect(program.out).toBe('');
  expect(existsSync(`${testDir()}/data`)).toBe(false);
});

test('a directory in the place of the file is named, and so is an empty directory name', async () => {
  const directory = new Program(['--config', testDir()]);
  expect(await directory.ended).toBe(2);
  expect(directory.err).toBe(`${testDir()}: it is a directory, and a file is needed\n`);
  const empty = new Program([configFile('clientPort=0\ndataLogDir=\n')]);
  expect(await empty.ended).toBe(2);
  expect(empty.err).toBe(`${testDir()}/zoo.cfg:5: dataLogDir=: it names nothing; write a path, or leave the key out\n`);
});

test('a working directory that was removed is said, and ends with 2', async () => {
  const removed = preload(
    'removed.mjs',
    `import { mkdirSync, rmdirSync } from 'node:fs';
    mkdirSync('${testDir()}/gone');
    process.chdir('${testDir()}/gone');
    rmdirSync('${testDir()}/gone');`,
  );
  for (const args of [[], ['--check']]) {
    const program = new Program([...args, '--config', configFile('clientPort=0\n')], { preload: removed });
    expect(await program.ended).toBe(2);
    expect(program.err).toMatch(/^the working directory cannot be used: ENOENT.*\n$/);
  }
});
