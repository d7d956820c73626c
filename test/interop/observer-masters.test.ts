// Followers of both kinds that serve observers of both kinds: beside a leader of ours, and of Apache's. What the clients of an
// observer ask goes through its follower to the leader and back, and Apache's observers take the answers in the order of their
// requests. Each server has an address of its own, for the port is the same on all of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Ensemble } from './harness/ensemble.ts';
import { judge, type Server } from './harness/server.ts';
import { superDigest } from './harness/tree.ts';
import { syncsAmongWrites } from './mixed/pipeline.ts';
import { makeLead } from './mixed/steer.ts';
import { readWhole } from './mixed/trees.ts';
import { openAcl } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

let ensemble: Ensemble | undefined;

afterEach(async () => {
  await ensemble?.remove();
  ensemble = undefined;
});

const BASE = 27_300;
const ADMIN = 27_380;

async function mntr(server: Server, name: string): Promise<string | undefined> {
  return new RegExp(`^zk_${name}\\t(.*)$`, 'm').exec(await server.word('mntr'))?.[1];
}

async function until(what: string, isMet: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isMet())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`);
    await sleep(50);
  }
}

/** Both observers serve, and learn from `master`. */
async function untilAllLearnFrom(master: Server, observers: readonly Server[]): Promise<void> {
  const id = String(master.options.id);
  await until(`observers at server ${id}`, async () => {
    const masters = await Promise.all(
      observers.map((server) => mntr(server, 'observer_master_id').catch(() => undefined)),
    );
    return masters.every((each) => each === id) && (await mntr(master, 'synced_observers')) === '2';
  });
}

interface ObserverView {
  readonly sid: number;
}

/** As the admin server of `server` tells of them: names of the fields, and ids. */
async function observersAt(server: Server): Promise<{ fields: string[]; sids: number[] }> {
  const response = await fetch(`http://127.0.0.1:${ADMIN + (server.options.id ?? 0) - 1}/commands/observers`);
  const told = (await response.json()) as { synced_observers: number; observers: ObserverView[] };
  expect(told.synced_observers).toBe(told.observers.length);
  return {
    fields: Object.keys(told.observers[0] ?? {}).sort(),
    sids: told.observers.map(({ sid }) => sid).sort(),
  };
}

/** Everything that clients of observers do which is more than a read. */
async function story(observers: readonly Server[], tag: string): Promise<void> {
  const [one, two] = observers as [Server, Server];
  const session = await RawSession.open({ port: one.clientPort, timeoutMs: 10_000 });
  const path = `/of-${tag}`;
  await session.call('create', { path, data: Buffer.from(tag), acl: openAcl, flags: 1 });
  const other = await RawSession.open({ port: two.clientPort, timeoutMs: 10_000 });
  await other.call('sync', { path: '/' });
  const { data } = await other.call<'getData', { data: Buffer }>('getData', { path, watch: false });
  expect(data.toString()).toBe(tag);
  await other.close();
  // From one observer to the other with its session, which owns the ephemeral still.
  session.abandon();
  const back = { sessionId: session.sessionId, passwd: session.granted?.passwd ?? null };
  const moved = await RawSession.open({ port: two.clientPort, timeoutMs: 10_000, ...back });
  expect(moved.sessionId).toBe(session.sessionId);
  await moved.call('setData', { path, data: null, version: 0 });
  await moved.close();
  const problems = await Promise.all(
    observers.flatMap((server) => [1, 2].map((i) => syncsAmongWrites(server, `${path}-${server.options.id}-${i}`, 60))),
  );
  expect(problems.flat()).toEqual([]);
}

it('observers of both kinds learn from followers of both kinds, and lose nothing by changing from one to the other', async () => {
  ensemble = new Ensemble({
    basePort: BASE,
    adminPort: ADMIN,
    kinds: [judge, 'ours', 'ours', judge, 'ours'],
    observers: [4, 5],
    hosts: [2, 3, 4, 5, 6].map((n) => `127.0.0.${n}`),
    settings: { observerMasterPort: BASE + 70, 'admin.serverAddress': '127.0.0.1', ...superDigest },
  });
  await ensemble.start();
  const [apache, ours, third] = ensemble.voters as [Server, Server, Server];
  const observers = ensemble.observers;
  await makeLead(ensemble, third);
  const fields: string[][] = [];
  const masters: [leader: Server, away: Server, master: Server][] = [
    [third, apache, ours],
    [third, ours, apache],
  ];
  for (const [leader, away, master] of masters) {
    await away.kill();
    await untilAllLearnFrom(master, observers);
    expect((await ensemble.leader()) === leader).toBe(true);
    expect((await observersAt(leader)).sids).toEqual([]);
    const told = await observersAt(master);
    expect(told.sids).toEqual([4, 5]);
    fields.push(told.fields);
    await story(observers, `${leader.options.id}-${master.options.id}`);
    away.launch();
    await away.untilServing(20_000);
  }
  expect(fields[0]).toEqual(fields[1]);
  // A leader of Apache's, and both followers are ours.
  await makeLead(ensemble, apache);
  await Promise.all(observers.map((server) => server.untilServing(20_000)));
  await until('masters that are ours', async () => {
    const found = await Promise.all(observers.map((server) => mntr(server, 'observer_master_id').catch(() => '')));
    return found.every((id) => id === '2' || id === '3');
  });
  await story(observers, 'apache-leads');
  const trees = await Promise.all(ensemble.servers.map((server) => readWhole(server.clientPort)));
  const [first, ...others] = trees.map((tree) => new Map([...tree].map(([path, { bytes }]) => [path, bytes])));
  for (const other of others) expect(other).toEqual(first);
});
