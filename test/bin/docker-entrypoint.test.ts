import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'entrypoint-'));
  for (const name of ['conf', 'data', 'datalog', 'logs', 'commands']) mkdirSync(join(dir, name));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The values that the Dockerfile sets, with the directories here. */
function imageEnvironment(): Record<string, string> {
  const text = readFileSync(join(root, 'docker/Dockerfile'), 'utf8');
  const values = [...text.matchAll(/\b(ZOO_\w+)=(\S+)/g)].map(([, name, value]) => [name as string, value as string]);
  return Object.fromEntries(values.map(([name, value]) => [name, value?.startsWith('/') ? dir + value : value]));
}

function start(env: Readonly<Record<string, string>> = {}, command = ['echo', 'the command', '*']) {
  const { status, stdout, stderr } = spawnSync('sh', [join(root, 'docker/docker-entrypoint.sh'), ...command], {
    cwd: dir,
    env: { PATH: `${dir}/commands:/usr/bin:/bin`, ...imageEnvironment(), ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const config = (): string[] => readFileSync(join(dir, 'conf/zoo.cfg'), 'utf8').trimEnd().split('\n');
const myid = (): string => readFileSync(join(dir, 'data/myid'), 'utf8');

describe('the entry point of the image', () => {
  test('without anything set is one server alone, and becomes the command, word for word', () => {
    expect(start()).toEqual({ status: 0, stdout: 'the command *\n', stderr: '' });
    expect(config()).toEqual([
      `dataDir=${dir}/data`,
      `dataLogDir=${dir}/datalog`,
      'tickTime=2000',
      'initLimit=5',
      'syncLimit=2',
      'autopurge.snapRetainCount=3',
      'autopurge.purgeInterval=24',
      'maxClientCnxns=60',
      'standaloneEnabled=true',
      'admin.enableServer=true',
      'admin.serverAddress=0.0.0.0',
      'server.1=localhost:2888:3888;2181',
    ]);
    expect(myid()).toBe('1\n');
  });

  test('takes every value, and an asterisk as it is', () => {
    const { status } = start({
      ZOO_MY_ID: '2',
      ZOO_TICK_TIME: '1000',
      ZOO_INIT_LIMIT: '10',
      ZOO_SYNC_LIMIT: '4',
      ZOO_AUTOPURGE_PURGEINTERVAL: '0',
      ZOO_AUTOPURGE_SNAPRETAINCOUNT: '5',
      ZOO_MAX_CLIENT_CNXNS: '0',
      ZOO_STANDALONE_ENABLED: 'false',
      ZOO_ADMINSERVER_ENABLED: 'false',
      ZOO_SERVERS: 'server.1=a:2888:3888;2181 server.2=b:2888:3888;2181',
      ZOO_4LW_COMMANDS_WHITELIST: 'srvr, mntr',
      ZOO_CFG_EXTRA: 'metricsProvider.httpPort=7070 4lw.commands.whitelist=*',
    });
    expect(status).toBe(0);
    expect(config().slice(2)).toEqual([
      'tickTime=1000',
      'initLimit=10',
      'syncLimit=4',
      'autopurge.snapRetainCount=5',
      'autopurge.purgeInterval=0',
      'maxClientCnxns=0',
      'standaloneEnabled=false',
      'admin.enableServer=false',
      'admin.serverAddress=0.0.0.0',
      'server.1=a:2888:3888;2181',
      'server.2=b:2888:3888;2181',
      '4lw.commands.whitelist=srvr, mntr',
      'metricsProvider.httpPort=7070',
      '4lw.commands.whitelist=*',
    ]);
    expect(myid()).toBe('2\n');
  });

  test('leaves a configuration and a number that are there, and says so', () => {
    writeFileSync(join(dir, 'conf/zoo.cfg'), 'mine\n');
    writeFileSync(join(dir, 'data/myid'), '7\n');
    const { status, stderr } = start({ ZOO_MY_ID: '2' });
    expect(status).toBe(0);
    expect(stderr).toBe(
      [
        `${dir}/conf/zoo.cfg is there: the ZOO_ variables of the configuration are not read`,
        `${dir}/data/myid says 7, and that counts; ZOO_MY_ID is 2`,
        '',
      ].join('\n'),
    );
    expect([config(), myid()]).toEqual([['mine'], '7\n']);
  });

  test('stops where the data directory is missing, and starts nothing', () => {
    rmSync(join(dir, 'data'), { recursive: true });
    const { status, stdout } = start();
    expect([status, stdout]).toEqual([2, '']);
  });

  test('as root gives the directories to the user of the image, and goes on as that user', () => {
    for (const [name, body] of [
      ['id', 'echo 0'],
      ['chown', 'echo "chown $*"'],
      ['setpriv', 'echo "setpriv $*"'],
    ] as const) {
      writeFileSync(join(dir, 'commands', name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(dir, 'commands', name), 0o755);
    }
    const { stdout } = start({}, ['zkServer.sh', 'start-foreground']);
    expect(stdout).toBe(
      [
        `chown -R zookeeper:zookeeper ${['conf', 'data', 'datalog', 'logs'].map((name) => `${dir}/${name}`).join(' ')}`,
        `setpriv --reuid=zookeeper --regid=zookeeper --init-groups ${root}/docker/docker-entrypoint.sh zkServer.sh start-foreground`,
        '',
      ].join('\n'),
    );
    expect(existsSync(join(dir, 'conf/zoo.cfg'))).toBe(false);
  });
});

describe('the objects for Kubernetes', () => {
  const text = readFileSync(join(root, 'kubernetes/zookeeper.yaml'), 'utf8');

  test('give the pod zookeeper-2 the number 3', () => {
    const command = /- (export ZOO_MY_ID=.*) && exec \/docker-entrypoint\.sh zkServer\.sh start-foreground\n/.exec(
      text,
    );
    const { stdout } = spawnSync('sh', ['-c', `${command?.[1]} && echo $ZOO_MY_ID`], {
      env: { PATH: '/usr/bin:/bin', HOSTNAME: 'zookeeper-2' },
      encoding: 'utf8',
    });
    expect(stdout).toBe('3\n');
  });

  test('name as many servers as there are replicas, by the names of their pods, and let one go at most', () => {
    const servers = [...text.matchAll(/server\.(\d+)=(\S+?):2888:3888;2181/g)].map((match) => match.slice(1, 3));
    expect(servers).toEqual([
      ['1', 'zookeeper-0.zookeeper-headless'],
      ['2', 'zookeeper-1.zookeeper-headless'],
      ['3', 'zookeeper-2.zookeeper-headless'],
    ]);
    expect(/replicas: (\d+)/.exec(text)?.[1]).toBe('3');
    expect(/minAvailable: (\d+)/.exec(text)?.[1]).toBe('2');
  });
});
