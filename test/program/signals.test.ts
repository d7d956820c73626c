import { readFileSync, renameSync, watch } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { configFile, Program, preload, testDir } from './program-process.ts';

const serve = (...more: string[]): string[] => ['--config', configFile('clientPort=0\n'), '--welcome', ...more];
const SERVES = 'Serving on 127.0.0.1:';

async function serverOf(program: Program): Promise<string> {
  await program.said(SERVES);
  return /Serving on (\S+),/.exec(program.err)?.[1] as string;
}

test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)('%s neither stops nor opens it', async (signal) => {
  const program = new Program(serve());
  const server = await serverOf(program);
  program.kill(signal);
  await program.said(`"signal":"${signal}"`);
  const client = await connect(server);
  expect(await client.exists('/')).toBeDefined();
  await client.close();
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(program.err).not.toContain('Debugger');
});

test('SIGQUIT writes role, elections and clients to the log', async () => {
  const program = new Program(serve());
  const server = await serverOf(program);
  const client = await connect(server);
  await client.create('/a', 'x');
  program.kill('SIGQUIT');
  await program.said('state: a client');
  await client.close();
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const state = program.lines.filter(({ msg }) => msg.startsWith('state'));
  expect(state[0]).toMatchObject({
    role: 'standalone',
    connections: 1,
    applied: '0x2',
    durable: '0x2',
    outstanding: 0,
  });
  const session = `0x${BigInt.asUintN(64, client.sessionId).toString(16)}`;
  expect(state.at(-1)).toMatchObject({ session, reading: true, outputWaits: false, queued: 0 });
});

test('SIGUSR2 opens the log file anew', async () => {
  const file = join(testDir(), 'server.log');
  const program = new Program(serve('--log-file', file));
  await program.said(SERVES);
  renameSync(file, `${file}.1`);
  const appeared = new Promise<void>((done) => {
    const watcher = watch(testDir(), (_, name) => {
      if (name !== 'server.log') return;
      watcher.close();
      done();
    });
  });
  program.kill('SIGUSR2');
  await appeared;
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(program.out).toBe('');
  expect(readFileSync(`${file}.1`, 'utf8')).toContain('"msg":"serving"');
  const messages = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg);
  expect(messages).toEqual(['the log file was opened anew', 'stopping', 'stopped']);
});

test('a log file that cannot be opened is said on standard error, with exit code 2', async () => {
  const program = new Program(serve('--log-file', join(testDir(), 'nowhere', 'server.log')));
  expect(await program.ended).toBe(2);
  expect(program.err).toMatch(/^cannot open the log file .*nowhere\/server\.log: ENOENT/);
});

/** Sends the signal in the moment the program begins to hear it, long before the rest of it is loaded. */
const early = (signal: string): string =>
  preload(
    'early.mjs',
    `process.on('newListener', (name) => {
       if (name === '${signal}') setImmediate(() => process.kill(process.pid, '${signal}'));
     });`,
  );

test.each(['SIGTERM', 'SIGINT'])('%s before anything was started ends it with 0', async (signal) => {
  const program = new Program(serve(), { preload: early(signal) });
  expect(await program.ended).toBe(0);
  expect(program.out).toBe('');
});

test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'])(
  '%s before anything was started changes nothing',
  async (signal) => {
    const program = new Program(serve(), { preload: early(signal) });
    await program.said(SERVES);
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  },
);
