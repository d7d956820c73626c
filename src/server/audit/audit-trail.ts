import type { ApplyResult } from '../../datatree/database.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import type { Id } from '../../jute/data-records.ts';
import { sessionHex } from '../../jute/session-id.ts';
import type { Txn } from '../../jute/txns.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import type { AuditedAs, WriteRecord } from '../operations/operation.ts';
import { auditedParts } from '../operations/writes/multi.ts';
import type { Request } from '../request.ts';
import { type AuditLog, type AuditResult, auditLine } from './audit-log.ts';

/**
 * The line of the audit log that a change becomes once it is applied. Follows AuditHelper. The server that holds the
 * client writes it, with the ids that the client had proved when it asked; a client that is gone by then counts as
 * well. Reads have none.
 */
export class AuditTrail {
  private readonly log: AuditLog;
  private readonly auth: AuthRegistry;

  /** Undefined where there is no audit log. */
  static of(log: AuditLog | undefined, auth: AuthRegistry): AuditTrail | undefined {
    return log === undefined ? undefined : new AuditTrail(log, auth);
  }

  private constructor(log: AuditLog, auth: AuthRegistry) {
    this.log = log;
    this.auth = auth;
  }

  onApplied(request: Request, txn: Txn, result: ApplyResult): void {
    const { operation, record } = request;
    if (operation.kind !== 'write' || record === undefined) return;
    const { audit } = operation;
    if (audit === undefined) return;
    if (operation.type === OpCode.multi && result.items?.every((item) => item.type !== OpCode.error) === true) {
      this.onParts(request, record, result.items);
      return;
    }
    const isRefused = txn.header.type === OpCode.error;
    const isDone = !isRefused && result.items === undefined && result.err === ErrorCode.ok;
    const znode = isRefused || result.items !== undefined ? record.path : result.path;
    this.write(request, audit.as(record), znode, isDone ? 'success' : 'failure');
  }

  /** A multi that was done has a line for each change in it; one that was not has a line for all. */
  private onParts(request: Request, record: WriteRecord, items: readonly ApplyResult[]): void {
    const parts = auditedParts(record) ?? [];
    for (let i = 0; i < items.length; i++) {
      const as = parts[i];
      if (as !== undefined) this.write(request, as, items[i]?.path, 'success');
    }
  }

  /** Of a session that is over, and on every server, as at Apache. */
  readonly onEphemeralDeleted = (sessionId: bigint, path: string, wasThere: boolean): void => {
    const result = wasThere ? 'success' : 'failure';
    const event = {
      session: sessionHex(sessionId),
      user: this.log.serverUser,
      operation: 'ephemeralZNodeDeletionOnSessionCloseOrExpire',
      znode: path,
      result,
    } as const;
    this.log.write(auditLine(event), result);
  };

  private write({ asker }: Request, as: AuditedAs, znode: string | undefined, result: AuditResult): void {
    const event = {
      session: sessionHex(asker.sessionId),
      user: this.usersOf(asker.authIds),
      ip: asker.authIds.find(({ scheme }) => scheme === 'ip')?.id,
      ...as,
      znode,
      result,
    };
    this.log.write(auditLine(event), result);
  }

  /** Names without their schemes, the address among them. */
  private usersOf(ids: readonly Id[]): string | undefined {
    const names = ids.map((id) => this.auth.userName(id)).filter((name) => name.trim() !== '');
    return names.length === 0 ? undefined : names.join(',');
  }
}
