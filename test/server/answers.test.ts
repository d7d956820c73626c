import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Replay } from './answers-replay.ts';

describe('recorded requests', () => {
  it('are answered, told to watchers and logged as Apache 3.9.5 did', () => {
    const replay = new Replay(fileURLToPath(new URL('../golden/answers', import.meta.url)));
    replay.run();
    expect(replay.differences.slice(0, 3)).toEqual([]);
    // Pairs of operation and error code: the recording must not shrink to the easy ones.
    expect(replay.table.size).toBeGreaterThan(90);
  });
});
