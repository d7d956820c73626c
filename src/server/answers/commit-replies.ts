import { assert } from '../../base/assert.ts';
import type { ApplyResult } from '../../datatree/database.ts';
import { ErrorCode } from '../../jute/codes.ts';
import type { Txn } from '../../jute/txns.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Operation } from '../operations/operation.ts';

/**
 * The reply to a write, once its transaction is applied: the write half of FinalRequestProcessor.
 * Writes the reply's body and returns the error code; with an error there is no body, except that a failed multi is
 * err 0 and a body of errors.
 *
 * SESSIONMOVED is never sent, not even for one operation of a multi: the caller closes the connection instead.
 * The reply to createSession is a ConnectResponse and not written here.
 */
export function writeCommitReply(operation: Operation, txn: Txn, result: ApplyResult, w: Writer): number {
  if (txn.body.kind === 'error') return txn.body.err;
  assert(operation.kind === 'write', 'what a transaction answers is a write');
  if (result.err !== ErrorCode.ok && result.items === undefined) return result.err;
  return operation.writeReply(w, result, txn);
}
