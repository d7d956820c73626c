import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './harness/programs.ts';
import { classpath, judge, lightJava, root, Server } from './harness/server.ts';

/** The test kit as other languages have it, each with its own client; and two servers of different kinds, compared. */
const menagerie = `${process.execPath} ${join(root, 'dist/peer.js')}`;
const env = { MENAGERIE: menagerie };
let classes: string;

beforeAll(() => {
  classes = mkdtempSync(join(tmpdir(), 'testkit-'));
});

afterAll(() => rmSync(classes, { recursive: true, force: true }));

test('pytest: a session expires, an answer is lost after the commit, time passes, another leads (kazoo)', async () => {
  const { code, stdout, stderr } = await run(
    '/usr/bin/python3',
    ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', join(root, 'testing/python')],
    { env: { ...env, PYTHONDONTWRITEBYTECODE: '1' } },
  );
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining('4 passed') });
});

test("JUnit: a session expires, an answer is lost after the commit (Apache's client)", async () => {
  const junit = join(root, '.cache/interop/junit');
  const console = join(junit, readdirSync(junit).find((name) => name.endsWith('.jar')) ?? '');
  const path = [classes, console, classpath(judge)].join(delimiter);
  const sources = readdirSync(join(root, 'testing/java/src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(root, 'testing/java/src', name));
  mkdirSync(classes, { recursive: true });
  const compiled = await run('javac', ['-nowarn', '-d', classes, '-cp', path, ...sources]);
  expect(compiled).toMatchObject({ code: 0 });
  const ran = await run(
    'java',
    [
      ...lightJava,
      '-Dinterop.log=OFF',
      '-cp',
      path,
      'org.junit.platform.console.ConsoleLauncher',
      'execute',
      '--disable-banner',
      '--details=summary',
      '--select-class=menagerie.testing.MenagerieExtensionTest',
    ],
    { env },
  );
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/2 tests successful/) });
});

test('Go: a session expires, an answer is lost after the commit (go-zookeeper)', async () => {
  const { code, stdout, stderr } = await run('sh', ['-c', 'cd "$1" && go test ./...', 'sh', join(root, 'testing/go')], {
    env: { ...env, PATH: `${process.env.PATH}${delimiter}/usr/local/go/bin`, GOFLAGS: '-count=1', GOPROXY: 'off' },
  });
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok/) });
});

test("menagerie compare finds no difference between Apache's server and ours", async () => {
  const apache = new Server({ kind: judge, clientPort: 26_190, settings: { tickTime: 500 } });
  const ours = new Server({ kind: 'ours', clientPort: 26_191, settings: { tickTime: 500 } });
  try {
    apache.launch();
    ours.launch();
    await Promise.all([apache.untilServing(), ours.untilServing()]);
    const compared = await run(process.execPath, [
      join(root, 'dist/peer.js'),
      'compare',
      '127.0.0.1:26190',
      '127.0.0.1:26191',
    ]);
    expect(compared).toEqual({ code: 0, stdout: '80 requests, 0 differences\n', stderr: '' });
  } finally {
    await Promise.all([apache.remove(), ours.remove()]);
  }
});
