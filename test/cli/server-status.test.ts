import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

let dir: string;
const servers: Server[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'status-'));
  mkdirSync(join(dir, 'data'));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Its port; it gives `answer` to whatever is asked. */
function listen(answer: string, host = '127.0.0.1'): Promise<number> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.once('data', () => socket.end(answer)));
    servers.push(server);
    server.listen(0, host, () => done((server.address() as AddressInfo).port));
  });
}

function status(config: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  writeFileSync(join(dir, 'zoo.cfg'), `dataDir=${dir}/data\n${config}`);
  return new Promise((done) => {
    const child = spawn(process.execPath, [
      '--import',
      join(root, 'scripts/ts.mjs'),
      join(root, 'src/cli/server-status.ts'),
      join(dir, 'zoo.cfg'),
    ]);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

const SRVR = 'Zookeeper version: 3.9.5\nConnections: 1\nMode: follower\nNode count: 5\n';

test('a server that serves: where it was asked, and its mode', async () => {
  const port = await listen(SRVR);
  expect(await status(`clientPort = ${port}\nclientPortAddress=127.0.0.1\n`)).toEqual({
    code: 0,
    stdout: `Client port found: ${port}. Client address: 127.0.0.1. Client SSL: false.\nMode: follower\n`,
    stderr: '',
  });
  expect((await status(`clientPort=${port}\n`)).stdout).toContain(
    `Client port found: ${port}. Client address: localhost.`,
  );
});

test('nobody there: the line that scripts look for, and why', async () => {
  const port = await listen(SRVR);
  await new Promise((closed) => servers.splice(0)[0]?.close(closed));
  expect(await status(`clientPort=${port}\nclientPortAddress=127.0.0.1\n`)).toEqual({
    code: 1,
    stdout: `Client port found: ${port}. Client address: 127.0.0.1. Client SSL: false.\nError contacting service. It is probably not running.\n`,
    stderr: `connect ECONNREFUSED 127.0.0.1:${port}\n`,
  });
});

test('a server without a majority runs, and does not serve', async () => {
  const port = await listen('This ZooKeeper instance is not currently serving requests\n');
  const { code, stdout, stderr } = await status(`clientPort=${port}\nclientPortAddress=127.0.0.1\n`);
  expect([code, stdout.split('\n')[1]]).toEqual([1, 'Error contacting service. It is probably not running.']);
  expect(stderr).toBe(
    'It runs, but does not serve: without a majority of its ensemble, mostly. It said: This ZooKeeper instance is not currently serving requests\n',
  );
});

test('the client port in the server line of the file, with an address or without', async () => {
  const port = await listen(SRVR);
  writeFileSync(join(dir, 'data/myid'), '2\n');
  const lines = `server.1=a:1:2;9\nserver.2=b:1:2:participant;127.0.0.1:${port}\n`;
  const { code, stdout } = await status(lines);
  expect([code, stdout]).toEqual([
    0,
    `Client port found: ${port}. Client address: 127.0.0.1. Client SSL: false.\nMode: follower\n`,
  ]);
  expect((await status(`server.2=b:1:2;${port}\n`)).stdout).toContain(
    `Client port found: ${port}. Client address: localhost. Client SSL: false.\n`,
  );
});

test('the client port in the file of the members, with an address of IPv6', async () => {
  const port = await listen(SRVR, '::1');
  writeFileSync(join(dir, 'data/myid'), '2\n');
  writeFileSync(join(dir, 'members'), `server.2=b:1:2;[::1]:${port}\n`);
  expect(await status(`server.2=b:1:2\ndynamicConfigFile=${dir}/members\n`)).toEqual({
    code: 0,
    stdout: `Client port not found in static config file. Looking in dynamic config file.\nClient port found: ${port}. Client address: ::1. Client SSL: false.\nMode: follower\n`,
    stderr: '',
  });
});

test('no port at all, and no myid to look for one', async () => {
  expect(await status('tickTime=2000\n')).toEqual({
    code: 1,
    stdout: [
      'myid could not be determined, will not able to locate clientPort in the server configs.',
      'Client port not found. Looking for secureClientPort in the static config.',
      'Unable to find either secure or unsecure client port in any configs. Terminating.',
      '',
    ].join('\n'),
    stderr: '',
  });
});
