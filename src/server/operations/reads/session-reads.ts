import { writeClientInfos } from '../../../jute/client-records.ts';
import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import type { ReadOperation } from '../operation.ts';

/**
 * getEphemerals: prefixPath ustring; the answer has the paths of the session's ephemerals, by string prefix and not by
 * subtree.
 */
export const getEphemerals: ReadOperation = {
  kind: 'read',
  type: OpCode.getEphemerals,
  lastOp: 'GETE',
  answer(asker, r, _watcher, context, w) {
    const prefix = r.readString() ?? '';
    const trimmed = trimJava(prefix);
    const paths = context.database.tree.ephemeralsOf(asker.sessionId);
    const everything = trimmed === '' || trimmed === '/';
    w.writeStrings(everything ? paths : paths.filter((path) => path.startsWith(prefix)));
    return ErrorCode.ok;
  },
};

/** String.trim: whatever is not above a blank. */
function trimJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}

/** whoAmI: no record; answered the ids that the client has proved. */
export const whoAmI: ReadOperation = {
  kind: 'read',
  type: OpCode.whoAmI,
  lastOp: 'HOMI',
  answer(asker, _r, _watcher, context, w) {
    const infos = asker.authIds.map((id) => ({ scheme: id.scheme, id: context.auth.userName(id) }));
    writeClientInfos(w, infos);
    return ErrorCode.ok;
  },
};
