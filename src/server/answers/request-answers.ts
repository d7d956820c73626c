import { AssertionFailure } from '../../base/assert.ts';
import { messageOf } from '../../base/errors.ts';
import type { ApplyResult } from '../../datatree/database.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import { ErrorCode } from '../../jute/codes.ts';
import { sessionHex } from '../../jute/session-id.ts';
import type { Txn } from '../../jute/txns.ts';
import type { Writer } from '../../jute/writer.ts';
import { REPLY_FRAME_BYTES, REPLY_MAX_BYTES } from '../connection/client-limits.ts';
import type { Request } from '../request.ts';
import type { ServedRole } from '../served-role.ts';
import type { ServerParts } from '../server-parts.ts';
import type { AskedRead } from './asked-read.ts';
import { writeCommitReply } from './commit-replies.ts';
import { answerRead, stepOn } from './reads.ts';

/** Writes the body of a reply, if any, and returns its error code. SESSIONMOVED is not for the client's eyes. */
export class RequestAnswers {
  private readonly role: ServedRole;
  private readonly parts: ServerParts;
  private readonly maxReplyBytes: number;

  constructor(role: ServedRole, parts: ServerParts) {
    this.role = role;
    this.parts = parts;
    this.maxReplyBytes = Math.max(REPLY_MAX_BYTES, parts.options.juteMaxBufferBytes + REPLY_FRAME_BYTES);
  }

  read(asked: AskedRead, watcher: Watcher, w: Writer): number {
    if (this.role.reads === undefined) return ErrorCode.systemError;
    const start = w.length;
    w.limit(this.maxReplyBytes);
    try {
      return answerRead(asked, watcher, this.role.reads, w);
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      w.rewind(start);
      return this.failed(asked, error);
    } finally {
      w.limit(Number.POSITIVE_INFINITY);
    }
  }

  /** Some of a stepped operation: see stepOn. */
  step(request: Request, watcher: Watcher): number | undefined {
    if (this.role.reads === undefined) return ErrorCode.systemError;
    try {
      return stepOn(request, watcher, this.role.reads);
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      return this.failed(request, error);
    }
  }

  /** A read changes nothing: its failure concerns this request alone, as at Apache, and is a line in the log. */
  private failed({ operation, asker }: AskedRead | Request, error: unknown): number {
    const { log, metrics } = this.parts;
    metrics.requests.failedAnswers.add(1);
    const fields = { session: sessionHex(asker.sessionId), operation: operation.lastOp, reason: messageOf(error) };
    log.error(fields, 'a read failed');
    return ErrorCode.marshallingError;
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

  /** Counts it under the first component of the path. */
  private countQuotaExceeded(request: Request): void {
    const namespace = request.record?.path?.split('/', 2)[1] ?? '';
    this.parts.metrics.requests.quotaExceededPerNamespace.add(namespace, 1);
  }
}
