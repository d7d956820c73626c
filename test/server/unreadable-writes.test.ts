import { describe, expect, it } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import type { Writer } from '../../src/jute/writer.ts';
import { ClientWorld, create, exists, request } from './client-harness.ts';

describe.each(['standalone', 'follower'] as const)('a write whose record cannot be read (%s)', (mode) => {
  const half = (w: Writer): void => w.writeRaw(Buffer.from('000000022f', 'hex'));

  it('is answered at once when nothing is under way, and spends no transaction', () => {
    const world = new ClientWorld();
    const upstream = world.serve(mode);
    const client = world.openSession(upstream);
    client.send(request(1, OpCode.setData, half), exists(2, '/'));
    expect(client.replies()).toEqual(['1/1/-5', '2/1/0']);
    client.send(create(3, '/a'));
    upstream.commit(1);
    expect(client.replies()).toEqual(['3/2/0']);
  });

  it('is answered in its turn otherwise', () => {
    const world = new ClientWorld();
    const upstream = world.serve(mode);
    const client = world.openSession(upstream);
    client.send(create(1, '/a'), request(2, OpCode.delete, half), exists(3, '/a'));
    expect(client.replies()).toEqual([]);
    upstream.commit(1);
    expect(client.replies()).toEqual(['1/2/0', '2/2/-5', '3/2/0']);
  });

  it('is a transaction nevertheless when it is a multi', () => {
    const world = new ClientWorld();
    const upstream = world.serve(mode);
    const client = world.openSession(upstream);
    client.send(request(1, OpCode.multi, half));
    expect(client.replies()).toEqual([]);
    upstream.commit(1);
    expect(client.replies()).toEqual(['1/2/-5']);
  });
});
