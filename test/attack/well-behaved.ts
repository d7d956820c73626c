import { connect, type ZooKeeperClient } from '../../src/client/client.ts';
import { isZooKeeperError } from '../../src/client/errors.ts';

/**
 * A client beside the attack that does nothing wrong: it writes one value after another into a node of its own, and a
 * child for each. Acknowledged writes have to be there in the end.
 */
const ROOT = '/well-behaved';
const CALL_LIMIT_MS = 10_000;

export class WellBehaved {
  readonly latenciesMs: number[] = [];
  /** The longest time between two acknowledgements. */
  longestPauseMs = 0;
  refused = 0;
  private readonly client: ZooKeeperClient;
  private readonly acknowledged: string[] = [];
  private isOver = false;
  private lastAckMs = performance.now();

  private constructor(client: ZooKeeperClient) {
    this.client = client;
  }

  static async come(servers: string, limitMs: number): Promise<WellBehaved> {
    const client = await connect(servers, { sessionTimeoutMs: 20_000, signal: AbortSignal.timeout(limitMs) });
    await client.create(ROOT, '');
    return new WellBehaved(client);
  }

  async work(): Promise<void> {
    this.lastAckMs = performance.now();
    for (let i = 0; !this.isOver; i++) {
      const name = `n${i}`;
      const startedMs = performance.now();
      try {
        await this.client.create(`${ROOT}/${name}`, String(i), { signal: AbortSignal.timeout(CALL_LIMIT_MS) });
        this.acknowledged.push(name);
      } catch (error) {
        if (!isZooKeeperError(error) && !(error instanceof Error && error.name === 'TimeoutError')) throw error;
        this.refused++;
        continue;
      }
      const nowMs = performance.now();
      this.latenciesMs.push(nowMs - startedMs);
      this.longestPauseMs = Math.max(this.longestPauseMs, nowMs - this.lastAckMs);
      this.lastAckMs = nowMs;
    }
  }

  stop(): void {
    this.isOver = true;
  }

  get acknowledgedCount(): number {
    return this.acknowledged.length;
  }

  percentileMs(share: number): number {
    const sorted = [...this.latenciesMs].sort((a, b) => a - b);
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  }

  /** Those that were acknowledged and are not there, seen by a fresh client. */
  async missing(servers: string, limitMs: number): Promise<string[]> {
    await this.client.close();
    const fresh = await connect(servers, { sessionTimeoutMs: 20_000, signal: AbortSignal.timeout(limitMs) });
    await fresh.sync('/');
    const there = new Set(await fresh.getChildren(ROOT));
    await fresh.close();
    return this.acknowledged.filter((name) => !there.has(name));
  }
}
