/**
 * The global sessions and their timeouts, as the log knows them: changed by createSession and closeSession
 * transactions and by loading a snapshot, and part of every snapshot. When they expire is the server's to decide.
 */
export class SessionTable {
  private readonly timeouts = new Map<bigint, number>();

  get size(): number {
    return this.timeouts.size;
  }

  has(sessionId: bigint): boolean {
    return this.timeouts.has(sessionId);
  }

  /** Milliseconds; undefined for a session that is not there. */
  timeoutOf(sessionId: bigint): number | undefined {
    return this.timeouts.get(sessionId);
  }

  /** Those there are now, copied: their ids, and the timeouts in the same order. */
  copy(): { readonly ids: readonly bigint[]; readonly timeoutsMs: readonly number[] } {
    return { ids: [...this.timeouts.keys()], timeoutsMs: [...this.timeouts.values()] };
  }

  forEach(visit: (sessionId: bigint, timeoutMs: number) => void): void {
    for (const [sessionId, timeoutMs] of this.timeouts) visit(sessionId, timeoutMs);
  }

  /** For apply and for loading alone. */
  put(sessionId: bigint, timeoutMs: number): void {
    this.timeouts.set(sessionId, timeoutMs);
  }

  /** For apply alone. */
  remove(sessionId: bigint): void {
    this.timeouts.delete(sessionId);
  }
}
