import { ProtocolError } from '../../base/errors.ts';
import { OpCode } from '../../jute/codes.ts';
import { type Acl, readAcls } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';

/**
 * The record of any write, in one shape, so that one instance serves all single requests. A null path is kept
 * apart from an empty one: Apache trips over the first and judges the second.
 *
 *   create, create2, createContainer   path ustring, data buffer, acl vector<ACL>, flags int
 *   createTTL                          + ttl long
 *   delete, check                      path ustring, version int
 *   deleteContainer                    path buffer
 *   setData                            path ustring, data buffer, version int
 *   setACL                             path ustring, acl vector<ACL>, version int
 *   reconfig                           joiningServers leavingServers newMembers ustring, curConfigId long
 *   createSession                      timeOut int
 */
export class WriteRecord {
  type = 0;
  path: string | undefined = undefined;
  data: Buffer | undefined = undefined;
  acl: Acl[] | undefined = undefined;
  flags = 0;
  /** Milliseconds; -1 where the record has none. */
  ttl = -1n;
  version = -1;
  timeoutMs = 0;
}

/** Throws ProtocolError when the bytes are no such record. What follows the record is not looked at. */
export function readWriteRecord(type: number, r: Reader, record: WriteRecord): void {
  record.type = type;
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      record.path = r.readString();
      record.data = r.readBuffer();
      record.acl = readAcls(r);
      record.flags = r.readInt();
      record.ttl = type === OpCode.createTTL ? r.readLong() : -1n;
      return;
    case OpCode.delete:
    case OpCode.check:
      record.path = r.readString();
      record.version = r.readInt();
      return;
    case OpCode.deleteContainer:
      // The same bytes as a ustring; Apache cannot read a null one.
      record.path = r.readRequiredString('path');
      return;
    case OpCode.setData:
      record.path = r.readString();
      record.data = r.readBuffer();
      record.version = r.readInt();
      return;
    case OpCode.setACL:
      record.path = r.readString();
      record.acl = readAcls(r);
      record.version = r.readInt();
      return;
    case OpCode.reconfig:
      r.readString();
      r.readString();
      r.readString();
      r.readLong();
      return;
    case OpCode.createSession:
      record.timeoutMs = r.readInt();
      return;
    case OpCode.closeSession:
      return;
    default:
      throw new ProtocolError(`operation ${type} is no write`);
  }
}
