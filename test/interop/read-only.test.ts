// Read-only mode: one member of two is left alone, of Apache's and of ours, and is asked the same; then the other one comes
// back, under the eyes of clients that asked for read-only servers.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { run, runJava, runKazoo } from './harness/programs.ts';
import { judge, type Kind, root, type Server } from './harness/server.ts';
import { op, openAcl } from './raw/records.ts';
import { type Handshake, RawSession } from './raw/session.ts';

const KINDS = ['ours', judge] as const;
type Kinds<T> = { readonly [kind in (typeof KINDS)[number]]: T };

function both<T>(of: (kind: (typeof KINDS)[number]) => T): Kinds<T> {
  return { ours: of('ours'), [judge]: of(judge) } as Kinds<T>;
}

/** The member that stays, and one of ours beside it. */
const ensembles = both(
  (kind) =>
    new Ensemble({
      basePort: kind === 'ours' ? 23_060 : 23_080 + 100,
      kinds: [kind as Kind, 'ours'],
      tickTime: 500,
      settings: { localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true', maxSessionTimeout: 60_000 },
      flags: ['-Dreadonlymode.enabled=true'],
      adminPort: kind === 'ours' ? 23_060 + 10 : 23_180 + 10,
    }),
);

function alone(kind: Kind): Server {
  return ensembles[kind as 'ours'].at(0);
}

async function untilMode(server: Server, mode: string): Promise<void> {
  for (let left = 400; (await server.mode()) !== mode; left--) {
    if (left === 0) throw new Error(`${server.kind} is ${await server.mode()}, not ${mode}:\n${server.lastWords()}`);
    await sleep(25);
  }
}

async function leaveAlone(kind: Kind): Promise<void> {
  await ensembles[kind as 'ours'].at(1).kill();
  await untilMode(alone(kind), 'read-only');
}

interface Known {
  readonly sessionId: bigint;
  readonly passwd: Buffer;
}

/** Sessions that began at the other member: one of it alone, and one that all members know. */
let known: Kinds<{ readonly local: Known; readonly global: Known }>;

async function openAt(server: Server, path: string, flags: number): Promise<Known> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 60_000 });
  await session.call('create', { path, data: Buffer.from('0'), acl: openAcl, flags });
  return { sessionId: session.sessionId, passwd: session.granted?.passwd ?? Buffer.alloc(0) };
}

beforeAll(async () => {
  await Promise.all(KINDS.map((kind) => ensembles[kind as 'ours'].start()));
  const sessions = await Promise.all(
    KINDS.map(async (kind) => {
      const server = ensembles[kind as 'ours'].at(1);
      return { local: await openAt(server, '/a', 0), global: await openAt(server, '/e', 1) };
    }),
  );
  known = { ours: sessions[0], [judge]: sessions[1] } as typeof known;
  await Promise.all(KINDS.map(leaveAlone));
}, 60_000);

afterAll(async () => {
  await Promise.all(KINDS.map((kind) => ensembles[kind as 'ours'].remove()));
});

async function greeting(kind: Kind, handshake: Partial<Handshake>): Promise<string> {
  const session = await RawSession.open({ port: alone(kind).clientPort, giveUpMs: 3000, ...handshake });
  const { granted } = session;
  session.abandon();
  if (granted === null) return 'closed';
  return `${granted.timeoutMs} ${granted.sessionId === 0n ? 'none' : granted.sessionId >> 56n} ${granted.bytes.at(-1)}`;
}

describe('a member that is left alone', () => {
  it('greets clients as Apache does', async () => {
    const said = await Promise.all(
      KINDS.map(async (kind) => ({
        readOnly: await greeting(kind, { readOnly: true }),
        readWrite: await greeting(kind, { readOnly: false }),
        old: await greeting(kind, { readOnly: undefined }),
        ahead: await greeting(kind, { readOnly: true, lastZxidSeen: 1n << 40n }),
        short: await greeting(kind, { readOnly: true, timeoutMs: 1 }),
      })),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]?.readOnly).toBe('30000 1 1');
    expect(said[0]?.readWrite).toBe('closed');
  });

  it('answers what is asked as Apache does', async () => {
    const said = await Promise.all(
      KINDS.map(async (kind) => {
        const session = await RawSession.open({ port: alone(kind).clientPort, readOnly: true });
        const answers: Record<string, unknown> = {};
        const note = async (name: string, answer: Promise<unknown>): Promise<void> => {
          const got = (await answer) as { err?: number; xid?: number; body?: Buffer } | 'closed';
          answers[name] = got === 'closed' ? got : `${got.xid} ${got.err} ${got.body?.length}`;
        };
        const path = '/a';
        await note('ping', session.ping());
        await note('getData', session.callNamed('getData', { path, watch: true }));
        await note('exists', session.callNamed('exists', { path: '/none', watch: true }));
        await note('getChildren', session.callNamed('getChildren', { path: '/', watch: true }));
        await note('create', session.callNamed('create', { path: '/b', data: null, acl: openAcl, flags: 0 }));
        await note('ephemeral', session.callNamed('create', { path: '/b', data: null, acl: openAcl, flags: 1 }));
        await note('setData', session.callNamed('setData', { path, data: null, version: -1 }));
        await note('delete', session.callNamed('delete', { path, version: -1 }));
        await note('sync', session.callNamed('sync', { path }));
        await note('unreadable', session.callRaw(op.create, Buffer.from([0, 0])));
        for (const name of ['multi', 'reconfig', 'setACL', 'createTTL', 'createContainer', 'create2'] as const)
          await note(name, session.callRaw(op[name], Buffer.alloc(0)));
        await note('read after', session.callNamed('exists', { path, watch: false }));
        await note('closeSession', session.callRaw(op.closeSession, Buffer.alloc(0)));
        await session.whenClosed();
        return answers;
      }),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]?.create).toBe('4 -119 0');
  });

  it('says what it is as Apache does', async () => {
    const said = await Promise.all(
      KINDS.map(async (kind) => {
        const session = await RawSession.open({ port: alone(kind).clientPort, readOnly: true });
        const server = alone(kind);
        const words: Record<string, string> = { isro: await server.word('isro') };
        words.srvr = (await server.word('srvr')).replace(/^Zookeeper version.*/, '').replace(/: [0-9/.]+$/gm, ': N');
        const mntr = new Map(
          (await server.word('mntr')).split('\n').map((line) => line.split('\t') as [string, string]),
        );
        for (const name of [
          'server_state',
          'peer_state',
          'quorum_size',
          'local_sessions',
          'global_sessions',
          'learners',
        ])
          words[name] = String(mntr.get(`zk_${name}`));
        words.conf = (await server.word('conf')).replace(/=.*/g, '');
        words.dump = (await server.word('dump'))
          .replace(/0x[0-9a-f]+/g, '0xN')
          .replace(/^Local Session Sets \(\d+\)/m, 'Local Session Sets')
          .replace(/^\d+ expire at .*\n/gm, '')
          .split('\nConnections dump')[0] as string;
        const admin = ensembles[kind as 'ours'].options.adminPort as number;
        for (const command of ['is_read_only', 'leader', 'voting_view', 'observers', 'ruok', 'zabstate']) {
          const reply = await fetch(`http://127.0.0.1:${admin}/commands/${command}`);
          // The order of the fields is Java's of the day.
          words[command] = JSON.stringify(Object.entries((await reply.json()) as object).sort());
        }
        session.abandon();
        return words;
      }),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]?.isro).toBe('ro');
    expect(said[0]?.srvr).toContain('READ-ONLY mode; serving only read-only clients');
  });

  it('never says of a session that it is over, where Apache does', async () => {
    const of = (which: 'local' | 'global') =>
      Promise.all(KINDS.map((kind) => greeting(kind, { readOnly: true, ...known[kind as 'ours'][which] })));
    expect(await of('local')).toEqual(['30000 2 1', '0 none 1']);
    expect(await of('global')).toEqual(['closed', 'closed']);
  });
});

describe('clients that can be read-only', () => {
  async function over(kind: Kind, program: typeof runJava | typeof runKazoo, name: string): Promise<string[]> {
    const { connectString } = ensembles[kind as 'ours'];
    const { stdout, stderr } = await program(name, [connectString], {
      timeoutMs: 40_000,
      answer: (line) => {
        if (line !== 'start') return undefined;
        const other = ensembles[kind as 'ours'].at(1);
        other.launch();
        return other.untilServing().then(() => 'started\n');
      },
    });
    if (stdout === '') throw new Error(stderr);
    return stdout.trim().split('\n');
  }

  it('cli_mt reads and is refused', async () => {
    const said = await Promise.all(
      KINDS.map(async (kind) => {
        const { stdout, stderr } = await run(
          '/usr/lib/zookeeper/bin/cli_mt',
          ['-r', '-h', `127.0.0.1:${alone(kind).clientPort}`],
          { input: 'get /a\nset /a x\nquit\n', quietMs: 80 },
        );
        return (stdout + stderr)
          .split('\n')
          .filter((line) => /rc = |state = |version=/.test(line))
          .map((line) => line.trim());
      }),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]?.sort()).toEqual([
      '/a: rc = -119 Stat:',
      '/a: rc = 0',
      'Watcher SESSION_EVENT state = READONLY_STATE',
      'version=0\taversion=0',
    ]);
  });

  it('zkCli -r of ours reads and is refused', async () => {
    const said = await Promise.all(
      KINDS.map(async (kind) => {
        const at = ['-server', `127.0.0.1:${alone(kind).clientPort}`, '-r'];
        const ask = (command: string[]) => run(process.execPath, [join(root, 'dist/cli/zk-cli.js'), ...at, ...command]);
        const [read, refused] = await Promise.all([ask(['get', '/a']), ask(['set', '/a', 'x'])]);
        return [read.stdout.trim().split('\n').at(-1), refused.stderr.trim().split('\n').at(-1), refused.code];
      }),
    );
    expect(said[0]).toEqual(said[1]);
    expect(said[0]).toEqual(['0', 'Not a read-only call: /a', 1]);
  });

  it('the Java client is back with a quorum without having lost its session object or its watch', async () => {
    const said = await Promise.all(KINDS.map((kind) => over(kind, runJava, 'interop.ReadOnlyClient')));
    expect(said[0]).toEqual(said[1]);
    expect(said[0]).toEqual([
      'ConnectedReadOnly',
      '0',
      'NOTREADONLY',
      'sync NOTREADONLY',
      'start',
      'Disconnected',
      'SyncConnected',
      'set',
      'NodeDataChanged /a SyncConnected',
      'closed',
    ]);
  });

  it('kazoo is back as well', async () => {
    await Promise.all(KINDS.map(leaveAlone));
    const said = await Promise.all(KINDS.map((kind) => over(kind, runKazoo, 'read_only.py')));
    expect(said[0]).toEqual(said[1]);
    expect(said[0]?.at(-1)).toBe('later');
  });
});
