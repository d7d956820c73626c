import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { testDir } from './program-process.ts';

const root = resolve(import.meta.dirname, '../..');

interface Run {
  readonly child: ChildProcess;
  out: string;
  err: string;
  /** All output is closed: by the peers as well, which share it. */
  readonly ended: Promise<number | string | null>;
  said(text: string): Promise<void>;
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, ['--import', './scripts/ts.mjs', 'src/cli/ensemble.ts', ...args], {
    cwd: root,
  });
  let onOutput = (): void => {};
  const made: Run = {
    child,
    out: '',
    err: '',
    ended: new Promise((done) => child.on('close', (code, signal) => done(code ?? signal))),
    said: (text) =>
      new Promise((done) => {
        onOutput = () => {
          if (made.out.includes(text)) done();
        };
        onOutput();
      }),
  };
  child.stdout.on('data', (chunk) => {
    made.out += chunk;
    onOutput();
  });
  child.stderr.on('data', (chunk) => {
    made.err += chunk;
  });
  return made;
}

test('as many peers as asked for, on free ports, in the directory named; they end with it', async () => {
  const dir = join(testDir(), 'ensemble');
  const ensemble = run('--size', '2', '--client-port', '0', '--dir', dir);
  await ensemble.said('"msg":"serving"');
  const servers = /2 peers: (\S+)/.exec(ensemble.out)?.[1] as string;
  expect(servers.split(',').length).toBe(2);
  expect(readFileSync(join(dir, '2', 'zoo.cfg'), 'utf8')).toContain(`dataDir=${dir}/2\n`);
  const client = await connect(servers);
  await client.create('/a', 'x');
  await client.close();
  // Not a word to the peers: the kernel closes their standard input.
  ensemble.child.kill('SIGKILL');
  expect(await ensemble.ended).toBe('SIGKILL');
  expect(ensemble.out.match(/"signal":"end of standard input"/g)?.length).toBe(2);
});

test.each([
  [['--size', '0'], '--size 0: out of range'],
  [['--size', '10'], '--size 10: out of range'],
  [['--client-port', '65536'], '--client-port 65536: out of range'],
  [['--ports', '1'], 'unknown option --ports'],
  [['--dir'], '--dir needs a value'],
])('%j is refused with the usage', async (args, why) => {
  const ensemble = run(...args);
  expect(await ensemble.ended).toBe(2);
  expect(ensemble.err).toContain(`${why}\n\nUsage: npm run ensemble`);
});
