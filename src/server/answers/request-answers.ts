import type { ApplyResult } from '../../datatree/database.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Txn } from '../../jute/txns.ts';
import type { Writer } from '../../jute/writer.ts';
import type { ServerMetrics } from '../metrics/server-metrics.ts';
import type { Request } from '../request.ts';
import type { ServedRole } from '../served-role.ts';
import { writeCommitReply } from './commit-replies.ts';
import { answerRead } from './reads.ts';

/** Writes the body of a reply, if any, and returns its error code. SESSIONMOVED is not for the client's eyes. */
export class RequestAnswers {
  private readonly role: ServedRole;
  private readonly metrics: ServerMetrics;

  constructor(role: ServedRole, metrics: ServerMetrics) {
    this.role = role;
    this.metrics = metrics;
  }

  read(request: Request, watcher: Watcher, w: Writer): number {
    if (this.role.reads === undefined) return ErrorCode.systemError;
    return answerRead(request, watcher, this.role.reads, w);
  }

  write(request: Request, txn: Txn, result: ApplyResult, w: Writer): number {
    const err = writeCommitReply(request.operation, txn, result, w);
    if (err === ErrorCode.quotaExceeded) this.countQuotaExceeded(request);
    return err;
  }

  checkSession({ asker }: Request): number {
    const { upstream } = this.role;
    return upstream === undefined ? ErrorCode.sessionExpired : upstream.sessions.check(asker.sessionId, asker.owner);
  }

  /** Under the first component of the path. */
  private countQuotaExceeded(request: Request): void {
    const namespace = request.record?.path?.split('/', 2)[1] ?? '';
    this.metrics.requests.quotaExceededPerNamespace.add(namespace, 1);
  }
}
