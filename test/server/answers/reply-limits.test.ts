import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/base/assert.ts';
import { writeMultiHeader } from '../../../src/jute/client-records.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { LimitError } from '../../../src/jute/growing-buffer.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { MULTI_READ_MAX_BYTES } from '../../../src/server/connection/client-limits.ts';
import { type Client, ClientWorld, create, exists, type FakeUpstream, request, setData } from '../client-harness.ts';

const MEGABYTE = 1_000_000;

function opened(): { world: ClientWorld; upstream: FakeUpstream; client: Client } {
  const world = new ClientWorld();
  const upstream = world.serve();
  return { world, upstream, client: world.openSession(upstream) };
}

function multiRead(xid: number, count: number, path: string): Buffer {
  return request(xid, OpCode.multiRead, (w) => {
    for (let i = 0; i < count; i++) {
      writeMultiHeader(w, OpCode.getData, false, -1);
      w.writeString(path);
      w.writeBool(false);
    }
    writeMultiHeader(w, -1, true, -1);
  });
}

describe('a reply', () => {
  it('of many large results is refused when it gets too long, and the connection goes on', () => {
    const { client, upstream, world } = opened();
    client.send(create(1, '/a'), setData(2, '/a', 'x'.repeat(MEGABYTE)));
    upstream.commit();
    client.frames();
    client.send(multiRead(3, 4500, '/a'), exists(4, '/'));
    const frames = client.frames();
    expect(frames.map((frame) => [frame.readInt32BE(0), frame.readInt32BE(12), frame.length])).toEqual([
      [3, -5, 16],
      [4, 0, 84],
    ]);
    expect(world.logLines.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('of many large results is sent as long as it is not', () => {
    const { client, upstream, world } = opened();
    client.send(create(1, '/a'), setData(2, '/a', 'x'.repeat(MEGABYTE)));
    upstream.commit();
    client.frames();
    const other = world.openSession(upstream);
    const most = Math.floor(MULTI_READ_MAX_BYTES / (MEGABYTE + 100));
    client.send(multiRead(3, most, '/a'));
    const frame = client.frames()[0] as Buffer;
    expect(frame.readInt32BE(12)).toBe(0);
    expect(frame.length).toBeGreaterThan(most * MEGABYTE);
    other.send(multiRead(4, most + 1, '/a'));
    expect((other.frames()[0] as Buffer).readInt32BE(12)).toBe(-5);
  });

  it('of one result may be as long as jute.maxbuffer lets a node be', () => {
    const world = new ClientWorld({ juteMaxBufferBytes: 70 * 1024 * 1024 });
    const upstream = world.serve();
    const client = world.openSession(upstream);
    client.send(create(1, '/a'), setData(2, '/a', 'x'.repeat(66 * 1024 * 1024)));
    upstream.commit();
    client.frames();
    client.send(multiRead(3, 1, '/a'));
    expect((client.frames()[0] as Buffer).readInt32BE(12)).toBe(0);
  });
});

describe('a writer under a limit', () => {
  it('takes so many bytes and no more, and grows no further', () => {
    const w = new Writer(16);
    w.writeInt(1);
    w.limit(100);
    w.writeRaw(Buffer.alloc(90));
    expect(() => w.writeRaw(Buffer.alloc(40))).toThrow(LimitError);
    w.rewind(4);
    w.limit(Number.POSITIVE_INFINITY);
    w.writeRaw(Buffer.alloc(1000));
    expect(w.take().length).toBe(1004);
  });
});

describe('what goes wrong in a read', () => {
  it('is answered MARSHALLINGERROR, logged and counted, and concerns nobody else', () => {
    const { client, world } = opened();
    const { tree } = world.database;
    const lookup = tree.lookup.bind(tree);
    tree.lookup = (path) => {
      if (path === '/bad') throw new RangeError('Invalid string length');
      return lookup(path);
    };
    client.send(exists(1, '/bad'), exists(2, '/'));
    expect(client.replies()).toEqual(['1/1/-5', '2/1/0']);
    expect(world.metrics.requests.failedAnswers.value).toBe(1);
    expect(world.logLines.filter((line) => line.startsWith('error'))).toEqual([
      `error a read failed {"session":"0x${client.sessionId.toString(16)}","operation":"EXIS","reason":"Invalid string length"}`,
    ]);
  });

  it('goes on up when it is a bug of ours', () => {
    const { client, world } = opened();
    world.database.tree.lookup = () => {
      assert(false, 'the index is whole');
      return -1;
    };
    expect(() => client.send(exists(1, '/'))).toThrow('the index is whole');
  });
});
