import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CliError } from '../../src/cli/zk/cli-error.ts';
import { parseOptions } from '../../src/cli/zk/options.ts';
import { Output } from '../../src/cli/zk/output.ts';
import { Shell } from '../../src/cli/zk/shell.ts';
import { wordsOf } from '../../src/cli/zk/words.ts';
import type { Ensemble } from '../../src/embed/ensemble.ts';
import { startEnsemble } from '../../src/index.ts';

/** The shell against one server in this process: each command's lines on both streams, and its exit code. */
let server: Ensemble;
let port: number;

beforeAll(async () => {
  server = await startEnsemble(1, { properties: { extendedTypesEnabled: true, '4lw.commands.whitelist': '*' } });
  port = Number(server.connectString.split(':')[1]);
});
afterAll(() => server.close());

class Scene {
  out = '';
  err = '';
  answer = true;
  readonly questions: string[] = [];
  readonly shell: Shell;

  constructor(...options: string[]) {
    const parsed = parseOptions(['-server', `127.0.0.1:${port}`, ...options]);
    const output = new Output({ out: (text) => (this.out += text), err: (text) => (this.err += text) }, parsed.json);
    this.shell = new Shell(parsed, {
      output,
      confirm: (question) => {
        this.questions.push(question);
        return Promise.resolve(this.answer);
      },
    });
  }

  async run(line: string, signal = new AbortController().signal): Promise<{ code: number; out: string; err: string }> {
    await this.shell.waitForConnection();
    this.out = '';
    this.err = '';
    const code = await this.shell.execute(wordsOf(line), line, signal);
    return { code, out: this.out, err: this.err };
  }

  async json(line: string): Promise<unknown> {
    const { code, out, err } = await this.run(line);
    expect(err).toBe('');
    expect(code).toBe(0);
    return JSON.parse(out);
  }
}

const opened: Scene[] = [];
function open(...options: string[]): Scene {
  const scene = new Scene(...options);
  opened.push(scene);
  return scene;
}

beforeEach(async () => {
  const cleaner = open();
  const names = (await cleaner.run('ls /')).out.trim().slice(1, -1).split(', ');
  for (const name of names) if (name !== 'zookeeper' && name !== '') await cleaner.run(`deleteall /${name}`);
  for (const scene of opened.splice(0)) await scene.shell.end();
});

afterAll(async () => {
  for (const scene of opened.splice(0)) await scene.shell.end();
});

describe('what was typed is never dropped', () => {
  test('an ACL without data is a word too many nowhere, and an extra word everywhere', async () => {
    const scene = open();
    expect(await scene.run('create /x data world:anyone:r')).toEqual({ code: 0, out: '', err: 'Created /x\n' });
    expect((await scene.run('getAcl /x')).out).toBe("'world,'anyone\n: r\n");
    expect(await scene.run('create /y data world:anyone:r more')).toEqual({
      code: 1,
      out: '',
      err: 'create has no use for "more": create [-s] [-e] [-c] [-t ttl] path [data] [acl]\n',
    });
    expect(await scene.run('set /x data 3')).toEqual({
      code: 1,
      out: '',
      err: 'set has no use for "3": set path data [-s] [-v version] [-b]\n',
    });
    expect((await scene.run('ls /')).out).toBe('[x, zookeeper]\n');
  });

  test('half an ACL makes no node', async () => {
    const scene = open();
    expect(await scene.run('create /x data world:anyone:r,digest:bob')).toEqual({
      code: 1,
      out: '',
      err: 'digest:bob does not have the form scheme:id:perm\nKeeperErrorCode = InvalidACL\nAcl is not valid : null\n',
    });
    expect((await scene.run('ls /')).out).toBe('[zookeeper]\n');
  });

  test.each([
    ['ls -q /', 'Unrecognized option: -q\n'],
    ['delete -v abc /x', '-v argument must be a version number, an int, not "abc"\n'],
    ['delete -v 99999999999 /x', '-v argument must be a version number, an int, not "99999999999"\n'],
    ['set -b /x ***', '"***" is not base64\n'],
    ['create -t 0 /x', 'ttl must be positive and cannot be larger than: 1099511627775\n'],
    ['deleteall /x -b 0', '-b argument must be an int value, 1 or more\n'],
    ['ls --depth 2 /', '--depth has a meaning with -R only\n'],
    ['printwatches maybe', 'printwatches takes on or off, not "maybe"\n'],
    ['redo 7', 'Command index out of range\n'],
    ['connect nonsense:xx', 'connect string "nonsense:xx": "nonsense:xx" is not host:port\n'],
    ['reconfig -file /none', "Error processing /none: ENOENT: no such file or directory, open '/none'\n"],
    ['find --owner me /', '--owner takes a session id, 0x and hexadecimal digits, not "me"\n'],
  ])('%s', async (line, err) => {
    expect(await open().run(line)).toEqual({ code: 1, out: '', err });
  });

  test('the old form of delete keeps the version it is given', async () => {
    const scene = open();
    await scene.run('create /x');
    const old = "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.\n";
    expect(await scene.run('delete /x 5')).toEqual({ code: 1, out: '', err: `${old}version No is not valid : /x\n` });
    expect(await scene.run('delete /x 0')).toEqual({ code: 0, out: '', err: old });
  });
});

test('an unknown command is answered with the list, 127 and its name', async () => {
  const { code, out, err } = await open().run('nonsense');
  expect(code).toBe(127);
  expect(out).toBe('');
  expect(err).toMatch(/^ZooKeeper -server host:port .*\n\taddWatch /);
  expect(err).toMatch(/\nBeyond Apache ZooKeeper's shell[\s\S]*\n\tmv path newPath # in one/);
  expect(err).toMatch(/\nCommand not found: Command not found nonsense\n$/);
});

test('ls -R lists a node’s children before what is below them, as deep as it is told', async () => {
  const scene = open();
  for (const path of ['/t', '/t/b', '/t/a', '/t/a/2', '/t/a/1', '/t/a/1/x', '/t/b/1'])
    await scene.run(`create ${path}`);
  expect((await scene.run('ls -R /t')).out).toBe('/t\n/t/a\n/t/b\n/t/a/1\n/t/a/2\n/t/a/1/x\n/t/b/1\n');
  expect((await scene.run('ls -R --depth 1 /t')).out).toBe('/t\n/t/a\n/t/b\n');
  expect((await scene.run('ls -R --depth 0 /t')).out).toBe('/t\n');
  expect(await scene.run('ls -R /none')).toEqual({ code: 1, out: '', err: 'Node does not exist: /none\n' });
});

test('deleteall asks at a terminal, when much would go and --yes is not given', async () => {
  const scene = open();
  await scene.run('create /many');
  for (let i = 0; i < 1000; i++) await scene.shell.connectedClient?.create(`/many/${i}`);
  scene.answer = false;
  expect(await scene.run('deleteall /many')).toEqual({ code: 1, out: '', err: 'Nothing was deleted\n' });
  expect(scene.questions).toEqual(['Delete 1001 nodes, /many and all below it?']);
  expect((await scene.run('getAllChildrenNumber /many')).out).toBe('1000\n');
  expect(await scene.run('deleteall /many --yes -b 10')).toEqual({ code: 0, out: '', err: '' });
  expect(scene.questions.length).toBe(1);
});

test('what cannot be deleted is an error, and its exit code says so', async () => {
  const scene = open('--json');
  await scene.run('create /x');
  await scene.run('create /x/kept');
  await scene.run('create /x/kept/a');
  await scene.run('setAcl /x/kept world:anyone:ra');
  const { code, out, err } = await scene.run('deleteall /x');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    path: '/x',
    deleted: 0,
    failed: [{ path: '/x/kept/a', error: 'KeeperErrorCode = NoAuth for /x/kept/a' }],
  });
  expect(err).toBe('{"error":"Failed to delete some node(s) in the subtree!"}\n');
  await scene.run('setAcl /x/kept world:anyone:cdrwa');
});

describe('cp and mv', () => {
  async function fruit(scene: Scene): Promise<void> {
    await scene.run('create /fruit box');
    await scene.run('create /fruit/apple red world:anyone:rd');
    await scene.run('create /fruit/cherry');
    await scene.run('create /other');
  }

  test('cp takes data and ACLs along, and says which ephemeral nodes it left', async () => {
    const scene = open();
    await fruit(scene);
    await scene.run('create -e /fruit/fly x');
    expect(await scene.run('cp /fruit /other/fruit')).toEqual({
      code: 0,
      out: '',
      err: '/fruit/fly is ephemeral, belongs to its session and was not copied\n',
    });
    expect((await scene.run('ls /other/fruit')).out).toBe('[apple, cherry]\n');
    expect((await scene.run('get /other/fruit/apple')).out).toBe('red\n');
    expect((await scene.run('getAcl /other/fruit/apple')).out).toBe("'world,'anyone\n: dr\n");
  });

  test('mv is one transaction', async () => {
    const scene = open();
    await fruit(scene);
    expect(await scene.run('mv /fruit /other/fruit')).toEqual({ code: 0, out: '', err: '' });
    expect((await scene.run('ls -R /')).out).not.toMatch(/^\/fruit/m);
    expect((await scene.run('get /other/fruit/apple')).out).toBe('red\n');
    const zxids = (await scene.run('stat /other/fruit')).out.match(/^cZxid = (.*)$/m)?.[1];
    expect((await scene.run('stat /other/fruit/cherry')).out).toContain(`cZxid = ${zxids}\n`);
  });

  test('a target that is there, or inside, and ephemeral nodes, are refused before anything changes', async () => {
    const scene = open();
    await fruit(scene);
    expect((await scene.run('cp /fruit /other')).err).toBe('Node already exists: /other\n');
    expect((await scene.run('mv /fruit /fruit/apple/x')).err).toBe('/fruit/apple/x lies within /fruit\n');
    await scene.run('create -e /fruit/fly x');
    expect((await scene.run('mv /fruit /basket')).err).toBe(
      '/fruit/fly is ephemeral and cannot be moved; nothing was changed\n',
    );
    expect((await scene.run('ls /')).out).toBe('[fruit, other, zookeeper]\n');
  });
});

test('find and du look through a subtree', async () => {
  const scene = open();
  for (const line of [
    'create /d',
    'create /d/log-1 abc',
    'create /d/log-2 abcdef',
    'create /d/x',
    'create /d/x/log-3 a',
  ]) {
    await scene.run(line);
  }
  await scene.run('create -e /d/x/mine abcdef');
  expect((await scene.run('find --name log-* /d')).out).toBe('/d/log-1\n/d/log-2\n/d/x/log-3\n');
  expect((await scene.run('find --min-bytes 6 /d')).out).toBe('/d/log-2\n/d/x/mine\n');
  expect((await scene.run('find --ephemeral /d')).out).toBe('/d/x/mine\n');
  const owner = (await scene.run('stat /d/x/mine')).out.match(/^ephemeralOwner = (.*)$/m)?.[1];
  expect((await scene.run(`find --owner ${owner} /`)).out).toBe('/d/x/mine\n');
  expect((await scene.run('du /d')).out).toBe(
    [
      '          16 bytes         6 nodes  /d',
      '           7 bytes         3 nodes  /d/x',
      '           6 bytes         1 nodes  /d/log-2',
      '           3 bytes         1 nodes  /d/log-1',
      '',
    ].join('\n'),
  );
});

/** The server's answer to a four-letter word. */
function ask(word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(word));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

async function untilWatched(): Promise<void> {
  while (!(await ask('wchs')).includes('watching 1 paths')) await new Promise((turn) => setImmediate(turn));
}

test('watch prints each change with its transaction, until it has seen enough', async () => {
  const scene = open();
  await scene.run('create /w');
  const other = open();
  const watching = scene.run('watch -R --count 3 /w');
  await untilWatched();
  await other.run('set /w x');
  await other.run('create /w/a');
  await other.run('delete /w/a');
  const { code, out } = await watching;
  expect(code).toBe(0);
  const lines = out.trim().split('\n');
  expect(lines.map((line) => line.replace(/^\S+Z 0x[0-9a-f]+ /, ''))).toEqual([
    'NodeDataChanged /w',
    'NodeCreated /w/a',
    'NodeDeleted /w/a',
  ]);
});

test('Ctrl-C ends watch, and any other command with a word of it', async () => {
  const scene = open();
  await scene.run('create /w');
  const controller = new AbortController();
  const watching = scene.run('watch /w', controller.signal);
  await untilWatched();
  controller.abort(new CliError('Interrupted', 130));
  expect(await watching).toEqual({ code: 0, out: '', err: '' });
  expect(await scene.run('ls /', controller.signal)).toEqual({ code: 130, out: '', err: 'Interrupted\n' });
});

describe('with --json', () => {
  test('answers are values, one a line, and nothing else is on standard output', async () => {
    const scene = open('--json');
    expect(await scene.json('create /j text')).toEqual({ created: '/j' });
    expect(await scene.json('get /j')).toMatchObject({ path: '/j', data: 'text', encoding: 'utf8' });
    await scene.run('set -b /j /w==');
    expect(await scene.json('get /j')).toMatchObject({ data: '/w==', encoding: 'base64', stat: { dataVersion: 1 } });
    expect(await scene.json('ls /')).toMatchObject({ path: '/', children: ['j', 'zookeeper'] });
    expect(await scene.json('getAcl /j')).toMatchObject({
      acl: [{ scheme: 'world', id: 'anyone', perms: 'cdrwa' }],
      aclArgument: 'world:anyone:cdrwa',
    });
    expect(await scene.json('whoami')).toEqual([{ scheme: 'ip', id: '127.0.0.1' }]);
  });

  test('errors are values on standard error', async () => {
    const scene = open('--json');
    expect(await scene.run('get /none')).toEqual({
      code: 1,
      out: '',
      err: '{"error":"Node does not exist: /none","code":-101,"path":"/none"}\n',
    });
  });
});

describe('the shell itself', () => {
  test('prompt, history and redo count commands', async () => {
    const scene = open();
    await scene.run('create /h');
    expect(scene.shell.prompt).toBe(`[zk: 127.0.0.1:${port}(CONNECTED) 1] `);
    await scene.run('get /h');
    expect((await scene.run('history')).out).toBe('0 - create /h\n1 - get /h\n2 - history\n');
    expect(await scene.run('redo 0')).toEqual({ code: 1, out: '', err: 'Node already exists: /h\n' });
    expect((await scene.run('redo 3')).err).toBe('Node already exists: /h\n');
    expect((await scene.run('history')).out).toContain('3 - create /h\n');
  });

  test('close ends the session, connect makes another one', async () => {
    const scene = open();
    expect((await scene.run('close')).out).toBe(
      '\nWATCHER::\n\nWatchedEvent state:Closed type:None path:null zxid: -1\n',
    );
    expect(scene.shell.prompt).toBe(`[zk: 127.0.0.1:${port}(CLOSED) 1] `);
    scene.out = '';
    await scene.shell.execute(['ls', '/'], 'ls /', new AbortController().signal);
    expect(scene.out).toBe('Not connected\n');
    await scene.shell.execute(['connect'], 'connect', new AbortController().signal);
    expect((await scene.run('ls /')).out).toBe('[zookeeper]\n');
  });

  test('quit ends with the exit code of the command before it', async () => {
    const scene = open();
    expect((await scene.run('get /none')).code).toBe(1);
    expect((await scene.run('quit')).out).toContain('WatchedEvent state:Closed');
    expect(scene.shell.exitCode).toBe(1);
    expect(scene.shell.isOver).toBe(true);
  });

  test('a chroot is in front of every path', async () => {
    const scene = open();
    await scene.run('create /app');
    const inside = open('-server', `127.0.0.1:${port}/app`);
    await inside.run('create /x');
    expect((await inside.run('ls /')).out).toBe('[x]\n');
    expect((await scene.run('ls -R /app')).out).toBe('/app\n/app/x\n');
    expect(inside.shell.prompt).toBe(`[zk: 127.0.0.1:${port}/app(CONNECTED) 2] `);
  });

  test('when no server answers, a command fails and is never sent', async () => {
    const scene = open('-server', '127.0.0.1:1,127.0.0.1:2');
    expect(await scene.shell.execute(['create', '/late'], '', new AbortController().signal)).toBe(1);
    const lines = scene.err.split('\n');
    // The servers are tried in an order that is drawn.
    expect(lines.slice(0, 2).sort()).toEqual([
      '127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
      '127.0.0.1:2: connect ECONNREFUSED 127.0.0.1:2',
    ]);
    expect(lines.slice(2)).toEqual(['KeeperErrorCode = ConnectionLoss for /late', '']);
  });
});

test('quotas are set, listed with what is used, and removed with what is empty above them', async () => {
  const scene = open();
  await scene.run('create /q');
  await scene.run('create /q/a 12345');
  expect((await scene.run('setquota -n 5 /q')).out).toBe('');
  expect((await scene.run('setquota -B 4 /q')).out).toBe(
    '[Warning]: the bytes quota you create is less than the existing bytes:5\n',
  );
  expect(await scene.run('listquota /q')).toEqual({
    code: 0,
    out: 'Output quota for /q count=5,bytes=-1=;byteHardLimit=4;countHardLimit=-1\nOutput stat for /q count=2,bytes=5\n',
    err: 'absolute path is /zookeeper/quota/q/zookeeper_limits\n',
  });
  expect((await scene.run('setquota -n 5 /q/a')).err).toBe('/q/a has a parent /q which has a quota\n');
  expect((await scene.run('delquota /q')).code).toBe(0);
  expect((await scene.run('ls /zookeeper/quota')).out).toBe('[]\n');
  expect((await scene.run('delquota /q')).out).toBe('Quota does not exist for /q\n');
});
