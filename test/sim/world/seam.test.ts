import { expect, test, vi } from 'vitest';
import { readDataAndStat, writeCreateRequest, writePathWatch } from '../../../src/jute/client-records.ts';
import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import { SimClient } from '../clients/client.ts';
import { SimEnsemble } from './ensemble.ts';
import { withoutTheRealWorld } from './without-the-real-world.ts';

vi.mock('node:fs', () => forbiddenModule('node:fs'));
vi.mock('node:net', () => forbiddenModule('node:net'));
vi.mock('node:dns', () => forbiddenModule('node:dns'));

function forbiddenModule(name: string): object {
  const forbid = () => {
    throw new Error(`${name} was called`);
  };
  return new Proxy(
    { default: forbid },
    { get: (_target, key) => (key === 'then' ? undefined : forbid), has: () => true },
  );
}

const SERVERS = ['zk1', 'zk2', 'zk3'];

function connect(ensemble: SimEnsemble, name: string): SimClient {
  const host = ensemble.network.addHost(name);
  const client = new SimClient(name, ensemble.scheduler, ensemble.network, host, {
    servers: SERVERS,
    timeoutMs: 10_000,
  });
  expect(
    ensemble.scheduler.runUntil(() => client.isConnected, 20_000),
    ensemble.report(),
  ).toBe(true);
  return client;
}

function create(ensemble: SimEnsemble, client: SimClient, path: string, data: string): number | undefined {
  let err: number | undefined;
  let answered = false;
  client.request(
    OpCode.create,
    (w) =>
      writeCreateRequest(w, { path, data: Buffer.from(data), acl: [...OPEN_ACL_UNSAFE], flags: 0, ttl: 0n }, false),
    (answer) => {
      answered = true;
      err = answer?.err;
    },
  );
  ensemble.scheduler.runUntil(() => answered, 20_000);
  return err;
}

function get(ensemble: SimEnsemble, client: SimClient, path: string): string | number | undefined {
  let found: string | number | undefined;
  let answered = false;
  client.request(
    OpCode.getData,
    (w) => writePathWatch(w, { path, watch: false }),
    (answer) => {
      answered = true;
      if (answer === undefined) return;
      found = answer.err === ErrorCode.ok ? readDataAndStat(answer.body).data?.toString() : answer.err;
    },
  );
  ensemble.scheduler.runUntil(() => answered, 20_000);
  return found;
}

/** Everything at once loses power in the middle of a stream of writes; returns what was acknowledged and found again. */
function losePowerUnderWrites(seed: number, syncsLie: boolean): { acknowledged: string[]; missing: string[] } {
  const ensemble = new SimEnsemble({ seed, voters: 3 });
  for (const machine of ensemble.machines) machine.disk.syncsLie = syncsLie;
  ensemble.startAll();
  const writer = connect(ensemble, 'writer');
  const acknowledged: string[] = [];
  for (let i = 0; i < 30; i++) {
    const path = `/n${i}`;
    if (create(ensemble, writer, path, `value ${i}`) === ErrorCode.ok) acknowledged.push(path);
  }
  for (const machine of ensemble.machines) machine.powerLoss();
  writer.kill();
  ensemble.scheduler.runForMs(100);
  ensemble.startAll();
  if (!ensemble.scheduler.runUntil(() => ensemble.isServing && ensemble.leader !== undefined, 60_000)) {
    return { acknowledged, missing: acknowledged };
  }
  const reader = connect(ensemble, 'reader');
  const missing = acknowledged.filter((path) => get(ensemble, reader, path) !== `value ${path.slice(2)}`);
  return { acknowledged, missing };
}

test('what is taken away does not work', () => {
  const uses: (() => unknown)[] = [
    () => Date.now(),
    () => new Date(),
    () => Math.random(),
    () => setTimeout(() => {}, 0),
    () => performance.now(),
  ];
  for (const use of uses) {
    expect(() => withoutTheRealWorld(use)).toThrow();
  }
});

test('three peers on a virtual clock, network and disk elect, write, lose power and recover', () => {
  const { acknowledged, missing } = withoutTheRealWorld(() => losePowerUnderWrites(1, false));
  expect(acknowledged.length).toBe(30);
  expect(missing).toEqual([]);
});

test('with a sync that keeps nothing the same run loses acknowledged writes', () => {
  let lost = 0;
  for (let seed = 1; seed <= 5; seed++) lost += losePowerUnderWrites(seed, true).missing.length;
  expect(lost).toBeGreaterThan(0);
});
