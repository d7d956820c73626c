// Reconfigurations that are asked of a leader: what it refuses beside Apache's, and what becomes of the members, the config
// node and the files of both kinds when either leads.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ChangingMembers } from './harness/changing-members.ts';
import { fourLetterWord, judge, type Kind, type Server } from './harness/server.ts';
import { openAcl } from './raw/records.ts';
import { RawError, RawSession } from './raw/session.ts';

const BASE = 22_960;
const ensemble = new ChangingMembers(BASE, { standaloneEnabled: 'false' });

afterEach(() => ensemble.remove());

interface Change {
  joining?: string | null;
  leaving?: string | null;
  newMembers?: string | null;
  curConfigId?: bigint;
}

function member(id: number, role?: string, client?: number): string {
  return ensemble.member(id, role, client);
}

function build(kind: Kind, id: number, members: readonly string[], settings: Record<string, string> = {}): Server {
  return ensemble.build(kind, id, members, settings);
}

function open(server: Server): Promise<RawSession> {
  return RawSession.open({ port: server.clientPort, timeoutMs: 60_000 });
}

async function ask(session: RawSession, change: Change): Promise<string> {
  const asked = { joining: null, leaving: null, newMembers: null, curConfigId: -1n, ...change };
  try {
    const { data } = await session.call<'reconfig', { data: Buffer }>('reconfig', asked);
    return data.toString();
  } catch (error) {
    if (error instanceof RawError) return String(error.code);
    throw error;
  }
}

function without(version: string): string {
  return version.replace(/version=.*/, '');
}

async function configAt(server: Server): Promise<{ text: string; stat: object }> {
  const session = await open(server);
  const { data, stat } = await session.call<'getData', { data: Buffer; stat: { [name: string]: bigint | number } }>(
    'getData',
    { path: '/zookeeper/config', watch: false },
  );
  await session.close();
  // The time is the wall clock of the one that made it.
  return { text: data.toString(), stat: { ...stat, mtime: 0, ctime: 0 } };
}

/** The files beside zoo.cfg of servers that know the members of today. */
function filesOf(server: Server): { names: string[]; members: string } {
  const names = readdirSync(server.dir).filter((name) => name.startsWith('zoo.cfg'));
  const file = /^dynamicConfigFile=(.*)$/m.exec(readFileSync(join(server.dir, 'zoo.cfg'), 'utf8'))?.[1] ?? '';
  return {
    names: names.filter((name) => !name.includes('.dynamic.') || file.endsWith(name)).sort(),
    members: existsSync(file) ? readFileSync(file, 'utf8') : `no file ${file}`,
  };
}

const REFUSED: readonly [string, Change][] = [
  ['a joiner without a client port', { joining: 'server.2=127.0.0.1:1:2' }],
  ['a joiner that is none', { joining: 'nonsense' }],
  ['a joiner with a number that is none', { joining: 'server.x=127.0.0.1:1:2;3' }],
  ['two equal signs', { joining: 'server.2=a=127.0.0.1:1:2;3' }],
  ['a role that is none', { joining: 'server.2=127.0.0.1:1:2:king;3' }],
  ['a port that is none', { joining: 'server.2=127.0.0.1:x:2;3' }],
  ['one port for both', { joining: 'server.2=127.0.0.1:2:2;3' }],
  ['one who leaves with a number that is none', { leaving: 'x' }],
  ['everybody leaves', { leaving: '1' }],
  ['a voter that is not there', { joining: member(2) }],
  ['another version', { joining: member(2, 'observer'), curConfigId: 77n }],
  ['other keys', { newMembers: `${member(1)},tickTime=5` }],
  ['a whole that is none', { newMembers: 'server.1=nonsense' }],
  ['nobody', { newMembers: '' }],
  ['observers alone', { newMembers: member(1, 'observer') }],
  ['others alone', { newMembers: member(2) }],
  ['an address of somebody else', { joining: `server.2=10.0.0.9:5:6;7,server.3=10.0.0.9:5:8;9` }],
];

it('what is refused, and with which code, is the same at a leader of Apache', async () => {
  const answers: Record<string, Record<string, string>> = {};
  for (const kind of ['ours', judge] as const) {
    const server = build(kind, 1, [member(1)]);
    await server.start(60_000);
    const session = await open(server);
    const said: Record<string, string> = {};
    for (const [what, change] of REFUSED) said[what] = without(await ask(session, change));
    said['an observer that is not there'] = without(await ask(session, { joining: member(2, 'observer') }));
    said['one that is no member'] = without(await ask(session, { leaving: '9' }));
    said.nothing = without(await ask(session, {}));
    said['the observer goes'] = without(await ask(session, { leaving: '2' }));
    said['the whole, with commas'] = without(
      await ask(session, { newMembers: `${member(1)},${member(4, 'observer')}` }),
    );
    await session.close();
    answers[kind] = said;
    await ensemble.remove();
  }
  expect(answers.ours).toEqual(answers[judge]);
  expect(answers.ours?.['a voter that is not there']).toBe('-13');
});

it.each([
  { what: 'without reconfigEnabled', settings: { reconfigEnabled: 'false' }, code: '-123' },
  { what: 'by one who may not write the config node', settings: { skipACL: 'no' }, code: '-102' },
])('$what it is refused', async ({ settings, code }) => {
  for (const kind of ['ours', judge] as const) {
    const server = await build(kind, 1, [member(1)], settings).start(60_000);
    const session = await open(server);
    expect(await ask(session, { joining: member(2, 'observer') }), kind).toBe(code);
    await session.close();
    await ensemble.remove();
  }
});

it.each([
  { first: 'ours', second: judge, third: 'ours', fourth: judge },
  { first: judge, second: 'ours', third: judge, fourth: 'ours' },
] as const)(
  'the members of an ensemble of $first come, change and go: config node and files are equal at $second and the rest',
  async ({ first, second, third, fourth }) => {
    const one = await build(first, 1, [member(1)]).start(60_000);
    const session = await open(one);
    await session.call('create', { path: '/kept', data: Buffer.from('kept'), acl: openAcl, flags: 0 });
    // A version is given to members that were only in a file.
    expect((await configAt(one)).text).toContain('version=100000000');

    // Followers without a vote first, voters then.
    const two = build(second, 2, [member(1), member(2)]);
    const three = build(third, 3, [member(1), member(3)]);
    for (const server of [two, three]) server.launch();
    for (const server of [two, three]) await server.untilServing(60_000);
    expect(await fourLetterWord(one.clientPort, 'mntr')).toContain('zk_synced_non_voting_followers\t2');
    expect(await ask(session, { joining: `${member(2)},${member(3)}` })).toContain('server.3=');
    const all = [one, two, three];
    for (const server of all) {
      await expect.poll(async () => (await configAt(server)).text, { timeout: 10_000 }).toContain('server.3=');
    }
    expect(await one.mode()).toBe('leader');
    await equalEverywhere(all);

    // A follower of either kind leaves: it follows on without a vote, and comes back.
    for (const leaver of [2, 3]) {
      expect(await ask(session, { leaving: `${leaver}` })).not.toContain(`server.${leaver}=`);
      await expect
        .poll(() => fourLetterWord(one.clientPort, 'mntr'), { timeout: 10_000 })
        .toContain('zk_synced_non_voting_followers\t1');
      await equalEverywhere(all.filter((server) => server.options.id !== leaver));
      expect(await ask(session, { joining: member(leaver) })).toContain(`server.${leaver}=`);
      await expect
        .poll(() => fourLetterWord(one.clientPort, 'mntr'), { timeout: 10_000 })
        .toContain('zk_synced_followers\t2');
      await equalEverywhere(all);
    }

    // An observer, which becomes a voter, and an observer again.
    const four = build(fourth, 4, [member(1), member(4, 'observer')]);
    expect(await ask(session, { joining: member(4, 'observer') })).toContain('server.4=');
    await four.start(60_000);
    await ask(session, { joining: member(4) });
    await expect.poll(() => four.mode(), { timeout: 20_000 }).toBe('follower');
    await expect
      .poll(() => fourLetterWord(one.clientPort, 'mntr'), { timeout: 10_000 })
      .toContain('zk_synced_followers\t3');
    await ask(session, { joining: member(4, 'observer') });
    await expect.poll(() => four.mode(), { timeout: 20_000 }).toBe('observer');
    all.push(four);
    await equalEverywhere(all);

    // The leader leaves: another one that was told so leads, without the loss of a session.
    const elsewhere = await open(three);
    await elsewhere.call('create', { path: '/mine', data: null, acl: openAcl, flags: 1 });
    const { sessionId, passwd } = elsewhere.granted ?? { sessionId: 0n, passwd: Buffer.alloc(0) };
    await ask(session, { leaving: '1' }).catch(() => '');
    const rest = [two, three, four];
    await expect
      .poll(async () => (await Promise.all(rest.map((server) => server.mode()))).filter((mode) => mode === 'leader'), {
        timeout: 20_000,
      })
      .toEqual(['leader']);
    for (const server of rest) await server.untilServing(20_000);
    await equalEverywhere(rest);
    expect((await configAt(two)).text).not.toContain('server.1=');
    const again = await RawSession.open({ port: three.clientPort, timeoutMs: 60_000, sessionId, passwd });
    expect(again.sessionId).toBe(sessionId);
    expect(await again.call('exists', { path: '/mine', watch: false })).toMatchObject({
      stat: { ephemeralOwner: sessionId },
    });
    expect(await again.call('getData', { path: '/kept', watch: false })).toMatchObject({ data: Buffer.from('kept') });
    await again.close();
    // The one that left follows on, without a vote, until it is stopped.
    await expect.poll(() => one.mode(), { timeout: 20_000 }).toBe('follower');

    // A restart goes by the files.
    await one.kill();
    await two.kill();
    await two.start(60_000);
    await equalEverywhere(rest);
  },
);

async function equalEverywhere(all: readonly Server[]): Promise<void> {
  const [one, ...others] = all as [Server, ...Server[]];
  const config = await configAt(one);
  for (const server of others) {
    await expect.poll(() => configAt(server), { timeout: 10_000, message: `${server.kind}` }).toEqual(config);
    expect(filesOf(server).members, `files of server ${server.options.id}`).toBe(filesOf(one).members);
  }
}
