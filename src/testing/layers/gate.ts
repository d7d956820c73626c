import type { NodeGuard } from '../../io/node-guard.ts';

/**
 * Stands before everything that would wake a peer up. While it is shut the peer is as a stopped process: nothing of it
 * runs, its sockets stay open, and all that happened to it meanwhile comes in order when it goes on.
 */
export class Gate {
  private readonly guard: NodeGuard;
  private waiting: (() => void)[] = [];
  private shut = false;

  constructor(guard: NodeGuard) {
    this.guard = guard;
  }

  get isShut(): boolean {
    return this.shut;
  }

  run(task: () => void): void {
    if (this.shut) this.waiting.push(() => this.guard.run(task));
    else this.guard.run(task);
  }

  /** The same for what has to be heard of even when the peer is no more: it holds files until then. */
  finish(task: () => void): void {
    if (this.shut) {
      this.waiting.push(task);
      return;
    }
    try {
      task();
    } catch (error) {
      this.guard.failed(error);
    }
  }

  pause(): void {
    this.shut = true;
  }

  resume(): void {
    this.shut = false;
    const waiting = this.waiting;
    this.waiting = [];
    for (const task of waiting) this.finish(task);
  }
}
