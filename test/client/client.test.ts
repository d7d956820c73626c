import { describe, expect, test } from 'vitest';
import { parseConnectString } from '../../src/client/connect-string.ts';
import { ZooKeeperError } from '../../src/client/errors.ts';
import type { WatchedEvent } from '../../src/client/watches/watch-table.ts';
import {
  readAuthPacket,
  readPathNumber,
  readPathWatch,
  readReconfigRequest,
  readSetWatches,
  writeMultiHeader,
} from '../../src/jute/client-records.ts';
import { ErrorCode, EventType, OpCode, Xid } from '../../src/jute/codes.ts';
import { writeStat } from '../../src/jute/data-records.ts';
import { failure, Scene, STAT } from './scene.ts';
import { takeFrame } from './server-end.ts';

describe('connect strings', () => {
  test.each([
    ['a', [{ host: 'a', port: 2181 }], ''],
    [
      'a:1,b:2',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      '',
    ],
    [
      'a:1, b/app/x',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2181 },
      ],
      '/app/x',
    ],
    [
      '[::1]:3,fe80::2/',
      [
        { host: '::1', port: 3 },
        { host: 'fe80::2', port: 2181 },
      ],
      '',
    ],
  ])('%s', (text, servers, chroot) => {
    expect(parseConnectString(text)).toEqual({ servers, chroot });
  });

  test.each(['', '/a', 'a:b', 'a:70000', 'a/x/', 'a//x'])('"%s" is refused', (text) => {
    expect(() => parseConnectString(text)).toThrow(ZooKeeperError);
  });
});

describe('a session', () => {
  test('asks for a new session, and is connected when it is granted', async () => {
    const scene = new Scene();
    const connected = scene.client.connected();
    const request = scene.greet(0x123n, 6000);
    expect(request).toMatchObject({ sessionId: 0n, timeoutMs: 9000, lastZxidSeen: 0, readOnly: false });
    await connected;
    expect(scene.client.sessionId).toBe(0x123n);
    expect(scene.client.sessionTimeoutMs).toBe(6000);
    expect(scene.states).toEqual(['connected']);
  });

  test('an operation asked for before the connection is there is sent once it is', async () => {
    const scene = new Scene();
    const created = scene.client.create('/a', 'x');
    scene.greet();
    const request = scene.expectRequest();
    expect(request).toMatchObject({ xid: 1, type: OpCode.create });
    scene.reply(1, 7, 0, (w) => w.writeString('/a'));
    expect(await created).toBe('/a');
    expect(scene.client.lastZxid).toBe(7);
  });

  test('after a lost connection it comes back to the next server with id, password and the last zxid seen', async () => {
    const scene = new Scene('a:1,b:2');
    scene.greet(0x77n);
    const sync = scene.client.sync('/');
    const { xid } = scene.expectRequest();
    scene.reply(xid, 0x500, 0, (w) => w.writeString('/'));
    await sync;
    const lost = scene.client.exists('/a', { retry: false });
    scene.net.last.finish();
    expect((await failure(lost)).code).toBe(ErrorCode.connectionLoss);
    scene.clock.advance(100);
    expect(scene.net.dialled.map((stream) => stream.remoteAddress)).toEqual(['b', 'a']);
    const request = scene.greet(0x77n);
    expect(request).toMatchObject({ sessionId: 0x77n, lastZxidSeen: 0x500, password: Buffer.alloc(16, 7) });
    expect(scene.states).toEqual(['connected', 'connecting', 'connected']);
  });

  test('servers that refuse are tried one after the other, with a pause after each round', () => {
    const scene = new Scene('a:1,b:2,c:3');
    for (let i = 0; i < 3; i++) {
      scene.net.last.refuse();
      scene.clock.advance(0);
    }
    expect(scene.net.dialled).toHaveLength(3);
    scene.clock.advance(1000);
    expect(scene.net.dialled).toHaveLength(4);
  });

  test('an expired session rejects everything, tells every watcher, and is not dialled for again', async () => {
    const scene = new Scene();
    scene.greet();
    const events: WatchedEvent[] = [];
    const read = scene.client.exists('/a', { watch: (event) => events.push(event) });
    scene.reply(scene.expectRequest().xid, 1, ErrorCode.noNode);
    await read;
    scene.net.last.finish();
    const waiting = scene.client.exists('/b');
    scene.clock.advance(100);
    scene.greet(0n, 0);
    expect((await failure(waiting)).code).toBe(ErrorCode.sessionExpired);
    expect((await failure(scene.client.exists('/c'))).code).toBe(ErrorCode.sessionExpired);
    expect(events).toEqual([{ type: 'none', state: 'expired', path: '/a', zxid: -1 }]);
    expect(scene.states.at(-1)).toBe('expired');
    const dialled = scene.net.dialled.length;
    scene.clock.advance(60_000);
    expect(scene.net.dialled).toHaveLength(dialled);
  });

  test('pings while there is nothing to say, and leaves a server that is silent', () => {
    const scene = new Scene();
    scene.greet();
    scene.clock.advance(3000);
    expect(scene.expectRequest()).toMatchObject({ xid: Xid.ping, type: OpCode.ping });
    scene.reply(Xid.ping, 0, 0);
    scene.clock.advance(5900);
    expect(scene.states.at(-1)).toBe('connected');
    scene.clock.advance(2000);
    expect(scene.states.at(-1)).toBe('connecting');
  });

  test('an operation that could not be sent for a whole session timeout fails with connectionLoss', async () => {
    const scene = new Scene();
    const waiting = scene.client.exists('/a');
    for (let i = 0; i < 30; i++) {
      scene.net.last.refuse();
      scene.clock.advance(1100);
    }
    expect((await failure(waiting)).code).toBe(ErrorCode.connectionLoss);
  });

  test('a reply that answers nothing asked ends the connection', async () => {
    const scene = new Scene();
    scene.greet();
    const read = scene.client.exists('/a', { retry: false });
    scene.reply(99, 1, 0);
    expect((await failure(read)).code).toBe(ErrorCode.connectionLoss);
    expect(scene.states.at(-1)).toBe('connecting');
  });

  test('closing ends the session at the server', async () => {
    const scene = new Scene();
    scene.greet();
    const closed = scene.client.close();
    const { xid, type } = scene.expectRequest();
    expect(type).toBe(OpCode.closeSession);
    scene.reply(xid, 9, 0);
    await closed;
    expect(scene.client.state).toBe('closed');
    expect(scene.net.last.state).toBe('ended');
  });

  test('closing without a connection is over at once, and nothing is dialled any more', async () => {
    const scene = new Scene();
    scene.net.last.refuse();
    await scene.client.close();
    scene.clock.advance(10_000);
    expect(scene.net.dialled).toHaveLength(1);
  });

  test('identities are proved again on every connection, before anything else', async () => {
    const scene = new Scene();
    const added = scene.client.addAuth('digest', 'me:secret');
    scene.greet();
    const first = scene.expectRequest();
    expect(first).toMatchObject({ xid: Xid.auth, type: OpCode.auth });
    expect(readAuthPacket(first.body)).toMatchObject({ scheme: 'digest', auth: Buffer.from('me:secret') });
    scene.reply(Xid.auth, 0, 0);
    await added;
    scene.net.last.finish();
    const read = scene.client.exists('/a');
    scene.clock.advance(100);
    scene.greet();
    expect(scene.expectRequest().xid).toBe(Xid.auth);
    expect(scene.expectRequest().type).toBe(OpCode.exists);
    scene.reply(Xid.auth, 0, ErrorCode.authFailed);
    expect((await failure(read)).code).toBe(ErrorCode.authFailed);
    expect(scene.states.at(-1)).toBe('authFailed');
  });
});

describe('operations', () => {
  test('exists answers undefined for a missing node, and getData fails with code and path', async () => {
    const scene = new Scene();
    scene.greet();
    const exists = scene.client.exists('/a');
    const get = scene.client.getData('/a');
    scene.reply(scene.expectRequest().xid, 1, ErrorCode.noNode);
    scene.reply(scene.expectRequest().xid, 1, ErrorCode.noNode);
    expect(await exists).toBeUndefined();
    const error = await failure(get);
    expect(error).toMatchObject({ code: ErrorCode.noNode, path: '/a', message: 'noNode for /a' });
  });

  test('getData hands over bytes and Stat, and null data as undefined', async () => {
    const scene = new Scene();
    scene.greet();
    const get = scene.client.getData('/a');
    scene.reply(scene.expectRequest().xid, 1, 0, (w) => {
      w.writeBuffer(Buffer.from('hello'));
      writeStat(w, STAT);
    });
    expect(await get).toEqual({ data: Buffer.from('hello'), stat: STAT });
    const none = scene.client.getData('/a');
    scene.reply(scene.expectRequest().xid, 1, 0, (w) => {
      w.writeBuffer(undefined);
      writeStat(w, STAT);
    });
    expect((await none).data).toBeUndefined();
  });

  test.each([
    ['persistent', OpCode.create],
    ['ephemeralSequential', OpCode.create],
    ['container', OpCode.createContainer],
    ['persistentWithTTL', OpCode.createTTL],
  ] as const)('create %s is operation %i', (mode, type) => {
    const scene = new Scene();
    scene.greet();
    void scene.client.create('/a', undefined, { mode, ttlMs: 5 }).catch(() => {});
    expect(scene.expectRequest().type).toBe(type);
  });

  test('a chroot is put before every path sent and taken off every path answered', async () => {
    const scene = new Scene('a:1/app');
    scene.greet();
    const created = scene.client.create('/q-', '', { mode: 'persistentSequential' });
    const request = scene.expectRequest();
    expect(request.body.readString()).toBe('/app/q-');
    scene.reply(request.xid, 1, 0, (w) => w.writeString('/app/q-0000000003'));
    expect(await created).toBe('/q-0000000003');
    void scene.client.getChildren('/').catch(() => {});
    expect(readPathWatch(scene.expectRequest().body).path).toBe('/app');
  });

  test('what is no path is refused before anything is sent, and the next request is whole', async () => {
    const scene = new Scene();
    scene.greet();
    expect((await failure(scene.client.getData('a'))).code).toBe(ErrorCode.badArguments);
    expect((await failure(scene.client.setData('/a/', 'x'))).code).toBe(ErrorCode.badArguments);
    void scene.client.getData('/ok').catch(() => {});
    expect(readPathWatch(scene.expectRequest().body).path).toBe('/ok');
  });

  test('a multi that failed rejects with the code and path of the operation that failed', async () => {
    const scene = new Scene();
    scene.greet();
    const ops = [
      { op: 'create', path: '/a' },
      { op: 'check', path: '/b', version: 3 },
      { op: 'delete', path: '/c' },
    ] as const;
    const multi = scene.client.multi(ops);
    const { xid, type } = scene.expectRequest();
    expect(type).toBe(OpCode.multi);
    scene.reply(xid, 1, 0, (w) => {
      for (const code of [0, ErrorCode.badVersion, ErrorCode.runtimeInconsistency]) {
        writeMultiHeader(w, -1, false, code);
        w.writeInt(code);
      }
      writeMultiHeader(w, -1, true, -1);
    });
    expect(await failure(multi)).toMatchObject({ code: ErrorCode.badVersion, path: '/b' });
  });

  test('an aborted operation rejects with the reason, and its late answer is dropped', async () => {
    const scene = new Scene();
    scene.greet();
    const controller = new AbortController();
    const read = scene.client.exists('/a', { signal: controller.signal });
    const next = scene.client.exists('/b');
    controller.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    scene.reply(scene.expectRequest().xid, 1, ErrorCode.noNode);
    scene.reply(scene.expectRequest().xid, 1, ErrorCode.noNode);
    expect(await next).toBeUndefined();
  });
});

test('a change of the membership goes out as it was given, and comes back as configuration', async () => {
  const scene = new Scene();
  scene.greet();
  const changed = scene.client.reconfig({ joining: 'server.4=a:1:2;3', leaving: '1,2', fromVersion: 0x100n });
  const { xid, type, body } = scene.expectRequest();
  expect(type).toBe(OpCode.reconfig);
  expect(readReconfigRequest(body)).toEqual({
    joiningServers: 'server.4=a:1:2;3',
    leavingServers: '1,2',
    newMembers: undefined,
    curConfigId: 0x100n,
  });
  scene.reply(xid, 7, 0, (w) => {
    w.writeBuffer(Buffer.from('version=200'));
    writeStat(w, STAT);
  });
  expect((await changed).data?.toString()).toBe('version=200');
});

test('each server that gives no session is named, with the reason', () => {
  const failed: string[] = [];
  const scene = new Scene('a:1,b:2', { onAttemptFailed: (server, reason) => failed.push(`${server} ${reason}`) });
  const first = scene.net.last;
  first.refuse();
  scene.clock.advance(1000);
  scene.net.last.accept();
  scene.clock.advance(9000);
  expect(failed.slice(0, 2)).toEqual([
    `${first.remoteAddress}:${first.remotePort} refused`,
    `${first.remoteAddress === 'a' ? 'b:2' : 'a:1'} the server did not answer`,
  ]);
});

describe('watches', () => {
  async function watched(
    scene: Scene,
    path: string,
    watch: (event: WatchedEvent) => void,
    err: number = ErrorCode.ok,
  ): Promise<void> {
    const read = scene.client.exists(path, { watch });
    scene.reply(scene.expectRequest().xid, 40, err, (w) => {
      if (err === ErrorCode.ok) writeStat(w, STAT);
    });
    await read;
  }

  test('a one-shot watch is told once', async () => {
    const scene = new Scene();
    scene.greet();
    const events: string[] = [];
    await watched(scene, '/a', (event) => events.push(`${event.type} ${event.path} ${event.zxid}`));
    scene.event(EventType.nodeDataChanged, '/a');
    scene.event(EventType.nodeDataChanged, '/a');
    await Promise.resolve();
    expect(events).toEqual(['nodeDataChanged /a 50']);
  });

  test('a read that failed leaves no watch, exists on a missing node does', async () => {
    const scene = new Scene();
    scene.greet();
    const events: string[] = [];
    const get = scene.client.getData('/a', { watch: () => events.push('getData') });
    scene.reply(scene.expectRequest().xid, 1, ErrorCode.noNode);
    await failure(get);
    await watched(scene, '/a', () => events.push('exists'), ErrorCode.noNode);
    scene.event(EventType.nodeCreated, '/a');
    await Promise.resolve();
    expect(events).toEqual(['exists']);
  });

  test('a persistent watch stays, a recursive one hears of everything below but not of children lists', async () => {
    const scene = new Scene();
    scene.greet();
    const events: string[] = [];
    const here = scene.client.addWatch('/a', 'persistent', (event) => events.push(`here ${event.type}`));
    expect(readPathNumber(scene.expectRequest().body)).toEqual({ path: '/a', number: 0 });
    scene.reply(1, 1, 0, (w) => w.writeInt(0));
    const below = scene.client.addWatch('/a', 'persistentRecursive', (event) => events.push(`below ${event.path}`));
    scene.reply(scene.expectRequest().xid, 1, 0, (w) => w.writeInt(0));
    await Promise.all([here, below]);
    scene.event(EventType.nodeDataChanged, '/a');
    scene.event(EventType.nodeChildrenChanged, '/a');
    scene.event(EventType.nodeCreated, '/a/b/c');
    scene.event(EventType.nodeCreated, '/ab');
    await Promise.resolve();
    expect(events).toEqual(['here nodeDataChanged', 'below /a', 'here nodeChildrenChanged', 'below /a/b/c']);
  });

  test('on a new connection they are set again relative to the last zxid seen, before waiting requests', async () => {
    const scene = new Scene('a:1/app');
    scene.greet();
    const events: string[] = [];
    const note = (name: string) => (event: WatchedEvent) => events.push(`${name} ${event.type} ${event.path}`);
    await watched(scene, '/data', note('data'));
    await watched(scene, '/missing', note('exist'), ErrorCode.noNode);
    const children = scene.client.getChildren('/', { watch: note('child') });
    scene.reply(scene.expectRequest().xid, 41, 0, (w) => {
      w.writeStrings([]);
      writeStat(w, STAT);
    });
    await children;
    scene.net.last.finish();
    void scene.client.exists('/later').catch(() => {});
    scene.clock.advance(100);
    scene.greet();
    const set = scene.expectRequest();
    expect(set).toMatchObject({ xid: Xid.setWatches, type: OpCode.setWatches });
    expect(readSetWatches(set.body, false)).toMatchObject({
      relativeZxid: 41,
      data: ['/app/data'],
      exist: ['/app/missing'],
      child: ['/app'],
    });
    expect(scene.expectRequest().type).toBe(OpCode.exists);
    scene.event(EventType.nodeCreated, '/app/missing', -1);
    scene.event(EventType.nodeChildrenChanged, '/app', -1);
    await Promise.resolve();
    expect(events).toEqual(['exist nodeCreated /missing', 'child nodeChildrenChanged /']);
  });

  test('persistent watchers are told that they may have missed something', async () => {
    const scene = new Scene();
    scene.greet();
    const events: string[] = [];
    const added = scene.client.addWatch('/a', 'persistentRecursive', (event) => events.push(event.type));
    scene.reply(scene.expectRequest().xid, 5, 0, (w) => w.writeInt(0));
    await added;
    scene.net.last.finish();
    scene.clock.advance(100);
    scene.greet();
    expect(scene.expectRequest()).toMatchObject({ xid: Xid.setWatches, type: OpCode.setWatches2 });
    scene.reply(Xid.setWatches, 5, 0);
    await Promise.resolve();
    expect(events).toEqual(['none']);
  });

  test('very many watches are set again in several pieces', async () => {
    const scene = new Scene();
    scene.greet();
    const long = 'x'.repeat(1000);
    for (let i = 0; i < 300; i++) await watched(scene, `/${long}${i}`, () => {});
    scene.net.last.finish();
    scene.clock.advance(100);
    scene.greet();
    const sizes: number[] = [];
    for (let frame = takeFrame(scene.net.last); frame !== undefined; frame = takeFrame(scene.net.last)) {
      expect(frame.readInt()).toBe(Xid.setWatches);
      frame.readInt();
      sizes.push(readSetWatches(frame, false).data.length);
    }
    expect(sizes).toEqual([131, 131, 38]);
  });

  test('removing the last watcher tells the server, removing another one does not', async () => {
    const scene = new Scene();
    scene.greet();
    const one = (): void => {};
    const two = (): void => {};
    await watched(scene, '/a', one);
    await watched(scene, '/a', two);
    await scene.client.removeWatches('/a', 'data', one);
    expect(takeFrame(scene.net.last)).toBeUndefined();
    const removed = scene.client.removeWatches('/a', 'data', two);
    expect(readPathNumber(scene.expectRequest().body)).toEqual({ path: '/a', number: 2 });
    scene.reply(3, 6, 0);
    await removed;
    expect((await failure(scene.client.removeWatches('/a', 'data'))).code).toBe(ErrorCode.noWatcher);
  });

  test('a watcher that is removed is told once of each kind of watch it had there', async () => {
    const scene = new Scene();
    scene.greet();
    const events: string[] = [];
    const watcher = (event: WatchedEvent): void => {
      events.push(`${event.type} ${event.path} ${event.zxid}`);
    };
    await watched(scene, '/a', watcher);
    for (const mode of ['persistent', 'persistentRecursive'] as const) {
      const added = scene.client.addWatch('/a', mode, watcher);
      scene.reply(scene.expectRequest().xid, 5, 0);
      await added;
    }
    const removed = scene.client.removeWatches('/a');
    scene.reply(scene.expectRequest().xid, 6, 0);
    await removed;
    expect(events).toEqual(['dataWatchRemoved /a -1', 'persistentWatchRemoved /a -1']);
  });

  test('without a connection watchers are removed here when that is asked for, and only then', async () => {
    const scene = new Scene();
    scene.greet();
    await watched(scene, '/a', () => {});
    const kept = scene.client.removeWatches('/a', 'data');
    scene.net.last.finish();
    expect((await failure(kept)).code).toBe(ErrorCode.connectionLoss);
    scene.clock.advance(9000);
    scene.greet();
    takeFrame(scene.net.last);
    const gone = scene.client.removeWatches('/a', 'data', undefined, { local: true });
    scene.net.last.finish();
    await gone;
    expect((await failure(scene.client.removeWatches('/a', 'data'))).code).toBe(ErrorCode.noWatcher);
  });

  test('a watcher runs after those who await an earlier answer of the same packet', async () => {
    const scene = new Scene();
    scene.greet();
    const order: string[] = [];
    await watched(scene, '/a', () => order.push('event'));
    const read = scene.client.exists('/a').then(() => order.push('answer'));
    const { xid } = scene.expectRequest();
    scene.reply(xid, 42, 0, (w) => writeStat(w, STAT));
    scene.event(EventType.nodeDeleted, '/a');
    await read;
    await Promise.resolve();
    expect(order).toEqual(['answer', 'event']);
  });
});
