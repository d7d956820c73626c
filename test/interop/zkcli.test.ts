// Our shell beside Apache's, each against a fresh server of ours: the same lines on the same streams and the same exit
// codes, in one session with all commands and flags and with one command on the command line; what differs on purpose
// is listed. And a session at a real terminal.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, run, runZkCli, runZkCommand } from './harness/programs.ts';
import { judge, type Kind, root, Server, type ServerOptions } from './harness/server.ts';
import { type Transcript, transcript } from './harness/transcript.ts';

const port = 22_124;
const shell = join(root, 'dist/cli/zk-cli.js');
const home = mkdtempSync(join(tmpdir(), 'zkcli-home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const settings = { extendedTypesEnabled: 'true' };
const flags = ['-Dznode.container.checkIntervalMs=2000000000'];

function commands(file: string): string[] {
  const lines = readFileSync(join(root, 'test/interop/zkcli', file), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

function runOurs(args: readonly string[], input = ''): Promise<Outcome> {
  return run(process.execPath, [shell, ...args], { input, env: { TZ: 'UTC', HOME: home } });
}

/** Names of Java's classes and of releases apart, and without our list of what is beyond Apache's. */
function plain({ code, out, err, events }: Transcript): Transcript {
  const lines = (all: readonly string[]): string[] =>
    all
      .map((line) => line.replace(/^org\.apache\.commons\.cli\.\w+: /, '').replace(/(CLI version: 3\.9\.5).*/, '$1'))
      .join('\n')
      .replaceAll(/\nBeyond Apache ZooKeeper's shell[\s\S]*?(?=Command not found)/g, '')
      .split('\n');
  return { code, out: lines(out), err: lines(err), events };
}

async function onFreshServer(
  options: Partial<ServerOptions>,
  use: (address: string) => Promise<Outcome>,
): Promise<Transcript> {
  const server = await new Server({ kind: 'ours', clientPort: port, settings, flags, ...options }).start();
  try {
    return plain(transcript(await use(`127.0.0.1:${port}`)));
  } finally {
    await server.remove();
  }
}

async function bothSessions(lines: readonly string[], options: Partial<ServerOptions> = {}) {
  const apache = await onFreshServer(options, (address) => runZkCli(address, lines));
  const ours = await onFreshServer(options, (address) =>
    runOurs(['-server', address, '-waitforconnection'], `${lines.join('\n')}\n`),
  );
  return { apache, ours };
}

describe('a session', () => {
  it('with every command prints the same', async () => {
    const { apache, ours } = await bothSessions(commands('commands.txt'));
    // Where a part of a subtree keeps its ACL, ours says how many nodes.
    const ofOurs = '1 node(s) of the subtree keep the ACL they had';
    expect(ours.err).toContain(ofOurs);
    expect({ ...ours, err: ours.err.filter((line) => line !== ofOurs) }).toEqual(apache);
  });

  it('with every flag, old form and refusal prints the same', async () => {
    const { apache, ours } = await bothSessions(commands('flags.txt'));
    expect(apache.out.length + apache.err.length).toBeGreaterThan(280);
    expect(ours).toEqual(apache);
  });

  it('that changes the membership prints the same', async () => {
    const member = (id: number, rest: string): string =>
      `server.${id}=127.0.0.1:${port + id}:${port + 10 + id}:${rest}`;
    const lines = [
      'config',
      'config -c',
      'config -s',
      `reconfig -add ${member(2, `observer;${port + 22}`)}`,
      'config',
      'reconfig -s -remove 2',
      'reconfig -v 1 -remove 2',
      `reconfig -members ${member(1, `participant;127.0.0.1:${port}`)}`,
      'reconfig -add nonsense',
      'reconfig -remove 1',
      'reconfig -add',
      'reconfig',
      'reconfig -members x -add y',
      'reconfig -file x -members y',
      'reconfig -v xyz -remove 3',
      'quit',
    ];
    const { apache, ours } = await bothSessions(lines, {
      kind: judge,
      id: 1,
      members: [member(1, `participant;127.0.0.1:${port}`)],
      settings: { standaloneEnabled: 'false', reconfigEnabled: 'true', initLimit: 10, syncLimit: 5 },
      flags: ['-Dzookeeper.skipACL=yes'],
    });
    expect(apache.out.join('\n')).toContain('Committed new configuration:');
    expect(ours).toEqual(apache);
  });
});

describe('one command on the command line', () => {
  const servers = [0, 1].map(
    (i) => new Server({ kind: 'ours' as Kind, clientPort: port + 30 + i, settings, flags }),
  ) as [Server, Server];
  beforeAll(() => Promise.all(servers.map((server) => server.start())));
  afterAll(() => Promise.all(servers.map((server) => server.remove())));

  it.each([
    [['create', '/one', 'x']],
    [['create', '/one', 'again']],
    [['get', '-s', '/one']],
    [['get', '/none']],
    [['set', '/one', 'a b  c']],
    [['get', '/one']],
    [['ls', '/']],
    [['ls', '-q', '/']],
    [['get']],
    [['get', 'd']],
    [['redo', '0']],
    [['printwatches']],
    [['setquota', '-n', '5', '/none']],
    [['sync', '/']],
    [['whoami']],
    [['config']],
    [['version']],
    [['deleteall', '/one']],
    [['nonsense']],
    [['']],
  ])('%j: same lines, same exit code', async (command) => {
    const [apache, ours] = await Promise.all([
      runZkCommand(`127.0.0.1:${servers[0].clientPort}`, command),
      runOurs(['-server', `127.0.0.1:${servers[1].clientPort}`, ...command]),
    ]);
    expect(plain(transcript(ours))).toEqual(plain(transcript(apache)));
  });

  it('to nobody: the same sentence and exit code, and ours says why', async () => {
    const [apache, ours] = await Promise.all([
      runZkCommand('127.0.0.1:1', ['ls', '/']),
      runOurs(['-server', '127.0.0.1:1', 'ls', '/']),
    ]);
    expect([ours.code, ours.stdout]).toEqual([apache.code, apache.stdout]);
    expect(ours.stderr).toBe(`127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n${apache.stderr}`);
  });

  /** Apache's shell ends with a stack trace, or drops what was typed, or is content with half of it. */
  it.each([
    [['set', '/zookeeper', 'x', '3'], 'set has no use for "3": set path data [-s] [-v version] [-b]'],
    [
      ['create', '/y', 'x', 'world:anyone:r', 'more'],
      'create has no use for "more": create [-s] [-e] [-c] [-t ttl] path [data] [acl]',
    ],
    [['delete', '-v', 'abc', '/x'], '-v argument must be a version number, an int, not "abc"'],
    [['setquota', '-n', '-4', '/zookeeper'], 'the num quota must be greater than zero'],
    [['deleteall', '/zookeeper'], 'Failed to delete some node(s) in the subtree!'],
    [['redo'], 'redo cmdno'],
  ])('%j differs on purpose', async (command, err) => {
    const ours = await runOurs(['-server', `127.0.0.1:${servers[1].clientPort}`, ...command]);
    expect(ours.stderr).toBe(`${err}\n`);
    expect(ours.code).toBe(1);
  });

  it.each([
    ['ssl.keyStore.location=/k', /sets ssl\.keyStore\.location, which is unknown here/],
    ['zookeeper.ssl.keyStore.location=/k', /location without zookeeper\.client\.secure=true/],
    ['nonsense=1', /sets nonsense, which is unknown here/],
  ])('-client-configuration with %s is refused by name', async (line, err) => {
    const file = join(home, 'client.properties');
    writeFileSync(file, `# a comment\n${line}\n`);
    const ours = await runOurs(['-client-configuration', file, 'ls', '/']);
    expect(ours.stderr).toMatch(err);
    expect(ours.code).toBe(1);
  });
});

describe('at a terminal', () => {
  const server = new Server({ kind: 'ours', clientPort: port + 40, settings });
  beforeAll(() => server.start());
  afterAll(() => server.remove());

  /** What the terminal shows behind each step, without the sequences that move the cursor. */
  async function typed(steps: readonly string[]): Promise<{ answers: string[]; code: number }> {
    const outcome = await run(
      '/usr/bin/python3',
      [
        join(root, 'test/interop/zkcli/terminal.py'),
        JSON.stringify(steps),
        process.execPath,
        shell,
        '-server',
        `127.0.0.1:${server.clientPort}`,
      ],
      { env: { HOME: home } },
    );
    const { answers, code } = JSON.parse(outcome.stdout) as { answers: string[]; code: number };
    const escapeCode = String.fromCharCode(27);
    const plainly = (text: string): string =>
      text.replaceAll(new RegExp(`${escapeCode}\\[[0-9;?]*[A-Za-z]`, 'g'), '').replaceAll('\r', '');
    return { answers: answers.map(plainly), code };
  }

  const prompt = (count: number): string => `[zk: 127.0.0.1:${port + 40}(CONNECTED) ${count}] `;

  it('has a prompt, completes commands and paths, clears the line at Ctrl-C and ends at Ctrl-D', async () => {
    const { answers, code } = await typed([
      'create /apple x\r',
      'create /apricot y\r',
      'cre\t',
      '\u0003',
      'get /ap\t',
      '\t',
      'p\t',
      '\r',
      'watch /apple\r',
      '\u0003',
      'get -w /apple\r',
      'set /apple z\r',
      '\u0004',
    ]);
    expect(answers[0]).toContain('Welcome to ZooKeeper!');
    expect(answers[0]).toMatch(/CONNECTED\) 0\] $/);
    expect(answers[1]).toBe(`create /apple x\nCreated /apple\n${prompt(1)}`);
    expect(answers[3]).toBe('create ');
    expect(answers[4]).toMatch(/\^C\n.*CONNECTED\) 2\] $/);
    expect(answers[5]).toBe('get /ap');
    expect(answers[6]).toMatch(/\/apple\n\/apricot\n[\s\S]*get \/ap$/);
    expect(answers[7]).toBe('ple');
    expect(answers[8]).toBe(`\nx\n${prompt(3)}`);
    expect(answers[10]).toBe(prompt(4));
    expect(answers[12]).toContain('WatchedEvent state:SyncConnected type:NodeDataChanged path:/apple');
    expect(answers[12]).toMatch(/CONNECTED\) 6\] $/);
    expect(code).toBe(0);
  });

  it('keeps history from one run to the next, but for passwords', async () => {
    await typed(['addauth digest me:secret\r', 'get /apple\r', 'quit\r']);
    const { answers } = await typed(['\u001b[A', '\u001b[A', 'quit\r']);
    expect(answers[1]).toContain(`${prompt(0)}quit`);
    expect(answers[2]).toContain(`${prompt(0)}get /apple`);
    expect(readFileSync(join(home, '.menagerie_zkcli_history'), 'utf8')).not.toContain('secret');
  });
});
