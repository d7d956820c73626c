/** Those who wait for a change of one object: each goes on when it is told, or when its signal is aborted, and looks again. */
export class Waiters {
  private readonly waiting = new Set<() => void>();

  /** Resolves at the next `settleAll`, and when `signal` is aborted after this call. */
  next(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.waiting.delete(settle);
        signal?.removeEventListener('abort', settle);
        resolve();
      };
      this.waiting.add(settle);
      signal?.addEventListener('abort', settle);
    });
  }

  settleAll(): void {
    for (const settle of [...this.waiting]) settle();
  }
}
