import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BlockedPipe, configFile, Program, preload, testDir } from './program-process.ts';

/** Standard output full, blocked or closed: the server serves, and whatever ends it ends it. */
const serve = (): string[] => ['--config', configFile('clientPort=0\n'), '--welcome'];

/** Standard error says where it serves, and so that it does. */
const SERVES = 'Serving on 127.0.0.1:';

test('nobody reads standard output: it serves, and SIGTERM ends it with 0', async () => {
  const pipe = new BlockedPipe('out');
  const program = new Program(serve(), { stdout: pipe.writeEnd });
  await program.said(SERVES);
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(pipe.read()).toMatch(/^#+$/);
});

test('nobody reads the socket that standard output is, as under systemd', async () => {
  const program = new Program([...serve(), '--log-level', 'debug']);
  program.child.stdout?.removeAllListeners('data');
  program.child.stdout?.pause();
  await program.said(SERVES);
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
});

test('those who read standard output are gone: it serves, and SIGTERM ends it with 0', async () => {
  const pipe = new BlockedPipe('out');
  const program = new Program(serve(), { stdout: pipe.writeEnd });
  pipe.close();
  await program.said(SERVES);
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
});

test('a fatal stop ends it with its code, neither output being read', async () => {
  const first = new Program(serve());
  await first.said(SERVES);
  const out = new BlockedPipe('out');
  const second = new Program(['0', `${testDir()}/data`], { stdout: out.writeEnd, stderr: out.writeEnd });
  expect(await second.ended).toBe(3);
  const third = new Program([configFile('tickTime=now\n')], { stdout: out.writeEnd, stderr: out.writeEnd });
  expect(await third.ended).toBe(2);
});

test('an uncaught exception ends it with 1, neither output being read', async () => {
  const out = new BlockedPipe('out');
  const err = new BlockedPipe('err');
  const planned = preload(
    'throw.mjs',
    `import { watch } from 'node:fs';
     watch('${testDir()}', (_, name) => { if (name === 'data') throw new Error('planned'); }).unref();`,
  );
  const program = new Program(serve(), { stdout: out.writeEnd, stderr: err.writeEnd, preload: planned });
  expect(await program.ended).toBe(1);
  expect(readdirSync(testDir())).toContain('data');
});

test('a warning of Node.js is a line of the log, and standard error is not waited for', async () => {
  const err = new BlockedPipe('err');
  const warns = preload('warn.mjs', `process.on('SIGWINCH', () => process.emitWarning('planned'));`);
  const program = new Program(serve(), { stderr: err.writeEnd, preload: warns });
  await program.said('clients are accepted');
  program.kill('SIGWINCH');
  await program.said('a warning of Node.js: planned');
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
});

test('a disk or a resolver that does not answer holds the end up for a moment only', async () => {
  const hung = new BlockedPipe('hung');
  // A thread of libuv opens a pipe to write that nobody has open to read.
  hung.close();
  const hangs = preload(
    'hang.mjs',
    `import { open } from 'node:fs';
     process.on('SIGWINCH', () => { open('${hung.path}', 'w', () => {}); console.error('hangs'); });`,
  );
  const program = new Program(serve(), { preload: hangs });
  await program.said(SERVES);
  program.kill('SIGWINCH');
  await program.said('hangs');
  program.kill('SIGTERM');
  expect(await program.ended).toBe('SIGKILL');
  expect(program.lines.map(({ msg }) => msg)).toContain('stopped');
});
