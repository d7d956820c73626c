import { writeMultiHeader } from '../../../jute/client-records.ts';
import { ErrorCode, OpCode } from '../../../jute/codes.ts';
import { LimitError } from '../../../jute/growing-buffer.ts';
import type { Reader } from '../../../jute/reader.ts';
import type { Writer } from '../../../jute/writer.ts';
import type { Asker } from '../../asker.ts';
import { MULTI_READ_MAX_BYTES } from '../../connection/client-limits.ts';
import type { ReadContext, ReadOperation } from '../operation.ts';
import { readParts } from '../writes/multi.ts';
import { findReadable } from './node-lookup.ts';

/**
 * multiRead: getData and getChildren under one header, each failing for itself; watch flags are ignored.
 *
 *   record   { MultiHeader type int, done bool = false, err int; path ustring, watch bool }, MultiHeader -1 true -1
 *   answer   { MultiHeader type false 0, body | MultiHeader -1 false err, err int }, MultiHeader -1 true -1
 *
 * Apache fails on writes under this header, and on null paths, with the answer half written: the error comes
 * with what there was until then. A record that cannot be read, or mixes both kinds, is an error alone, and so are
 * results that are too long together.
 */
export const multiRead: ReadOperation = {
  kind: 'read',
  type: OpCode.multiRead,
  lastOp: 'MLTR',
  answer(asker, r, _watcher, context, w) {
    const paths: (string | undefined)[] = [];
    const types: number[] = [];
    const isRead = readMultiRead(r, types, paths);
    const start = w.length;
    let err: number = ErrorCode.ok;
    if (!isRead) err = ErrorCode.marshallingError;
    for (let i = 0; i < types.length && err === ErrorCode.ok; i++) {
      const path = paths[i];
      if (path === undefined) err = ErrorCode.marshallingError;
      else answerItem(types[i] as number, path, asker, context, w);
      if (i > 0 && w.length - start > MULTI_READ_MAX_BYTES) throw new LimitError(MULTI_READ_MAX_BYTES);
    }
    writeMultiHeader(w, -1, true, -1);
    return err;
  },
};

/** False when it is a multi of writes. */
function readMultiRead(r: Reader, types: number[], paths: (string | undefined)[]): boolean {
  const start = r.position;
  for (;;) {
    const type = r.readInt();
    const done = r.readBool();
    r.readInt();
    if (done) return true;
    if (type !== OpCode.getData && type !== OpCode.getChildren) break;
    types.push(type);
    paths.push(r.readString());
    r.readBool();
  }
  r.position = start;
  readParts(r);
  return false;
}

function answerItem(type: number, path: string, asker: Asker, context: ReadContext, w: Writer): void {
  const { tree } = context.database;
  const node = findReadable(asker, path, context);
  if (node < 0) {
    writeMultiHeader(w, OpCode.error, false, node);
    w.writeInt(node);
    return;
  }
  writeMultiHeader(w, type, false, ErrorCode.ok);
  if (type === OpCode.getData) tree.writeDataAndStat(node, w);
  else tree.writeChildren(node, w);
}
