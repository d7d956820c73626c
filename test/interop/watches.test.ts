// Watches over the loss of a leader: the Java client's own way of setting them again, and setWatches and setWatches2
// frame by frame. None lost, none doubled.
import { afterEach, describe, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { runJava } from './harness/programs.ts';
import { judge, type Kind, type Server } from './harness/server.ts';
import { openAcl } from './raw/records.ts';
import { RawSession, type WatchEvent } from './raw/session.ts';

let ensemble: Ensemble | null = null;
afterEach(async () => {
  await ensemble?.remove();
  ensemble = null;
});

async function three(kind: Kind): Promise<Ensemble> {
  ensemble = await new Ensemble({ basePort: 22_560, kinds: [kind, kind, kind] }).start();
  return ensemble;
}

async function create(session: RawSession, path: string): Promise<void> {
  await session.call('create', { path, data: Buffer.from('0'), acl: openAcl, flags: 0 });
}

async function set(session: RawSession, path: string): Promise<void> {
  await session.call('setData', { path, data: Buffer.from('1'), version: -1 });
}

const shown = (events: readonly WatchEvent[]): string[] =>
  events.map(({ zxid, type, path }) => `${type} ${path} ${zxid === -1n ? 'replayed' : 'live'}`);

/** What the session hears from now until everything the other session did is told. */
async function heard(session: RawSession): Promise<string[]> {
  await session.call('sync', { path: '/' });
  return shown(session.events.splice(0));
}

async function kill(leader: Server, session: RawSession): Promise<void> {
  await leader.kill();
  await session.whenClosed();
}

const created = 1;
const deleted = 2;
const changed = 3;
const children = 4;

describe.each([judge, 'ours'] as const)('three peers of %s', (kind) => {
  it('the Java client loses no watch and hears none twice', async () => {
    const running = await three(kind);
    const outcome = await runJava('interop.WatchFailover', [running.connectString], {
      timeoutMs: 120_000,
      answer: (line) =>
        line === 'kill' ? running.leader().then((leader) => leader.kill().then(() => 'dead\n')) : undefined,
    });
    const last = outcome.stdout.trim().split('\n').at(-1) ?? '';
    expect(last, outcome.stderr).toMatch(/^\{/);
    const report = JSON.parse(last) as { disconnects: number };
    expect(report).toMatchObject({ problems: [], watches: 1200, lost: 0, doubled: 0 });
    expect(report.disconnects).toBeGreaterThan(0);
  });

  it.each(['setWatches', 'setWatches2'] as const)(
    '%s tells what changed meanwhile, then each watch once',
    async (request) => {
      const running = await three(kind);
      const leader = await running.leader();
      const [first, second] = (await running.followers()) as [Server, Server];
      const session = await RawSession.open({ port: first.clientPort, timeoutMs: 20_000 });
      const { sessionId, granted } = session;
      for (const when of ['early', 'late', 'never']) {
        for (const name of ['data', 'child', 'gone']) await create(session, `/${name}-${when}`);
      }
      await create(session, '/recursive');
      await create(session, '/persistent');
      for (const when of ['early', 'late', 'never']) {
        await session.call('getData', { path: `/data-${when}`, watch: true });
        await session.call('exists', { path: `/gone-${when}`, watch: true });
        await session.callNamed('exists', { path: `/exist-${when}`, watch: true });
        await session.call('getChildren2', { path: `/child-${when}`, watch: true });
      }
      await session.call('addWatch', { path: '/persistent', mode: 0 });
      await session.call('addWatch', { path: '/recursive', mode: 1 });
      const answer = await session.ping();
      const relativeZxid = answer === 'closed' ? 0n : answer.zxid;
      await kill(leader, session);

      await running.leader();
      await Promise.all([first.untilServing(), second.untilServing()]);
      const other = await RawSession.open({ port: second.clientPort, timeoutMs: 20_000 });
      await set(other, '/data-early');
      await create(other, '/child-early/c');
      await create(other, '/exist-early');
      await other.call('delete', { path: '/gone-early', version: -1 });
      await set(other, '/persistent');

      const { zxid: seen } = (await other.ping()) as { zxid: bigint };
      const again = await RawSession.open({
        port: second.clientPort,
        timeoutMs: 20_000,
        sessionId,
        passwd: granted?.passwd ?? null,
        lastZxidSeen: seen,
      });
      expect(again.granted?.sessionId).toBe(sessionId);
      const all = (name: string): string[] => ['early', 'late', 'never'].map((when) => `/${name}-${when}`);
      const lists = { relativeZxid, data: [...all('data'), ...all('gone')], exist: all('exist'), child: all('child') };
      if (request === 'setWatches') await again.call('setWatches', lists);
      else await again.call('setWatches2', { ...lists, persistent: ['/persistent'], recursive: ['/recursive'] });
      expect(shown(again.events.splice(0)).sort()).toEqual(
        [
          `${changed} /data-early replayed`,
          `${deleted} /gone-early replayed`,
          `${created} /exist-early replayed`,
          `${children} /child-early replayed`,
        ].sort(),
      );

      for (const when of ['early', 'late']) {
        await set(other, `/data-${when}`);
        await create(other, `/child-${when}/${when}`);
      }
      await create(other, '/exist-late');
      await other.call('delete', { path: '/gone-late', version: -1 });
      await set(other, '/persistent');
      await create(other, '/recursive/a');
      await create(other, '/recursive/a/b');
      await set(other, '/recursive/a');
      const persistent = [
        `${changed} /persistent live`,
        `${created} /recursive/a live`,
        `${created} /recursive/a/b live`,
        `${changed} /recursive/a live`,
      ];
      expect(await heard(again)).toEqual([
        `${changed} /data-late live`,
        `${children} /child-late live`,
        `${created} /exist-late live`,
        `${deleted} /gone-late live`,
        ...(request === 'setWatches2' ? persistent : []),
      ]);

      // Once more: the one-shot watches are spent, the persistent ones are not.
      await set(other, '/data-late');
      await create(other, '/child-late/again');
      await set(other, '/persistent');
      expect(await heard(again)).toEqual(request === 'setWatches2' ? [`${changed} /persistent live`] : []);
      await again.close();
      await other.close();
    },
  );
});
