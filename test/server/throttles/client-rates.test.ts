import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import type { Id } from '../../../src/jute/data-records.ts';
import { ServerMetrics } from '../../../src/server/metrics/server-metrics.ts';
import { operationOfClient } from '../../../src/server/operations/operations.ts';
import {
  BUCKETS_MAX,
  type ClientRateOptions,
  ClientRates,
  ConnectionRate,
  LOOKED_AT,
} from '../../../src/server/throttles/client-rates.ts';
import { auth, ClientWorld, create, exists, getData, PING, request, setData } from '../client-harness.ts';
import { NO_THROTTLES } from './no-throttles.ts';

const home: Id = { scheme: 'ip', id: '10.1.1.1' };
const READ = operationOfClient(OpCode.getData);
const bob: Id = { scheme: 'digest', id: 'bob:aGFzaA==' };

function rates(options: Partial<ClientRateOptions>): { rates: ClientRates; counted(): string } {
  const set = new ServerMetrics().throttles.throttledByRate;
  return {
    rates: new ClientRates({ perAddress: 0, perIdentity: 0, burst: 0, ...options }, set),
    counted: () => [...set.byKey].map(([key, { value }]) => `${key} ${value}`).join(', '),
  };
}

describe('the rates of clients', () => {
  it('an address has what it may ask over all its connections, and gets it back in time', () => {
    const { rates: limits, counted } = rates({ perAddress: 2 });
    const one = limits.chargedOf('10.1.1.1', [home], 0);
    const two = limits.chargedOf('10.1.1.1', [home], 0);
    const other = limits.chargedOf('10.1.1.2', [home], 0);
    expect([limits.admits(one, 0), limits.admits(two, 0), limits.admits(one, 0)]).toEqual([true, true, false]);
    expect(limits.admits(other, 0)).toBe(true);
    expect([limits.admits(two, 499), limits.admits(two, 500), limits.admits(one, 500)]).toEqual([false, true, false]);
    expect(counted()).toBe('ip:10.1.1.1 3');
  });

  it('an identity is the first id that was proved; without one its address alone counts', () => {
    const { rates: limits, counted } = rates({ perIdentity: 1 });
    const asBob = limits.chargedOf('10.1.1.1', [home, bob], 0);
    const elsewhere = limits.chargedOf('10.9.9.9', [{ scheme: 'ip', id: '10.9.9.9' }, bob], 0);
    const nobody = limits.chargedOf('10.1.1.1', [home], 0);
    expect([limits.admits(asBob, 0), limits.admits(elsewhere, 0)]).toEqual([true, false]);
    for (let i = 0; i < 10; i++) expect(limits.admits(nobody, 0)).toBe(true);
    // Not with what follows the user: passwords are guessed from it.
    expect(counted()).toBe('digest:bob 1');
  });

  it('what an identity may not ask is not taken from its address', () => {
    const { rates: limits, counted } = rates({ perAddress: 3, perIdentity: 1 });
    const asBob = limits.chargedOf('10.1.1.1', [home, bob], 0);
    expect([limits.admits(asBob, 0), limits.admits(asBob, 0), limits.admits(asBob, 0)]).toEqual([true, false, false]);
    const nobody = limits.chargedOf('10.1.1.1', [home], 0);
    expect([limits.admits(nobody, 0), limits.admits(nobody, 0), limits.admits(nobody, 0)]).toEqual([true, true, false]);
    expect(counted()).toBe('digest:bob 2, ip:10.1.1.1 1');
  });

  it('a burst is what may be asked at once', () => {
    const { rates: limits } = rates({ perAddress: 1, burst: 3 });
    const one = limits.chargedOf('10.1.1.1', [home], 0);
    expect([0, 0, 0, 0, 999, 1000].map((ms) => limits.admits(one, ms))).toEqual([true, true, true, false, false, true]);
  });

  it('remembers a limited number of them: full buckets go, and when none is full the rest shares one', () => {
    const { rates: limits } = rates({ perAddress: 1 });
    for (let i = 0; i < BUCKETS_MAX; i++) limits.admits(limits.chargedOf(`a${i}`, [], 0), 0);
    const late = limits.chargedOf('late', [], 0).address;
    expect(late?.name).toBe('others');
    expect(limits.chargedOf('later', [], 0).address).toBe(late);
    expect(limits.chargedOf('a5', [], 0).address?.name).toBe('ip:a5');
    expect(limits.chargedOf('latest', [], 1000).address?.name).toBe('ip:latest');
  });

  it('a newcomer looks at a few buckets for room, and the next one at others', () => {
    const { rates: limits } = rates({ perAddress: 1 });
    for (let i = 0; i < BUCKETS_MAX; i++) {
      const one = limits.chargedOf(`a${i}`, [], 0);
      if (i < LOOKED_AT) limits.admits(one, 0);
    }
    expect(limits.chargedOf('late', [], 0).address?.name).toBe('others');
    expect(limits.chargedOf('later', [], 0).address?.name).toBe('ip:later');
    expect(limits.chargedOf('a16', [], 0).address?.name).toBe('ip:a16');
  });

  it('an address whose bucket made room is counted once all the same, over its old connections and new ones', () => {
    const { rates: limits } = rates({ perAddress: 1 });
    const old = new ConnectionRate(limits, 'old');
    const ids: readonly Id[] = [];
    expect(old.isOver(READ, ids, 0)).toBe(false);
    for (let i = 1; i < BUCKETS_MAX; i++) limits.chargedOf(`a${i}`, [], 0);
    limits.chargedOf('late', [], 1000);
    const fresh = new ConnectionRate(limits, 'old');
    expect([old, fresh, old].map((rate) => rate.isOver(READ, ids, 1000))).toEqual([false, true, true]);
  });

  it('a name is one word of what can be printed', () => {
    const { rates: limits, counted } = rates({ perIdentity: 1 });
    const odd = limits.chargedOf('10.1.1.1', [{ scheme: 'sasl', id: `a b\n"c\\${'d'.repeat(200)}` }], 0);
    limits.admits(odd, 0);
    limits.admits(odd, 0);
    expect(counted()).toBe(`sasl:a_b__c_${'d'.repeat(88)} 1`);
  });
});

describe('a client that asks too much', () => {
  const throttles = { ...NO_THROTTLES, rates: { perAddress: 2, perIdentity: 0, burst: 0 } };

  it('is answered -127 in its turn, reads and writes alike; pings and the end are not counted', () => {
    const world = new ClientWorld({ throttles });
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/a'), getData(2, '/a'), setData(3, '/a', 'x'), exists(4, '/a'), PING);
    expect(client.replies()).toEqual([]);
    upstream.commit();
    expect(client.replies()).toEqual(['1/2/0', '2/2/0', '3/2/-127', '4/2/-127', '-2/2/0']);
    expect(upstream.queue).toHaveLength(0);
    client.send(request(5, -11));
    upstream.commit();
    expect(client.replies()).toEqual(['5/3/0']);
    expect(world.metrics.throttles.throttledByRate.byKey.get('ip:10.1.1.1')?.value).toBe(2);
  });

  it('does not keep others from being served, and is served again a little later', () => {
    const world = new ClientWorld({ throttles });
    const upstream = world.serve();
    const client = world.openSession(upstream);
    for (let xid = 1; xid < 5; xid++) client.send(exists(xid, '/'));
    const other = world.connect('10.2.2.2');
    expect(client.replies()).toEqual(['1/1/0', '2/1/0', '3/1/-127', '4/1/-127']);
    expect(other.isClosed).toBe(false);
    world.clock.now += 500;
    client.send(exists(5, '/'));
    expect(client.replies()).toEqual(['5/1/0']);
  });

  it('setWatches is never refused: a client would believe that it watches', () => {
    const world = new ClientWorld({ throttles: { ...throttles, rates: { ...throttles.rates, perAddress: 1 } } });
    const client = world.openSession(world.serve());
    const setWatches = request(-8, 101, (w) => {
      w.writeLong(0n);
      for (let i = 0; i < 3; i++) w.writeInt(0);
    });
    client.send(exists(1, '/'), exists(2, '/'), setWatches);
    expect(client.replies()).toEqual(['1/1/0', '2/1/-127', '-8/1/0']);
  });

  it('is counted under the id it proves', () => {
    const world = new ClientWorld({ throttles: { ...throttles, rates: { perAddress: 0, perIdentity: 1, burst: 0 } } });
    const client = world.openSession(world.serve());
    client.send(exists(1, '/'), exists(2, '/'), auth('digest', 'bob:pw'), exists(3, '/'), exists(4, '/'));
    expect(client.replies()).toEqual(['1/1/0', '2/1/0', '-4/0/0', '3/1/0', '4/1/-127']);
    expect([...world.metrics.throttles.throttledByRate.byKey.keys()]).toEqual(['digest:bob']);
  });
});
