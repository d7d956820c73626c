// Clients of others that change the members: Java's ZooKeeperAdmin, kazoo, Apache's zkCli and ours, and the C client's shell
// say the same of our leader as of Apache's, line for line, with every refusal there is.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Outcome, run, runCliMt, runKazoo, runZkCli } from './harness/programs.ts';
import { classpath, fourLetterWord, judge, type Kind, lightJava, root, Server } from './harness/server.ts';
import { transcript } from './harness/transcript.ts';
import { superDigest } from './harness/tree.ts';
import { type RawError, RawSession } from './raw/session.ts';

const BASE = 23_500;
const servers: Server[] = [];
const files = mkdtempSync(join(tmpdir(), 'interop-reconfig-'));

afterAll(async () => {
  for (const server of servers) await server.remove();
});

function member(id: number, rest = `participant;127.0.0.1:${BASE + id}`): string {
  return `server.${id}=127.0.0.1:${BASE + 20 + id}:${BASE + 40 + id}:${rest}`;
}

async function start(
  kind: Kind,
  settings: Record<string, string> = {},
  id = 1,
  members = [member(1)],
): Promise<Server> {
  const server = new Server({
    kind,
    id,
    clientPort: BASE + id,
    members,
    settings: {
      tickTime: 500,
      initLimit: 20,
      syncLimit: 20,
      reconfigEnabled: 'true',
      standaloneEnabled: 'false',
      ...superDigest,
      ...settings,
    },
  });
  servers.push(server);
  return server.start(60_000);
}

const ADDRESS = `127.0.0.1:${BASE + 1}`;
const OBSERVER = member(2, `observer;127.0.0.1:${BASE + 2}`);

/** how, joining, leaving, members, version. Ids above 3 come in an order that depends on the release of Java. */
const CHANGES: readonly (readonly string[])[] = [
  ['strings', OBSERVER, '-', '-', '-1'],
  ['auth', 'super:admin'],
  ['strings', OBSERVER, '-', '-', '-1'],
  ['lists', `${member(3, 'observer;9')},${member(2, 'observer;9')}`, '9', '-', '-1'],
  ['async', '-', '3', '-', '-1'],
  ['async', member(5), '-', '-', '-1'],
  ['strings', '-', '2', '-', '77'],
  ['strings', '-', '2', '-', '-1'],
  ['strings', '-', '9', '-', '-1'],
  ['strings', '-', '-', '-', '-1'],
  ['strings', '-', '-', `${member(1)},${OBSERVER}`, '-1'],
  ['lists', '-', '-', member(1), '-1'],
  ['strings', '-', '-', member(7), '-1'],
  ['strings', '-', '-', member(1, `observer;${BASE + 1}`), '-1'],
  ['strings', '-', '-', `${member(1)},tickTime=5`, '-1'],
  ['async', 'nonsense', '-', '-', '-1'],
  ['strings', 'server.2=127.0.0.1:1:1;3', '-', '-', '-1'],
  ['strings', 'server.2=127.0.0.1:1:2', '-', '-', '-1'],
  ['strings', 'server.x=127.0.0.1:1:2;3', '-', '-', '-1'],
  ['strings', '-', 'x', '-', '-1'],
  ['strings', '-', '1', '-', '-1'],
];

const CHANGE_LINES = `${CHANGES.map((words) => words.join('\t')).join('\n')}\n`;

const dynamicFile = join(files, 'members');
writeFileSync(dynamicFile, `${member(1)}\n`);

const SHELL_LINES = [
  'config',
  `reconfig -add ${OBSERVER}`,
  'addauth digest super:admin',
  `reconfig -add ${OBSERVER}`,
  'config -c',
  `reconfig -s -remove 2 -add ${member(3, 'observer;127.0.0.1:9')}`,
  'config',
  'reconfig -v 1 -remove 3',
  'reconfig -remove 3',
  `reconfig -file ${dynamicFile}`,
  `reconfig -members ${member(1)}`,
  `reconfig -members ${member(7)}`,
  `reconfig -add ${member(5)}`,
  'reconfig -add nonsense',
  'reconfig -remove 1',
  'reconfig -remove x',
  'reconfig -add x -members y',
  'reconfig -file x -members y',
  'reconfig -v xyz -remove 3',
  'reconfig -add',
  'reconfig',
];

const C_LINES = [
  'config',
  `reconfig -add ${OBSERVER}`,
  'addauth digest super:admin',
  `reconfig -add ${OBSERVER}`,
  'reconfig -remove 2',
  'reconfig -remove 2 -version 1',
  `reconfig -file ${dynamicFile}`,
  `reconfig -members ${member(1)}`,
  `reconfig -members ${member(7)}`,
  `reconfig -add ${member(5)}`,
  'reconfig -add nonsense',
  'reconfig -remove 1',
  'reconfig',
];

const ourShell = join(root, 'dist/cli/zk-cli.js');

function runAdmin(): Promise<Outcome> {
  const source = join(root, 'test/interop/java/interop/Reconfigure.java');
  const args = [...lightJava, '-Dinterop.log=OFF', '-cp', classpath(judge), source, ADDRESS];
  return run('java', args, { input: CHANGE_LINES });
}

/** Each at members that are as at the beginning. */
const CLIENTS: Readonly<Record<string, () => Promise<Outcome>>> = {
  ZooKeeperAdmin: runAdmin,
  kazoo: () => runKazoo('reconfig.py', [ADDRESS], { input: CHANGE_LINES }),
  zkCli: () => runZkCli(ADDRESS, [...SHELL_LINES, 'quit']),
  'our zkCli': () =>
    run(process.execPath, [ourShell, '-server', ADDRESS, '-waitforconnection'], {
      input: `${SHELL_LINES.join('\n')}\nquit\n`,
    }),
  cli_mt: () => runCliMt(ADDRESS, C_LINES),
};

/** The versions of members are zxids: how many transactions there were does not differ, but sessions come at their own time. */
function plain(outcome: Outcome): object {
  const { code, out, err } = transcript(outcome);
  return { code, out, err };
}

it("every client is told the same by our leader and by Apache's", async () => {
  const said: Record<string, Record<string, object>> = {};
  for (const kind of ['ours', judge] as const) {
    const server = await start(kind);
    const here: Record<string, object> = {};
    for (const [name, ask] of Object.entries(CLIENTS)) here[name] = plain(await ask());
    said[kind] = here;
    await server.remove();
  }
  for (const name of Object.keys(CLIENTS)) expect(said.ours?.[name], name).toEqual(said[judge]?.[name]);
  const { zkCli, 'our zkCli': ours } = said.ours ?? {};
  // They asked one after the other, so the versions are others; and a class of Java has its name in a message.
  const alike = (said: object | undefined): string[] =>
    JSON.stringify(said, null, 1)
      .replaceAll(/0x\w+|(version=|\) \d+\] )[0-9a-f]{9}/g, '$1ZXID')
      .replaceAll(/org\.apache\.commons\.cli\.\w+: /g, '')
      .split('\n');
  expect(alike(ours)).toEqual(alike(zkCli));
  const answers = JSON.stringify(said.ours?.ZooKeeperAdmin);
  for (const name of ['NOAUTH', 'NEWCONFIGNOQUORUM', 'BADVERSION', 'BADARGUMENTS', 'MARSHALLINGERROR']) {
    expect(answers).toContain(name);
  }
});

it('who asks while another change is not decided is told so, and so is who asks where it is not enabled', async () => {
  const said: Record<string, unknown> = {};
  for (const kind of ['ours', judge] as const) {
    const one = await start(kind);
    const two = await start(kind, {}, 2, [member(1), member(2)]);
    const session = await RawSession.open({ port: one.clientPort, timeoutMs: 30_000 });
    await session.call('auth', { type: 0, scheme: 'digest', auth: Buffer.from('super:admin') });
    const change = (joining: string | null, leaving: string | null) =>
      session.call<'reconfig', { data: Buffer }>('reconfig', { joining, leaving, newMembers: null, curConfigId: -1n });
    await change(member(2), null);
    await expect
      .poll(() => fourLetterWord(one.clientPort, 'mntr'), { timeout: 10_000 })
      .toContain('zk_synced_followers\t1');
    // The other one does not acknowledge, so this one is not decided when the next one comes.
    two.pause();
    const first = change(member(3, 'observer;9'), null);
    const second = change(null, '2').then(String, (error: RawError) => error.code);
    await fourLetterWord(one.clientPort, 'srvr');
    two.resume();
    said[kind] = [await second, (await first).data.toString().replace(/version=.*/, '')];
    await session.close();
    await one.remove();
    await two.remove();
    const disabled = await start(kind, { reconfigEnabled: 'false' });
    said[kind] = [said[kind], plain(await runZkCli(ADDRESS, [SHELL_LINES[3] as string, 'quit']))];
    await disabled.remove();
  }
  expect(said.ours).toEqual(said[judge]);
  expect(JSON.stringify(said.ours)).toContain('-14');
  expect(JSON.stringify(said.ours)).toContain('Reconfig is disabled');
});
