import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Call, ReleaseTree } from './release-tree.ts';

let tree: ReleaseTree | undefined;
afterEach(() => tree?.remove());
const open = (behaviour?: string): ReleaseTree => {
  tree = new ReleaseTree(behaviour);
  return tree;
};

/** A zombie that its new parent has not asked for yet has ended. */
const isAlive = (pid: number): boolean => {
  const state = spawnSync('ps', ['-p', String(pid), '-o', 'stat='], { encoding: 'utf8' }).stdout;
  return state !== '' && !state.startsWith('Z');
};

describe('start', () => {
  test('says STARTED when the server is ready, and leaves its process id in dataDir', () => {
    const t = open();
    const { status, stdout, stderr } = t.run('zkServer.sh', ['start']);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'Starting zookeeper ... STARTED\n',
      stderr: `Using config: ${t.home}/bin/../conf/zoo.cfg\n`,
    });
    const [call] = t.calls();
    expect(t.read('some data/zookeeper_server.pid')).toBe(String(call?.pid));
    expect(isAlive(call?.pid as number)).toBe(true);
    expect(call?.args.slice(0, 2)).toEqual(['--config', `${t.home}/bin/../conf/zoo.cfg`]);
  });

  test('names its output after the user and the machine, USER set or not, and keeps the output of the run before', () => {
    const t = open();
    t.run('zkServer.sh', ['start']);
    t.run('zkServer.sh', ['stop']);
    t.run('zkServer.sh', ['start'], { env: { USER: userInfo().username } });
    const host = t.command('uname', ['-n']).stdout.trim();
    const out = `with a blank/menagerie/logs/zookeeper-${userInfo().username}-server-${host}.out`;
    expect(t.read(out)).toBe('a line of the log\n');
    expect(t.read(`${out}.1`)).toBe('a line of the log\n');
  });

  test('of a server that ends says so, with its exit code and the last lines it wrote', () => {
    const t = open('die');
    const { status, stdout, stderr } = t.run('zkServer.sh', ['start']);
    expect(status).toBe(1);
    expect(stdout).toBe('Starting zookeeper ... FAILED TO START\n');
    expect(stderr).toContain('The server ended with exit code 2.\n');
    expect(stderr).toContain('a line of the log\nno, because the test says so\n');
    expect(existsSync(join(t.data, 'zookeeper_server.pid'))).toBe(false);
  });

  test('does not wait for ever for one that is busy', () => {
    const t = open('slow');
    const { status, stdout, stderr } = t.run('zkServer.sh', ['start'], { env: { ZOO_START_TIMEOUT: '0' } });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'Starting zookeeper ... STARTED\n' });
    expect(stderr).toContain('It does not accept clients yet, after 0 s');
  });

  test('a second time is refused with the process id', () => {
    const t = open();
    t.run('zkServer.sh', ['start']);
    const { status, stdout } = t.run('zkServer.sh', ['start']);
    const [{ pid }, ...others] = t.calls() as [Call, ...Call[]];
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: `Starting zookeeper ... already running as process ${pid}.\n`,
    });
    expect(others).toEqual([]);
  });

  test('passes over a process id that another program has by now', () => {
    const t = open();
    mkdirSync(t.data);
    writeFileSync(join(t.data, 'zookeeper_server.pid'), String(process.pid));
    expect(t.run('zkServer.sh', ['start']).stdout).toBe('Starting zookeeper ... STARTED\n');
  });

  test("is a session of its own, with no terminal, no standard input and none of the caller's open files", () => {
    const t = open();
    t.command('sh', ['-c', 'exec 7>"$1/held"; sh "$2" start', 'sh', t.outside, join(t.home, 'bin/zkServer.sh')]);
    const pid = t.calls()[0]?.pid as number;
    const files = t.command('sh', ['-c', `ls -l /proc/${pid}/fd`]).stdout;
    expect(files).toMatch(/ 0 -> \/dev\/null/);
    expect(files).not.toContain('held');
    // Of /proc/N/stat: process, parent, group and session behind the name and the state.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ');
    expect(stat?.[3]).toBe(String(pid));
  });

  test('where the log folder cannot be made says which, and starts nothing', () => {
    const t = open();
    writeFileSync(join(t.outside, 'file'), '');
    const { status, stderr } = t.run('zkServer.sh', ['start'], { env: { ZOO_LOG_DIR: join(t.outside, 'file/logs') } });
    expect(status).toBe(1);
    expect(stderr).toContain(`${t.outside}/file/logs cannot be made by `);
    expect(t.calls()).toEqual([]);
  });
});

describe('stop', () => {
  test('comes back when the server has ended', () => {
    const t = open();
    t.run('zkServer.sh', ['start']);
    const { status, stdout } = t.run('zkServer.sh', ['stop']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'Stopping zookeeper ... STOPPED\n' });
    expect(isAlive(t.calls()[0]?.pid as number)).toBe(false);
    expect(existsSync(join(t.data, 'zookeeper_server.pid'))).toBe(false);
  });

  test('without a process id has nothing to do', () => {
    const t = open();
    const { status, stdout } = t.run('zkServer.sh', ['stop']);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `Stopping zookeeper ... no zookeeper to stop (could not find file ${t.data}/zookeeper_server.pid)\n`,
    });
  });

  test('never ends another program that has the number by now', () => {
    const t = open();
    mkdirSync(t.data);
    const other = t.command('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!']).stdout.trim();
    writeFileSync(join(t.data, 'zookeeper_server.pid'), other);
    const { status, stdout, stderr } = t.run('zkServer.sh', ['stop']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'Stopping zookeeper ... STOPPED\n' });
    expect(stderr).toContain(`names no running server: ${other}`);
    expect(isAlive(Number(other))).toBe(true);
    process.kill(Number(other));
  });

  test('of a server that does not go is an error, and the process id stays', () => {
    const t = open('stubborn');
    t.run('zkServer.sh', ['start']);
    const { status, stdout } = t.run('zkServer.sh', ['stop'], { env: { ZOO_STOP_TIMEOUT: '1' } });
    const { pid } = t.calls()[0] as { pid: number };
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: `Stopping zookeeper ... FAILED TO STOP process ${pid} within 1 s\n`,
    });
    expect(t.read('some data/zookeeper_server.pid')).toBe(String(pid));
  });

  test('restart is stop and start, running or not', () => {
    const t = open();
    expect(t.run('zkServer.sh', ['restart']).stdout).toContain('Starting zookeeper ... STARTED\n');
    const { status, stdout } = t.run('zkServer.sh', ['restart']);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n',
    });
    expect(t.calls().map(({ pid }) => isAlive(pid))).toEqual([false, true]);
  });
});

describe('words and streams', () => {
  test('no verb is the usage on standard error and 0, an unknown one the same and 1', () => {
    const t = open();
    const none = t.run('zkServer.sh', []);
    const wrong = t.run('zkServer.sh', ['statu']);
    const usage = '[--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd} [<file>]\n';
    expect([none.status, wrong.status]).toEqual([0, 1]);
    expect([none.stdout, wrong.stdout]).toEqual(['', '']);
    for (const { stderr } of [none, wrong]) expect(stderr).toContain(usage);
  });

  test('a word too many and an option behind the verb are refused by name', () => {
    const t = open();
    const tooMany = t.run('zkServer.sh', ['start', 'zoo.cfg', 'more']);
    const late = t.run('zkServer.sh', ['start', '--config', '/etc']);
    expect([tooMany.status, tooMany.stderr]).toEqual([1, 'unexpected argument: more\n']);
    expect([late.status, late.stderr]).toEqual([1, 'unexpected --config: --config <conf-dir> comes before the verb\n']);
    expect(t.calls()).toEqual([]);
  });

  test('version names both', () => {
    expect(open().run('zkServer.sh', ['version']).stdout).toBe(
      'Menagerie 1.2.3, compatible with Apache ZooKeeper, version 3.9.5\n',
    );
  });

  test('print-cmd prints a line that starts the same server', () => {
    const t = open('die');
    const env = { SERVER_JVMFLAGS: '-Da="b c" -Dd=$e' };
    const printed = t.run('zkServer.sh', ['print-cmd'], { env });
    expect(printed.status).toBe(0);
    mkdirSync(join(t.home, 'logs'));
    t.command('sh', ['-c', printed.stdout]);
    expect(t.calls().map(({ args, SERVER_JVMFLAGS }) => ({ args, SERVER_JVMFLAGS }))).toEqual([
      { args: ['--config', `${t.home}/bin/../conf/zoo.cfg`], SERVER_JVMFLAGS: '-Da="b c" -Dd=$e' },
    ]);
  });

  test('start-foreground becomes the server, with its exit code', () => {
    const t = open('die');
    const { status, stdout, stderr } = t.run('zkServer.sh', ['start-foreground']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: 'a line of the log\n' });
    expect(stderr).toContain('no, because the test says so\n');
    expect(t.run('zkServer.sh', ['start-foreground'], { env: { ZOO_NOEXEC: '1' } }).status).toBe(2);
  });
});

describe('the configuration', () => {
  const chosen = (t: ReleaseTree, args: string[], options = {}): string | undefined => {
    const { stderr } = t.run('zkServer.sh', args, options);
    return /Using config: (.*)\n/.exec(stderr)?.[1];
  };

  test('is found by name, by path, by --config, ZOOCFGDIR and ZOOCFG', () => {
    const t = open();
    const conf = `${t.home}/bin/../conf`;
    const elsewhere = join(t.outside, 'else where');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'zoo.cfg'), `dataDir=${t.data}\n`);
    expect(chosen(t, ['status', 'b.cfg'])).toBe(`${conf}/b.cfg`);
    expect(chosen(t, ['status', './b.cfg'])).toBe('./b.cfg');
    expect(chosen(t, ['status', '/etc/b.cfg'])).toBe('/etc/b.cfg');
    expect(chosen(t, ['--config', elsewhere, 'status'])).toBe(`${elsewhere}/zoo.cfg`);
    expect(chosen(t, ['--config', `${elsewhere}/`, 'print-cmd', 'b.cfg'])).toBe(`${elsewhere}//b.cfg`);
    expect(chosen(t, ['status'], { env: { ZOOCFGDIR: elsewhere } })).toBe(`${elsewhere}/zoo.cfg`);
    expect(chosen(t, ['status'], { env: { ZOOCFGDIR: 'else where' } })).toBe('./else where/zoo.cfg');
    expect(chosen(t, ['status'], { env: { ZOOCFG: 'b.cfg' } })).toBe(`${conf}/b.cfg`);
    expect(chosen(t, ['status'], { env: { ZOOCFG: '/etc/b.cfg' } })).toBe('/etc/b.cfg');
  });

  test('that is missing is said with what to do, and nothing is made', () => {
    const t = open();
    for (const verb of ['start', 'stop', 'status', 'restart', 'start-foreground', 'print-cmd']) {
      const { status, stderr } = t.run('zkServer.sh', [verb, 'none.cfg']);
      expect(status).toBe(1);
      expect(stderr).toContain('conf/none.cfg: there is no such file. To begin with: cp conf/zoo_sample.cfg');
    }
    expect(t.run('zkServer.sh', ['--config', '/no/such', 'start']).stderr).toBe(
      '--config /no/such: there is no such folder\n',
    );
    expect(t.run('zkServer.sh', ['--config']).stderr).toBe('--config needs a folder\n');
    expect(existsSync(t.data)).toBe(false);
  });

  test.each([
    ['blanks', '  dataDir =  DIR  \n'],
    ['a colon', 'dataDir:DIR\n'],
    ['a blank for a sign', 'dataDir DIR\n'],
    ['lines of Windows', 'dataDir=DIR\r\nclientPort=1\r\n'],
    ['the last of two', 'dataDir=/nowhere/at/all\ndataDir=DIR\n'],
    ['comments and longer names', '#dataDir=/no\ndataDir=DIR\ndataDirectory=/no\n'],
    ['escaped blanks', 'dataDir=ESCAPED\n'],
  ])('gives dataDir with %s', (_, text) => {
    const t = open();
    t.configure('zoo.cfg', text.replaceAll('DIR', t.data).replace('ESCAPED', t.data.replaceAll(' ', '\\ ')));
    expect(t.run('zkServer.sh', ['stop']).stdout).toContain(`find file ${t.data}/zookeeper_server.pid)`);
  });

  test('without dataDir is refused', () => {
    const t = open();
    t.configure('zoo.cfg', 'clientPort=2181\n');
    const { status, stderr } = t.run('zkServer.sh', ['start']);
    expect(status).toBe(1);
    expect(stderr).toContain('conf/zoo.cfg: dataDir is missing; name the directory for the data\n');
  });
});

describe('the environment', () => {
  test('settings of the installation reach the server, exported or not; java.env has the last word', () => {
    const t = open();
    t.configure('log.env', 'ZOO_LOG_LEVEL=warn\nZOO_LOG_FORMAT=text\nZOO_LOG_FILE=zk.log\n');
    t.configure('zookeeper-env.sh', `ZOO_LOG_DIR='${t.outside}/our logs'\nSERVER_JVMFLAGS=-Dfirst=1\n`);
    t.configure('java.env', 'SERVER_JVMFLAGS="$SERVER_JVMFLAGS -Dsecond=2"\nJVMFLAGS=-Dthird=3\n');
    t.run('zkServer.sh', ['start']);
    const [call] = t.calls();
    expect(call?.SERVER_JVMFLAGS).toBe('-Dfirst=1 -Dsecond=2');
    expect(call?.JVMFLAGS).toBe('-Dthird=3');
    expect(call?.args.slice(2, 8)).toEqual([
      '--log-level',
      'warn',
      '--log-format',
      'text',
      '--log-file',
      join(t.outside, 'our logs/zk.log'),
    ]);
    expect(existsSync(join(t.outside, 'our logs'))).toBe(true);
  });

  test('what only a JVM understands is named, on standard error, and the server starts', () => {
    const t = open();
    writeFileSync(join(t.outside, '-Xlog:gc.txt'), 'a file that a pattern would find');
    const { status, stderr } = t.run('zkServer.sh', ['start'], {
      env: { ZK_SERVER_HEAP: '4000', JMXDISABLE: 'true', JMXPORT: '9', SERVER_JVMFLAGS: '-Xmx4g -Da=1 -Xlog:gc*' },
    });
    expect(status).toBe(0);
    expect(stderr).toBe(
      [
        `Using config: ${t.home}/bin/../conf/zoo.cfg`,
        'no effect here, where there is no JVM: ZK_SERVER_HEAP, JMXDISABLE, JMXPORT',
        'no effect here, where there is no JVM: SERVER_JVMFLAGS=-Xmx4g -Xlog:gc*',
        '',
      ].join('\n'),
    );
  });

  test("of log4j's settings the level counts, and files that are not read are named", () => {
    const t = open();
    t.configure('logback.xml', '<configuration/>');
    const { stderr } = t.run('zkServer.sh', ['start'], { env: { ZOO_LOG4J_PROP: 'ERROR,ROLLINGFILE' } });
    expect(stderr).toContain('of ZOO_LOG4J_PROP=ERROR,ROLLINGFILE only the level has an effect here: error\n');
    expect(stderr).toContain(`not read: ${t.home}/bin/../conf/logback.xml`);
    expect(t.calls()[0]?.args.slice(2, 4)).toEqual(['--log-level', 'error']);
  });

  test('ZOOPIDFILE may lie in a folder that is not there yet', () => {
    const t = open();
    const env = { ZOOPIDFILE: join(t.outside, 'run/zk.pid') };
    t.run('zkServer.sh', ['start'], { env });
    expect(t.read('run/zk.pid')).toBe(String(t.calls()[0]?.pid));
    expect(t.run('zkServer.sh', ['stop'], { env }).stdout).toBe('Stopping zookeeper ... STOPPED\n');
  });

  test('ZOO_DATADIR_AUTOCREATE_DISABLE wants the directories there, and tells the server', () => {
    const t = open();
    const env = { ZOO_DATADIR_AUTOCREATE_DISABLE: '1', SERVER_JVMFLAGS: '-Da=1' };
    const refused = t.run('zkServer.sh', ['start'], { env });
    expect([refused.status, refused.stdout]).toEqual([
      1,
      `ZooKeeper data directory is missing at ${t.data} fix the path or run initialize\n`,
    ]);
    expect(existsSync(t.data)).toBe(false);
    mkdirSync(join(t.data, 'version-2'), { recursive: true });
    expect(t.run('zkServer.sh', ['start'], { env }).status).toBe(0);
    expect(t.calls()[0]?.SERVER_JVMFLAGS).toBe('-Dzookeeper.datadir.autocreate=false -Da=1');
  });

  test('Node.js is taken from NODE_HOME, else from PATH, and has to be 20 or newer', () => {
    const t = open();
    const old = join(t.outside, 'old/bin');
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'node'), '#!/bin/sh\necho v18.20.8\n');
    chmodSync(join(old, 'node'), 0o755);
    expect(t.run('zkServer.sh', ['start'], { env: { NODE_HOME: join(t.outside, 'old') } }).stderr).toContain(
      `Error: ${old}/node is Node.js v18.20.8; 20 or newer is needed.\n`,
    );
    expect(t.run('zkServer.sh', ['start'], { env: { NODE_HOME: '/no/such' } }).stderr).toContain(
      'Error: NODE_HOME is /no/such, and there is no bin/node in it.\n',
    );
    expect(t.calls()).toEqual([]);
  });
});

describe('the place of the script', () => {
  const text = 'Menagerie 1.2.3, compatible with Apache ZooKeeper, version 3.9.5\n';

  test('is found through links, from anywhere, through PATH, by its own name', () => {
    const t = open();
    const bin = join(t.home, 'bin');
    mkdirSync(join(t.outside, 'links'));
    symlinkSync(join(bin, 'zkServer.sh'), join(t.outside, 'links/one'));
    symlinkSync('one', join(t.outside, 'links/two'));
    symlinkSync(t.home, join(t.outside, 'current'));
    const env = { PATH: `${bin}:${process.env.PATH}`, CDPATH: '/' };
    expect(t.command(join(bin, 'zkServer.sh'), ['version']).stdout).toBe(text);
    expect(t.command('./links/two', ['version']).stdout).toBe(text);
    expect(t.command('./current/bin/zkServer.sh', ['version']).stdout).toBe(text);
    expect(t.command('sh', ['-c', 'zkServer.sh version'], { env }).stdout).toBe(text);
    expect(t.command('sh', ['zkServer.sh', 'version'], { cwd: bin, env }).stdout).toBe(text);
    expect(t.command('sh', ['bin/zkServer.sh', 'version'], { cwd: t.home, env }).stdout).toBe(text);
  });
});
