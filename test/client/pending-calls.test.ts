import { describe, expect, test } from 'vitest';
import { json, TypedNodes } from '../../src/client/client.ts';
import type { SessionState } from '../../src/client/session/session-options.ts';
import type { WatchNotice } from '../../src/client/watches/watch-operations.ts';
import { ErrorCode, EventType, OpCode, Xid } from '../../src/jute/codes.ts';
import { writeStat } from '../../src/jute/data-records.ts';
import { failure, Scene, STAT } from './scene.ts';
import { takeFrame } from './server-end.ts';

describe('calls that wait', () => {
  test('one that is not answered in its time rejects with operationTimeout, and its late answer is dropped', async () => {
    const scene = new Scene();
    scene.greet();
    const read = scene.client.exists('/a', { timeoutMs: 1000 });
    const { xid } = scene.expectRequest();
    scene.clock.advance(999);
    scene.clock.advance(1);
    expect(await failure(read)).toMatchObject({
      code: ErrorCode.operationTimeout,
      message: 'no answer within 1000 ms for /a',
    });
    scene.reply(xid, 5, ErrorCode.noNode);
    const next = scene.client.exists('/b');
    scene.reply(scene.expectRequest().xid, 6, ErrorCode.noNode);
    expect(await next).toBeUndefined();
  });

  test('the timeout of the client holds for every call that has none of its own', async () => {
    const scene = new Scene('a:1', { timeoutMs: 500 });
    scene.greet();
    const read = scene.client.exists('/a');
    scene.clock.advance(500);
    expect((await failure(read)).code).toBe(ErrorCode.operationTimeout);
  });

  test('one given up before it was sent is not sent any more', async () => {
    const scene = new Scene();
    const controller = new AbortController();
    const created = scene.client.create('/a', 'x', { signal: controller.signal });
    const kept = scene.client.create('/b');
    controller.abort(new Error('enough'));
    await expect(created).rejects.toThrow('enough');
    scene.greet();
    const { xid, body } = scene.expectRequest();
    expect(body.readString()).toBe('/b');
    expect(takeFrame(scene.net.last)).toBeUndefined();
    scene.reply(xid, 1, 0, (w) => w.writeString('/b'));
    expect(await kept).toBe('/b');
  });

  test('more than the limit of requests is refused, and room is told of', async () => {
    const scene = new Scene('a:1', { maxPendingRequests: 4 });
    scene.greet();
    const reads = [1, 2, 3, 4].map(() => scene.client.exists('/a'));
    expect(await failure(scene.client.exists('/a'))).toMatchObject({
      code: ErrorCode.throttledOp,
      message: '4 requests wait for their answers already, for /a',
    });
    expect(scene.client.pending.requests).toBe(4);
    let hasRoom = false;
    const room = scene.client.whenRoom().then(() => {
      hasRoom = true;
    });
    scene.reply(1, 1, ErrorCode.noNode);
    await reads[0];
    expect(hasRoom).toBe(false);
    scene.reply(2, 1, ErrorCode.noNode);
    await room;
  });

  test('more than the limit of bytes is refused, a single one never', async () => {
    const scene = new Scene('a:1', { maxPendingBytes: 1000 });
    scene.greet();
    void scene.client.create('/a', Buffer.alloc(2000)).catch(() => {});
    expect((await failure(scene.client.create('/b'))).code).toBe(ErrorCode.throttledOp);
  });

  test('a request longer than servers take is not sent, and says what to set', async () => {
    const scene = new Scene();
    scene.greet();
    const error = await failure(scene.client.create('/a', Buffer.alloc(1_048_576)));
    expect(error.code).toBe(ErrorCode.badArguments);
    expect(error.message).toMatch(
      /^a request of 10486\d\d bytes: servers take 1048575 \(jute\.maxbuffer there, juteMaxBuffer here\)/,
    );
    expect(takeFrame(scene.net.last)).toBeUndefined();
    const larger = new Scene('a:1', { juteMaxBuffer: 2_000_000 });
    larger.greet();
    void larger.client.create('/a', Buffer.alloc(1_048_576)).catch(() => {});
    expect(larger.expectRequest().type).toBe(OpCode.create);
  });
});

describe('states', () => {
  test('can be followed by for await until the session is over', async () => {
    const scene = new Scene();
    const seen: SessionState[] = [];
    const following = (async () => {
      for await (const state of scene.client.stateChanges()) seen.push(state);
    })();
    scene.greet();
    scene.net.last.finish();
    scene.clock.advance(100);
    scene.greet(0n, 0);
    await following;
    expect(seen).toEqual(['connecting', 'connected', 'connecting', 'expired']);
  });

  test('a listener hears until it is taken off', () => {
    const scene = new Scene();
    const seen: SessionState[] = [];
    const stop = scene.client.onState((state) => seen.push(state));
    scene.greet();
    stop();
    scene.net.last.finish();
    expect(seen).toEqual(['connected']);
  });

  test('a session is certain for two thirds of its timeout from the last request that was answered', () => {
    const scene = new Scene();
    expect(scene.client.certainForMs).toBe(0);
    scene.greet();
    expect(scene.client.certainForMs).toBe(6000);
    scene.clock.advance(3000);
    expect(scene.expectRequest().xid).toBe(Xid.ping);
    scene.clock.advance(500);
    scene.reply(Xid.ping, 0, 0);
    expect(scene.client.certainForMs).toBe(5500);
    scene.net.last.finish();
    scene.clock.advance(5500);
    expect(scene.client.certainForMs).toBe(0);
  });

  test('a client can be disposed of', async () => {
    const scene = new Scene();
    scene.greet();
    const disposed = scene.client[Symbol.asyncDispose]();
    const { xid, type } = scene.expectRequest();
    expect(type).toBe(OpCode.closeSession);
    scene.reply(xid, 1, 0);
    await disposed;
    expect(scene.client.state).toBe('closed');
  });
});

describe('a watch that is read', () => {
  async function started(scene: Scene, maxWaiting = 10): Promise<AsyncIterableIterator<WatchNotice>> {
    scene.greet();
    const notices = scene.client.watch('/a', { mode: 'persistentRecursive', maxWaiting });
    const { xid, type } = scene.expectRequest();
    expect(type).toBe(OpCode.addWatch);
    scene.reply(xid, 5, 0, (w) => w.writeInt(0));
    expect(await notices.next()).toEqual({ done: false, value: { kind: 'gap', why: 'started' } });
    return notices;
  }

  test('begins with a gap, tells of changes, and of a gap after a reconnect', async () => {
    const scene = new Scene();
    const notices = await started(scene);
    scene.event(EventType.nodeCreated, '/a/b');
    expect((await notices.next()).value).toMatchObject({
      kind: 'change',
      event: { type: 'nodeCreated', path: '/a/b' },
    });
    scene.net.last.finish();
    scene.clock.advance(100);
    scene.greet();
    expect(scene.expectRequest().type).toBe(OpCode.setWatches2);
    scene.reply(Xid.setWatches, 5, 0);
    expect((await notices.next()).value).toEqual({ kind: 'gap', why: 'reconnected' });
  });

  test('a reader that is too slow finds one gap for all that it missed', async () => {
    const scene = new Scene();
    const notices = await started(scene, 2);
    for (let i = 0; i < 4; i++) scene.event(EventType.nodeDataChanged, '/a');
    await Promise.resolve();
    expect((await notices.next()).value).toEqual({ kind: 'gap', why: 'overflow' });
    expect((await notices.next()).value).toMatchObject({ kind: 'change' });
  });

  test('one that ends removes its watch, and one whose session expired fails', async () => {
    const scene = new Scene();
    const notices = await started(scene);
    const ended = notices.return?.();
    const { xid, type } = scene.expectRequest();
    expect(type).toBe(OpCode.removeWatches);
    scene.reply(xid, 6, 0);
    expect(await ended).toEqual({ done: true, value: undefined });
    const other = new Scene();
    const expiring = await started(other);
    const next = expiring.next();
    other.net.last.finish();
    other.clock.advance(100);
    other.greet(0n, 0);
    expect((await failure(next)).code).toBe(ErrorCode.sessionExpired);
    expect((await expiring.next()).done).toBe(true);
  });

  test('it ends when the client is closed', async () => {
    const scene = new Scene();
    const notices = await started(scene);
    const next = notices.next();
    const closed = scene.client.close();
    scene.reply(scene.expectRequest().xid, 9, 0);
    await closed;
    expect((await next).done).toBe(true);
  });
});

test('a server without a quorum is left as soon as another one says that it has one', () => {
  const scene = new Scene('a:1,b:2', { readOnly: true });
  const first = scene.net.last;
  scene.greet(0x5n, 9000, true);
  expect(scene.client.state).toBe('connectedReadOnly');
  const asked: string[] = [];
  for (let i = 0; i < 2; i++) {
    scene.clock.advance(400);
    const stream = scene.net.last;
    stream.accept();
    asked.push(`${stream.remoteAddress} ${stream.takeBytes()}`);
    stream.deliver(Buffer.from(i === 0 ? 'ro' : 'rw'));
  }
  expect(asked).toEqual(['a isro', 'b isro']);
  expect(first.state).toBe('destroyed');
  scene.clock.advance(100);
  expect(scene.net.last.remoteAddress).toBe('b');
  const request = scene.greet(0x6n);
  expect(request.sessionId).toBe(0n);
  expect(scene.states).toEqual(['connectedReadOnly', 'connecting', 'connected']);
});

test('data is read through a codec, and what cannot be decoded names its path', async () => {
  const scene = new Scene();
  scene.greet();
  const nodes = new TypedNodes(scene.client, json<{ size: number }>());
  const get = nodes.get('/a');
  scene.reply(scene.expectRequest().xid, 1, 0, (w) => {
    w.writeBuffer(Buffer.from('{"size":3}'));
    writeStat(w, STAT);
  });
  expect((await get).value.size).toBe(3);
  const broken = nodes.get('/b');
  scene.reply(scene.expectRequest().xid, 1, 0, (w) => {
    w.writeBuffer(Buffer.from('{'));
    writeStat(w, STAT);
  });
  const error = await failure(broken);
  expect(error.code).toBe(ErrorCode.marshallingError);
  expect(error.message).toMatch(/^the data of \/b cannot be decoded/);
});
