import { describe, expect, it } from 'vitest';
import type { PeerParts } from '../../src/quorum/peer-parts.ts';
import { ReadOnlyService } from '../../src/quorum/roles/read-only.ts';
import {
  auth,
  type Client,
  ClientWorld,
  closeSession,
  connectRequest,
  create,
  exists,
  getData,
  PING,
  request,
  setData,
  sync,
} from '../server/client-harness.ts';

interface Member {
  readonly world: ClientWorld;
  readonly service: ReadOnlyService;
  modes: string[];
}

const TICK_MS = 3000;

/** A member that looks for a leader; its tree is at zxid 7. */
function member(readOnlyMode = true): Member {
  const world = new ClientWorld();
  world.seedZxid(7);
  const { server, clock, log } = world;
  const config = { myid: 5, tickTimeMs: TICK_MS, readOnlyMode };
  const parts = { server, clock, log, config, replica: { database: world.database, lastZxid: 7 } };
  const modes: string[] = [];
  const all = { world, modes };
  const service = new ReadOnlyService(parts as unknown as PeerParts, () => modes.push('read-only'));
  return Object.assign(all, { service });
}

function serving(): Member {
  const all = member();
  all.service.begin(true);
  all.world.clock.advance(TICK_MS);
  return all;
}

function connect({ world }: Member, options: Parameters<typeof connectRequest>[0] = {}): Client {
  const client = world.connect();
  client.send(connectRequest({ readOnly: true, ...options }));
  return client;
}

describe('a member without a leader', () => {
  it('serves read-only after a tick, two seconds at least, and until it has one', () => {
    const { world, service, modes } = member();
    service.begin(true);
    world.clock.advance(TICK_MS - 1);
    service.begin(true);
    expect(world.server.isServing).toBe(false);
    world.clock.advance(1);
    expect(world.server.isServing).toBe(true);
    expect(modes).toEqual(['read-only']);
    service.begin(true);
    world.clock.advance(TICK_MS);
    expect(modes).toEqual(['read-only']);
    service.end();
    expect(world.server.isServing).toBe(false);
    expect(world.clock.timerCount).toBe(1);
  });

  it('does not when it finds a leader before, or is not told to', () => {
    const early = member();
    early.service.begin(true);
    early.world.clock.advance(TICK_MS - 1);
    early.service.end();
    early.world.clock.advance(TICK_MS);
    expect(early.world.server.isServing).toBe(false);
    const other = member(false);
    other.service.begin(true);
    other.world.clock.advance(TICK_MS);
    expect(other.world.server.isServing).toBe(false);
  });

  it('does not when it has nothing to show, and says why', () => {
    const all = member();
    all.service.begin(false);
    all.world.clock.advance(TICK_MS);
    expect(all.world.server.isServing).toBe(false);
    expect(all.world.logLines).toEqual([
      'warn no leader, and not serving read-only: this server has no history, or lost the end of it {}',
    ]);
  });
});

describe('a read-only server', () => {
  it('tells a client that asks for it so, under an id of its own', () => {
    const all = serving();
    const client = connect(all);
    const [response] = client.frames() as [Buffer];
    expect(response.readInt32BE(4)).toBe(30_000);
    expect(response.readBigInt64BE(8) >> 56n).toBe(5n);
    expect(response[36]).toBe(1);
    expect(all.world.database.sessions.size).toBe(0);
  });

  it('closes the connection of one that does not, without an answer', () => {
    const all = serving();
    for (const readOnly of [false, null]) {
      const client = connect(all, { readOnly });
      expect(client.frames()).toEqual([]);
      expect(client.isClosed).toBe(true);
    }
  });

  it('answers reads, sets watches, and refuses every write and sync with -119', () => {
    const all = serving();
    const client = connect(all);
    client.frames();
    client.send(
      PING,
      exists(1, '/', true),
      getData(2, '/none'),
      create(3, '/a'),
      setData(4, '/', 'x'),
      sync(5, '/'),
      request(6, 14),
      request(7, 2),
      request(8, 16),
      exists(9, '/'),
      auth('digest', 'a:b'),
    );
    expect(client.replies()).toEqual([
      '-2/7/0',
      '1/7/0',
      '2/7/-101',
      '3/7/-119',
      '4/7/-119',
      '5/7/-119',
      '6/7/-119',
      '7/7/-119',
      '8/7/-119',
      '9/7/0',
      '-4/0/0',
    ]);
    expect(all.world.database.tree.watches.count).toBe(1);
  });

  it("closes a session at its client's wish, and forgets its watches", () => {
    const all = serving();
    const client = connect(all);
    client.frames();
    client.send(exists(1, '/', true), closeSession(2));
    expect(client.replies()).toEqual(['1/7/0', '2/7/0']);
    expect(client.isClosed).toBe(true);
    all.world.clock.advance(1);
    expect(all.world.database.tree.watches.count).toBe(0);
  });

  it('turns away a session of the whole ensemble without a word, for it may have expired', () => {
    const all = member();
    const leader = all.world.serve();
    const known = all.world.openSession(leader);
    all.world.server.stop();
    all.service.begin(true);
    all.world.clock.advance(TICK_MS);
    const back = connect(all, { sessionId: known.sessionId, password: known.password });
    expect(back.frames()).toEqual([]);
    expect(back.isClosed).toBe(true);
  });

  it('serves a session that it does not know under its id, with the right password', () => {
    const all = serving();
    const elsewhere = new ClientWorld();
    const { sessionId, password } = elsewhere.openSession(elsewhere.serve());
    const wrong = connect(all, { sessionId, password: Buffer.alloc(16) });
    expect(wrong.frames()[0]?.readInt32BE(4)).toBe(0);
    const client = connect(all, { sessionId, password });
    expect(client.frames()[0]?.readBigInt64BE(8)).toBe(sessionId);
    client.send(exists(1, '/'));
    expect(client.replies()).toEqual(['1/7/0']);
    const again = connect(all, { sessionId, password });
    expect(again.frames()[0]?.readBigInt64BE(8)).toBe(sessionId);
    expect(client.isClosed).toBe(true);
  });

  it('closes the connection of a client that has seen more than it', () => {
    const all = serving();
    const client = connect(all, { lastZxidSeen: 8 });
    expect(client.frames()).toEqual([]);
    expect(client.isClosed).toBe(true);
  });

  it('expires its sessions', () => {
    const all = serving();
    const client = connect(all, { timeoutMs: 4000 });
    client.frames();
    all.world.clock.advance(8000);
    expect(client.isClosed).toBe(true);
    expect(all.world.server.view.upstream?.localSessions?.size).toBe(0);
  });

  it('disconnects its clients when there is a leader again', () => {
    const all = serving();
    const client = connect(all);
    client.frames();
    all.service.end();
    expect(client.isClosed).toBe(true);
    const upstream = all.world.serve();
    const back = all.world.connect();
    back.send(connectRequest({ readOnly: true }));
    upstream.commit();
    expect(back.frames()[0]?.[36]).toBe(0);
  });

  it('says that it is one', () => {
    const all = serving();
    const ask = (word: string): string => {
      const asking = all.world.connect();
      asking.send(Buffer.from(word));
      return asking.text();
    };
    expect(ask('isro')).toBe('ro');
    expect(ask('srvr')).toMatch(/\nREAD-ONLY mode; serving only read-only clients\n[\s\S]*\nMode: read-only\n/);
    expect(ask('mntr')).toContain('zk_server_state\tread-only\n');
  });
});
