/**
 * Stands between the event loop and the code of one peer. An error that it throws goes to `onThrow`. So a broken
 * assert stops the peer whose task it was and not every peer of the process. Once shut, nothing of the peer runs any
 * more, in whatever state it is.
 */
export class NodeGuard {
  private readonly onThrow: (error: unknown) => void;
  private shutDown = false;

  constructor(onThrow: (error: unknown) => void) {
    this.onThrow = onThrow;
  }

  get isShut(): boolean {
    return this.shutDown;
  }

  shut(): void {
    this.shutDown = true;
  }

  run(task: () => void): void {
    if (this.shutDown) return;
    try {
      task();
    } catch (error) {
      this.onThrow(error);
    }
  }

  /** The same report for callers that spare the closure of `run`. */
  failed(error: unknown): void {
    this.onThrow(error);
  }
}
