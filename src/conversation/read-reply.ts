import { ProtocolError } from '../base/errors.ts';
import { readMultiHeader, readReplyHeader, readWatcherEvent } from '../jute/client-records.ts';
import { OpCode } from '../jute/codes.ts';
import { readStat } from '../jute/data-records.ts';
import { Reader } from '../jute/reader.ts';
import { errorName, eventName } from './names.ts';
import type { EventSeen, Fields, ReplySeen } from './seen.ts';

/**
 * A server's answer in words: what two servers must agree about that were asked the same. Times and zxids are left out of
 * the fields, for they differ between any two.
 */
export function readReply(frame: Buffer, op: number | undefined): ReplySeen {
  const r = new Reader(frame);
  const { xid, zxid, err } = readReplyHeader(r);
  if (err !== 0 || op === undefined) return { xid, zxid, err, fields: undefined };
  try {
    return { xid, zxid, err, fields: readBody(op, r) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { xid, zxid, err, fields: { malformed: error.message } };
  }
}

/** A notification: the header with xid -1, then the event. */
export function readEvent(frame: Buffer): EventSeen {
  const r = new Reader(frame);
  const { zxid } = readReplyHeader(r);
  const { type, path } = readWatcherEvent(r);
  return { name: eventName(type), path, zxid };
}

function readBody(op: number, r: Reader): Fields {
  switch (op) {
    case OpCode.create:
      return { path: r.readString() ?? '' };
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return { path: r.readString() ?? '', ...statFields(r) };
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return statFields(r);
    case OpCode.getData: {
      const data = r.readBuffer();
      return { data: shown(data), ...statFields(r) };
    }
    case OpCode.reconfig:
      return { bytes: r.readBuffer()?.length ?? 0 };
    case OpCode.getChildren:
    case OpCode.getEphemerals:
      return { children: (r.readStrings() ?? []).sort().join(',') };
    case OpCode.getChildren2:
      return { children: (r.readStrings() ?? []).sort().join(','), ...statFields(r) };
    case OpCode.getAllChildrenNumber:
      return { count: r.readInt() };
    case OpCode.multi:
      return multi(r);
    default:
      return {};
  }
}

/** Longer data is named by its length. */
const SHOWN_BYTES = 64;

function shown(data: Buffer | undefined): string {
  if (data === undefined) return 'null';
  return data.length > SHOWN_BYTES ? `${data.length} bytes` : JSON.stringify(data.toString('utf8'));
}

function statFields(r: Reader): Fields {
  const { version, cversion, aversion, ephemeralOwner, dataLength, numChildren } = readStat(r);
  return { version, cversion, aversion, ephemeral: ephemeralOwner !== 0n, dataLength, numChildren };
}

/** Each part by its outcome. */
function multi(r: Reader): Fields {
  const outcomes: string[] = [];
  for (;;) {
    const { type, done } = readMultiHeader(r);
    if (done) return { parts: outcomes.join(', ') };
    if (type === OpCode.error) {
      const code = r.readInt();
      outcomes.push(code === 0 ? 'ok' : errorName(code));
    } else {
      if (type === OpCode.create || type === OpCode.create2) r.skipBuffer();
      if (type === OpCode.create2 || type === OpCode.setData) readStat(r);
      outcomes.push('ok');
    }
  }
}
