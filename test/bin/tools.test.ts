import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ReleaseTree } from './release-tree.ts';

const bin = resolve(import.meta.dirname, '../../bin');

let tree: ReleaseTree | undefined;
afterEach(() => tree?.remove());
const open = (): ReleaseTree => {
  tree = new ReleaseTree();
  return tree;
};

test('every script but the one that others read can be executed, and begins with sh', () => {
  const wrong = readdirSync(bin).filter((name) => {
    const isExecutable = (statSync(join(bin, name)).mode & 0o111) === 0o111;
    const beginsWithSh = readFileSync(join(bin, name), 'utf8').startsWith('#!/bin/sh\n');
    return name === 'zkEnv.sh' ? isExecutable || beginsWithSh : !isExecutable || !beginsWithSh;
  });
  expect(wrong).toEqual([]);
});

describe('the tools', () => {
  test.each([
    ['zkCli.sh', 'zk-cli'],
    ['zkTxnLogToolkit.sh', 'txn-log-toolkit'],
    ['zkSnapShotToolkit.sh', 'snapshot-toolkit'],
    ['zkSnapshotComparer.sh', 'snapshot-comparer'],
    ['zkSnapshotRecursiveSummaryToolkit.sh', 'snapshot-recursive-summary'],
  ])('%s passes every word on as it is, and the exit code back', (script, program) => {
    const t = open();
    const words = ['-server', 'a b', '', '*', '$HOME', '--config', "it's"];
    const { status, stdout, stderr } = t.run(script, words);
    expect({ status, stdout, stderr }).toEqual({ status: 7, stdout: '', stderr: '' });
    expect(t.calls()).toEqual([{ tool: `${t.home}/dist/cli/${program}.js`, args: words }]);
  });

  test('need no configuration, but take one from the front', () => {
    const t = open();
    rmSync(join(t.home, 'conf'), { recursive: true });
    mkdirSync(join(t.outside, 'conf'));
    writeFileSync(join(t.outside, 'conf/java.env'), 'echo "read" >&2\n');
    expect(t.run('zkCli.sh', ['ls', '/']).stderr).toBe('');
    expect(t.run('zkCli.sh', ['--config', join(t.outside, 'conf'), 'ls', '/']).stderr).toBe('read\n');
    expect(t.calls().map(({ args }) => args)).toEqual([
      ['ls', '/'],
      ['ls', '/'],
    ]);
  });

  test('that are missing say that the release is not whole', () => {
    const t = open();
    rmSync(join(t.home, 'dist/cli/zk-cli.js'));
    const { status, stderr } = t.run('zkCli.sh', []);
    expect(status).toBe(1);
    expect(stderr).toMatch(/zk-cli\.js is missing: this is no whole release/);
  });

  test('zkCli.sh names a heap that means nothing here, and goes on', () => {
    const t = open();
    const { status, stderr } = t.run('zkCli.sh', [], { env: { ZK_CLIENT_HEAP: '512' } });
    expect({ status, stderr }).toEqual({
      status: 7,
      stderr: 'no effect here, where there is no JVM: ZK_CLIENT_HEAP\n',
    });
  });
});

describe('zkCleanup.sh', () => {
  test('names the log directory first, when there is one of its own', () => {
    const t = open();
    t.run('zkCleanup.sh', ['-n', '3']);
    t.configure('zoo.cfg', `dataDir=${t.data}\ndataLogDir=/log dir\n`);
    expect(t.run('zkCleanup.sh', ['-n', '3']).status).toBe(7);
    expect(t.calls().map(({ args }) => args)).toEqual([
      [t.data, '-n', '3'],
      ['/log dir', t.data, '-n', '3'],
    ]);
  });

  test('without a configuration, or a directory in it, does nothing', () => {
    const t = open();
    t.configure('empty.cfg', '');
    expect(t.run('zkCleanup.sh', ['-n', '3'], { env: { ZOOCFG: 'empty.cfg' } }).stderr).toContain(
      'conf/empty.cfg: dataDir is missing',
    );
    expect(t.run('zkCleanup.sh', ['-n', '3'], { env: { ZOOCFG: 'none.cfg' } }).status).toBe(1);
    expect(t.calls()).toEqual([]);
  });
});

describe('zkAudit.sh', () => {
  test('adds the directory of the logs, and the audit log where there is one', () => {
    const t = open();
    const dir = ['--data-log-dir', t.data];
    const audit = join(t.outside, 'audit.log');
    expect(t.run('zkAudit.sh', ['who', '/a b', '--since', '1h']).status).toBe(7);
    t.configure('zoo.cfg', `dataDir=${t.data}\naudit.file=${audit}\n`);
    t.run('zkAudit.sh', ['who', '/a']);
    writeFileSync(audit, '');
    t.run('zkAudit.sh', ['who', '/a']);
    t.configure('zoo.cfg', `dataDir=${t.data}\ndataLogDir=/log dir\n`);
    t.run('zkAudit.sh', ['who', '/a']);
    expect(t.calls().map(({ args }) => args)).toEqual([
      ['who', '/a b', '--since', '1h', ...dir],
      ['who', '/a', ...dir],
      ['who', '/a', ...dir, '--audit', audit],
      ['who', '/a', '--data-log-dir', '/log dir'],
    ]);
  });

  test('needs a configuration, but not for help', () => {
    const t = open();
    expect(t.run('zkAudit.sh', ['who', '/a'], { env: { ZOOCFG: 'none.cfg' } }).status).toBe(1);
    expect(t.run('zkAudit.sh', ['--help'], { env: { ZOOCFG: 'none.cfg' } }).status).toBe(7);
    expect(t.calls().map(({ args }) => args)).toEqual([['--help']]);
  });
});

describe('zkServer-initialize.sh', () => {
  const initialize = (t: ReleaseTree, ...args: string[]): { status: number | null; stdout: string } => {
    const { status, stdout } = t.run('zkServer-initialize.sh', args);
    return { status, stdout };
  };

  test('makes the directories, myid, and the word that an empty server is meant', () => {
    const t = open();
    t.configure('zoo.cfg', `dataDir=${t.data}\ndataLogDir=${t.outside}/logs\n`);
    expect(initialize(t, '--myid=3')).toEqual({ status: 0, stdout: 'Using myid of 3\n' });
    expect(t.read('some data/myid')).toBe('3\n');
    expect(readdirSync(t.data).sort()).toEqual(['initialize', 'myid', 'version-2']);
    expect(readdirSync(join(t.outside, 'logs'))).toEqual(['version-2']);
  });

  test('touches nothing where there is data, but for --force', () => {
    const t = open();
    mkdirSync(join(t.data, 'version-2'), { recursive: true });
    writeFileSync(join(t.data, 'version-2/log.1'), '');
    writeFileSync(join(t.data, 'kept'), '');
    expect(initialize(t, '--myid', '3')).toEqual({
      status: 1,
      stdout: `ZooKeeper data directory already exists at ${t.data} (or use --force to force re-initialization)\n`,
    });
    expect(readdirSync(join(t.data, 'version-2'))).toEqual(['log.1']);
    expect(initialize(t, '--force')).toEqual({
      status: 0,
      stdout: `Force enabled, data/txnlog directories will be re-initialized\nNo myid provided, be sure to specify it in ${t.data}/myid if using non-standalone\n`,
    });
    expect(readdirSync(join(t.data, 'version-2'))).toEqual([]);
    expect(existsSync(join(t.data, 'kept'))).toBe(true);
  });

  test('changes nothing when the directory is in use, --force or not', () => {
    const t = open();
    mkdirSync(join(t.data, 'version-2'), { recursive: true });
    writeFileSync(join(t.data, 'version-2/log.1'), '');
    writeFileSync(join(t.home, 'dist/cli/directory-in-use.js'), 'process.exitCode = 1;\n');
    expect(initialize(t, '--force')).toEqual({ status: 1, stdout: '' });
    expect(readdirSync(join(t.data, 'version-2'))).toEqual(['log.1']);
  });

  test.each([
    [['--myid', '0'], 'myid 0: it is a number from 1 to 255\n'],
    [['--myid', '256'], 'myid 256: it is a number from 1 to 255\n'],
    [['--myid', 'one'], 'myid one: it is a number from 1 to 255\n'],
    [['--configfile=/no/such'], 'Unable to find config file at /no/such\n'],
  ])('refuses %s', (args, stdout) => {
    const t = open();
    expect(initialize(t, ...args)).toEqual({ status: 1, stdout });
    expect(existsSync(t.data)).toBe(false);
  });

  test.each([[['--myid']], [['--configfile']], [['--bad']], [['-h']], [['--help']]])(
    '%s is the usage, and 1',
    (args) => {
      const { status, stdout } = initialize(open(), ...args);
      expect(status).toBe(1);
      expect(stdout).toContain('--myid=#              Set the myid to be used, if any (1-255)\n');
    },
  );
});

test('directory-in-use.js finds a directory that another process has locked', async () => {
  const t = open();
  const src = resolve(import.meta.dirname, '../../src');
  const hook = resolve(import.meta.dirname, '../../scripts/ts.mjs');
  const inUse = (): number | null =>
    t.command(process.execPath, ['--import', hook, join(src, 'cli/directory-in-use.ts'), t.outside, '/no/such']).status;
  expect(inUse()).toBe(0);
  const lock = `import { lockDirectory } from '${src}/io/node-lock.ts'; lockDirectory(process.argv[1]); console.log('locked'); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--import', hook, '--input-type=module', '-e', lock, t.outside]);
  await once(owner.stdout, 'data');
  const whileHeld = inUse();
  owner.kill('SIGKILL');
  await once(owner, 'close');
  expect([whileHeld, inUse()]).toEqual([1, 0]);
});
