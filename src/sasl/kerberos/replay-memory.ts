import { createHash } from 'node:crypto';

/**
 * The authenticators that were shown, for as long as their time would let them in once more. It belongs to this process: one
 * that restarts has forgotten them. A client that asks for an answer is safe even then, by the key that the answer offers.
 */
export const REPLAYS_MAX = 100_000;

export class ReplayMemory {
  /** When each may be forgotten, oldest first. */
  private readonly until = new Map<string, number>();
  private readonly keptMs: number;

  constructor(keptMs: number) {
    this.keptMs = keptMs;
  }

  /** `full`: it cannot be told, because so many are remembered. */
  take(sealed: Buffer, nowMs: number): 'new' | 'again' | 'full' {
    for (const [shown, endMs] of this.until) {
      if (endMs > nowMs) break;
      this.until.delete(shown);
    }
    const shown = createHash('sha256').update(sealed).digest('base64');
    if (this.until.has(shown)) return 'again';
    if (this.until.size >= REPLAYS_MAX) return 'full';
    this.until.set(shown, nowMs + this.keptMs);
    return 'new';
  }
}
