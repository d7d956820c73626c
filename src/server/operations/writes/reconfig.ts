import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import { type Stat, writeStat } from '../../../jute/data-records.ts';
import type { Reader } from '../../../jute/reader.ts';
import type { SetDataTxn } from '../../../jute/txns.ts';
import type { WriteOperation, WriteRecord } from '../operation.ts';

/**
 * reconfig: joiningServers leavingServers newMembers ustring, curConfigId long. It is switched off here. Forwarded to
 * an Apache leader that allows it, it is answered the new membership, which is the transaction's data, and the Stat.
 */
export const reconfig: WriteOperation = {
  kind: 'write',
  type: OpCode.reconfig,
  lastOp: 'RECO',
  askedBy: 'clients',
  read: readReconfig,
  prepare: () => ErrorCode.reconfigDisabled,
  writeReply(w, result, txn) {
    w.writeBuffer((txn.body as SetDataTxn).data);
    writeStat(w, result.stat as Stat);
    return ErrorCode.ok;
  },
};

function readReconfig(r: Reader): WriteRecord {
  r.readString();
  r.readString();
  r.readString();
  r.readLong();
  return { path: undefined };
}
