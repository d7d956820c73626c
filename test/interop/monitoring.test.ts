// The admin server and the metrics beside Apache's: the 28 commands have the same keys with the same types in every role,
// the same statuses, and the same metrics but for those that are listed with a reason.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Kind, root, Server } from './harness/server.ts';
import { ABSENT, OWN } from './monitoring/metrics-that-differ.ts';
import { differences, metricsOf, shapeOf } from './monitoring/shape.ts';

const BASE = 27_000;
const ROLES = ['standalone', 'leader', 'follower', 'observer'] as const;
type Role = (typeof ROLES)[number];

/** All that are asked by GET without Authorization; snapshot and restore are tried below. */
const COMMANDS =
  'connection_stat_reset configuration connections hash dirs dump environment get_trace_mask initial_configuration ' +
  'is_read_only last_snapshot leader observer_connection_stat_reset ruok set_trace_mask server_stats stats stat_reset ' +
  'observers system_properties voting_view watches watches_by_path watch_summary zabstate';

/** The table of what differs, by role; docs/COMPATIBILITY.md has the reasons. */
const OF_MEMBERS = [
  'configuration + .election_alg: whole',
  'configuration + .election_port: string',
  'configuration + .init_limit: whole',
  'configuration + .peer_type: whole',
  'configuration + .quorum_port: string',
  'configuration + .sync_limit: whole',
  'initial_configuration - .initial_configuration: null',
  'initial_configuration + .initial_configuration: string',
];
const DIFFERS: Readonly<Record<Role, readonly string[]>> = {
  standalone: [],
  leader: OF_MEMBERS,
  follower: OF_MEMBERS,
  observer: OF_MEMBERS,
};

type Names = ReadonlySet<string>;

interface Told {
  readonly shapes: ReadonlyMap<string, readonly string[]>;
  readonly metrics: Names;
  /** Of `/metrics`; ours alone. */
  readonly scraped: Names;
}

function adminSettings(port: number) {
  return {
    'admin.enableServer': 'true',
    'admin.serverAddress': '127.0.0.1',
    'admin.serverPort': port,
    extendedTypesEnabled: 'true',
  };
}

/** A session with an ephemeral, watches of both kinds, a quota, and events that found watchers. */
async function use(port: number, path: string): Promise<{ close(): Promise<unknown> }> {
  const client = await connect(`127.0.0.1:${port}`);
  await client.create(path, 'x');
  await client.create(`${path}/e`, '', { mode: 'ephemeral' });
  await client.getData(path, { watch: () => {} });
  await client.setData(path, 'y');
  await client.getChildren(path, { watch: () => {} });
  await client.create(`${path}/c`, '');
  await client.delete(`${path}/c`);
  await client.sync('/');
  await client.getData(path, { watch: () => {} });
  await client.getChildren(path, { watch: () => {} });
  return client;
}

async function ask(port: number, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

async function tell(server: Server, adminPort: number): Promise<Told> {
  const metrics = metricsOf(await server.word('mntr'));
  const shapes = new Map<string, readonly string[]>();
  for (const command of COMMANDS.split(' ')) {
    const query = command === 'set_trace_mask' ? '?traceMask=306' : '';
    shapes.set(command, shapeOf(await ask(adminPort, `/commands/${command}${query}`)));
  }
  const scrape = server.kind === 'ours' ? await ask(adminPort, '/metrics') : '';
  const scraped = new Set([...scrape.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1] as string));
  return { shapes, metrics, scraped };
}

async function tellAll(kind: Kind): Promise<Map<Role, Told>> {
  const told = new Map<Role, Told>();
  const alone = await new Server({
    kind,
    clientPort: BASE,
    settings: { tickTime: 500, ...adminSettings(BASE + 90) },
  }).start();
  try {
    const client = await use(BASE, '/a');
    told.set('standalone', await tell(alone, BASE + 90));
    await client.close();
  } finally {
    await alone.remove();
  }
  const ensemble = new Ensemble({ basePort: BASE + 1, kinds: [kind, kind, kind], observers: [3] });
  for (const [i, server] of ensemble.servers.entries()) {
    Object.assign(server.options.settings as object, adminSettings(BASE + 91 + i));
  }
  try {
    await ensemble.start();
    for (const [i, server] of ensemble.servers.entries()) {
      const client = await use(server.clientPort, `/of${server.options.id}`);
      told.set((await server.mode()) as Role, await tell(server, BASE + 91 + i));
      await client.close();
    }
  } finally {
    await ensemble.remove();
  }
  return told;
}

let apache: Map<Role, Told>;
let ours: Map<Role, Told>;

beforeAll(async () => {
  apache = await tellAll(judge);
  ours = await tellAll('ours');
}, 300_000);

describe.each(ROLES)('%s', (role) => {
  it('admin commands answer with the keys and types of Apache, but for those in the table', () => {
    const found: string[] = [];
    for (const [command, shape] of (apache.get(role) as Told).shapes) {
      const own = ours.get(role)?.shapes.get(command) ?? [];
      const lines = differences(shape, own);
      // The properties of a JVM: those that have a meaning are there, and no others.
      const kept = command === 'system_properties' ? lines.filter((line) => line.startsWith('+')) : lines;
      found.push(...kept.map((line) => `${command} ${line}`));
    }
    expect(found).toEqual(DIFFERS[role]);
  });

  it('metrics are those of Apache, but for those in the list', () => {
    const [theirs, own] = [apache, ours].map((told) => (told.get(role) as Told).metrics) as [Names, Names];
    const absent = ABSENT.flatMap(({ names }) => names.split(' '));
    expect([...theirs].filter((name) => !own.has(name)).sort()).toEqual([...absent].sort());
    // Apache's leader measures each thousandth acknowledgement, and has no such metric before.
    const early = new Set(['ack_latency']);
    expect([...own].filter((name) => !theirs.has(name) && !early.has(name)).sort()).toEqual(OWN);
  });

  it('/metrics has the same ones', () => {
    const { metrics, scraped } = ours.get(role) as Told;
    const about = new Set(['version', 'server_state', 'peer_state', 'observer_master_id']);
    expect([...metrics].filter((name) => !scraped.has(name) && !about.has(name))).toEqual([]);
    const unshown = [...scraped].filter((name) => !metrics.has(name) && !name.startsWith('process_'));
    // Sets without a key yet.
    expect(unshown.filter((name) => !/^throttled_by_rate$|_per_namespace$|_latency$|_qp_/.test(name))).toEqual([]);
  });
});

/** Asked in this order of a server with every default, then of one with some of it switched off. */
const AUTH = 'digest anybody:anything';

async function status(port: number, method: string, path: string, auth?: string, body?: Buffer): Promise<string> {
  return new Promise((done, fail) => {
    const headers = auth === undefined ? {} : { Authorization: auth };
    const sent = request({ host: '127.0.0.1', port, method, path: `/commands${path}`, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode, headers: got } = response;
        if (got['content-type'] === 'application/octet-stream') snapshotBytes = Buffer.concat(chunks);
        done(
          `${method} ${path} ${auth?.split(' ')[0] ?? '-'}: ${statusCode} ${got['content-type']?.split(';')[0] ?? ''}`,
        );
      });
      response.on('error', fail);
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

let snapshotBytes = Buffer.alloc(0);

async function statuses(kind: Kind): Promise<string[]> {
  const said: string[] = [];
  const server = await new Server({ kind, clientPort: BASE, settings: adminSettings(BASE + 90) }).start();
  const port = BASE + 90;
  try {
    const client = await connect(`127.0.0.1:${BASE}`);
    await client.create('/a', 'x');
    said.push(
      await status(port, 'GET', '/nosuch'),
      await status(port, 'TRACE', '/ruok'),
      await status(port, 'GET', '/snapshot'),
      await status(port, 'GET', '/snapshot', 'kerberos me'),
      await status(port, 'GET', '/snapshot', 'digest'),
      await status(port, 'POST', '/restore'),
      await status(port, 'GET', '/snapshot?streaming=true', AUTH),
      await status(port, 'GET', '/snapshot?streaming=true', AUTH),
    );
    await client.close();
    said.push(
      await status(port, 'POST', '/restore', AUTH, snapshotBytes),
      await status(port, 'POST', '/restore', AUTH, snapshotBytes),
    );
    const again = await connect(`127.0.0.1:${BASE}`);
    expect((await again.getData('/a')).data?.toString()).toBe('x');
    await again.setAcl('/', [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }]);
    said.push(await status(port, 'GET', '/snapshot', AUTH));
    await again.close();
  } finally {
    await server.remove();
  }
  const settings = {
    ...adminSettings(BASE + 90),
    'admin.snapshot.enabled': 'false',
    'admin.rateLimiterIntervalInMS': 1,
  };
  const other = await new Server({ kind, clientPort: BASE, settings }).start();
  try {
    said.push(
      await status(port, 'GET', '/snapshot', AUTH),
      await status(port, 'POST', '/restore', AUTH, Buffer.from('no snapshot at all')),
    );
  } finally {
    await other.remove();
  }
  return said;
}

describe('statuses', () => {
  it('are those of Apache: 200, 401, 403, 429, 500, 503', async () => {
    const expected = await statuses(judge);
    expect(expected.map((line) => / (\d+) /.exec(line)?.[1])).toEqual(
      '200 403 401 401 401 401 200 429 200 429 403 503 500'.split(' '),
    );
    expect(await statuses('ours')).toEqual(expected);
  });
});

describe('docs/COMPATIBILITY.md', () => {
  const text = readFileSync(join(root, 'docs/COMPATIBILITY.md'), 'utf8').replace(/\s+/g, ' ');

  it('names each metric that is not there, with its reason', () => {
    for (const { names, why } of ABSENT) {
      for (const name of names.split(' ')) expect(text).toContain(`\`${name}\``);
      expect(text).toContain(why);
    }
    for (const name of OWN) expect(text).toContain(`\`${name}\``);
  });
});
