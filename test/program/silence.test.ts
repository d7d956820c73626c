import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFile, Program, testDir } from './program-process.ts';

/** Nobody listens there, as far as this machine is left to itself. */
function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

test('one of three says whom it misses, where and why, and how many are needed', async () => {
  mkdirSync(join(testDir(), 'data'));
  writeFileSync(join(testDir(), 'data', 'myid'), '1\n');
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const config = configFile(
    [
      'clientPort=0',
      'initLimit=10',
      'syncLimit=5',
      `server.1=127.0.0.1:${ports[0]}:${ports[1]}`,
      `server.2=127.0.0.1:${ports[2]}:${ports[3]}`,
      'server.3=zk3.invalid:2888:3888',
      '',
    ].join('\n'),
  );
  const program = new Program(['--config', config]);
  await program.said('not serving: no quorum');
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  const line = program.lines.find(({ msg }) => msg === 'not serving: no quorum') as unknown as Record<string, string>;
  expect(line).toMatchObject({ level: 'info', voters: '1 of 3', needed: '2' });
  expect(line.missing).toContain(`2 at 127.0.0.1:${ports[3]}: nobody listens there`);
  expect(line.missing).toMatch(/3 at zk3\.invalid:3888: (the name does not resolve|not tried yet|timed out)/);
  expect(program.lines.filter(({ msg }) => msg === 'recovered').length).toBe(1);
  expect(program.lines.map(({ msg }) => msg)).not.toContain('serving');
});

test('serving is said once the port is bound', async () => {
  const program = new Program(['--config', configFile('clientPort=0\n')]);
  await program.said('"msg":"serving"');
  program.kill('SIGTERM');
  await program.ended;
  const messages = program.lines.map(({ msg }) => msg);
  expect(messages.indexOf('serving')).toBe(messages.indexOf('clients are accepted') + 1);
});
