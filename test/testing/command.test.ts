import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { ensembleForTests } from '../../src/testing/testing.ts';

const root = resolve(import.meta.dirname, '../..');
const typescript = ['--import', join(root, 'scripts/ts.mjs')];
const program = [...typescript, join(root, 'src/peer.ts')];
const zk = ensembleForTests({ before: beforeAll, after: afterAll });
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: root });
  running.push(child);
  return child;
}

async function firstLine(stream: NodeJS.ReadableStream | null): Promise<string> {
  const lines = createInterface({ input: stream as NodeJS.ReadableStream });
  const [line] = (await once(lines, 'line')) as [string];
  return line;
}

test('menagerie testing says where it is, and ends with its standard input', async () => {
  const child = start([...program, 'testing', '--config', 'tickTime=300']);
  const told = JSON.parse(await firstLine(child.stdout)) as { connectString: string; control: string };
  const client = await connect(told.connectString);
  await client.create('/a');
  await client.close();
  expect(await (await fetch(`${told.control}/ensemble`)).json()).toMatchObject({ leader: 1 });
  child.stdin?.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('it ends with the process that started it', async () => {
  const parent = start([
    '-e',
    `require('node:child_process').spawn(process.execPath, ${JSON.stringify([...program, 'testing', '--keep'])}, {
      stdio: ['ignore', 'inherit', 'inherit'],
    }); setInterval(() => {}, 1000);`,
  ]);
  const told = JSON.parse(await firstLine(parent.stdout)) as { control: string };
  expect((await fetch(`${told.control}/faults`)).status).toBe(200);
  parent.kill('SIGKILL');
  // Its output is closed when the last that has it is gone.
  await once(parent, 'close');
  await expect(fetch(`${told.control}/faults`)).rejects.toThrow();
});

test('what is wrong with its arguments is said, with 2', async () => {
  const child = start([...program, 'record', '--listen', '0']);
  const closed = once(child, 'close');
  expect(await firstLine(child.stderr)).toBe('--to is needed: the servers that clients are passed on to');
  expect(await closed).toEqual([2, null]);
});

test('menagerie record prints a conversation, and ends at a signal', async () => {
  const child = start([...program, 'record', '--to', zk().connectString, '--op', 'create', '--json']);
  const told = await firstLine(child.stderr);
  const server = /127\.0\.0\.1:\d+/.exec(told)?.[0] ?? '';
  const line = firstLine(child.stdout);
  const client = await connect(server);
  await client.exists('/recorded');
  await client.create('/recorded');
  expect(JSON.parse(await line)).toMatchObject({ kind: 'call', name: 'create', path: '/recorded' });
  await client.close();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('the example for node:test runs', async () => {
  const child = start([...typescript, '--test', join(root, 'test/docs/testkit/pause-on-node-test.ts')]);
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toMatch(/pass 1/);
});
