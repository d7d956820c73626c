import { describe, expect, it } from 'vitest';
import { OpCode, Xid } from '../../../src/jute/codes.ts';
import { AUTH_IDS_MAX } from '../../../src/server/auth/auth-limits.ts';
import { type Client, ClientWorld, request } from '../client-harness.ts';

function opened(): Client {
  const world = new ClientWorld();
  return world.openSession(world.serve());
}

function auth(credentials: string): Buffer {
  return request(Xid.auth, OpCode.auth, (w) => {
    w.writeInt(0);
    w.writeString('digest');
    w.writeBuffer(Buffer.from(credentials));
  });
}

describe('a client that proves one id after another', () => {
  it('is refused at the first that is too many, and costs nothing beyond', () => {
    const client = opened();
    client.send(...Array.from({ length: 10_000 }, (_, i) => auth(`user${i}:x`)));
    const replies = client.replies();
    // The address is one of its ids.
    expect(replies).toHaveLength(AUTH_IDS_MAX);
    expect(new Set(replies.slice(0, -1))).toEqual(new Set(['-4/0/0']));
    expect(replies.at(-1)).toBe('-4/0/-115');
    expect(client.stream.state).toBe('ended');
  });

  it('is refused when they are long', () => {
    const client = opened();
    client.send(auth(`${'a'.repeat(8000)}:x`), auth(`${'b'.repeat(8000)}:x`), auth(`${'c'.repeat(8000)}:x`));
    expect(client.replies()).toEqual(['-4/0/0', '-4/0/0', '-4/0/-115']);
  });

  it('may prove the same one as often as it likes', () => {
    const client = opened();
    client.send(...Array.from({ length: 300 }, (_, i) => auth(`user${i % 3}:x`)));
    expect(new Set(client.replies())).toEqual(new Set(['-4/0/0']));
    expect(client.stream.state).toBe('open');
  });
});
