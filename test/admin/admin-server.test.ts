import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Log, LogLevels } from '../../src/base/log.ts';
import { connect } from '../../src/client/client.ts';
import { RunningPeer } from '../../src/embed/running-peer.ts';
import { startEnsemble, startPeer } from '../../src/index.ts';
import { openNodeWorld } from '../../src/io/node-world.ts';
import { readConfigProperties } from '../../src/quorum/config/read-config.ts';
import { logTo } from '../fakes/log-to.ts';

/** Whole standalone peers; the answers of Apache ZooKeeper 3.9.5 to the same are what is expected. */
const peers: RunningPeer[] = [];
const dirs: string[] = [];

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'admin-'));
  dirs.push(dir);
  return dir;
}

const KEYS = {
  tickTime: 2000,
  clientPort: 0,
  clientPortAddress: '127.0.0.1',
  'admin.enableServer': true,
  'admin.serverPort': 0,
  'admin.rateLimiterIntervalInMS': 0,
};

async function start(keys: Record<string, string | number | boolean> = {}, log?: Log): Promise<RunningPeer> {
  const peer = startPeer({ dataDir: freshDir(), ...KEYS, ...keys }, log === undefined ? {} : { log });
  peers.push(peer);
  await peer.ready;
  await peer.listening;
  await peer.adminListening;
  return peer;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

async function ask(peer: RunningPeer, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${peer.adminPort}${path}`, init);
  const text = await response.text();
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, text, headers: response.headers, json };
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const SUPER = { Authorization: 'digest anybody:anything' };

describe('commands', () => {
  it('are listed with links, sorted, under the command URL', async () => {
    const peer = await start({ 'admin.commandURL': '/do' });
    const { text } = await ask(peer, '/do');
    expect(text.startsWith('<a href="/do/configuration">configuration</a>\n<br/>\n')).toBe(true);
    const names = [...text.matchAll(/>(\w+)<\/a>/g)].map((match) => match[1]);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['connections', 'dump', 'leader', 'monitor', 'snapshot', 'zabstate']));
    expect((await ask(peer, '/do/')).text).toBe(text);
  });

  it('answer JSON with their first name and no error, whatever name was asked', async () => {
    const peer = await start();
    const { status, text, headers } = await ask(peer, '/commands/isro');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(text).toBe('{\n  "read_only" : false,\n  "command" : "is_read_only",\n  "error" : null\n}');
  });

  it('that do not exist are an error with status 200, as at Apache', async () => {
    const peer = await start();
    const { status, json } = await ask(peer, '/commands/nosuch');
    expect([status, json]).toEqual([200, { command: 'nosuch', error: 'Unknown command: nosuch' }]);
    expect((await ask(peer, '/commands/%zz')).json.error).toBe('Unknown command: %zz');
  });

  it('connections, dump, watches: sessions by their number, ephemerals and watched paths', async () => {
    const peer = await start();
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.create('/a', 'x');
    await client.create('/a/e', '', { mode: 'ephemeral' });
    await client.getData('/a', { watch: () => {} });
    const session = BigInt(client.sessionId).toString();
    expect((await ask(peer, '/commands/watches')).text).toContain(`"${session}" : [ "/a" ]`);
    expect((await ask(peer, '/commands/wchp')).text).toContain(`"/a" : [ ${session} ]`);
    expect((await ask(peer, '/commands/watch_summary')).json).toMatchObject({
      num_connections: 1,
      num_paths: 1,
      num_total_watches: 1,
    });
    expect((await ask(peer, '/commands/dump')).text).toContain(`"${session}" : [ "/a/e" ]`);
    const { json } = await ask(peer, '/commands/connections');
    expect(json.secure_connections).toEqual([]);
    const [connection] = json.connections as Record<string, unknown>[];
    expect(Object.keys(connection ?? {})).toEqual(
      (
        'remote_socket_address interest_ops outstanding_requests packets_received packets_sent session_id last_operation ' +
        'established session_timeout last_cxid last_zxid last_response_time last_latency min_latency avg_latency max_latency'
      ).split(' '),
    );
    expect(connection?.remote_socket_address).toMatch(/^127\.0\.0\.1:\d+$/);
    await client.close();
  });

  it('server_stats has the fields of Apache', async () => {
    const peer = await start();
    const { json } = await ask(peer, '/commands/srvr');
    expect(Object.keys(json)).toEqual([
      'version',
      'read_only',
      'server_stats',
      'client_response',
      'node_count',
      'command',
      'error',
    ]);
    expect(json.version).toMatch(/^3\.9\.5-/);
    expect(json.server_stats).toMatchObject({
      server_state: 'standalone',
      provider_null: false,
      outstanding_requests: 0,
    });
  });

  it('trace masks are kept, and what is no number is refused with the words of Apache', async () => {
    const peer = await start();
    expect((await ask(peer, '/commands/gtmk')).json.tracemask).toBe(306);
    expect((await ask(peer, '/commands/stmk')).json.error).toBe('setTraceMask requires long traceMask argument');
    expect((await ask(peer, '/commands/stmk?traceMask=x')).json.error).toBe(
      'setTraceMask requires long traceMask argument, got x',
    );
    expect((await ask(peer, '/commands/stmk?traceMask=17')).json).toEqual({
      tracemask: 17,
      command: 'set_trace_mask',
      error: null,
    });
    expect((await ask(peer, '/commands/gtmk')).json.tracemask).toBe(17);
  });

  it('leader, voting_view and zabstate of a standalone server', async () => {
    const peer = await start();
    expect((await ask(peer, '/commands/leader')).json).toEqual({
      command: 'leader',
      error: 'server is not initialized',
    });
    expect((await ask(peer, '/commands/voting_view')).json.current_config).toEqual({});
    expect((await ask(peer, '/commands/zabstate')).json).toEqual({
      voting: false,
      zabstate: '',
      command: 'zabstate',
      error: null,
    });
  });

  it('initial_configuration is the text of the file, without its secrets', async () => {
    const dir = freshDir();
    const file = join(dir, 'zoo.cfg');
    writeFileSync(
      file,
      `# mine\ndataDir=${dir}/data\nclientPort=0\nclientPortAddress=127.0.0.1\nadmin.serverPort=0\n` +
        'DigestAuthenticationProvider.superDigest=super:abcdefghijklmnopqrstuvwxyz0=\n',
    );
    const peer = startPeer(file);
    peers.push(peer);
    await peer.ready;
    await peer.adminListening;
    const shown = (await ask(peer, '/commands/icfg')).json.initial_configuration as string;
    expect(shown.split('\n')[0]).toBe('# mine');
    expect(shown).toContain('superDigest=***');
    expect(shown).not.toContain('abcdef');
  });
});

describe('snapshot', () => {
  it('is for who proves to hold every permission on the root node', async () => {
    const peer = await start();
    const missing = await ask(peer, '/commands/snapshot');
    expect([missing.status, missing.json.error]).toEqual([401, 'Auth info is missing for the command']);
    for (const authorization of ['kerberos me', 'digest', 'digest a b c']) {
      const refused = await ask(peer, '/commands/snapshot', { headers: { Authorization: authorization } });
      expect([authorization, refused.status, refused.json.error]).toEqual([authorization, 401, 'Not authenticated']);
    }
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.setAcl('/', [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]);
    const forbidden = await ask(peer, '/commands/snapshot', { headers: SUPER });
    expect([forbidden.status, forbidden.json.error]).toEqual([403, 'Not authorized']);
    await client.close();
  });

  it('is streamed as it lies on the disk, with its zxid and size', async () => {
    const peer = await start();
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.create('/a', 'x');
    const response = await fetch(`http://127.0.0.1:${peer.adminPort}/commands/snapshot`, { headers: SUPER });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('last_zxid')).toBe('0x2');
    expect(response.headers.get('snapshot_size')).toBe(String(bytes.length));
    expect(bytes.subarray(0, 4).toString('latin1')).toBe('ZKSN');
    expect(readFileSync(join(peer.config.dataDir, 'version-2', 'snapshot.2')).equals(bytes)).toBe(true);
    const told = await ask(peer, '/commands/snapshot?streaming=false', { headers: SUPER });
    expect(told.json).toEqual({ command: 'snapshot', error: null });
    expect((await ask(peer, '/commands/lsnp')).json.zxid).toBe('2');
    await client.close();
  });

  it('comes once in an interval, and not at all when it is switched off', async () => {
    const limited = await start({ 'admin.rateLimiterIntervalInMS': 300_000 });
    expect((await ask(limited, '/commands/snapshot', { headers: SUPER })).status).toBe(200);
    expect((await ask(limited, '/commands/snapshot', { headers: SUPER })).status).toBe(429);
    expect((await ask(limited, '/commands/mntr')).json.snapshot_rate_limited_count).toBe(1);
    const off = await start({ 'admin.snapshot.enabled': false });
    expect((await ask(off, '/commands/snapshot', { headers: SUPER })).status).toBe(503);
  });
});

describe('restore', () => {
  const post = (peer: RunningPeer, body: Buffer | string) =>
    ask(peer, '/commands/restore', { method: 'POST', headers: SUPER, body });

  async function snapshotOf(peer: RunningPeer): Promise<Buffer> {
    const response = await fetch(`http://127.0.0.1:${peer.adminPort}/commands/snapshot`, { headers: SUPER });
    return Buffer.from(await response.arrayBuffer());
  }

  it('replaces the history of a standalone server, at once and after a restart', async () => {
    const dataDir = freshDir();
    const peer = await start({ dataDir });
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.create('/kept', 'before');
    const snapshot = await snapshotOf(peer);
    await client.setData('/kept', 'after');
    await client.create('/lost', '');
    await client.close();
    const { status, json } = await post(peer, snapshot);
    expect([status, json]).toEqual([200, { last_zxid: 2, command: 'restore', error: null }]);
    const again = await connect(`127.0.0.1:${peer.clientPort}`);
    expect((await again.getData('/kept')).data?.toString()).toBe('before');
    expect(await again.exists('/lost')).toBeUndefined();
    await again.create('/new', '');
    await again.close();
    peers.splice(peers.indexOf(peer), 1);
    await peer.close();
    const restarted = await start({ dataDir });
    const last = await connect(`127.0.0.1:${restarted.clientPort}`);
    expect((await last.getChildren('/')).sort()).toEqual(['kept', 'new', 'zookeeper']);
    await last.close();
  });

  it('keeps neither probes nor scrapers nor other commands waiting while it comes in', async () => {
    const peer = await start();
    const headers = 'Host: x\r\nAuthorization: digest a:b\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n';
    const uploading = connectSocket(peer.adminPort as number, '127.0.0.1');
    uploading.write(`POST /commands/restore HTTP/1.1\r\n${headers}`);
    const [said] = (await once(uploading, 'data')) as [Buffer];
    expect(said.toString('latin1')).toMatch(/^HTTP\/1.1 100 /);
    uploading.write('ZKSN');
    for (const path of ['/health/live', '/health/ready', '/metrics', '/commands/ruok'])
      expect([path, (await ask(peer, path)).status]).toEqual([path, 200]);
    expect((await ask(peer, '/commands/snapshot', { headers: SUPER })).status).toBe(200);
    const second = await post(peer, 'x');
    expect([second.status, second.json.error]).toEqual([503, 'another upload is under way']);
    uploading.destroy();
  });

  it('changes nothing when the bytes are no whole snapshot', async () => {
    const peer = await start();
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.create('/a', 'x');
    const good = await snapshotOf(peer);
    const flipped = Buffer.from(good);
    const data = flipped.indexOf('/a') + 6;
    flipped.writeUInt8(flipped.readUInt8(data) ^ 1, data);
    for (const [bad, error] of [
      ['', 'the file ends before the tree does'],
      ['no snapshot at all, but long enough to look like one', 'magic is 0x6e6f2073, not ZKSN'],
      [good.subarray(0, 300), 'the file ends before the tree does'],
      [flipped, 'the checksum does not match'],
    ] as const) {
      const refused = await post(peer, typeof bad === 'string' ? bad : Buffer.from(bad));
      expect([refused.status, refused.json.error]).toEqual([500, error]);
    }
    expect((await client.getData('/a')).data?.toString()).toBe('x');
    expect((await ask(peer, '/commands/mntr')).json.restore_error_count).toBe(4);
    await client.close();
  });

  it('is refused without a permission, when it is switched off, and in an ensemble', async () => {
    const peer = await start({ 'admin.restore.enabled': false });
    expect((await ask(peer, '/commands/restore', { method: 'POST', body: 'x' })).status).toBe(401);
    expect((await post(peer, 'x')).status).toBe(503);
    const properties = { 'admin.enableServer': true, 'admin.serverPort': 0, 'admin.rateLimiterIntervalInMS': 0 };
    const ensemble = await startEnsemble(3, { properties });
    const member = ensemble.leader as RunningPeer;
    await member.adminListening;
    const snapshot = await snapshotOf(member);
    const refused = await post(member, snapshot);
    expect([refused.status, refused.json.error]).toEqual([
      500,
      expect.stringMatching(/^only a standalone server can be given another history/),
    ]);
    await ensemble.close();
  });
});

describe('admin.auth=required', () => {
  it('takes a caller who may do all for everything but health, and world gives that to nobody', async () => {
    // super:admin
    const superDigest = 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=';
    const peer = await start({ 'admin.auth': 'required', 'DigestAuthenticationProvider.superDigest': superDigest });
    const root = { Authorization: 'digest super:admin' };
    for (const path of ['/commands/dump', '/commands/configuration', '/commands/snapshot', '/metrics']) {
      const nobody = await ask(peer, path);
      expect([path, nobody.status, nobody.json.error]).toEqual([path, 401, 'Auth info is missing for the command']);
      const anybody = await ask(peer, path, { headers: SUPER });
      expect([path, anybody.status, anybody.json.error]).toEqual([path, 403, 'Not authorized']);
      expect([path, (await ask(peer, path, { headers: root })).status]).toEqual([path, 200]);
    }
    expect((await ask(peer, '/health/live')).status).toBe(200);
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    await client.addAuth('digest', 'ops:secret');
    await client.setAcl('/', [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
    await client.close();
    expect((await ask(peer, '/commands/dump', { headers: { Authorization: 'digest ops:secret' } })).status).toBe(200);
    expect((await ask(peer, '/commands/dump', { headers: { Authorization: 'digest ops:other' } })).status).toBe(403);
  });
});

describe('shed_connections', () => {
  it('closes the share it is asked for, and takes nothing else', async () => {
    const peer = await start();
    const post = (body: string) => ask(peer, '/commands/shed', { method: 'POST', headers: SUPER, body });
    expect((await ask(peer, '/commands/shed', { headers: SUPER })).status).toBe(405);
    expect((await post('')).json.error).toBe('Request body is required');
    expect((await post('{')).json.error).toMatch(/^Invalid JSON/);
    expect((await post('{}')).json.error).toBe('Missing required field: percentage');
    expect((await post('{"percentage": 101}')).json.error).toBe('Percentage must be between 0 and 100');
    expect((await post(`{"percentage": 1, "more": "${'x'.repeat(70_000)}"}`)).status).toBe(413);
    const client = await connect(`127.0.0.1:${peer.clientPort}`);
    expect((await post('{"percentage": 0}')).json).toMatchObject({ connections_shed: 0, percentage_requested: 0 });
    expect((await post('{"percentage": 100}')).json).toMatchObject({ connections_shed: 1, percentage_requested: 100 });
    await client.close();
  });
});

describe('transfer', () => {
  it('gives the leadership to the follower that is named, and nobody loses a session', async () => {
    const properties = { 'admin.enableServer': true, 'admin.serverPort': 0 };
    const ensemble = await startEnsemble(3, { properties });
    for (const peer of ensemble.peers) await peer.adminListening;
    const leader = ensemble.leader as RunningPeer;
    const number = (peer: RunningPeer): number => ensemble.peers.indexOf(peer) + 1;
    const follower = ensemble.peers.find((peer) => peer !== leader) as RunningPeer;
    const to = number(follower);
    const client = await connect(ensemble.connectString);
    await client.create('/a', 'x', { mode: 'ephemeral' });
    const { sessionId } = client;
    const post = (peer: RunningPeer, query: string) =>
      ask(peer, `/commands/transfer${query}`, { method: 'POST', headers: SUPER });
    expect((await ask(leader, '/commands/transfer', { method: 'POST' })).status).toBe(401);
    expect((await post(leader, '?to=x')).status).toBe(400);
    for (const [peer, query, error] of [
      [follower, '', `this server does not lead; server ${number(leader)} does`],
      [leader, '?to=9', 'server 9 is no voter that follows'],
    ] as const) {
      const refused = await post(peer, query);
      expect([refused.status, refused.json.error]).toEqual([409, error]);
    }
    const done = await post(leader, `?to=${to}`);
    expect([done.status, done.json.transferred]).toEqual([200, true]);
    await expect.poll(() => ensemble.leader, { timeout: 10_000 }).toBe(follower);
    await expect
      .poll(
        () =>
          client.exists('/a').then(
            (stat) => stat?.ephemeralOwner,
            () => 0n,
          ),
        { timeout: 10_000 },
      )
      .toBe(sessionId);
    expect(client.sessionId).toBe(sessionId);
    await client.close();
    await ensemble.close();
  });
});

describe('log_level', () => {
  it('is shown and set at run time, for who may do all', async () => {
    const set: unknown[] = [];
    const components = new Map([['zab', 'info']] as const);
    const setComponent = (...asked: unknown[]) => void set.push(asked);
    const levels: LogLevels = { level: 'info', components, setComponent };
    const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
    const world = openNodeWorld(log);
    const { config } = readConfigProperties({ dataDir: freshDir(), ...KEYS }, { disk: world.disk, cwd: '/' });
    const peer = new RunningPeer(world, config, log, levels);
    peers.push(peer);
    peer.start();
    await peer.ready;
    await peer.adminListening;
    expect((await ask(peer, '/commands/log_level?level=debug')).status).toBe(401);
    expect(levels.level).toBe('info');
    expect((await ask(peer, '/commands/log_level?level=debug', { headers: SUPER })).json.level).toBe('debug');
    expect(levels.level).toBe('debug');
    const wrong = await ask(peer, '/commands/log_level?level=loud', { headers: SUPER });
    expect([wrong.status, wrong.json.error]).toEqual([400, 'level is one of debug, info, warn, error, got loud']);
    const one = async (query: string) => {
      const { status, json } = await ask(peer, `/commands/log_level?${query}`, { headers: SUPER });
      return [status, json.error ?? json.components];
    };
    expect(await one('component=zab&level=debug')).toEqual([200, { zab: 'info' }]);
    expect(await one('component=zab&level=default')).toEqual([200, { zab: 'info' }]);
    expect(await one('component=disk&level=debug')).toEqual([
      400,
      expect.stringMatching(/^component is one of admin, .*, zab, got disk$/),
    ]);
    expect(await one('component=zab')).toEqual([400, 'component=zab needs a level']);
    expect(await one('level=default')).toEqual([400, 'level is one of debug, info, warn, error, got default']);
    expect(set).toEqual([
      ['zab', 'debug'],
      ['zab', undefined],
    ]);
    const embedded = await start();
    expect((await ask(embedded, '/commands/log_level', { headers: SUPER })).status).toBe(503);
  });
});

describe('slow_requests', () => {
  it('is shown and set at run time, for who may do all, with or without a quorum', async () => {
    const peer = await start({ slowRequestMs: 250 });
    expect((await ask(peer, '/commands/slow_requests?ms=1')).status).toBe(401);
    const shown = await ask(peer, '/commands/slow_requests', { headers: SUPER });
    expect(shown.json).toEqual({ ms: 250, slow_requests: 0, command: 'slow_requests', error: null });
    expect((await ask(peer, '/commands/slow_requests?ms=9', { headers: SUPER })).json.ms).toBe(9);
    expect((await ask(peer, '/commands/slow_requests?ms=0', { headers: SUPER })).json.ms).toBe(0);
    const dataDir = freshDir();
    writeFileSync(join(dataDir, 'myid'), '1');
    const members = { 'server.1': `127.0.0.1:${await freePort()}:${await freePort()}`, 'server.2': '127.0.0.1:9:10' };
    const alone = startPeer({ dataDir, initLimit: 5, syncLimit: 2, ...KEYS, ...members });
    peers.push(alone);
    await alone.adminListening;
    expect((await ask(alone, '/commands/ruok')).json.error).toMatch(/not currently serving/);
    expect((await ask(alone, '/commands/slow_requests?ms=7', { headers: SUPER })).json.ms).toBe(7);
    const wrong = await ask(peer, '/commands/slow_requests?ms=-1', { headers: SUPER });
    expect([wrong.status, wrong.json.error]).toEqual([400, 'ms is a whole number, got -1']);
  });
});

describe('the port', () => {
  it('also has health and metrics, and refuses TRACE and other verbs', async () => {
    const peer = await start();
    expect((await ask(peer, '/health/live')).text).toBe('live\n');
    expect(await ask(peer, '/health/ready')).toMatchObject({ status: 200, text: 'ready: standalone\n' });
    expect((await ask(peer, '/metrics')).text).toContain('# TYPE znode_count gauge');
    expect((await ask(peer, '/')).status).toBe(404);
    expect((await ask(peer, '/commands/ruok', { method: 'PUT' })).status).toBe(405);
    expect((await ask(peer, '/commands/ruok', { method: 'POST' })).json.error).toBe('ruok takes GET');
  });

  it('answers 400 to a path that is none', async () => {
    const peer = await start();
    const socket = connectSocket(peer.adminPort as number, '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const [said] = (await once(socket, 'data')) as [Buffer];
    expect(said.toString('latin1')).toMatch(/^HTTP\/1.1 400 /);
  });

  it('that is taken costs a warning, and the peer serves', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    const warnings: string[] = [];
    const log = logTo((level, message) => level === 'warn' && warnings.push(message));
    const peer = await start({ 'admin.serverPort': port }, log);
    expect(peer.adminPort).toBeUndefined();
    expect(peer.mode).toBe('standalone');
    expect(warnings.filter((text) => text.startsWith('admin server'))).toEqual([
      'admin server: the port cannot be bound; serving without it (admin.serverPort, admin.enableServer=false)',
    ]);
    await new Promise((resolve) => taken.close(resolve));
  });

  it('is not there unless a program asks for it', async () => {
    const peer = startPeer({ dataDir: freshDir(), clientPort: 0, clientPortAddress: '127.0.0.1' });
    peers.push(peer);
    await peer.ready;
    expect(peer.adminPort).toBeUndefined();
  });
});
