import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { startPeer } from '../../src/index.ts';

/** Providers of the operator's own, from a file to what they let through. */
let dir: string;
const lines: string[] = [];
const said = (fields: object, message: string) => lines.push(`${message} ${JSON.stringify(fields)}`);
const log = { debug: () => {}, info: () => {}, warn: said, error: said };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'provider-'));
  lines.length = 0;
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function start(module: string, more: Record<string, string | boolean> = {}) {
  const file = join(dir, 'provider.mjs');
  writeFileSync(file, module);
  return startPeer(
    { dataDir: dir, clientPort: 0, clientPortAddress: '127.0.0.1', preAllocSize: 64, 'authProvider.x': file, ...more },
    { log },
  );
}

async function withClients(
  module: string,
  more: Record<string, string | boolean>,
  use: (client: () => Promise<ZooKeeperClient>) => Promise<void>,
): Promise<void> {
  const peer = start(module, more);
  await Promise.all([peer.ready, peer.listening]);
  const clients: ZooKeeperClient[] = [];
  try {
    await use(async () => {
      const client = await connect(`127.0.0.1:${peer.clientPort}`);
      clients.push(client);
      return client;
    });
  } finally {
    await Promise.allSettled(clients.map((client) => client.close()));
    await peer.close();
  }
}

const TOKENS = `export default {
  scheme: 'token',
  authenticate(data, address, node) {
    const text = data.toString();
    if (text === 'throw') throw new Error('no such luck');
    if (text === 'promise') return Promise.resolve(['eve']);
    if (text === 'root') return [{ super: true }];
    const known = node('/tokens/' + text);
    return known === undefined ? undefined : [known.toString()];
  },
  isValid: (aclId) => aclId.startsWith('user-'),
  matches: (id, aclId) => aclId === 'user-' + id,
  userName: (id) => id.toUpperCase(),
};`;

describe('a module', () => {
  test('proves ids, judges ACLs and reads the tree', async () => {
    await withClients(TOKENS, {}, async (client) => {
      const bob = await client();
      await bob.create('/tokens');
      await bob.create('/tokens/t1', 'bob');
      await bob.addAuth('token', 't1');
      await bob.create('/hers', 'x', { acl: [{ perms: 31, id: { scheme: 'token', id: 'user-bob' } }] });
      await expect(
        bob.create('/odd', '', { acl: [{ perms: 31, id: { scheme: 'token', id: 'bob' } }] }),
      ).rejects.toThrow(/invalid ?acl/i);
      expect((await bob.getData('/hers')).data?.toString()).toBe('x');
      expect(await bob.whoAmI()).toContainEqual({ scheme: 'token', id: 'BOB' });
      const other = await client();
      await expect(other.getData('/hers')).rejects.toThrow(/no ?auth/i);
      await other.addAuth('token', 'root');
      expect((await other.getData('/hers')).data?.toString()).toBe('x');
    });
  });

  test('that refuses, throws or answers later lets nobody in', async () => {
    await withClients(TOKENS, {}, async (client) => {
      for (const token of ['unknown', 'throw', 'promise']) {
        await expect((await client()).addAuth('token', token)).rejects.toThrow(/auth/i);
      }
      expect(lines.filter((line) => line.startsWith('an authentication provider failed'))).toEqual([
        'an authentication provider failed {"scheme":"token","function":"authenticate","reason":"no such luck"}',
        'an authentication provider failed {"scheme":"token","function":"authenticate","reason":"the answer has to be a list of names, or undefined"}',
      ]);
    });
  });

  test('may bring the scheme that clients have to prove', async () => {
    const more = { 'enforce.auth.enabled': true, 'enforce.auth.schemes': 'token' };
    const module = `export default { scheme: 'token', authenticate: () => ['bob'] };`;
    await withClients(module, more, async (client) => {
      const bob = await client();
      await bob.addAuth('token', 'anything');
      await bob.create('/a');
    });
    await expect(start(module, { ...more, 'enforce.auth.schemes': 'tokens' }).ready).rejects.toThrow(
      'there is no provider of tokens here; those that are there are ip, digest, token',
    );
  });

  test.each([
    ['export default 1;', 'its default export has to be a provider, an object'],
    ['export default { scheme: "a b" };', 'scheme has to be a word of lower-case letters, digits and dashes'],
    ['export default { scheme: "digest" };', "the scheme digest is one of ZooKeeper's; name another"],
    ['export default { scheme: "a" };', 'authenticate has to be a function'],
    ['export default { scheme: "a", authenticate() {}, matches: 1 };', 'matches has to be a function'],
    ['export default {', 'cannot be loaded: '],
  ])('that is none stops the start: %s', async (module, what) => {
    const { ready } = start(module);
    await expect(ready).rejects.toThrow(what);
    await expect(ready).rejects.toThrow('config: authProvider.x: ');
  });
});
