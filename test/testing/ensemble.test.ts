import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { isZooKeeperError } from '../../src/client/errors.ts';
import { ErrorCode } from '../../src/jute/codes.ts';
import { type EnsembleOptions, startEnsemble, type TestEnsemble } from '../../src/testing/testing.ts';

let running: TestEnsemble | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function ensembleOf(options: EnsembleOptions): Promise<TestEnsemble> {
  running = await startEnsemble(options);
  return running;
}

/** A client that tells of a lost answer, and does not look for it. */
const PLAIN = { retry: false };

async function codeOf(promise: Promise<unknown>): Promise<number> {
  try {
    await promise;
  } catch (error) {
    if (isZooKeeperError(error)) return error.code;
    throw error;
  }
  return ErrorCode.ok;
}

test('one server serves every client, and writes nothing anywhere', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  expect(ensemble.servers).toEqual([{ id: 1, role: 'voter', state: 'standalone', address: ensemble.connectString }]);
  const client = await connect(ensemble.connectString);
  await client.create('/a', 'x');
  expect((await client.getData('/a')).data?.toString()).toBe('x');
  await client.close();
});

test('three servers and an observer have one leader', async () => {
  const ensemble = await ensembleOf({ size: 3, observers: 1 });
  expect(ensemble.servers.map(({ role }) => role)).toEqual(['voter', 'voter', 'voter', 'observer']);
  expect(ensemble.servers.map(({ state }) => state).sort()).toEqual(['follower', 'follower', 'leader', 'observer']);
  const client = await ensemble.client({ server: 4 });
  expect(await client.create('/a', 'x')).toBe('/a');
});

test('a session that expires takes its ephemeral nodes along before the switch returns', async () => {
  const ensemble = await ensembleOf({ size: 3 });
  const other = await ensemble.client({ server: 1 });
  const client = await ensemble.client({ server: 2 });
  await client.create('/mine', '', { mode: 'ephemeral' });
  await ensemble.expireSession(client.sessionId);
  expect(await other.exists('/mine')).toBeUndefined();
  expect(await codeOf(client.exists('/mine'))).toBe(ErrorCode.sessionExpired);
  await expect(ensemble.expireSession('0x77')).rejects.toThrow('there is no session 0x77');
});

test('a reply is dropped after the commit, and the node is there', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const client = await ensemble.client(PLAIN);
  const lost = ensemble.clients.dropReply({ op: 'create', path: '/a' });
  expect(await client.create('/b')).toBe('/b');
  expect(lost.hits).toBe(0);
  expect(await codeOf(client.create('/a'))).toBe(ErrorCode.connectionLoss);
  await lost.happened;
  await client.connected();
  expect(await client.exists('/a')).toBeDefined();
  expect(lost.hits).toBe(1);
});

test('a request is dropped before the server has it, and the node is not there', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const client = await ensemble.client(PLAIN);
  ensemble.clients.dropRequest({ op: 'create' });
  expect(await codeOf(client.create('/a'))).toBe(ErrorCode.connectionLoss);
  await client.connected();
  expect(await client.exists('/a')).toBeUndefined();
});

test('an operation is refused in its turn, and one is answered with an error although it was carried out', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const client = await ensemble.client(PLAIN);
  ensemble.clients.refuse({ op: 'create', path: '/a' }, 'noAuth');
  const answers = [client.create('/first'), codeOf(client.create('/a')), client.create('/last')];
  expect(await Promise.all(answers)).toEqual(['/first', ErrorCode.noAuth, '/last']);
  expect(await client.exists('/a')).toBeUndefined();
  ensemble.clients.answer({ op: 'setData', path: '/first' }, 'operationTimeout');
  expect(await codeOf(client.setData('/first', 'new'))).toBe(ErrorCode.operationTimeout);
  expect((await client.getData('/first')).data?.toString()).toBe('new');
  expect(() => ensemble.clients.refuse({}, 'noSuch')).toThrow('there is no error noSuch');
  expect(() => ensemble.clients.refuse({ op: 'noSuch' }, 'noNode')).toThrow('there is no operation noSuch');
});

test('what is held comes when the fault is undone, in its order', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const client = await ensemble.client();
  const other = await ensemble.client();
  const held = ensemble.clients.holdRequest({ op: 'create', path: '/a', session: client.sessionId });
  const seen: string[] = [];
  const done = [client.create('/a'), client.create('/b')].map((each) => each.then((path) => seen.push(path)));
  await held.happened;
  expect(await other.create('/c')).toBe('/c');
  expect(await other.exists('/a')).toBeUndefined();
  held.undo();
  await Promise.all(done);
  expect(seen).toEqual(['/a', '/b']);
});

test('time passes at once: a silent client loses its session, one that lives with the ensemble keeps it', async () => {
  const ensemble = await ensembleOf({ size: 3 });
  const silent = await connect(ensemble.connectString, { sessionTimeoutMs: 10_000 });
  const alive = await ensemble.client({ sessionTimeoutMs: 10_000 });
  await silent.create('/silent', '', { mode: 'ephemeral' });
  await alive.create('/alive', '', { mode: 'ephemeral' });
  const held = ensemble.clients.hold({ session: silent.sessionId });
  const startedMs = ensemble.clock.wallMs();
  await ensemble.clock.advance(30_000);
  expect(ensemble.clock.wallMs() - startedMs).toBeGreaterThanOrEqual(30_000);
  expect(await alive.exists('/silent')).toBeUndefined();
  expect(await alive.exists('/alive')).toBeDefined();
  expect(ensemble.servers.filter(({ state }) => state === 'leader')).toHaveLength(1);
  held.undo();
  await silent.close();
});

test('clients of other programs keep their sessions while time passes, unless they are to be silent', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const other = await ensemble.client({ sessionTimeoutMs: 300_000 });
  const client = await connect(ensemble.connectString, { sessionTimeoutMs: 10_000 });
  await client.create('/mine', '', { mode: 'ephemeral' });
  await ensemble.clock.advance(30_000);
  expect(await other.exists('/mine')).toBeDefined();
  await ensemble.clock.advance(30_000, { clients: 'silent' });
  expect(await other.exists('/mine')).toBeUndefined();
  await client.close();
});

test('an ensemble loses its leader and has another one; the one that comes back follows', async () => {
  const ensemble = await ensembleOf({ size: 3 });
  const client = await ensemble.client();
  await client.create('/kept', 'x');
  const first = ensemble.leader as number;
  await ensemble.kill(first);
  expect(ensemble.servers[first - 1]?.state).toBe('down');
  await ensemble.ready();
  expect(ensemble.leader).not.toBe(first);
  await ensemble.restart(first);
  expect(ensemble.servers[first - 1]?.state).toBe('follower');
  const again = await ensemble.client({ server: first });
  expect((await again.getData('/kept')).data?.toString()).toBe('x');
});

test('the one that is asked for leads', async () => {
  const ensemble = await ensembleOf({ size: 3 });
  for (const id of [1, 2, 3, 1]) {
    await ensemble.elect(id);
    expect(ensemble.leader).toBe(id);
  }
});

test('a leader that is cut off leads no more, and follows when the network is whole', async () => {
  const ensemble = await ensembleOf({ size: 3 });
  const first = ensemble.leader as number;
  const partition = ensemble.network.partition([first]);
  await ensemble.clock.advance(15_000);
  const states = ensemble.servers.map(({ state }) => state);
  expect(states[first - 1]).toBe('looking');
  expect(states.filter((state) => state === 'leader')).toHaveLength(1);
  partition.undo();
  await ensemble.ready();
  expect(ensemble.servers[first - 1]?.state).toBe('follower');
});

test('a paused server answers nothing, and goes on where it was', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const client = await ensemble.client();
  const paused = ensemble.pause(1);
  const read = client.exists('/');
  const answer = client.create('/a');
  let isAnswered = false;
  void Promise.race([read, answer]).then(() => {
    isAnswered = true;
  });
  expect(ensemble.servers[0]?.state).toBe('paused');
  for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
  expect(isAnswered).toBe(false);
  paused.undo();
  expect(await answer).toBe('/a');
});

test('a server ends at a sync that fails and at a disk that is full, and comes back when that is over', async () => {
  const ensemble = await ensembleOf({ size: 3 });
  const client = await ensemble.client({ server: 1 });
  await client.create('/a');
  await ensemble.elect(1);
  const failing = ensemble.disks.failSync(2);
  await client.create('/b');
  await ensemble.clock.advance(500);
  expect(ensemble.servers[1]?.state).toBe('down');
  failing.undo();
  await ensemble.restart(2);
  const full = ensemble.disks.fill(3);
  await client.create('/c');
  await ensemble.clock.advance(500);
  expect(ensemble.servers[2]?.state).toBe('down');
  full.undo();
  await ensemble.disks.lose(3);
  await ensemble.restart(3);
  const other = await ensemble.client({ server: 3 });
  expect((await other.getChildren('/')).sort()).toEqual(['a', 'b', 'c', 'zookeeper']);
});

test('connections are cut, refused and slowed', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const client = await ensemble.client(PLAIN);
  const { sessionId } = client;
  expect(ensemble.clients.connections().map((each) => each.sessionId)).toEqual([sessionId]);
  const refused = ensemble.clients.refuseConnections();
  expect(ensemble.clients.cut({ session: sessionId })).toBe(1);
  await expect(connect(ensemble.connectString, { connectTimeoutMs: 100 })).rejects.toThrow();
  refused.undo();
  await client.connected();
  expect(client.sessionId).toBe(sessionId);
  const slow = ensemble.clients.slow({}, 30);
  const startedMs = performance.now();
  await client.exists('/');
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(59);
  slow.undo();
});

test('options that cannot be are refused', async () => {
  await expect(startEnsemble({ size: 0 })).rejects.toThrow('size 0: an ensemble has 1 to 9 voting servers');
  await expect(startEnsemble({ config: { tickTime: 'x' } })).rejects.toThrow('tickTime');
});

test('clients and servers speak TLS with certificates of the kit, and faults strike there too', async () => {
  const ensemble = await ensembleOf({ size: 3, tls: 'everywhere' });
  const client = await ensemble.client({ ...PLAIN, tls: true });
  expect(await client.whoAmI()).toContainEqual({ scheme: 'x509', id: 'CN=client' });
  const lost = ensemble.clients.dropReply({ op: 'create', session: client.sessionId });
  expect(await codeOf(client.create('/a'))).toBe(ErrorCode.connectionLoss);
  expect(lost.hits).toBe(1);
  await client.connected();
  expect(await client.exists('/a')).toBeDefined();
  await expect(connect(ensemble.addressOf(1, 'tls'), { tls: true, connectTimeoutMs: 300 })).rejects.toThrow();
});

test('a wall clock that is wrong dates what is written, and stays wrong over a restart', async () => {
  const ensemble = await ensembleOf({ size: 1 });
  const hourMs = 3_600_000;
  const wrong = ensemble.clock.moveWall(1, hourMs);
  await ensemble.restart(1);
  const client = await ensemble.client();
  await client.create('/a');
  expect((await client.exists('/a'))?.ctime).toBeGreaterThan(Date.now() + hourMs - 60_000);
  wrong.undo();
  await client.setData('/a', 'x');
  expect((await client.exists('/a'))?.mtime).toBeLessThan(Date.now() + 60_000);
});

test('an option that there is not is refused by name, and so is a number', async () => {
  await expect(startEnsemble({ sizes: 3 } as object)).rejects.toThrow(
    'startEnsemble has no option sizes; it has size, observers, config, storage, dataDir, tls, host, clientPort, log',
  );
  await expect(startEnsemble(3 as unknown as object)).rejects.toThrow(
    'startEnsemble takes options, { size: 3 }, where 3 was given',
  );
});
