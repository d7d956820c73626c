import type { ApplyResult } from '../../datatree/database.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import type { Txn, TxnBody } from '../../jute/txns.ts';
import type { Summary, SummarySet } from './counters.ts';

/**
 * Bytes read and written under each first component of a path, as Apache's DataTree counts them: the length of the path
 * and of the data, and for a read the Stat as well.
 */
const STAT_BYTES = 6 * 8 + 5 * 4;

export class NamespaceMeter {
  private readonly reads: ByNamespace;
  private readonly writes: ByNamespace;

  constructor(reads: SummarySet, writes: SummarySet) {
    this.reads = new ByNamespace(reads);
    this.writes = new ByNamespace(writes);
  }

  /** `bytes`: of the data or of the names of the children that were answered. */
  onRead(path: string, bytes: number): void {
    this.reads.add(path, path.length + bytes + STAT_BYTES);
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
    const bytes = body.kind === 'delete' ? 0 : (body.data?.length ?? 0);
    this.writes.add(body.path, body.path.length + bytes);
  }
}

/** One request is mostly followed by another below the same namespace, whose name need not be cut out again then. */
class ByNamespace {
  private readonly set: SummarySet;
  /** With slashes around it. */
  private last = '';
  private lastSummary: Summary | undefined = undefined;

  constructor(set: SummarySet) {
    this.set = set;
  }

  add(path: string, value: number): void {
    if (this.lastSummary !== undefined && path.startsWith(this.last)) {
      this.lastSummary.add(value);
      return;
    }
    const namespace = namespaceOf(path);
    if (namespace === undefined) return;
    this.last = `/${namespace}/`;
    this.lastSummary = this.set.of(namespace);
    this.lastSummary.add(value);
  }
}

/** undefined for the root. */
function namespaceOf(path: string): string | undefined {
  if (path.length < 2) return undefined;
  const end = path.indexOf('/', 1);
  return end === -1 ? path.slice(1) : path.slice(1, end);
}
