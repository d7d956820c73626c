// The audit log beside Apache's: the same requests of the same clients, and then the lines of both.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, type Kind, Server } from './harness/server.ts';
import { encodeMulti, encodeRequest, op, type Part, type RequestOf, type requestShape } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const world = (perms: number) => ({ perms, id: { scheme: 'world', id: 'anyone' } });
const open = [world(31)];
const data = Buffer.from('x');

function serverOf(kind: Kind, clientPort: number): Server {
  const settings = {
    'audit.enable': 'true',
    extendedTypesEnabled: 'true',
    reconfigEnabled: 'true',
    skipACL: 'no',
    ...(kind === 'ours' ? { 'audit.file': 'audit.log' } : {}),
  };
  return new Server({ kind, clientPort, settings });
}

function part<N extends keyof typeof requestShape>(name: N, fields: RequestOf<N>): Part {
  return { type: op[name], body: encodeRequest(name, fields) };
}

/** The sessions that ask, in the order of their names in the lines. */
async function ask(port: number): Promise<bigint[]> {
  const a = await RawSession.open({ port });
  const create = (session: RawSession, path: string, flags: number, acl = open): Promise<unknown> =>
    session.callNamed('create', { path, data, acl, flags });
  for (const [flags, path] of [
    [0, '/p'],
    [2, '/p-'],
    [1, '/e'],
    [3, '/e-'],
    [0, '/p'],
    [0, '/no/parent'],
    [0, 'no path'],
    [9, '/no/mode'],
  ] as const) {
    await create(a, path, flags);
  }
  await a.callNamed('create2', { path: '/p2', data, acl: open, flags: 0 });
  await a.callNamed('createContainer', { path: '/c', data, acl: open, flags: 4 });
  await a.callNamed('createTTL', { path: '/t', data, acl: open, flags: 5, ttl: 100_000n });
  await a.callNamed('createTTL', { path: '/t-', data, acl: open, flags: 6, ttl: 100_000n });
  await a.callNamed('setData', { path: '/p', data, version: -1 });
  await a.callNamed('setData', { path: '/p', data, version: 77 });
  await a.callNamed('setData', { path: '/none', data, version: -1 });
  await a.callNamed('delete', { path: '/none', version: -1 });
  await a.callNamed('delete', { path: '/', version: -1 });
  await a.callNamed('delete', { path: '/p2', version: -1 });
  await a.callNamed('setACL', {
    path: '/p',
    acl: [world(5), { perms: 30, id: { scheme: 'ip', id: '10.0.0.1' } }],
    version: -1,
  });
  await a.callNamed('setACL', { path: '/none', acl: open, version: -1 });
  await a.callNamed('reconfig', { joining: '', leaving: '', newMembers: '', curConfigId: -1n });
  const multi = (parts: readonly Part[]): Promise<unknown> => a.callRaw(op.multi, encodeMulti([...parts]));
  await multi([
    part('create', { path: '/m', data, acl: open, flags: 0 }),
    part('create', { path: '/m/n', data, acl: open, flags: 1 }),
    part('setData', { path: '/m', data, version: 0 }),
    part('check', { path: '/m', version: 1 }),
    part('delete', { path: '/m/n', version: -1 }),
  ]);
  await multi([part('delete', { path: '/m', version: -1 }), part('delete', { path: '/none', version: -1 })]);
  await multi([]);
  await a.callNamed('getData', { path: '/p', watch: false });

  // With more names, and one without a right.
  const b = await RawSession.open({ port });
  await b.callNamed('auth', { type: 0, scheme: 'digest', auth: Buffer.from('bob:secret') });
  await create(b, '/b', 0, [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
  await create(b, '/b/e1', 1);
  await create(b, '/b/e2', 1);
  await a.callNamed('setData', { path: '/b', data, version: -1 });
  await b.close();
  // A delete by somebody else comes before the end of the session.
  await a.callNamed('delete', { path: '/e', version: -1 });
  await a.close();
  return [a.sessionId, b.sessionId];
}

/** Without times, sessions by their letters, names in one order; nodes of one ended session in one order. */
function linesOf(text: string, marker: RegExp, sessions: readonly bigint[]): string[] {
  const lines = text.split('\n').flatMap((line) => (marker.test(line) ? [line.replace(marker, '$1 ')] : []));
  return inOrder(
    lines.map((line) =>
      line
        .replace(/session=0x([0-9a-f]+)/, (_, hex: string) => {
          const at = sessions.findIndex((id) => BigInt.asUintN(64, id).toString(16) === hex);
          return `session=${'AB'[at] ?? hex}`;
        })
        .replace(/user=([^\t]*)/, (_, names: string) => `user=${names.split(',').sort().join(',')}`),
    ),
  );
}

function inOrder(lines: readonly string[]): string[] {
  const ends = lines.filter((line) => line.includes('SessionCloseOrExpire')).sort();
  return lines.map((line) => (line.includes('SessionCloseOrExpire') ? (ends.shift() as string) : line));
}

describe('the lines for every operation and result', () => {
  const ours = serverOf('ours', 22_190);
  const apache = serverOf(judge, 22_191);
  let sessions: readonly (readonly bigint[])[] = [];
  beforeAll(async () => {
    await Promise.all([ours.start(), apache.start()]);
    sessions = [await ask(22_190), await ask(22_191)];
    await Promise.all([ours.stop(), apache.stop()]);
  }, 60_000);
  afterAll(() => Promise.all([ours.remove(), apache.remove()]));

  it('are those of Apache, from its start to its stop', () => {
    const own = linesOf(readFileSync(join(ours.dir, 'audit.log'), 'utf8'), /^\S+Z (\w+) audit: /, sessions[0] ?? []);
    const theirs = linesOf(apache.log(), /^.* (INFO|ERROR) +\[.*\] \S*Slf4jAuditLogger - /, sessions[1] ?? []);
    expect(theirs.length).toBeGreaterThan(30);
    // A mode that is none makes Apache's line fail, and its stop is said by a hook that may come too late for the log.
    expect(own.filter((line) => !line.includes('/no/mode') && !line.includes('serverStop'))).toEqual(
      theirs.filter((line) => !line.includes('serverStop')),
    );
    expect(own.filter((line) => line.includes('/no/mode'))).toEqual([
      'ERROR session=A\tuser=127.0.0.1\tip=127.0.0.1\toperation=create\tznode=/no/mode\tresult=failure',
    ]);
    expect(own.at(-1)).toMatch(/^INFO user=\S+\toperation=serverStop\tresult=invoked$/);
  });
});
