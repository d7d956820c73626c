import { describe, expect, it } from 'vitest';
import { WriterPool } from '../../../src/server/connection/client-output.ts';

function written(pool: WriterPool, bytes: number): { give(): void; writer: ReturnType<WriterPool['take']> } {
  const writer = pool.take();
  writer.writeRaw(Buffer.alloc(bytes));
  const give = (): void => {
    writer.take();
    pool.give(writer);
  };
  return { writer, give };
}

describe('the writers of a server', () => {
  it('are used again', () => {
    const pool = new WriterPool();
    const first = written(pool, 10);
    first.give();
    expect(pool.take()).toBe(first.writer);
  });

  it('are kept, 64 large ones and 1,024 small ones; the rest that a turn needs is thrown away', () => {
    const pool = new WriterPool();
    const turn = Array.from({ length: 1200 }, () => written(pool, 10));
    expect([63, 64, 1087, 1088].map((i) => turn[i]?.writer.heldBytes)).toEqual([65_536, 2048, 2048, 512]);
    for (const each of turn) each.give();
    const kept = new Set(Array.from({ length: 64 + 1024 }, () => pool.take()));
    expect(turn.filter((each) => kept.has(each.writer))).toHaveLength(64 + 1024);
    const another = pool.take();
    expect(turn.some((each) => each.writer === another)).toBe(false);
  });

  it('are not kept once they had to grow far', () => {
    const pool = new WriterPool();
    const large = written(pool, 1_000_000);
    large.give();
    expect(pool.take()).not.toBe(large.writer);
    for (let i = 1; i < 64; i++) pool.take();
    const small = written(pool, 10_000);
    expect(small.writer.heldBytes).toBeLessThan(65_536);
    small.give();
    expect(pool.take()).not.toBe(small.writer);
  });

  it('hand out bytes that no later writing touches', () => {
    const pool = new WriterPool();
    const writer = pool.take();
    writer.writeString('first');
    const taken = writer.take();
    pool.give(writer);
    pool.take().writeString('other');
    expect(taken.toString('latin1', 4)).toBe('first');
  });
});
