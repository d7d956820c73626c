// Every client at every door: Java's of five releases, the C client, kazoo and ours x Apache's server and ours x the three values
// of ssl.clientAuth x no certificate, a good one in each kind of store, and a stranger's; and logins by DIGEST-MD5, in the clear
// and over TLS. Each cell wrote, or was refused as it should be. docs/COMPATIBILITY.md has the cells as tables, word for word.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ConnectOptions, connect } from '../../src/client/client.ts';
import { pem } from '../tls/tls-fixtures.ts';
import { run, runJava, runKazoo } from './harness/programs.ts';
import { cache, judge, type Kind, root, Server } from './harness/server.ts';
import { fixture, javaTlsKeys, STORE_PASSWORD, type StoreKind, storeKeys, storesOf } from './harness/stores.ts';

const AUTH = 'org.apache.zookeeper.server.auth';
const RELEASES = ['3.5.10', '3.6.4', '3.7.2', '3.8.4', '3.9.5'] as const;
const STORE_KINDS: readonly StoreKind[] = ['PEM', 'PKCS12', 'JKS'];
const AUTHS = ['none', 'want', 'need'] as const;
type ClientAuth = (typeof AUTHS)[number];
/** Refused is said after this; those who should be let in have longer. */
const REFUSED_MS = 3000;
const LET_IN_MS = 40_000;
/** A signal ended the program. */
const KILLED = -1;

const dir = mkdtempSync(join(tmpdir(), 'doors-'));
const passwords = { good: 'bobsecret', wrong: 'not this one' } as const;
const compatibility = readFileSync(join(root, 'docs/COMPATIBILITY.md'), 'utf8');

interface Door {
  readonly kind: Kind;
  readonly clientAuth: ClientAuth;
  readonly plain: string;
  readonly secure: string;
  readonly server: Server;
}

/** Servers with the three kinds of stores, by turns. */
const doors: readonly Door[] = ([judge, 'ours'] as const).flatMap((kind, k) =>
  AUTHS.map((clientAuth, i) => {
    const port = 23_970 + 2 * (3 * k + i);
    const server = new Server({
      kind,
      clientPort: port,
      settings: {
        tickTime: 500,
        secureClientPort: port + 1,
        serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
        'authProvider.1': `${AUTH}.SASLAuthenticationProvider`,
        'ssl.enabledProtocols': 'TLSv1.2,TLSv1.3',
        'ssl.clientAuth': clientAuth,
        ...storeKeys('ssl.', storesOf('server', STORE_KINDS[i] as StoreKind)),
      },
      flags: [`-Djava.security.auth.login.config=${join(dir, 'jaas')}`],
    });
    return { kind, clientAuth, plain: `localhost:${port}`, secure: `localhost:${port + 1}`, server };
  }),
);

/** One session that is tried: what it shows, or how it logs in. */
interface Cell {
  readonly door: Door;
  readonly column: string;
  readonly shows?: 'nothing' | StoreKind | 'a stranger';
  readonly login?: keyof typeof passwords;
  readonly expected: 'wrote' | 'refused';
}

const limitOf = ({ expected }: Cell): number => (expected === 'wrote' ? LET_IN_MS : REFUSED_MS);

function tlsCells(kinds: readonly StoreKind[], showsStrangers: boolean): Cell[] {
  return doors.flatMap((door) =>
    (['nothing', ...kinds, 'a stranger'] as const).map((shows) => {
      const counts = shows === 'a stranger' && !showsStrangers ? 'nothing' : shows;
      const isIn =
        door.clientAuth === 'none' || (counts === 'nothing' ? door.clientAuth === 'want' : counts !== 'a stranger');
      return { door, column: door.clientAuth, shows, expected: isIn ? 'wrote' : 'refused' };
    }),
  );
}

function loginCells(overTls: boolean): Cell[] {
  return doors
    .filter(({ clientAuth }) => clientAuth === 'none')
    .flatMap((door) =>
      (['good', 'wrong'] as const).flatMap((login) => [
        { door, column: `login ${login}`, login, expected: login === 'good' ? 'wrote' : 'refused' } as const,
        ...(overTls
          ? [
              {
                door,
                column: `login ${login} over TLS`,
                shows: 'nothing',
                login,
                expected: login === 'good' ? 'wrote' : 'refused',
              } as const,
            ]
          : []),
      ]),
    );
}

interface Client {
  readonly name: string;
  readonly stores: readonly StoreKind[];
  readonly cells: readonly Cell[];
  try(cells: readonly Cell[]): Promise<readonly string[]>;
}

/** All at once, but no more processes than that. */
async function inTurns(
  cells: readonly Cell[],
  atOnce: number,
  one: (cell: Cell) => Promise<string>,
): Promise<string[]> {
  const found: string[] = [];
  const left = [...cells.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) found[next[0]] = await one(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

function javaClient(release: (typeof RELEASES)[number]): Client {
  const line = (cell: Cell): string => {
    const { door, shows, login } = cell;
    const kind = shows === undefined || shows === 'nothing' || shows === 'a stranger' ? 'PEM' : shows;
    const { key, trust } = storesOf('client', kind);
    const shown = shows === 'nothing' ? '' : shows === 'a stranger' ? 'stranger.pem' : key;
    const keys = {
      ...(shows === undefined ? {} : javaTlsKeys({ key: shown, trust })),
      'zookeeper.sasl.client': String(login !== undefined),
      ...(login === undefined ? {} : { 'zookeeper.sasl.clientconfig': login, 'zookeeper.fips-mode': 'false' }),
    };
    const pairs = Object.entries(keys).map(([name, value]) => `${name}=${value}`);
    const address = shows === undefined ? door.plain : door.secure;
    return [address, limitOf(cell), login === undefined ? 'open' : 'own', ...pairs].join('\t');
  };
  return {
    name: `Java ${release}`,
    stores: STORE_KINDS,
    // It shows no certificate of an issuer that the server does not name.
    cells: [...tlsCells(STORE_KINDS, false), ...loginCells(true)],
    try: async (cells) => {
      const { stdout, stderr } = await runJava('interop.Doors', [], {
        kind: `apache-${release}`,
        input: `${cells.map(line).join('\n')}\n`,
        env: {
          JAVA_TOOL_OPTIONS: `-Dzookeeper.fips-mode=false -Djava.security.auth.login.config=${join(dir, 'jaas')}`,
        },
        timeoutMs: 90_000,
      });
      const found = stdout.trim().split('\n');
      if (found.length !== cells.length) throw new Error(stderr);
      return found;
    },
  };
}

const certificate = (shows: Cell['shows']): string | undefined =>
  shows === 'nothing' || shows === undefined ? undefined : shows === 'a stranger' ? 'stranger' : 'client';

const kazoo: Client = {
  name: 'kazoo',
  stores: ['PEM'],
  cells: [...tlsCells(['PEM'], true), ...loginCells(true)],
  try: (cells) =>
    inTurns(cells, 4, async (cell) => {
      const { door, shows, login } = cell;
      const name = certificate(shows);
      const file = name === undefined ? '-' : fixture(`${name}.pem`);
      const tls = shows === undefined ? ['-', '-', '-'] : [fixture('ca.pem'), file, file];
      const address = shows === undefined ? door.plain : door.secure;
      const args = [
        address,
        String(limitOf(cell) / 1000),
        ...tls,
        ...(login === undefined ? [] : ['bob', passwords[login]]),
      ];
      const { stdout, stderr } = await runKazoo('door.py', args);
      return stdout.trim() || stderr;
    }),
};

/** It cannot do without a certificate of its own, nor log in over TLS. */
const cClient: Client = {
  name: 'C 3.8.0',
  stores: ['PEM'],
  cells: [...tlsCells(['PEM'], true).filter(({ shows }) => shows !== 'nothing'), ...loginCells(false)],
  try: (cells) =>
    inTurns(cells, 8, async (cell) => {
      const { door, shows, login } = cell;
      const file = fixture(`${certificate(shows)}.pem`);
      const how =
        login === undefined
          ? ['tls', fixture('ca.pem'), file, file]
          : ['sasl', 'DIGEST-MD5', 'zk-sasl-md5', 'bob', join(dir, login)];
      const address = login === undefined ? door.secure : door.plain;
      const { code, stdout, stderr } = await run(join(cache, 'c/door'), [
        address,
        String(limitOf(cell) / 1000),
        ...how,
      ]);
      // Now and then the library crashes where its certificate is refused, at Apache's server as at ours.
      return stdout.trim() || (code === KILLED ? 'refused' : stderr);
    }),
};

const ours: Client = {
  name: 'TypeScript',
  stores: STORE_KINDS,
  cells: [...tlsCells(STORE_KINDS, true), ...loginCells(true)],
  try: (cells) =>
    inTurns(cells, 16, async (cell) => {
      const { door, shows, login } = cell;
      const name = certificate(shows);
      const stores = shows === 'PKCS12' || shows === 'JKS' ? storesOf('client', shows) : undefined;
      const options: ConnectOptions = {
        connectTimeoutMs: limitOf(cell),
        ...(login === undefined ? {} : { sasl: { username: 'bob', password: passwords[login] } }),
        ...(shows === undefined
          ? {}
          : {
              tls:
                stores === undefined
                  ? { ca: pem('ca'), ...(name === undefined ? {} : { key: pem(name), cert: pem(name) }) }
                  : {
                      keyStore: { location: fixture(stores.key), password: STORE_PASSWORD },
                      trustStore: { location: fixture(stores.trust), password: STORE_PASSWORD },
                    },
            }),
      };
      try {
        const client = await connect(shows === undefined ? door.plain : door.secure, options);
        const acl = login === undefined ? undefined : [{ perms: 31, id: { scheme: 'auth', id: '' } }];
        await client.create('/ours-', '', { mode: 'persistentSequential', ...(acl === undefined ? {} : { acl }) });
        await client.close();
        return 'wrote';
      } catch {
        return 'refused';
      }
    }),
};

beforeAll(async () => {
  const login = (password: string): string =>
    `${AUTH}.DigestLoginModule required\n  username="bob"\n  password="${password}";`;
  writeFileSync(
    join(dir, 'jaas'),
    `Server {\n  ${AUTH}.DigestLoginModule required\n  user_bob="${passwords.good}";\n};\n` +
      `good {\n  ${login(passwords.good)}\n};\nwrong {\n  ${login(passwords.wrong)}\n};\n`,
    { mode: 0o600 },
  );
  for (const login of ['good', 'wrong'] as const) writeFileSync(join(dir, login), passwords[login], { mode: 0o600 });
  await Promise.all(doors.map(({ server }) => server.start()));
});
afterAll(async () => {
  await Promise.all(doors.map(({ server }) => server.remove()));
  rmSync(dir, { recursive: true, force: true });
});

it.each([...RELEASES.map(javaClient), cClient, kazoo, ours])('$name at every door', async (client) => {
  const found = await client.try(client.cells);
  const wrong = client.cells.flatMap((cell, i) => {
    const { door, column, shows, expected } = cell;
    return found[i] === expected ? [] : [`${door.kind}, ${column}, shows ${shows}: ${found[i]}, not ${expected}`];
  });
  expect(wrong).toEqual([]);
  const rows = ([judge, 'ours'] as const).flatMap((kind) => {
    const at = (column: string, shows?: Cell['shows']): string => {
      const cells = client.cells.flatMap((cell, i) => {
        const isIt = cell.door.kind === kind && cell.column === column;
        return isIt && (shows === undefined || cell.shows === shows) ? [found[i] as string] : [];
      });
      return [...new Set(cells)].join(' or ') || 'cannot';
    };
    const server = kind === 'ours' ? 'ours' : 'Apache';
    const perAuth = AUTHS.map((clientAuth) =>
      (['nothing', client.stores[0], 'a stranger'] as const).map((shows) => at(clientAuth, shows)).join(', '),
    );
    const logins = ['good', 'wrong', 'good over TLS', 'wrong over TLS'].map((login) => at(`login ${login}`));
    return [
      `| ${client.name} | ${server} | ${client.stores.join(', ')} | ${perAuth.join(' | ')} |`,
      `| ${client.name} | ${server} | ${logins.join(' | ')} |`,
    ];
  });
  expect(rows.filter((row) => !compatibility.includes(`${row}\n`))).toEqual([]);
});
