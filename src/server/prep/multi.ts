import { ProtocolError } from '../../base/errors.ts';
import { CreateMode, ErrorCode, OpCode } from '../../jute/codes.ts';
import type { Reader } from '../../jute/reader.ts';
import type { TxnBody } from '../../jute/txns.ts';
import type { PrepareOp, PrepContext } from './prep-context.ts';
import { readWriteRecord, WriteRecord } from './write-record.ts';

/**
 * multi: all of its operations or none, each seeing what the earlier ones did.
 *
 *   { MultiHeader type int, done bool = false, err int; record of that type }, MultiHeader -1 true -1
 *
 * Follows MultiOperationRecord and the multi case of PrepRequestProcessor. A failed multi is a transaction too: what
 * was prepared before the failure, the failing operation's code, then RUNTIMEINCONSISTENCY for the rest. Its changes
 * are rolled back here, and apply turns the first part into errors as well.
 */

/** The operations of a multi, each with the type it is treated as. Throws ProtocolError when it is none. */
export function readMulti(r: Reader): WriteRecord[] {
  const records: WriteRecord[] = [];
  for (;;) {
    const type = r.readInt();
    const done = r.readBool();
    r.readInt();
    if (done) return records;
    const record = new WriteRecord();
    readItem(type, r, record);
    records.push(record);
  }
}

function readItem(type: number, r: Reader, record: WriteRecord): void {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      readWriteRecord(type, r, record);
      if (!isMode(record.flags) || isTtlMode(record.flags) || record.acl === undefined) throw invalidItem(type);
      if (record.flags === CreateMode.container) record.type = OpCode.createContainer;
      return;
    case OpCode.createTTL:
      readWriteRecord(type, r, record);
      if (isTtlMode(record.flags)) return;
      record.type = record.flags === CreateMode.container ? OpCode.createContainer : OpCode.create;
      record.ttl = -1n;
      return;
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.check:
      readWriteRecord(type, r, record);
      return;
    default:
      // Reads as well: a multi of reads is multiRead, and here Apache fails on them.
      throw invalidItem(type);
  }
}

function isMode(flags: number): boolean {
  return flags >= CreateMode.persistent && flags <= CreateMode.persistentSequentialWithTTL;
}

function isTtlMode(flags: number): boolean {
  return flags === CreateMode.persistentWithTTL || flags === CreateMode.persistentSequentialWithTTL;
}

function invalidItem(type: number): ProtocolError {
  return new ProtocolError(`operation ${type} does not fit into a multi`);
}

/** With its changes staged, or none when it failed. */
export function prepareMulti(
  context: PrepContext,
  records: readonly WriteRecord[],
  operations: (type: number) => PrepareOp,
): TxnBody | number {
  for (let i = 0; i < records.length; i++) {
    if ((records[i] as WriteRecord).path === undefined) return ErrorCode.marshallingError;
  }
  const txns: TxnBody[] = [];
  let hasFailed = false;
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as WriteRecord;
    const result = hasFailed ? ErrorCode.runtimeInconsistency : operations(record.type)(context, record);
    if (typeof result !== 'number') {
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
