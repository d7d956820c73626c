import { ProtocolError } from '../../base/errors.ts';
import { CreateMode, OpCode } from '../../jute/codes.ts';
import { Reader } from '../../jute/reader.ts';

/**
 * Writes that are answered MARSHALLINGERROR where they come in, because their record cannot be read: no transaction
 * is spent on them. Apache does the same on a standalone server; its leader logs an error under the zxid of the
 * transaction before, which no peer of ours would accept.
 *
 * A multi that cannot be read does spend a transaction, unless what Apache trips over is a create without an ACL
 * list. What is only wrong, not unreadable, is prep's to refuse.
 */
const reader = new Reader();

export function isReadableWrite(type: number, body: Buffer): boolean {
  reader.reset(body);
  try {
    if (type === OpCode.multi) return !lacksAcl(reader);
    skipRecord(type, reader);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return type === OpCode.multi;
    throw error;
  }
}

function skipRecord(type: number, r: Reader): void {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      skipCreate(r);
      return;
    case OpCode.createTTL:
      skipCreate(r);
      skip(r, 8);
      return;
    case OpCode.delete:
    case OpCode.check:
      skipBytes(r);
      skip(r, 4);
      return;
    case OpCode.setData:
      skipBytes(r);
      skipBytes(r);
      skip(r, 4);
      return;
    case OpCode.setACL:
      skipBytes(r);
      skipAcls(r);
      skip(r, 4);
      return;
    case OpCode.reconfig:
      skipBytes(r);
      skipBytes(r);
      skipBytes(r);
      skip(r, 8);
      return;
    default:
      return;
  }
}

interface CreateShape {
  hasAcl: boolean;
  flags: number;
}

const shape: CreateShape = { hasAcl: false, flags: 0 };

function skipCreate(r: Reader): void {
  skipBytes(r);
  skipBytes(r);
  shape.hasAcl = skipAcls(r);
  shape.flags = r.readInt();
}

/** Whether the first thing wrong with a multi is a create that has a mode but no ACL list. */
function lacksAcl(r: Reader): boolean {
  for (;;) {
    const type = r.readInt();
    const done = r.readBool();
    skip(r, 4);
    if (done) return false;
    switch (type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
        skipRecord(type, r);
        if (shape.flags < CreateMode.persistent || shape.flags > CreateMode.persistentSequentialWithTTL) return false;
        if (!shape.hasAcl) return true;
        // A mode that wants a ttl, which this record does not have.
        if (shape.flags >= CreateMode.persistentWithTTL) return false;
        break;
      case OpCode.createTTL:
      case OpCode.delete:
      case OpCode.setData:
      case OpCode.check:
        skipRecord(type, r);
        break;
      default:
        return false;
    }
  }
}

function skip(r: Reader, bytes: number): void {
  r.position += bytes;
}

/** A ustring or a buffer. */
function skipBytes(r: Reader): void {
  const length = r.readInt();
  if (length === -1) return;
  if (length < 0) throw new ProtocolError(`unreasonable length ${length}`);
  skip(r, length);
}

/** False for a null vector. */
function skipAcls(r: Reader): boolean {
  const length = r.readVectorLength(12);
  for (let i = 0; i < length; i++) {
    skip(r, 4);
    skipBytes(r);
    skipBytes(r);
  }
  return length !== -1;
}
