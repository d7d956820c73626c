import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError, FatalError } from '../../src/base/errors.ts';
import { connect } from '../../src/client/client.ts';
import { isZooKeeperError } from '../../src/client/errors.ts';
import { startEnsemble, startPeer } from '../../src/index.ts';
import { ErrorCode } from '../../src/jute/codes.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'embed-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const config = () => ({ dataDir: dir, clientPort: 0, clientPortAddress: '127.0.0.1', tickTime: 200, preAllocSize: 64 });

test('a peer started by a program serves clients, and keeps what they wrote over a restart', async () => {
  const first = startPeer(config());
  await Promise.all([first.ready, first.listening]);
  expect(first.mode).toBe('standalone');
  const client = await connect(`127.0.0.1:${first.clientPort}`);
  await client.create('/kept', 'yes');
  await client.create('/gone', 'no', { mode: 'ephemeral' });
  await client.close();
  await first.close();

  const second = startPeer(config());
  await Promise.all([second.ready, second.listening]);
  const again = await connect(`127.0.0.1:${second.clientPort}`);
  expect((await again.getData('/kept')).data?.toString()).toBe('yes');
  expect(await again.exists('/gone')).toBeUndefined();
  await again.close();
  await second.close();
});

test('a client that loses its server finds its session again when the server is back', async () => {
  const first = startPeer(config());
  await first.listening;
  const port = first.clientPort;
  const client = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 4000 });
  await client.create('/mine', '', { mode: 'ephemeral' });
  const { sessionId } = client;
  const events: string[] = [];
  await client.exists('/mine', { watch: (event) => events.push(event.type) });
  await first.close();
  const second = startPeer({ ...config(), clientPort: port as number });
  await second.ready;
  await client.connected();
  expect(client.sessionId).toBe(sessionId);
  expect((await client.exists('/mine'))?.ephemeralOwner).toBe(sessionId);
  await client.delete('/mine');
  expect(events).toEqual(['nodeDeleted']);
  await client.close();
  await second.close();
});

test('a second peer on the same directory is refused, and the first one serves on', async () => {
  const first = startPeer(config());
  await first.listening;
  const second = startPeer(config());
  await expect(second.closed).rejects.toThrow(FatalError);
  await expect(second.ready).rejects.toThrow(FatalError);
  const client = await connect(`127.0.0.1:${first.clientPort}`);
  expect(await client.exists('/nothing')).toBeUndefined();
  await client.close();
  await first.close();
});

test('a port that is taken ends the peer, not the process, and leaves its directory to others', async () => {
  const first = startPeer(config());
  await first.listening;
  const second = startPeer({ ...config(), dataDir: join(dir, 'other'), clientPort: first.clientPort as number });
  await expect(second.closed).rejects.toThrow(/EADDRINUSE/);
  const third = startPeer({ ...config(), dataDir: join(dir, 'other') });
  await third.ready;
  await third.close();
  await first.close();
});

test('a configuration that cannot be honoured is refused before anything is touched', () => {
  expect(() => startPeer({ ...config(), tickTime: 'soon' })).toThrow(ConfigError);
  expect(() => startPeer(join(dir, 'none.cfg'))).toThrow(ConfigError);
});

test('after close a client is told that its session cannot go on here, and close twice is close once', async () => {
  const peer = startPeer(config());
  await peer.listening;
  const client = await connect(`127.0.0.1:${peer.clientPort}`, { sessionTimeoutMs: 400 });
  await Promise.all([peer.close(), peer.close()]);
  const error = await client.getData('/x').catch((reason: unknown) => reason);
  expect(isZooKeeperError(error, ErrorCode.connectionLoss)).toBe(true);
  await client.close();
});

test('three peers in one process outlive their leader, and a client keeps session, ephemerals and watches', async () => {
  const ensemble = await startEnsemble(3, { properties: { tickTime: 200, preAllocSize: 64 } });
  try {
    expect(ensemble.peers.filter((peer) => peer.mode === 'follower')).toHaveLength(2);
    const client = await connect(ensemble.connectString, { sessionTimeoutMs: 4000 });
    const other = await connect(ensemble.connectString, { sessionTimeoutMs: 4000 });
    await client.create('/lock', 'mine', { mode: 'ephemeral' });
    const events: string[] = [];
    await other.sync('/lock');
    await other.getData('/lock', { watch: (event) => events.push(event.type) });

    const leader = ensemble.peers.findIndex((peer) => peer.mode === 'leader');
    await ensemble.peers[leader]?.close();
    await Promise.all([client.connected(), other.connected()]);
    const written = await retried(() => client.setData('/lock', 'still mine'));
    expect(written.ephemeralOwner).toBe(client.sessionId);

    await ensemble.restart(leader + 1);
    await ensemble.ready();
    await retried(() => other.sync('/lock'));
    expect((await other.getData('/lock')).data?.toString()).toBe('still mine');
    expect(events).toEqual(['nodeDataChanged']);
    await client.close();
    expect(await retried(() => other.exists('/lock'))).toBeUndefined();
    await other.close();
  } finally {
    await ensemble.close();
  }
});

/** What was lost with a connection is asked again: the operations of this test may be done twice. */
async function retried<T>(operation: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await operation();
    } catch (error) {
      if (!isZooKeeperError(error, ErrorCode.connectionLoss) || tries === 20) throw error;
    }
  }
}
