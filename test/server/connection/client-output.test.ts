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

  it('are kept up to 64; the rest that a turn needs is small and thrown away', () => {
    const pool = new WriterPool();
    const turn = Array.from({ length: 100 }, () => written(pool, 10));
    for (const each of turn) each.give();
    const kept = new Set(Array.from({ length: 64 }, () => pool.take()));
    expect(turn.filter((each) => kept.has(each.writer))).toHaveLength(64);
    const another = pool.take();
    expect(turn.some((each) => each.writer === another)).toBe(false);
  });

  it('are not kept once they had to grow far', () => {
    const pool = new WriterPool();
    const large = written(pool, 1_000_000);
    large.give();
    expect(pool.take()).not.toBe(large.writer);
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
