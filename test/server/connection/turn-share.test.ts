import { describe, expect, it } from 'vitest';
import {
  READS_BEFORE_WRITE_MAX,
  SHARE_MS,
  SHARE_REQUESTS,
  TURN_MS,
} from '../../../src/server/connection/client-limits.ts';
import { LOOK_AFTER } from '../../../src/server/connection/turn-share.ts';
import { type Client, ClientWorld, create, exists, type FakeUpstream, getData, setData } from '../client-harness.ts';

interface Opened {
  readonly world: ClientWorld;
  readonly upstream: FakeUpstream;
  readonly clients: readonly Client[];
}

function opened(count: number): Opened {
  const world = new ClientWorld({ globalOutstandingLimit: 100_000 });
  const upstream = world.serve();
  const clients = Array.from({ length: count }, () => world.openSession(upstream));
  world.clock.endTurn();
  for (const client of clients) client.stream.writes.length = 0;
  return { world, upstream, clients };
}

function reads(from: number, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => exists(from + i, '/')));
}

/** Every read takes so long. */
function slow(world: ClientWorld, ms: number): void {
  const { tree } = world.database;
  const lookup = tree.lookup.bind(tree);
  tree.lookup = (path) => {
    world.clock.now += ms;
    return lookup(path);
  };
}

/** Of what was sent since the last call, without another turn. */
function xids(client: Client): number[] {
  const bytes = Buffer.concat(client.stream.writes.splice(0));
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32BE(at)) found.push(bytes.readInt32BE(at + 4));
  return found;
}

/** With bytes behind its record, which nobody looks at. */
function longExists(xid: number): Buffer {
  const frame = Buffer.concat([exists(xid, '/'), Buffer.alloc(LOOK_AFTER * 1024)]);
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

describe('a burst of one connection', () => {
  it('is answered in turns of so many requests, in order, and others between them', () => {
    const { world, clients } = opened(2);
    const [busy, other] = clients as [Client, Client];
    busy.stream.deliver(reads(1, 2000));
    other.stream.deliver(exists(1, '/'));
    world.clock.oneTurn();
    // One share as it came in, one at the end of that turn.
    expect(xids(busy)).toEqual(upTo(1, 2 * SHARE_REQUESTS));
    expect(xids(other)).toEqual([1]);
    expect(busy.stream.isPaused).toBe(true);
    other.stream.deliver(exists(2, '/'));
    world.clock.oneTurn();
    expect(xids(busy)).toEqual(upTo(2 * SHARE_REQUESTS + 1, 3 * SHARE_REQUESTS));
    expect(xids(other)).toEqual([2]);
    world.clock.endTurn();
    expect(xids(busy)).toEqual(upTo(3 * SHARE_REQUESTS + 1, 2000));
    expect(busy.stream.isPaused).toBe(false);
  });

  it('is answered completely when the client closes its side behind it', () => {
    const { world, clients } = opened(1);
    const [busy] = clients as [Client];
    busy.stream.deliver(reads(1, 2000));
    busy.stream.handlers?.onEnd?.();
    expect(busy.stream.state).toBe('open');
    world.clock.endTurn();
    expect(xids(busy)).toEqual(upTo(1, 2000));
    expect(busy.stream.state).toBe('ended');
    expect(world.metrics.connections.connectionDrops.value).toBe(1);
  });

  it('is answered in turns of so much time', () => {
    const { world, clients } = opened(1);
    const [busy] = clients as [Client];
    slow(world, SHARE_MS / LOOK_AFTER);
    busy.stream.deliver(reads(1, 4 * LOOK_AFTER));
    world.clock.oneTurn();
    expect(xids(busy)).toEqual(upTo(1, 2 * LOOK_AFTER));
    world.clock.oneTurn();
    expect(xids(busy)).toEqual(upTo(2 * LOOK_AFTER + 1, 3 * LOOK_AFTER));
  });

  it('is looked at sooner where requests are long', () => {
    const { world, clients } = opened(1);
    const [busy] = clients as [Client];
    slow(world, SHARE_MS);
    busy.stream.deliver(Buffer.concat([longExists(1), exists(2, '/'), exists(3, '/')]));
    expect(busy.stream.isPaused).toBe(true);
    world.clock.endTurn();
    expect(xids(busy)).toEqual([1, 2, 3]);
  });

  it('leaves a turn that has been long to one request of each', () => {
    const { world, clients } = opened(20);
    slow(world, TURN_MS / LOOK_AFTER);
    for (const client of clients) client.stream.deliver(reads(1, 3 * LOOK_AFTER));
    // As they came in; then the first of those who wait.
    const [first] = clients as [Client];
    world.clock.oneTurn();
    expect(clients.map((client) => xids(client).length)).toEqual([2 * LOOK_AFTER, ...new Array(19).fill(1)]);
    world.clock.oneTurn();
    expect(clients.map((client) => xids(client).length)).toEqual([0, LOOK_AFTER, ...new Array(18).fill(0)]);
    for (let turn = 0; turn < 100; turn++) world.clock.oneTurn();
    expect(clients.every((client) => !client.stream.isPaused)).toBe(true);
    expect(first.stream.state).toBe('open');
  });
});

describe('a turn', () => {
  it('that has taken its time leaves one request to each that comes after', () => {
    const { world, clients } = opened(20);
    slow(world, 1);
    for (const client of clients) client.stream.deliver(reads(1, 3));
    world.clock.oneTurn();
    // Four begin within 10 ms; the others have one. Then another 10 ms begin, for five of those.
    const first = clients.map((client) => xids(client).length);
    expect(first).toEqual([...new Array(9).fill(3), ...new Array(11).fill(1)]);
    world.clock.endTurn();
    expect(clients.map((client, i) => (first[i] as number) + xids(client).length)).toEqual(new Array(20).fill(3));
  });
});

describe('reads behind a write', () => {
  it('run in turns when there are many, and a write behind them waits for all of them', () => {
    const { world, upstream, clients } = opened(1);
    const [client] = clients as [Client];
    const count = 3 * SHARE_REQUESTS;
    client.stream.deliver(create(1, '/a'));
    for (let at = 0; at < count; at += 100) {
      client.stream.deliver(reads(2 + at, 100));
      world.clock.endTurn();
    }
    client.send(setData(2 + count, '/a', 'later'), getData(3 + count, '/a'));
    expect(upstream.queue).toHaveLength(1);
    upstream.commit();
    expect(upstream.queue).toEqual([]);
    world.clock.oneTurn();
    // The write, and two shares.
    expect(xids(client)).toEqual(upTo(1, 1 + 2 * SHARE_REQUESTS));
    world.clock.endTurn();
    expect(xids(client)).toEqual(upTo(2 + 2 * SHARE_REQUESTS, 1 + count));
    expect(upstream.queue).toHaveLength(1);
    upstream.commit();
    world.clock.endTurn();
    expect(xids(client)).toEqual([2 + count, 3 + count]);
    expect(world.server.view.outstanding).toBe(0);
  });

  it('that are few hold no write back, and all run before it is applied', () => {
    const { world, upstream, clients } = opened(1);
    const [client] = clients as [Client];
    slow(world, SHARE_MS);
    client.send(create(1, '/a'), reads(2, READS_BEFORE_WRITE_MAX), setData(100, '/a', 'later'));
    expect(upstream.queue).toHaveLength(2);
    upstream.commit(1);
    world.clock.oneTurn();
    expect(xids(client)).toEqual(upTo(1, 1 + READS_BEFORE_WRITE_MAX));
  });

  it('that wait for a later turn keep a write that comes meanwhile from being submitted', () => {
    const { world, upstream, clients } = opened(1);
    const [client] = clients as [Client];
    slow(world, SHARE_MS);
    client.send(create(1, '/a'), reads(2, 2 * LOOK_AFTER));
    upstream.commit();
    client.stream.deliver(setData(2 + 2 * LOOK_AFTER, '/a', 'later'));
    expect(upstream.queue).toEqual([]);
    world.clock.endTurn();
    expect(xids(client)).toEqual(upTo(1, 1 + 2 * LOOK_AFTER));
    expect(upstream.queue).toHaveLength(1);
  });
});
