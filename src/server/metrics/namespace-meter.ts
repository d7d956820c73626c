import type { ApplyResult } from '../../datatree/database.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import type { Txn, TxnBody } from '../../jute/txns.ts';
import type { SummarySet } from './counters.ts';

/**
 * Bytes read and written under each first component of a path, as Apache's DataTree counts them: the length of the path
 * and of the data, and for a read the Stat as well.
 */
const STAT_BYTES = 6 * 8 + 5 * 4;

export class NamespaceMeter {
  private readonly reads: SummarySet;
  private readonly writes: SummarySet;

  constructor(reads: SummarySet, writes: SummarySet) {
    this.reads = reads;
    this.writes = writes;
  }

  /** `bytes`: of the data or of the names of the children that were answered. */
  onRead(path: string, bytes: number): void {
    const namespace = namespaceOf(path);
    if (namespace !== undefined) this.reads.add(namespace, path.length + bytes + STAT_BYTES);
  }

  /** The call comes on every server that applies the transaction. */
  onApplied(txn: Txn, result: ApplyResult): void {
    if (result.err === ErrorCode.ok) this.countWrite(txn.body, result);
  }

  private countWrite(body: TxnBody, result: ApplyResult): void {
    if (body.kind === 'multi') {
      const { items } = result;
      body.txns.forEach((part, i) => {
        const item = items?.[i];
        if (item !== undefined && item.type !== OpCode.error) this.countWrite(part, item);
      });
      return;
    }
    if (body.kind !== 'create' && body.kind !== 'setData' && body.kind !== 'delete') return;
    const namespace = namespaceOf(body.path);
    const bytes = body.kind === 'delete' ? 0 : (body.data?.length ?? 0);
    if (namespace !== undefined) this.writes.add(namespace, body.path.length + bytes);
  }
}

/** undefined for the root. */
function namespaceOf(path: string): string | undefined {
  if (path.length < 2) return undefined;
  const end = path.indexOf('/', 1);
  return end === -1 ? path.slice(1) : path.slice(1, end);
}
