import { protocolError } from '../../../base/errors.ts';
import type { ApplyResult } from '../../../datatree/database.ts';
import { writeMultiHeader } from '../../../jute/client-records.ts';
import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { Reader } from '../../../jute/reader.ts';
import type { TxnBody } from '../../../jute/txns.ts';
import { TXN_OF_MULTI_BYTES, txnBodyBytes } from '../../../jute/txns.ts';
import type { Writer } from '../../../jute/writer.ts';
import type { PrepContext } from '../../prep/prep-context.ts';
import type { AuditedAs, WriteOperation, WriteRecord } from '../operation.ts';
import { check } from './check.ts';
import { create, create2, createContainer, createTTL } from './create.ts';
import { deleteContainer, deleteNode } from './delete.ts';
import { NoAclListError, notInMulti } from './multi-errors.ts';
import { setData } from './set-data.ts';

/**
 * multi: all of its operations or none, each seeing what the earlier ones did.
 *
 *   record   { MultiHeader type int, done bool = false, err int; record of that type }, MultiHeader -1 true -1
 *   answer   { MultiHeader type false 0, result | MultiHeader -1 false err, err int }, MultiHeader -1 true -1
 *
 * Follows MultiOperationRecord and the multi case of PrepRequestProcessor. A failed multi is a transaction too: what
 * was prepared before the failure, the failing operation's code, then RUNTIMEINCONSISTENCY for the rest. Its changes
 * are rolled back here, and apply turns the first part into errors as well. Its reply has err 0 and a body of errors.
 */
interface MultiRecord extends WriteRecord {
  /** Undefined when they cannot be read: that spends a transaction here, where of any other write it spends none. */
  readonly parts: readonly Part[] | undefined;
}

interface Part {
  readonly operation: WriteOperation;
  readonly record: WriteRecord;
}

const partOperations = new Map<number, WriteOperation>(
  [create, create2, createContainer, createTTL, deleteNode, deleteContainer, setData, check].map((operation) => [
    operation.type,
    operation,
  ]),
);

export const multi: WriteOperation<MultiRecord> = {
  kind: 'write',
  type: OpCode.multi,
  lastOp: 'MULT',
  askedBy: 'clients',
  read: readMulti,
  prepare: prepareMulti,
  makesEphemeral: ({ parts }) => parts?.some(({ operation, record }) => operation.makesEphemeral?.(record)) === true,
  writeReply: writeMultiReply,
  // As a whole it has a line when it failed.
  audit: { as: () => ({ operation: 'multiOperation' }) },
};

/** Apache's server meets a create without a list of ACLs sooner than all else that can be wrong. */
function readMulti(r: Reader): MultiRecord {
  try {
    return { path: undefined, parts: readParts(r) };
  } catch (error) {
    if (error instanceof NoAclListError) throw error;
    protocolError(error);
    return { path: undefined, parts: undefined };
  }
}

/** The operations of a multi. Throws ProtocolError when it is none. */
export function readParts(r: Reader): Part[] {
  const parts: Part[] = [];
  for (;;) {
    const type = r.readInt();
    const done = r.readBool();
    r.readInt();
    if (done) return parts;
    const operation = partOperations.get(type);
    // Reads as well: a multi of reads is multiRead, and here Apache fails on them.
    if (operation?.inMulti?.read === undefined) throw notInMulti(type);
    parts.push({ operation, record: operation.inMulti.read(r) });
  }
}

/** The transaction, with its changes staged; when it failed, none are staged. */
function prepareMulti(context: PrepContext, { parts }: MultiRecord): TxnBody | number {
  if (parts === undefined) return ErrorCode.marshallingError;
  for (let i = 0; i < parts.length; i++) {
    if ((parts[i] as Part).record.path === undefined) return ErrorCode.marshallingError;
  }
  const txns: TxnBody[] = [];
  let { bytesLeft } = context;
  let hasFailed = false;
  for (let i = 0; i < parts.length; i++) {
    const { operation, record } = parts[i] as Part;
    const result = hasFailed ? ErrorCode.runtimeInconsistency : operation.prepare(context, record);
    if (typeof result !== 'number') {
      // Long before the whole is there: each part may be as long as a transaction can be.
      bytesLeft -= TXN_OF_MULTI_BYTES + txnBodyBytes(result);
      if (bytesLeft < 0) return ErrorCode.marshallingError;
      txns.push(result);
      continue;
    }
    if (result === ErrorCode.marshallingError) return result;
    if (!hasFailed) context.pending.rollback();
    hasFailed = true;
    txns.push({ kind: 'error', type: OpCode.error, err: result });
  }
  return { kind: 'multi', type: OpCode.multi, txns };
}

/** Of each part, what the audit log calls it; undefined for a check. `record`: of a multi. */
export function auditedParts(record: WriteRecord): readonly (AuditedAs | undefined)[] | undefined {
  return (record as MultiRecord).parts?.map((part) => part.operation.audit?.as(part.record));
}

/** SESSIONMOVED of one part is that of the whole, and takes the body with it. */
function writeMultiReply(w: Writer, result: ApplyResult): number {
  const start = w.length;
  const items = result.items as ApplyResult[];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as ApplyResult;
    if (item.err === ErrorCode.sessionMoved) {
      w.rewind(start);
      return item.err;
    }
    const part = partOperations.get(item.type)?.inMulti;
    writeMultiHeader(w, part?.resultType ?? OpCode.error, false, part === undefined ? item.err : ErrorCode.ok);
    if (part === undefined) w.writeInt(item.err);
    else part.writeResult(w, item);
  }
  writeMultiHeader(w, -1, true, -1);
  return ErrorCode.ok;
}
