import { randomUUID } from 'node:crypto';
import {
  type CallOptions,
  ErrorCode,
  isZooKeeperError,
  type MultiOp,
  type MultiResult,
  type ZooKeeperClient,
} from '../client/client.ts';
import { childOf, ensurePath } from './paths.ts';
import { isInDoubt } from './session-end.ts';

/**
 * Transactions whose fate is known even when the answer is lost with the connection. Each writes its number into a receipt, a node
 * of this session, together with its operations, all or nothing. After a lost connection the receipt says whether it was
 * carried out; if not it is sent again, so it is done once or not at all, whatever the operations are.
 *
 * One after the other: the receipt knows the last one. The session's end leaves only the last one open, which then rejects
 * with sessionExpired.
 */
export interface Committed {
  /** Of the transaction. */
  readonly zxid: number;
  /** One for each operation; undefined when the answer was lost and the receipt alone says that it was carried out. */
  readonly results: readonly MultiResult[] | undefined;
}

export const DEFAULT_RECEIPTS = '/menagerie-receipts';

export class ExactTransactions {
  private readonly client: ZooKeeperClient;
  private readonly directory: string;
  private readonly path: string;
  private hasReceipt = false;
  private number = 0;
  private last: Promise<unknown> = Promise.resolve();

  /** `directory`: where the receipts stand; made when it is missing. */
  constructor(client: ZooKeeperClient, directory: string = DEFAULT_RECEIPTS) {
    this.client = client;
    this.directory = directory;
    this.path = childOf(directory, randomUUID());
  }

  /** Rejects as `multi` does, when an operation failed; never with a doubt, unless the session is over. */
  commit(ops: readonly MultiOp[], options: CallOptions = {}): Promise<Committed> {
    const committed = this.last.then(() => this.commitNext(ops, options));
    this.last = committed.catch(() => {});
    return committed;
  }

  private async commitNext(ops: readonly MultiOp[], options: CallOptions): Promise<Committed> {
    const number = String(++this.number);
    for (;;) {
      try {
        const all = [...ops, this.receiptOp(number)];
        if (!this.hasReceipt) await ensurePath(this.client, this.directory, options.signal ?? undefined);
        const results = await this.client.multi(all, { ...options, retry: false });
        this.hasReceipt = true;
        return { zxid: zxidOf(results.at(-1)), results: results.slice(0, -1) };
      } catch (error) {
        // Somebody deleted the receipt: nothing was carried out, and another one is made.
        if (this.hasReceipt && isZooKeeperError(error, ErrorCode.noNode) && error.path === this.path) {
          this.hasReceipt = false;
          continue;
        }
        if (!isInDoubt(this.client, error)) throw error;
        const found = await this.find(number);
        if (found !== undefined) return found;
        options.signal?.throwIfAborted();
      }
    }
  }

  private receiptOp(number: string): MultiOp {
    if (this.hasReceipt) return { op: 'setData', path: this.path, data: number };
    return { op: 'create', path: this.path, data: number, mode: 'ephemeral' };
  }

  /** undefined: it was not carried out. */
  private async find(number: string): Promise<Committed | undefined> {
    await this.client.sync('/');
    try {
      const { data, stat } = await this.client.getData(this.path);
      this.hasReceipt = true;
      return data?.toString() === number ? { zxid: stat.mzxid, results: undefined } : undefined;
    } catch (error) {
      if (isZooKeeperError(error, ErrorCode.noNode)) return undefined;
      throw error;
    }
  }
}

function zxidOf(result: MultiResult | undefined): number {
  if (result?.op === 'setData') return result.stat.mzxid;
  return result?.op === 'create' && result.stat !== undefined ? result.stat.czxid : -1;
}
