import { Fifo } from '../../base/fifo.ts';
import { Writer } from '../../jute/writer.ts';
import type { Asker } from '../asker.ts';
import { deleteContainer } from '../operations/writes/delete.ts';
import { Request } from '../request.ts';

/**
 * Removes containers that have become empty and nodes whose TTL is over, on the leader or the standalone server:
 * ContainerManager. Every check interval it asks the tree for candidates and then submits a deleteContainer for one
 * after another, no faster than maxPerMinute. Each is decided anew by prep, so a candidate that has got a child, or was
 * written, stays.
 */
export interface ReaperOptions {
  /** znode.container.checkIntervalMs */
  checkIntervalMs: number;
  /** znode.container.maxPerMinute */
  maxPerMinute: number;
}

export interface ReaperHost {
  /** Looks for paths to delete if they are still empty by then; a step for each turn, the last returns them. */
  candidates(): Iterator<undefined, readonly string[]>;
  submit(request: Request): void;
}

export class ContainerReaper {
  private readonly options: ReaperOptions;
  private readonly host: ReaperHost;
  private readonly spacingMs: number;
  private readonly queue = new Fifo<string>();
  private readonly w = new Writer(1024);
  private nextCheckMs: number;
  private nextSubmitMs = 0;
  private search: Iterator<undefined, readonly string[]> | undefined = undefined;

  constructor(options: ReaperOptions, host: ReaperHost, nowMs: number) {
    this.options = options;
    this.host = host;
    this.spacingMs = Math.floor(60_000 / options.maxPerMinute);
    this.nextCheckMs = nowMs + options.checkIntervalMs;
  }

  /** Submits as many as have become due since the last call. */
  onTick(nowMs: number): void {
    if (this.search === undefined && this.queue.length === 0 && nowMs >= this.nextCheckMs) {
      this.search = this.host.candidates();
      this.nextCheckMs += this.options.checkIntervalMs;
      // After a long sweep or a stall, checks that were missed are not made up for.
      if (this.nextCheckMs <= nowMs) this.nextCheckMs = nowMs + this.options.checkIntervalMs;
    }
    this.lookOn(nowMs);
    while (nowMs >= this.nextSubmitMs) {
      const path = this.queue.shift();
      if (path === undefined) return;
      this.nextSubmitMs += this.spacingMs;
      this.host.submit(this.deletion(path, nowMs));
    }
  }

  private lookOn(nowMs: number): void {
    const step = this.search?.next();
    if (step?.done !== true) return;
    this.search = undefined;
    for (const path of step.value) this.queue.push(path);
    this.nextSubmitMs = nowMs;
  }

  /** Owned by nobody: only the server itself may ask for this. */
  private deletion(path: string, nowMs: number): Request {
    this.w.writeString(path);
    return new Request(NOBODY, 0, deleteContainer, this.w.take(), nowMs);
  }
}

const NOBODY: Asker = { sessionId: 0n, authIds: [], owner: undefined };
