import type { ApplyResult } from '../../datatree/database.ts';
import { writeMultiHeader } from '../../jute/client-records.ts';
import { ErrorCode, OpCode } from '../../jute/codes.ts';
import { type Stat, writeStat } from '../../jute/data-records.ts';
import type { SetDataTxn, Txn } from '../../jute/txns.ts';
import type { Writer } from '../../jute/writer.ts';

/**
 * What a client is told of its write, once the transaction is applied: the write half of FinalRequestProcessor.
 * Writes the reply's body and returns the error code; with an error there is no body, except that a failed multi is
 * err 0 and a body of errors.
 *
 * SESSIONMOVED is never sent, not even for one operation of a multi: the caller closes the connection instead.
 * The reply to createSession is a ConnectResponse and not written here.
 */
export function writeCommitReply(type: number, txn: Txn, result: ApplyResult, w: Writer): number {
  if (txn.body.kind === 'error') return txn.body.err;
  if (type === OpCode.multi) return writeMultiReply(result, w);
  if (result.err !== ErrorCode.ok) return result.err;
  switch (type) {
    case OpCode.create:
      w.writeString(result.path);
      break;
    case OpCode.create2:
    case OpCode.createTTL:
    case OpCode.createContainer:
      w.writeString(result.path);
      writeStat(w, result.stat as Stat);
      break;
    case OpCode.setData:
    case OpCode.setACL:
      writeStat(w, result.stat as Stat);
      break;
    case OpCode.reconfig:
      // Forwarded to an Apache leader that allows it: the new membership is the transaction's data.
      w.writeBuffer((txn.body as SetDataTxn).data);
      writeStat(w, result.stat as Stat);
      break;
  }
  return ErrorCode.ok;
}

/**
 *   { MultiHeader type false 0, body | MultiHeader -1 false err, err int }, MultiHeader -1 true -1
 *   body: create: path; every other create, tagged create2: path, Stat; setData: Stat; delete, check: nothing
 */
function writeMultiReply(result: ApplyResult, w: Writer): number {
  const start = w.length;
  const items = result.items as ApplyResult[];
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as ApplyResult;
    switch (item.type) {
      case OpCode.create:
        writeMultiHeader(w, OpCode.create, false, ErrorCode.ok);
        w.writeString(item.path);
        break;
      case OpCode.create2:
      case OpCode.createTTL:
      case OpCode.createContainer:
        writeMultiHeader(w, OpCode.create2, false, ErrorCode.ok);
        w.writeString(item.path);
        if (item.stat !== undefined) writeStat(w, item.stat);
        break;
      case OpCode.setData:
        writeMultiHeader(w, OpCode.setData, false, ErrorCode.ok);
        if (item.stat !== undefined) writeStat(w, item.stat);
        break;
      case OpCode.delete:
      case OpCode.deleteContainer:
        writeMultiHeader(w, OpCode.delete, false, ErrorCode.ok);
        break;
      case OpCode.check:
        writeMultiHeader(w, OpCode.check, false, ErrorCode.ok);
        break;
      default:
        if (item.err === ErrorCode.sessionMoved) {
          w.rewind(start);
          return item.err;
        }
        writeMultiHeader(w, OpCode.error, false, item.err);
        w.writeInt(item.err);
    }
  }
  writeMultiHeader(w, -1, true, -1);
  return ErrorCode.ok;
}
