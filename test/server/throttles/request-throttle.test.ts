import { describe, expect, it } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { PendingRequests } from '../../../src/server/connection/pending-requests.ts';
import { TurnEnd } from '../../../src/server/connection/turn-end.ts';
import { ServerMetrics } from '../../../src/server/metrics/server-metrics.ts';
import { operationOfClient } from '../../../src/server/operations/operations.ts';
import { Request } from '../../../src/server/request.ts';
import {
  Line,
  type LineOwner,
  RequestThrottle,
  type RequestThrottleOptions,
} from '../../../src/server/throttles/request-throttle.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { type Client, ClientWorld, closeSession, create, exists, PING, setData, sync } from '../client-harness.ts';
import { NO_THROTTLES } from './no-throttles.ts';

function serving(requests: Partial<RequestThrottleOptions>) {
  const world = new ClientWorld({
    throttles: { ...NO_THROTTLES, requests: { ...NO_THROTTLES.requests, maxRequests: 2, ...requests } },
  });
  const upstream = world.serve();
  const hog = world.openSession(upstream);
  const meek = world.openSession(upstream);
  return { world, upstream, hog, meek, throttles: world.metrics.throttles };
}

/** The writes under way, by their number and whose they are. */
function underWay(
  upstream: { queue: readonly { request: { cxid: number; asker: { sessionId: bigint } } }[] },
  ...of: Client[]
) {
  return upstream.queue.map(({ request }) => {
    const owner = of.findIndex(({ sessionId }) => sessionId === request.asker.sessionId);
    return `${'abc'[owner]}${request.cxid}`;
  });
}

describe('a limit of requests under way', () => {
  it('as many are proposed, the rest waits and follows in the order asked', () => {
    const { upstream, hog, throttles, world } = serving({});
    hog.send(create(1, '/a'), setData(2, '/a', 'x'), setData(3, '/a', 'y'), setData(4, '/a', 'z'));
    expect(underWay(upstream, hog)).toEqual(['a1', 'a2']);
    expect(world.server.view.outstanding).toBe(2);
    upstream.commit(1);
    expect(underWay(upstream, hog)).toEqual(['a2']);
    world.clock.endTurn();
    expect(underWay(upstream, hog)).toEqual(['a2', 'a3']);
    upstream.commit(2);
    world.clock.endTurn();
    upstream.commit();
    expect(hog.replies()).toEqual(['1/3/0', '2/4/0', '3/5/0', '4/6/0']);
    expect([throttles.waits.value, throttles.queueTime.count, world.server.view.outstanding]).toEqual([2, 2, 0]);
  });

  it('connections take turns: who asks little is served between the requests of who asks much', () => {
    const { upstream, hog, meek, world } = serving({});
    hog.send(create(1, '/a'), ...[2, 3, 4, 5, 6].map((xid) => setData(xid, '/a', 'x')));
    meek.send(setData(1, '/a', 'm'), setData(2, '/a', 'm'));
    const seen: string[] = [];
    for (let i = 0; i < 8; i++) {
      seen.push(underWay(upstream, hog, meek)[0] as string);
      upstream.commit(1);
      world.clock.endTurn();
    }
    expect(seen).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'b2', 'a5', 'a6']);
  });

  it('a read waits behind an earlier request of its own, and never for those of others', () => {
    const { upstream, hog, meek, world } = serving({ maxRequests: 1 });
    hog.send(create(1, '/a'), exists(2, '/a'), exists(3, '/a'));
    meek.send(exists(1, '/a'), PING);
    expect(meek.replies()).toEqual(['1/2/-101', '-2/2/0']);
    upstream.commit();
    world.clock.endTurn();
    expect(hog.replies()).toEqual(['1/3/0', '2/3/0', '3/3/0']);
  });

  it('a new session waits as well', () => {
    const { upstream, hog, world } = serving({ maxRequests: 1 });
    hog.send(create(1, '/a'));
    const late = world.connect();
    late.sendHex(
      '0000002c 00000000 0000000000000000 00007530 0000000000000000 00000010 00000000000000000000000000000000',
    );
    expect(upstream.queue).toHaveLength(1);
    upstream.commit();
    world.clock.endTurn();
    expect(upstream.queue).toHaveLength(1);
    upstream.commit();
    expect(late.bytes().length).toBe(40);
  });

  it('a sync keeps its place', () => {
    const { upstream, hog, world } = serving({ maxRequests: 1 });
    hog.send(create(1, '/a'), sync(2, '/'), setData(3, '/a', 'x'));
    for (let i = 0; i < 3; i++) {
      upstream.commit(1);
      world.clock.endTurn();
    }
    expect(hog.replies()).toEqual(['1/3/0', '2/3/0', '3/4/0']);
  });

  it('a connection that has many waiting is not read any more', () => {
    const { world, hog, upstream } = serving({});
    const { view } = world.server;
    const writes = Array.from({ length: 3000 }, (_, i) => create(i + 1, `/n${i}`));
    for (const write of writes) hog.send(write);
    const [connection] = [...view.connections].filter(({ sessionId }) => sessionId === hog.sessionId);
    expect(connection?.interestOps).toBe(0);
    for (let i = 0; i < 3000; i++) {
      upstream.commit();
      world.clock.endTurn();
    }
    expect(hog.replies()).toHaveLength(3000);
    expect(connection?.interestOps).toBe(1);
  });
});

describe('those that waited long', () => {
  it('are answered -127 in their turn, and nothing is proposed for them', () => {
    const { upstream, hog, world, throttles } = serving({ maxRequests: 1, throttledOpWaitMs: 50 });
    hog.send(create(1, '/a'), setData(2, '/a', 'x'), exists(3, '/a'));
    world.clock.now += 50;
    hog.send(setData(4, '/a', 'y'));
    world.clock.now += 1;
    upstream.commit();
    world.clock.endTurn();
    expect(underWay(upstream, hog)).toEqual(['a4']);
    upstream.commit();
    expect(hog.replies()).toEqual(['1/3/0', '2/3/-127', '3/3/-127', '4/4/0']);
    expect([throttles.throttledOps.value, throttles.queueTime.max]).toEqual([2, 51]);
  });

  it('but for the end of a session', () => {
    const { upstream, hog, world } = serving({ maxRequests: 1, throttledOpWaitMs: 50 });
    hog.send(create(1, '/a'), closeSession(2));
    world.clock.now += 100;
    upstream.commit();
    world.clock.endTurn();
    upstream.commit();
    expect(hog.replies()).toEqual(['1/3/0', '2/4/0']);
  });
});

describe('stale requests', () => {
  it('of a connection that is closed are dropped', () => {
    const { upstream, hog, meek, world, throttles } = serving({ maxRequests: 1 });
    meek.send(create(1, '/m'));
    hog.send(create(1, '/a'), create(2, '/b'));
    hog.stream.gone();
    world.clock.endTurn();
    expect(throttles.staleRequestsDropped.value).toBe(2);
    upstream.commit();
    world.clock.endTurn();
    expect(upstream.queue).toHaveLength(0);
    meek.send(create(2, '/n'));
    expect(underWay(upstream, hog, meek)).toEqual(['b2']);
  });

  it('of connections that come and go while there is no room do not fill the queue', () => {
    const clock = new FakeClock();
    const metrics = new ServerMetrics();
    const pending = new PendingRequests(NO_THROTTLES.largeRequests, metrics.throttles.largeRequestsRejected);
    const turnEnd = new TurnEnd(clock, () => {});
    const options = { ...NO_THROTTLES.requests, maxRequests: 1 };
    const throttle = new RequestThrottle(options, { clock, metrics, turnEnd, pending });
    const owner: LineOwner = { timeoutMs: () => 1000, admit: () => {}, close: () => {} };
    const asker = { sessionId: 1n, authIds: [], owner: undefined };
    const ask = (): Request => new Request(asker, 1, operationOfClient(OpCode.exists), Buffer.alloc(0), 0);
    pending.begin(1000, 1);
    const first = ask();
    pending.add(first);
    for (let i = 0; i < 129; i++) {
      const line = new Line(owner);
      throttle.wait(line, ask());
      throttle.drop(line);
    }
    pending.remove(first);
    // Lines without requests would make a newcomer wait until the end of the turn.
    expect(throttle.isFull).toBe(false);
  });

  it('the end of its session is asked for all the same', () => {
    const { upstream, hog, meek, world } = serving({ maxRequests: 1 });
    meek.send(create(1, '/m'));
    hog.send(create(1, '/a'), closeSession(2));
    hog.stream.gone();
    world.clock.endTurn();
    expect(underWay(upstream, hog, meek)).toEqual(['b1', 'a2']);
    upstream.commit();
    expect(world.database.sessions.size).toBe(1);
  });

  it('older than their session lasts: their connection closes, though nothing comes to an end', () => {
    const { hog, meek, upstream, world, throttles } = serving({ maxRequests: 1, staleLatencyCheck: true });
    meek.send(create(1, '/m'));
    hog.send(create(1, '/a'), closeSession(2));
    world.clock.advance(30_000);
    expect(hog.isClosed).toBe(false);
    hog.send(PING);
    world.clock.advance(150);
    expect(hog.isClosed).toBe(true);
    expect(throttles.staleRequestsDropped.value).toBe(1);
    expect(underWay(upstream, hog, meek)).toEqual(['b1', 'a2']);
  });

  it('are carried out and counted when they are not to be dropped', () => {
    const { hog, meek, upstream, world, throttles } = serving({
      maxRequests: 1,
      staleLatencyCheck: true,
      dropStale: false,
    });
    meek.send(create(1, '/m'));
    hog.send(create(1, '/a'));
    world.clock.now += 30_001;
    upstream.commit();
    world.clock.endTurn();
    upstream.commit();
    expect(hog.replies()).toEqual(['1/4/0']);
    expect([throttles.staleRequests.value, throttles.staleReplies.value, throttles.staleRequestsDropped.value]).toEqual(
      [1, 2, 0],
    );
  });

  it('a role that ends drops what waits, and the next one begins without', () => {
    const { hog, world, upstream, throttles } = serving({ maxRequests: 1, staleLatencyCheck: true });
    hog.send(create(1, '/a'), create(2, '/b'), closeSession(3));
    world.server.stop();
    world.clock.endTurn();
    expect(upstream.queue).toHaveLength(1);
    expect([throttles.staleRequestsDropped.value, world.clock.timerCount]).toEqual([0, 1]);
    const next = world.serve();
    const client = world.openSession(next);
    client.send(create(1, '/c'));
    expect(next.queue).toHaveLength(1);
  });
});

describe('large requests', () => {
  const throttles = { ...NO_THROTTLES, largeRequests: { thresholdBytes: 1000, maxBytes: 3000 } };

  it('are taken until they have as much memory as they may, and again when they are answered', () => {
    const world = new ClientWorld({ throttles });
    const upstream = world.serve();
    const [first, second, third] = [0, 1, 2].map(() => world.openSession(upstream)) as [Client, Client, Client];
    first.send(create(1, '/a', 'x'.repeat(1500)));
    third.send(create(1, '/small'));
    // The length alone is enough.
    second.send(create(1, '/b', 'x'.repeat(1500)).subarray(0, 100));
    expect([first.isClosed, second.isClosed, third.isClosed]).toEqual([false, true, false]);
    expect(world.metrics.throttles.largeRequestsRejected.value).toBe(1);
    expect(world.logLines.at(-1)).toContain('largeRequestMaxBytes');
    upstream.commit();
    third.send(create(2, '/b', 'x'.repeat(1500)));
    upstream.commit();
    expect(third.replies()).toEqual(['1/5/0', '2/6/0']);
  });

  it('that came in side by side are looked at once more when they are whole', () => {
    const world = new ClientWorld({ throttles });
    const upstream = world.serve();
    const [first, second] = [0, 1].map(() => world.openSession(upstream)) as [Client, Client];
    const write = create(1, '/a', 'x'.repeat(1600));
    for (const client of [first, second]) client.send(write.subarray(0, 50));
    for (const client of [first, second]) client.send(write.subarray(50));
    expect([first.isClosed, second.isClosed]).toEqual([false, true]);
    expect(world.metrics.throttles.largeRequestsRejected.value).toBe(1);
  });

  it('of a connection that closed have their memory until they are committed', () => {
    const world = new ClientWorld({ throttles });
    const upstream = world.serve();
    const [first, second] = [0, 1].map(() => world.openSession(upstream)) as [Client, Client];
    first.send(create(1, '/a', 'x'.repeat(1600)));
    first.stream.gone();
    upstream.commit();
    second.send(create(1, '/b', 'x'.repeat(2000)));
    expect(second.isClosed).toBe(false);
  });
});

describe('too many who ask for sessions', () => {
  it('are closed without an answer and counted, and the chance is a gauge', () => {
    const connections = {
      ...NO_THROTTLES.connections,
      tokens: 2,
      fillTimeMs: 1000,
      freezeTimeMs: 10,
      dropIncrease: 0.5,
    };
    const world = new ClientWorld({ throttles: { ...NO_THROTTLES, connections } });
    const upstream = world.serve();
    world.openSession(upstream);
    world.openSession(upstream);
    world.chance = 0.99;
    world.clock.now += 20;
    const late = world.connect();
    late.sendHex(
      '0000002c 00000000 0000000000000000 00007530 0000000000000000 00000010 00000000000000000000000000000000',
    );
    expect([late.isClosed, late.hex()]).toEqual([true, '']);
    const { connections: counted, throttles } = world.metrics;
    expect([counted.connectionsRejected.value, counted.connectionRequests.value]).toEqual([1, 2]);
    expect([throttles.tokenDeficit.count, throttles.tokenDeficit.max]).toEqual([2, 2]);
    const gauges: Record<string, number | undefined> = {};
    const none = (): void => {};
    world.metrics.visit({
      gauge: (name, value) => {
        gauges[name] = value;
      },
      gaugeSet: none,
      counter: none,
      counterSet: none,
      summary: none,
      summarySet: none,
    });
    expect(gauges.connection_drop_probability).toBe(0.5);
  });
});
