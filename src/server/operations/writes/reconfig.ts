import { CONFIG_PATH } from '../../../datatree/special-paths.ts';
import { type ReconfigRequest, readReconfigRequest } from '../../../jute/client-records.ts';
import { ErrorCode, OpCode, Perm } from '../../../jute/codes.ts';
import { type Stat, writeStat } from '../../../jute/data-records.ts';
import type { SetDataTxn, TxnBody } from '../../../jute/txns.ts';
import { isPermitted, type PrepContext } from '../../prep/prep-context.ts';
import type { WriteOperation, WriteRecord } from '../operation.ts';

/**
 * reconfig: joiningServers leavingServers newMembers ustring, curConfigId long; answered the new membership, which is the
 * transaction's data, and the Stat. The leader decides which members may become which: see Membership.
 */
interface ReconfigRecord extends WriteRecord {
  readonly request: ReconfigRequest;
}

export const reconfig: WriteOperation<ReconfigRecord> = {
  kind: 'write',
  type: OpCode.reconfig,
  lastOp: 'RECO',
  askedBy: 'clients',
  read: (r) => ({ path: undefined, request: readReconfigRequest(r) }),
  prepare: prepareReconfig,
  writeReply(w, result, txn) {
    w.writeBuffer((txn.body as SetDataTxn).data);
    writeStat(w, result.stat as Stat);
    return ErrorCode.ok;
  },
  audit: { as: () => ({ operation: 'reconfig' }) },
};

/** The config node has version -1 for good, and is no part of the digest. */
const CONFIG_NODE_VERSION = -1;

function prepareReconfig(context: PrepContext, { request }: ReconfigRecord): TxnBody | number {
  if (!context.reconfigEnabled) return ErrorCode.reconfigDisabled;
  const { asker, pending, members } = context;
  const session = context.sessions.check(asker.sessionId, asker.owner);
  if (session !== ErrorCode.ok) return session;
  if (members === undefined) return ErrorCode.unimplemented;
  const planned = members.plan(request, context.zxid);
  if (typeof planned === 'number') return planned;
  const node = pending.find(CONFIG_PATH);
  if (node === undefined) return ErrorCode.noNode;
  if (!isPermitted(context, node.acl, Perm.write)) return ErrorCode.noAuth;
  const data = Buffer.from(planned, 'utf8');
  pending.setData(node, data, CONFIG_NODE_VERSION, context.zxid, context.timeMs);
  return { kind: 'setData', type: OpCode.reconfig, path: CONFIG_PATH, data, version: CONFIG_NODE_VERSION };
}
