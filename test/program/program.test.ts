import { expect, test } from 'vitest';
import { configFile, Program, testDir } from './program-process.ts';

/** Arguments, configuration, and how the program ends. */
test('--version and --help say so and end', async () => {
  const version = new Program(['--version']);
  expect(await version.ended).toBe(0);
  expect(version.out).toMatch(/^\d+\.\d+\.\d+ \(compatible with Apache ZooKeeper 3\.9\.\d+\)\n$/);
  const help = new Program(['--help']);
  expect(await help.ended).toBe(0);
  expect(help.out).toContain('--config');
});

test('it serves until SIGTERM, one line of JSON per event, and ends with 0', async () => {
  const program = new Program(['--config', configFile('clientPort=0\n')], {
    env: { SERVER_JVMFLAGS: '-Dzookeeper.snapCuont=3' },
  });
  await program.said('clients are accepted');
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const messages = program.lines.map((line) => line.msg);
  expect(messages[0]).toBe('starting');
  expect(messages.at(-1)).toBe('stopped');
  expect(program.lines.find((line) => line.level === 'warn')?.msg).toContain('did you mean snapCount?');
});

test('a configuration that cannot be honoured ends it with 2, and standard error says where', async () => {
  const program = new Program([configFile('clientPort=0\ntickTime=now\n')]);
  expect(await program.ended).toBe(2);
  expect(program.err).toContain(`${testDir()}/zoo.cfg:5: tickTime=now: a whole number is needed, 10 or more\n`);
  const unknown = new Program(['--confgi', 'zoo.cfg']);
  expect(await unknown.ended).toBe(2);
  expect(unknown.err).toContain('unknown option --confgi');
});

test('a directory that another process uses ends it with 3, a port that is taken with 1', async () => {
  const first = new Program(['--config', configFile('clientPort=0\n')]);
  await first.said('clients are accepted');
  const second = new Program(['0', `${testDir()}/data`]);
  expect(await second.ended).toBe(3);
  expect(second.err).toContain('in use by another server');
  const port = /"port":(\d+)/.exec(first.out)?.[1] as string;
  const third = new Program(['--config', configFile(`dataDir=${testDir()}/other\nclientPort=${port}\n`)]);
  expect(await third.ended).toBe(1);
  expect(third.err).toContain('EADDRINUSE');
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
});
