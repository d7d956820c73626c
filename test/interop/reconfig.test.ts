// An Apache leader changes the membership; ours follows it, in its tree, its configuration and its files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runZkCommand } from './harness/programs.ts';
import { fourLetterWord, judge, Server } from './harness/server.ts';

const BASE = 22_860;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
});

function member(id: number): string {
  const client = BASE + id - 1;
  return `server.${id}=127.0.0.1:${client + 20}:${client + 40}:participant;127.0.0.1:${client}`;
}

function build(kind: Server['kind'], id: number): Server {
  const server = new Server({
    kind,
    id,
    clientPort: BASE + id - 1,
    members: [1, 2, 3].map(member),
    settings: {
      tickTime: 500,
      initLimit: 20,
      syncLimit: 10,
      skipACL: 'yes',
      ...(kind === 'ours' ? {} : { reconfigEnabled: 'true' }),
    },
  });
  servers.push(server);
  return server;
}

async function configAt(server: Server): Promise<string> {
  const { stdout } = await runZkCommand(`127.0.0.1:${server.clientPort}`, ['config']);
  return stdout
    .split('\n')
    .filter((line) => /^(server|version)/.test(line))
    .join('\n');
}

it('a reconfiguration by a leader of Apache reaches tree, members and files of ours, and outlives a restart with the old file', async () => {
  const [one, ours, three] = [build(judge, 1), build('ours', 2), build(judge, 3)];
  for (const server of servers) server.launch();
  for (const server of servers) await server.untilServing(60_000);
  expect(await three.mode()).toBe('leader');

  const add = await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-add', member(4)]);
  expect(add.stdout).toContain('server.4=');
  expect(await configAt(ours)).toBe(await configAt(three));
  expect(await fourLetterWord(ours.clientPort, 'conf')).toContain('server.4=127.0.0.1');
  expect(await ours.mode()).toBe('follower');

  const version = /version=([0-9a-f]+)/.exec(await configAt(ours))?.[1];
  const files = readdirSync(ours.dir);
  expect(files).toContain(`zoo.cfg.dynamic.${version}`);
  expect(readFileSync(join(ours.dir, 'zoo.cfg'), 'utf8')).toContain(`zoo.cfg.dynamic.${version}`);
  expect(readFileSync(join(ours.dir, 'zoo.cfg'), 'utf8')).not.toMatch(/^server\./m);
  expect(existsSync(join(ours.dir, 'zoo.cfg.bak'))).toBe(true);

  await ours.kill();
  await ours.start();
  expect(await ours.mode()).toBe('follower');
  expect(await configAt(ours)).toBe(await configAt(three));

  await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-remove', '4']);
  expect(await configAt(ours)).not.toContain('server.4');
  expect(await configAt(ours)).toBe(await configAt(three));
});
