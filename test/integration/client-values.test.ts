import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, ErrorCode, type ZooKeeperClient } from '../../src/client/client.ts';
import { startEnsemble } from '../../src/index.ts';

/** What programs hand to the client and get from it, against a server of ours. */
let ensemble: Awaited<ReturnType<typeof startEnsemble>>;
let client: ZooKeeperClient;

beforeAll(async () => {
  ensemble = await startEnsemble(1);
  client = await connect(ensemble.connectString);
});

afterAll(async () => {
  await client.close();
  await ensemble.close();
});

test('any Uint8Array is data, a part of a larger buffer as well', async () => {
  const whole = Uint8Array.from([0, 1, 2, 3, 4]);
  await client.create('/bytes', whole.subarray(1, 3));
  expect((await client.getData('/bytes')).data).toEqual(Buffer.from([1, 2]));
  await client.setData('/bytes', new Uint8Array(0));
  expect((await client.getData('/bytes')).data).toEqual(Buffer.alloc(0));
  await client.multi([{ op: 'setData', path: '/bytes', data: whole }]);
  expect((await client.getData('/bytes')).data).toEqual(Buffer.from([0, 1, 2, 3, 4]));
});

test('a Stat survives JSON', async () => {
  await client.create('/ephemeral', 'x', { mode: 'ephemeral' });
  const stat = await client.exists('/ephemeral');
  expect(stat?.ephemeralOwner).toBe(client.sessionId);
  const results = await client.multi([{ op: 'setData', path: '/ephemeral', data: 'y' }]);
  expect(JSON.stringify(results)).toContain('"ephemeralOwner":"0x');
  expect(JSON.parse(JSON.stringify(stat))).toEqual({
    ...stat,
    ephemeralOwner: `0x${BigInt.asUintN(64, client.sessionId).toString(16)}`,
  });
});

test('empty containers go within the interval that is asked for, however long a tick is', async () => {
  const slow = await startEnsemble(1, { properties: { tickTime: 60_000, 'znode.container.checkIntervalMs': 20 } });
  const other = await connect(slow.connectString);
  await other.create('/c', '', { mode: 'container' });
  await other.create('/c/child');
  const gone = new Promise<string>((done) => {
    other.exists('/c', { watch: ({ type }) => done(type) }).catch(() => {});
  });
  await other.delete('/c/child');
  expect(await gone).toMatch(/eleted/);
  await other.close();
  await slow.close();
});

test('connect to nowhere fails after a time, and says what each server had to say', async () => {
  const server = createServer();
  const port = await new Promise<number>((done) => {
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  const attempt = connect(`127.0.0.1:${port}`, { connectTimeoutMs: 500 });
  await expect(attempt).rejects.toMatchObject({
    code: ErrorCode.connectionLoss,
    message: expect.stringMatching(
      new RegExp(`^no server gave a session within 500 ms \\(127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`),
    ),
  });
});

test('an older Node.js is refused in a sentence, by the program and by the library', () => {
  const root = resolve(import.meta.dirname, '../..');
  const older = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '18.19.1' })`;
  const run = (file: string) =>
    spawnSync(process.execPath, ['--import', './scripts/ts.mjs', '--import', older, file], {
      cwd: root,
      encoding: 'utf8',
    });
  const program = run('src/peer.ts');
  expect([program.status, program.stderr]).toEqual([1, 'Node.js 20 or newer is needed, and this is 18.19.1.\n']);
  for (const file of ['src/index.ts', 'src/client/client.ts']) {
    expect(run(file).stderr).toContain('Error: Node.js 20 or newer is needed, and this is 18.19.1.');
  }
});
