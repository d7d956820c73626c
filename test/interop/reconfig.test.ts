// An Apache leader changes the membership; ours follows it, in its tree, its configuration and its files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ChangingMembers } from './harness/changing-members.ts';
import { runZkCommand } from './harness/programs.ts';
import { debian, fourLetterWord, judge, type Kind, type Server } from './harness/server.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const BASE = 22_859;
const ensemble = new ChangingMembers(BASE);
const { servers } = ensemble;

afterEach(() => ensemble.remove());

function member(id: number, role?: string): string {
  return ensemble.member(id, role);
}

const three = [1, 2, 3].map((id) => member(id));

function build(kind: Kind, id: number, members: readonly string[] = three): Server {
  return ensemble.build(kind, id, members);
}

async function configAt(server: Server): Promise<string> {
  const { stdout } = await runZkCommand(`127.0.0.1:${server.clientPort}`, ['config']);
  return stdout
    .split('\n')
    .filter((line) => /^(server|version)/.test(line))
    .join('\n');
}

it.each([judge, debian] as const)(
  'a reconfiguration by a leader of %s reaches an observer of ours, with the role it takes away',
  async (apache) => {
    const members = [member(1), member(2), member(3, 'observer'), member(4, 'observer')];
    const all = [
      build(apache, 1, members),
      build(apache, 2, members),
      build('ours', 3, members),
      build('ours', 4, members),
    ];
    for (const server of all) server.launch();
    for (const server of all) await server.untilServing(60_000);
    const [one, two, ours, other] = all as [Server, Server, Server, Server];
    expect([await ours.mode(), await other.mode()]).toEqual(['observer', 'observer']);
    const session = await RawSession.open({ port: ours.clientPort, timeoutMs: 60_000 });
    await session.call('create', { path: '/through-the-observer', data: null, acl: openAcl, flags: 1 });

    // A member more, asked for through the observer: INFORMANDACTIVATE leaves it where it is, and its clients with it.
    const add = await runZkCommand(`127.0.0.1:${ours.clientPort}`, ['reconfig', '-add', member(5, 'observer')]);
    expect(add.stdout).toContain('server.5=');
    for (const server of [ours, other]) {
      await expect.poll(() => configAt(server), { timeout: 10_000 }).toBe(await configAt(two));
      expect(await fourLetterWord(server.clientPort, 'conf')).toContain('server.5=127.0.0.1');
    }
    expect(await session.call('exists', { path: '/through-the-observer', watch: false })).toMatchObject({
      stat: { ephemeralOwner: session.sessionId },
    });
    await session.close();

    // The observer becomes a voter, and counts.
    await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-add', member(3)]);
    await expect.poll(() => ours.mode(), { timeout: 20_000 }).toBe('follower');
    await two.kill();
    await expect
      .poll(async () => [await one.mode(), await ours.mode()].sort(), { timeout: 20_000 })
      .toEqual(['follower', 'leader']);
    await expect.poll(() => other.mode(), { timeout: 20_000 }).toBe('observer');
    expect(await configAt(other)).toBe(await configAt(ours));
  },
);

it('a reconfiguration by a leader of Apache reaches tree, members and files of ours, and outlives a restart with the old file', async () => {
  const [one, ours, last] = [build(judge, 1), build('ours', 2), build(judge, 3)];
  for (const server of servers) server.launch();
  for (const server of servers) await server.untilServing(60_000);
  expect(await last.mode()).toBe('leader');

  const add = await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-add', member(4)]);
  expect(add.stdout).toContain('server.4=');
  expect(await configAt(ours)).toBe(await configAt(last));
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
  expect(await configAt(ours)).toBe(await configAt(last));

  await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-remove', '4']);
  expect(await configAt(ours)).not.toContain('server.4');
  expect(await configAt(ours)).toBe(await configAt(last));
});

it.each(['ours', judge] as const)(
  'a changed client port of a follower of %s is bound at once and its clients stay; left out, it follows on without a vote',
  async (kind) => {
    // Two of three are enough, and the third one finds them led.
    const [one, last] = [build(judge, 1), build(judge, 3)];
    for (const server of servers) server.launch();
    for (const server of servers) await server.untilServing(60_000);
    expect(await last.mode()).toBe('leader');
    const changed = build(kind, 2);
    await changed.start();
    const session = await RawSession.open({ port: changed.clientPort, timeoutMs: 60_000 });
    await session.call('create', { path: '/stays', data: null, acl: openAcl, flags: 1 });
    const owned = { stat: { ephemeralOwner: session.sessionId } };

    const port = BASE + 12;
    const moved = member(2).replace(/\d+$/, `${port}`);
    const reply = await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-add', moved]);
    expect(reply.stdout).toContain(`server.2=127.0.0.1:${BASE + 22}:${BASE + 42}:participant;127.0.0.1:${port}`);
    await expect
      .poll(() => fourLetterWord(port, 'srvr').catch(String), { timeout: 10_000 })
      .toContain('Mode: follower');
    await expect(fourLetterWord(changed.clientPort, 'srvr')).rejects.toThrow('ECONNREFUSED');
    expect(await session.call('exists', { path: '/stays', watch: false })).toMatchObject(owned);

    await runZkCommand(`127.0.0.1:${one.clientPort}`, ['reconfig', '-remove', '2']);
    await expect.poll(() => fourLetterWord(port, 'conf').catch(String), { timeout: 10_000 }).not.toContain('server.2=');
    expect(await fourLetterWord(port, 'srvr')).toContain('Mode: follower');
    await session.call('create', { path: '/through-it', data: null, acl: openAcl, flags: 0 });
    expect(await session.call('exists', { path: '/stays', watch: false })).toMatchObject(owned);
    expect(await fourLetterWord(last.clientPort, 'mntr')).toContain('zk_synced_non_voting_followers\t1');
    await session.close();
  },
);
