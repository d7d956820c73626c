import { describe, expect, test } from 'vitest';
import {
  readCreateRequest,
  readPathVersion,
  readPathWatch,
  readSetDataRequest,
  writeMultiHeader,
} from '../../src/jute/client-records.ts';
import { CreateMode, ErrorCode, OpCode } from '../../src/jute/codes.ts';
import { type Stat, writeStat } from '../../src/jute/data-records.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { failure, Scene, STAT } from './scene.ts';

/** The zxid that the client had seen before each request below. */
const SEEN = 40;
const SESSION = 0x100n;

/** A session that has seen the zxid 40. */
async function scene(): Promise<Scene> {
  const made = new Scene();
  made.greet(SESSION);
  const first = made.client.sync('/');
  made.reply(made.expectRequest().xid, SEEN, 0, (w) => w.writeString('/'));
  await first;
  return made;
}

/** The request leaves, and its answer is lost with the connection. */
function lose(made: Scene): void {
  made.expectRequest();
  made.net.last.finish();
  made.clock.advance(100);
  made.greet(SESSION);
}

/** Lets promises settle that wait for nothing outside. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

interface Found {
  readonly err?: number;
  readonly stat?: Partial<Stat>;
  readonly data?: string;
  readonly children?: readonly string[];
}

/** Answers what the client looks at, in turn; each with the operation that it has to be. */
async function answer(made: Scene, type: number, found: Found = {}): Promise<string> {
  await settle();
  const request = made.expectRequest();
  expect(request.type).toBe(type);
  const path = type === OpCode.sync ? (request.body.readString() ?? '') : readPathWatch(request.body).path;
  made.reply(request.xid, 60, found.err ?? 0, (w) => {
    if (found.err !== undefined) return;
    if (type === OpCode.sync) w.writeString(path);
    if (type === OpCode.getData) w.writeBuffer(Buffer.from(found.data ?? ''));
    if (type === OpCode.getChildren2) w.writeStrings([...(found.children ?? [])]);
    if (type !== OpCode.sync) writeStat(w, { ...STAT, ...found.stat });
  });
  await settle();
  return path;
}

const before = { czxid: 10 as Zxid, mzxid: 10 as Zxid, pzxid: 10 as Zxid, ephemeralOwner: 0n };
const since = { czxid: 50 as Zxid, mzxid: 50 as Zxid, pzxid: 50 as Zxid, ephemeralOwner: 0n };

describe('an answer that was lost with the connection', () => {
  test('a read is asked again on the next one', async () => {
    const made = await scene();
    const read = made.client.getData('/a');
    lose(made);
    await answer(made, OpCode.getData, { data: 'x' });
    expect((await read).data?.toString()).toBe('x');
  });

  test('a read that ends its connection every time is given up after five attempts', async () => {
    const made = await scene();
    const read = made.client.getData('/a');
    for (let i = 0; i < 5; i++) lose(made);
    expect((await failure(read)).code).toBe(ErrorCode.connectionLoss);
  });

  test('with retry: false it rejects at once', async () => {
    const made = await scene();
    const read = made.client.getData('/a', { retry: false });
    lose(made);
    expect((await failure(read)).code).toBe(ErrorCode.connectionLoss);
  });

  test('a marked create is found by its mark, and not created twice', async () => {
    const made = await scene();
    const created = made.client.create('/q/lock-', '', { mode: 'ephemeralSequential', mark: true });
    const { path } = readCreateRequest(made.expectRequest().body, false);
    const mark = /^\/q\/_c_([0-9a-f-]{36})-lock-$/.exec(path)?.[1];
    made.net.last.finish();
    made.clock.advance(100);
    made.greet(SESSION);
    expect(await answer(made, OpCode.sync)).toBe('/');
    expect(await answer(made, OpCode.exists, { stat: since })).toBe('/q');
    const name = `_c_${mark}-lock-0000000007`;
    await answer(made, OpCode.getChildren2, { children: ['_c_other-lock-0000000006', name] });
    expect(await answer(made, OpCode.exists, { stat: since })).toBe(`/q/${name}`);
    expect(await created).toBe(`/q/${name}`);
  });

  test('a marked create that is not found is sent again with the same mark', async () => {
    const made = await scene();
    const created = made.client.create('/q/mine-', '', { mode: 'ephemeralSequential', mark: 'mine' });
    lose(made);
    await answer(made, OpCode.sync);
    await answer(made, OpCode.exists, { stat: since });
    await answer(made, OpCode.getChildren2, { children: ['other-0000000001'] });
    const again = made.expectRequest();
    expect(again.type).toBe(OpCode.create);
    expect(readCreateRequest(again.body, false)).toMatchObject({
      path: '/q/mine-',
      flags: CreateMode.ephemeralSequential,
    });
    made.reply(again.xid, 61, 0, (w) => w.writeString('/q/mine-0000000002'));
    expect(await created).toBe('/q/mine-0000000002');
  });

  test.each([
    ['of this session, made since', { ...since, ephemeralOwner: SESSION }, 'done'],
    ['of another session', { ...since, ephemeralOwner: 0x999n }, 'again'],
    ['there before', { ...before, ephemeralOwner: SESSION }, 'again'],
  ] as const)('an ephemeral node %s: %s', async (_name, stat, outcome) => {
    const made = await scene();
    const created = made.client.create('/e', 'x', { mode: 'ephemeral' });
    lose(made);
    await answer(made, OpCode.sync);
    await answer(made, OpCode.exists, { stat: since });
    await answer(made, OpCode.exists, { stat });
    if (outcome === 'again') {
      const again = made.expectRequest();
      expect(again.type).toBe(OpCode.create);
      made.reply(again.xid, 61, ErrorCode.nodeExists);
      expect((await failure(created)).code).toBe(ErrorCode.nodeExists);
    } else expect(await created).toBe('/e');
  });

  test('a persistent node that appeared since may be somebody else’s: connectionLoss', async () => {
    const made = await scene();
    const created = made.client.create('/p');
    lose(made);
    await answer(made, OpCode.sync);
    await answer(made, OpCode.exists, { stat: since });
    await answer(made, OpCode.exists, { stat: since });
    expect((await failure(created)).code).toBe(ErrorCode.connectionLoss);
  });

  test.each([
    ['nothing was created there since', before, 'again'],
    ['something was', since, 'lost'],
  ] as const)('a sequential node without a mark, and %s', async (_name, stat, outcome) => {
    const made = await scene();
    const created = made.client.create('/s/x-', '', { mode: 'persistentSequential' });
    lose(made);
    await answer(made, OpCode.sync);
    await answer(made, OpCode.exists, { stat });
    if (outcome === 'lost') expect((await failure(created)).code).toBe(ErrorCode.connectionLoss);
    else {
      const again = made.expectRequest();
      made.reply(again.xid, 61, 0, (w) => w.writeString('/s/x-0000000001'));
      expect(await created).toBe('/s/x-0000000001');
    }
  });

  test.each([
    ['a version that is still there', 5, { ...before, version: 5 }, 'old', 'again'],
    ['the next version with these bytes', 5, { ...since, version: 6 }, 'mine', 'done'],
    ['the next version with other bytes', 5, { ...since, version: 6 }, 'other', 'again'],
    ['a version further on', 5, { ...since, version: 7 }, 'mine', 'lost'],
    ['any version, unchanged', -1, { ...before, version: 5 }, 'old', 'again'],
    ['any version, these bytes', -1, { ...since, version: 9 }, 'mine', 'done'],
    ['any version, other bytes since', -1, { ...since, version: 9 }, 'other', 'lost'],
  ] as const)('setData on %s', async (_name, version, stat, data, outcome) => {
    const made = await scene();
    const bytes = Buffer.from('mine');
    const set = made.client.setData('/d', bytes, { version });
    bytes.fill(0);
    lose(made);
    await answer(made, OpCode.sync);
    await answer(made, OpCode.exists, { stat });
    await answer(made, OpCode.getData, { stat, data });
    if (outcome === 'done') expect((await set).version).toBe(stat.version);
    else if (outcome === 'lost') expect((await failure(set)).code).toBe(ErrorCode.connectionLoss);
    else {
      const again = made.expectRequest();
      expect(readSetDataRequest(again.body)).toEqual({ path: '/d', data: Buffer.from('mine'), version });
      made.reply(again.xid, 61, ErrorCode.badVersion);
      expect((await failure(set)).code).toBe(ErrorCode.badVersion);
    }
  });

  test.each([
    ['there as before', { stat: before }, 'again'],
    ['gone', { err: ErrorCode.noNode }, 'lost'],
    ['there again', { stat: since }, 'lost'],
  ] as const)('delete of a node that is %s', async (_name, found, outcome) => {
    const made = await scene();
    const deleted = made.client.delete('/x', { version: 3 });
    lose(made);
    await answer(made, OpCode.sync);
    await answer(made, OpCode.exists, found);
    if (outcome === 'lost') expect((await failure(deleted)).code).toBe(ErrorCode.connectionLoss);
    else {
      const again = made.expectRequest();
      expect(readPathVersion(again.body)).toEqual({ path: '/x', version: 3 });
      made.reply(again.xid, 61, 0);
      await deleted;
    }
  });

  test('a multi is not asked again', async () => {
    const made = await scene();
    const multi = made.client.multi([{ op: 'create', path: '/a' }]);
    lose(made);
    expect((await failure(multi)).code).toBe(ErrorCode.connectionLoss);
  });

  test('when the session is over before it was found, the promise says that', async () => {
    const made = await scene();
    const set = made.client.setData('/d', 'x');
    made.expectRequest();
    made.net.last.finish();
    made.clock.advance(100);
    made.greet(0n, 0);
    expect((await failure(set)).code).toBe(ErrorCode.sessionExpired);
  });
});

test('a typed transaction is one multi, and a typed read one multiRead', async () => {
  const made = await scene();
  const committed = made.client.transaction().check('/a', 3).create('/b', 'x').commit();
  const { xid, type } = made.expectRequest();
  expect(type).toBe(OpCode.multi);
  made.reply(xid, 61, 0, (w) => {
    writeMultiHeader(w, OpCode.check, false, 0);
    writeMultiHeader(w, OpCode.create2, false, 0);
    w.writeString('/b');
    writeStat(w, STAT);
    writeMultiHeader(w, -1, true, -1);
  });
  const [, created] = await committed;
  expect(created.path).toBe('/b');
  const reads = made.client.reads().getChildren('/a').getData('/b').run();
  const request = made.expectRequest();
  expect(request.type).toBe(OpCode.multiRead);
  made.reply(request.xid, 61, 0, (w) => {
    writeMultiHeader(w, OpCode.getChildren, false, 0);
    w.writeStrings(['c']);
    writeMultiHeader(w, -1, false, ErrorCode.noNode);
    w.writeInt(ErrorCode.noNode);
    writeMultiHeader(w, -1, true, -1);
  });
  expect(await reads).toEqual([
    { op: 'getChildren', children: ['c'] },
    { op: 'error', code: ErrorCode.noNode },
  ]);
});
