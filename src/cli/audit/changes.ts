import { OpCode } from '../../jute/codes.ts';
import { readTxn, type TxnBody } from '../../jute/txns.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { join, listLogs } from '../../txnlog/file-names.ts';
import { LogFileReader } from '../../txnlog/log/log-file-reader.ts';
import { toolDisk } from '../files/tool.ts';

/** The transactions of a log that change one node. */
export interface Change {
  readonly zxid: Zxid;
  /** Of the leader's clock, ms since 1970. */
  readonly timeMs: number;
  /** 0: no client's. */
  readonly session: bigint;
  /** The name that the audit log has for it; `closeSession` for a node that went with its session. */
  readonly operation: 'create' | 'delete' | 'setData' | 'setAcl' | 'reconfig' | 'deleteContainer' | 'closeSession';
}

export interface Changes {
  readonly changes: readonly Change[];
  /** When the oldest transaction of these logs was made; undefined: they hold none. */
  readonly fromMs: number | undefined;
  /** Where a file ended before its end, and why. */
  readonly defects: readonly string[];
}

/** `dir`: a version-2. A server may be writing there. */
export function changesOf(dir: string, path: string, sinceMs: number): Changes {
  const disk = toolDisk();
  const changes: Change[] = [];
  const defects: string[] = [];
  let fromMs: number | undefined;
  /** The session that owns the node, where its end does not name it. */
  let owner: bigint | undefined;
  for (const { name } of listLogs(disk, dir)) {
    const reader = new LogFileReader(disk, join(dir, name));
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      const { header, body } = readTxn(record.payload);
      fromMs ??= header.time;
      for (const part of body.kind === 'multi' ? wholeParts(body.txns) : [body]) {
        const operation = operationOn(part, path, owner === header.clientId);
        if (operation === undefined) continue;
        if (part.kind === 'create') owner = part.ephemeral ? header.clientId : undefined;
        if (part.kind === 'delete' || part.kind === 'closeSession') owner = undefined;
        if (header.time < sinceMs) continue;
        changes.push({ zxid: header.zxid, timeMs: header.time, session: header.clientId, operation });
      }
    }
    if (reader.defect !== undefined)
      defects.push(`${join(dir, name)} ends at offset ${reader.offset}: ${reader.defect}`);
    reader.close();
  }
  return { changes, fromMs, defects };
}

/** A multi that failed has changed nothing. */
function wholeParts(parts: readonly TxnBody[]): readonly TxnBody[] {
  return parts.some(({ kind }) => kind === 'error') ? [] : parts;
}

function operationOn(body: TxnBody, path: string, isOwners: boolean): Change['operation'] | undefined {
  switch (body.kind) {
    case 'closeSession':
      return body.paths?.includes(path) === true || (body.paths === undefined && isOwners) ? 'closeSession' : undefined;
    case 'create':
      return body.path === path ? 'create' : undefined;
    case 'delete':
      if (body.path !== path) return undefined;
      return body.type === OpCode.deleteContainer ? 'deleteContainer' : 'delete';
    case 'setData':
      if (body.path !== path) return undefined;
      return body.type === OpCode.reconfig ? 'reconfig' : 'setData';
    case 'setACL':
      return body.path === path ? 'setAcl' : undefined;
    default:
      return undefined;
  }
}
