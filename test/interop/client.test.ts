// Our own TypeScript client against Apache's server and ours: every operation, and the same answers from both.
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { errorName, ZooKeeperError } from '../../src/client/errors.ts';
import { Perm } from '../../src/jute/codes.ts';
import { judge, Server } from './harness/server.ts';

let server: Server | null = null;
afterEach(async () => {
  await server?.remove();
  server = null;
});

async function codeOf(operation: Promise<unknown>): Promise<string> {
  try {
    await operation;
    return 'ok';
  } catch (error) {
    if (error instanceof ZooKeeperError) return errorName(error.code);
    throw error;
  }
}

describe.each([judge, 'ours'] as const)('the TypeScript client against %s', (kind) => {
  async function start(): Promise<ZooKeeperClient> {
    server = await new Server({
      kind,
      clientPort: 23_201,
      settings: { tickTime: 500, extendedTypesEnabled: 'true' },
      ...(kind === 'ours' ? {} : { flags: ['-Dzookeeper.extendedTypesEnabled=true'] }),
    }).start();
    const root = await connect('127.0.0.1:23201', { sessionTimeoutMs: 8000 });
    await root.create('/app');
    await root.close();
    return connect('127.0.0.1:23201/app', { sessionTimeoutMs: 8000 });
  }

  it('carries out every operation below a chroot', async () => {
    const client = await start();
    expect(await client.create('/a', 'one')).toBe('/a');
    expect((await client.createWithStat('/e-', '', { mode: 'ephemeralSequential' })).path).toBe('/e-0000000001');
    expect(await client.create('/c', '', { mode: 'container' })).toBe('/c');
    expect(await client.create('/t', '', { mode: 'persistentWithTTL', ttlMs: 60_000 })).toBe('/t');
    expect((await client.getData('/a')).data?.toString()).toBe('one');
    expect((await client.setData('/a', 'two', { version: 0 })).version).toBe(1);
    expect(await codeOf(client.setData('/a', 'three', { version: 0 }))).toBe('badVersion');
    expect(await codeOf(client.delete('/'))).toMatch(/notEmpty/);
    expect(await client.exists('/none')).toBeUndefined();
    expect((await client.getChildren('/')).sort()).toEqual(['a', 'c', 'e-0000000001', 't']);
    expect(await client.getEphemerals()).toEqual(['/e-0000000001']);
    expect(await client.getAllChildrenNumber('/')).toBe(4);
    await client.sync('/a');
    expect((await client.whoAmI()).map((id) => id.scheme)).toEqual(['ip']);
    await client.delete('/a', { version: 1 });
    expect(await codeOf(client.getData('/a'))).toBe('noNode');
    await client.close();
  });

  it('does several things at once, or none of them', async () => {
    const client = await start();
    const results = await client.multi([
      { op: 'create', path: '/m', data: 'x' },
      { op: 'create', path: '/m/s-', mode: 'persistentSequential' },
      { op: 'setData', path: '/m', data: 'y' },
      { op: 'check', path: '/m', version: 1 },
    ]);
    expect(results.map((result) => (result.op === 'create' ? result.path : result.op))).toEqual([
      '/m',
      '/m/s-0000000000',
      'setData',
      'check',
    ]);
    const failed = client.multi([
      { op: 'delete', path: '/m/s-0000000000' },
      { op: 'check', path: '/m', version: 7 },
    ]);
    await expect(failed).rejects.toMatchObject({ code: -103, path: '/m' });
    expect(await client.getChildren('/m')).toEqual(['s-0000000000']);
    const read = await client.multiRead([
      { op: 'getChildren', path: '/m' },
      { op: 'getData', path: '/none' },
    ]);
    expect(read).toEqual([
      { op: 'getChildren', children: ['s-0000000000'] },
      { op: 'error', code: -101 },
    ]);
    await client.close();
  });

  it('proves who it is, and is refused where it cannot', async () => {
    const client = await start();
    await client.addAuth('digest', 'me:secret');
    await client.create('/mine', 'x', { acl: [{ perms: Perm.all, id: { scheme: 'auth', id: '' } }] });
    expect((await client.getAcl('/mine')).acl.some((entry) => entry.id.scheme === 'digest')).toBe(true);
    const stranger = await connect('127.0.0.1:23201/app', { sessionTimeoutMs: 8000 });
    await client.setAcl('/mine', [{ perms: Perm.all, id: { scheme: 'digest', id: (await digestId(client)) ?? '' } }]);
    expect(await codeOf(stranger.getData('/mine'))).toBe('noAuth');
    expect(await codeOf(client.getData('/mine'))).toBe('ok');
    await stranger.close();
    await client.close();
  });

  it('keeps session, ephemerals, watches and identity when the server is killed and comes back', async () => {
    const client = await start();
    const other = await connect('127.0.0.1:23201/app', { sessionTimeoutMs: 8000 });
    await client.addAuth('digest', 'me:secret');
    await client.create('/lock', '', { mode: 'ephemeral' });
    const heard: string[] = [];
    await other.exists('/lock', { watch: (event) => heard.push(`${event.type} ${event.path}`) });
    await other.addWatch('/', 'persistentRecursive', (event) => heard.push(`tree ${event.type} ${event.path}`));
    const { sessionId } = client;
    await server?.kill();
    await server?.start();
    await Promise.all([client.connected(), other.connected()]);
    expect(client.sessionId).toBe(sessionId);
    expect((await client.whoAmI()).map((id) => id.scheme).sort()).toEqual(['digest', 'ip']);
    expect((await other.exists('/lock'))?.ephemeralOwner).toBe(sessionId);
    heard.length = 0;
    await client.close();
    await other.sync('/');
    expect(await other.exists('/lock')).toBeUndefined();
    expect(heard.sort()).toEqual(['nodeDeleted /lock', 'tree nodeDeleted /lock']);
    await other.close();
  });
});

async function digestId(client: ZooKeeperClient): Promise<string | undefined> {
  const { acl } = await client.getAcl('/mine');
  return acl.find((entry) => entry.id.scheme === 'digest')?.id.id;
}
