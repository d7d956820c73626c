import { setTimeout } from 'node:timers/promises';
import { ErrorCode, isZooKeeperError, type ZooKeeperClient } from '../client/client.ts';
import { contend, lineOf } from './contention/contend.ts';
import type { Held } from './contention/held.ts';
import { type Dialect, LABELS } from './contention/names.ts';
import { childOf } from './paths.ts';
import { isInDoubt, isOver } from './session-end.ts';
import { Waiters } from './waiters.ts';

/**
 * One leader among many. A latch leads until it is closed or loses its lead, and stands in the line again then; a selector leads
 * for as long as its task runs. Neither says to lead while its session is not certain. Both end with their session: a new one needs
 * a new latch (`keepSession` makes both).
 */
export interface LeaderOptions {
  /** The text for others who ask for the leader. */
  readonly id?: string;
  /** 'curator' by default; 'kazoo' stands in the line of kazoo's Election. */
  readonly dialect?: Dialect;
  /** Told of each change. */
  readonly onChange?: (isLeader: boolean) => void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

export class LeaderLatch {
  private readonly client: ZooKeeperClient;
  readonly path: string;
  private readonly options: LeaderOptions;
  private readonly ending = new AbortController();
  private readonly waiters = new Waiters();
  private held: Held | undefined = undefined;
  private failure: unknown = undefined;
  /** Settled when it has left the line for good; rejected with the reason when its session ended under it. */
  readonly ended: Promise<void>;

  /** Stands in the line from here on. */
  constructor(client: ZooKeeperClient, path: string, options: LeaderOptions = {}) {
    this.client = client;
    this.path = path;
    this.options = options;
    this.ended = this.stand();
    this.ended.catch(() => {});
  }

  get isLeader(): boolean {
    return this.held?.isHeld === true;
  }

  /** The fencing token of this term, larger than that of every term before; undefined when it does not lead. */
  get token(): number | undefined {
    return this.isLeader ? this.held?.token : undefined;
  }

  /** Aborted when this term is over; undefined when it does not lead. */
  get signal(): AbortSignal | undefined {
    return this.isLeader ? this.held?.signal : undefined;
  }

  /** Resolves when it leads; rejects when the signal is aborted, or when the latch ends before. */
  async lead(signal?: AbortSignal): Promise<void> {
    while (!this.isLeader) {
      signal?.throwIfAborted();
      this.ending.signal.throwIfAborted();
      if (this.failure !== undefined) throw this.failure;
      await this.waiters.next(signal);
    }
  }

  /** The id of the one that leads; undefined when none does. */
  async leader(): Promise<string | undefined> {
    for (;;) {
      const [first] = await lineOf(this.client, this.path);
      if (first === undefined) return undefined;
      try {
        return (await this.client.getData(childOf(this.path, first.name))).data?.toString() ?? '';
      } catch (error) {
        if (!isZooKeeperError(error, ErrorCode.noNode)) throw error;
      }
    }
  }

  /** Leaves the line, and the lead to the next. */
  async close(): Promise<void> {
    this.ending.abort(new Error('the latch was closed'));
    await this.ended.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async stand(): Promise<void> {
    const { id, dialect = 'curator' } = this.options;
    const claim = { client: this.client, path: this.path, label: LABELS.latch, dialect, data: id };
    const { signal } = this.ending;
    try {
      for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; ) {
        try {
          const held = await contend(claim, (line, mine) => line[mine - 1], { signal });
          pauseMs = FIRST_PAUSE_MS;
          await this.term(held);
        } catch (error) {
          if (signal.aborted) return;
          if (isOver(this.client)) {
            this.failure = error;
            throw error;
          }
          // Its node was deleted, or the connection was lost in a moment that leaves no answer.
          await pause(pauseMs, signal);
          pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        }
      }
    } finally {
      this.waiters.settleAll();
    }
  }

  /** Until the lead is lost, or given up. */
  private async term(held: Held): Promise<void> {
    const { signal } = this.ending;
    try {
      if (signal.aborted || !held.isHeld) return;
      this.held = held;
      this.options.onChange?.(true);
      this.waiters.settleAll();
      await eitherAborted(signal, held.signal);
    } finally {
      const led = this.held !== undefined;
      this.held = undefined;
      if (led) this.options.onChange?.(false);
      await held.release();
    }
    if (isOver(this.client)) throw held.signal.reason;
  }
}

/**
 * Leads for as long as `task` runs, which has to end when its signal is aborted. Resolves with what the task gives. The place in the
 * line is that of Curator's LeaderSelector, and with dialect 'kazoo' that of kazoo's Election.
 */
export async function leadOnce<T>(
  client: ZooKeeperClient,
  path: string,
  task: (term: Held) => Promise<T>,
  options: { readonly id?: string; readonly dialect?: Dialect; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const { id, dialect = 'curator', signal } = options;
  const claim = { client, path, label: LABELS.lock, dialect, data: id };
  const held = await contend(claim, (line, mine) => line[mine - 1], { signal });
  try {
    return await task(held);
  } finally {
    await held.release();
  }
}

/** Leads again and again, each time until `task` ends, until `signal` is aborted or the session is over. */
export async function leaderSelector(
  client: ZooKeeperClient,
  path: string,
  task: (term: Held) => Promise<void>,
  options: { readonly id?: string; readonly dialect?: Dialect; readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    try {
      await leadOnce(client, path, task, options);
    } catch (error) {
      if (signal.aborted) return;
      if (!isInDoubt(client, error) && !isZooKeeperError(error, ErrorCode.noNode)) throw error;
      await pause(FIRST_PAUSE_MS, signal);
    }
  }
}

function eitherAborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', settle);
      resolve();
    };
    for (const signal of signals) signal.addEventListener('abort', settle);
    if (signals.some(({ aborted }) => aborted)) settle();
  });
}

/** Resolves when the time is up, and when `signal` is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
}
