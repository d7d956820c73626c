import { describe, expect, it } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { TxnTimes } from '../../../src/server/monitoring/txn-times.ts';
import { ClientWorld, create, exists, getData, PING } from '../client-harness.ts';

function told(world: ClientWorld): Record<string, unknown>[] {
  return world.logLines
    .filter((line) => line.startsWith('warn a slow request '))
    .map((line) => JSON.parse(line.slice('warn a slow request '.length)) as Record<string, unknown>);
}

describe('slow requests', () => {
  it('are none unless a limit is set', () => {
    const world = new ClientWorld();
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/a', 'x'));
    world.clock.advance(25_000);
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/0']);
    expect(told(world)).toEqual([]);
    expect(world.metrics.requests.slowRequests.value).toBe(0);
  });

  it('are told with what they were and with their stages, once they are sent', () => {
    const world = new ClientWorld({ slowRequestMs: 100 });
    const upstream = world.serve();
    upstream.nextIds = [0x100000000000001n];
    const client = world.openSession(upstream);
    client.send(create(1, '/a', 'x'), getData(2, '/a'), PING);
    world.clock.advance(99);
    client.send(exists(3, '/b'));
    world.clock.advance(1);
    upstream.commit();
    expect(told(world)).toEqual([]);
    world.clock.endTurn();
    const whose = { client: '/10.1.1.1:50001', session: '0x100000000000001' };
    expect(told(world)).toEqual([
      { ...whose, operation: 'CREA', path: '/a', cxid: 1, zxid: '0x2', queuedMs: 0, appliedMs: 100, sentMs: 100 },
      { ...whose, operation: 'GETD', path: '/a', cxid: 2, queuedMs: 100, servedMs: 100, sentMs: 100 },
      { ...whose, operation: 'PING', cxid: -2, queuedMs: 100, servedMs: 100, sentMs: 100 },
    ]);
    expect(world.metrics.requests.slowRequests.value).toBe(3);
  });

  it('of a client that says nothing readable have no path, and a long one is cut', () => {
    const world = new ClientWorld({ slowRequestMs: 0 });
    const upstream = world.serve();
    const client = world.openSession(upstream);
    world.logLines.length = 0;
    client.send(getData(1, `/${'long'.repeat(1000)}`), getData(2, 'no path'));
    expect(told(world).map(({ path }) => (path as string | undefined)?.length)).toEqual([256, undefined]);
  });

  it('are twenty lines in a second at most; the next one says how many were left out', () => {
    const world = new ClientWorld({ slowRequestMs: 0 });
    const upstream = world.serve();
    const client = world.openSession(upstream);
    world.clock.advance(5000);
    world.logLines.length = 0;
    for (let i = 0; i < 50; i++) client.send(exists(i, '/a'));
    expect(told(world)).toHaveLength(20);
    world.clock.advance(1000);
    client.send(exists(50, '/a'), exists(51, '/a'));
    expect(told(world).slice(20)).toMatchObject([{ cxid: 50, notTold: 30 }, { cxid: 51 }]);
    expect(world.metrics.requests.slowRequests.value).toBe(53);
  });

  it('can be asked for and given up while the server runs', () => {
    const world = new ClientWorld();
    const client = world.openSession(world.serve());
    world.server.view.slow.setLimit(0);
    client.send(exists(1, '/a'));
    world.server.view.slow.setLimit(undefined);
    client.send(exists(2, '/a'));
    expect(told(world)).toMatchObject([{ cxid: 1 }]);
  });
});

describe('the stages of transactions', () => {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs } as ConstructorParameters<typeof TxnTimes>[0];
  const z = (zxid: number) => zxid as Zxid;

  function at(ms: number, event: () => void): void {
    nowMs = ms;
    event();
  }

  it('are known by zxid, in whichever order disk and decision come', () => {
    const times = new TxnTimes(clock);
    at(1, () => times.onProposed(z(1)));
    expect(times.of(z(1))).toBeUndefined();
    times.switch(true);
    at(10, () => times.onProposed(z(2)));
    at(11, () => times.onProposed(z(3)));
    at(12, () => times.onCommitted(z(2)));
    at(13, () => times.onSynced(z(3)));
    at(14, () => times.onProposed(z(0x100000001)));
    at(15, () => times.onCommitted(z(0x100000001)));
    expect(times.of(z(1))).toBeUndefined();
    expect(times.of(z(2))).toEqual({ proposedMs: 10, committedMs: 12, syncedMs: 13 });
    expect(times.of(z(3))).toEqual({ proposedMs: 11, committedMs: 15, syncedMs: 13 });
    expect(times.of(z(4))).toBeUndefined();
    expect(times.of(z(0x100000001))).toEqual({ proposedMs: 14, committedMs: 15, syncedMs: Number.NaN });
  });

  it('of an earlier role are forgotten, although its zxids may come again', () => {
    const times = new TxnTimes(clock);
    times.switch(true);
    at(1, () => times.onProposed(z(7)));
    times.clear();
    at(2, () => times.onProposed(z(5)));
    at(3, () => times.onSynced(z(7)));
    expect(times.of(z(5))).toMatchObject({ proposedMs: 2, syncedMs: 3 });
    expect(times.of(z(7))).toBeUndefined();
  });

  it('are those of the last 8192', () => {
    const times = new TxnTimes(clock);
    times.switch(true);
    for (let i = 1; i <= 10_000; i++) at(i, () => times.onProposed(z(i)));
    at(20_000, () => times.onSynced(z(10_000)));
    expect(times.of(z(1808))).toBeUndefined();
    expect(times.of(z(1809))).toEqual({ proposedMs: 1809, syncedMs: 20_000, committedMs: Number.NaN });
    expect(times.of(z(10_000))).toMatchObject({ proposedMs: 10_000, syncedMs: 20_000 });
  });
});
