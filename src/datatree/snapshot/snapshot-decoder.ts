import { ProtocolError } from '../../base/errors.ts';
import { type Acl, readAcl, readStatPersisted } from '../../jute/data-records.ts';
import { Reader, TruncatedError } from '../../jute/reader.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { Database, type DatabaseOptions } from '../database.ts';
import { SessionTable } from '../session-table.ts';
import { DataTree } from '../tree/data-tree.ts';

/** No node's data or path is this long: Apache reads neither beyond twice its jute.maxbuffer. */
const MAX_RECORD_BYTES = 1 << 30;

/**
 * Builds a Database out of the stream that a SnapshotCut or an Apache server writes. Chunks may have any size, as they
 * come from a file or from a leader. The stream's end is in the stream, and what follows it is the caller's: seals in a
 * file, a signature after SNAP.
 *
 * An Apache server's snapshot is fuzzy: it holds some of the transactions after its zxid, and is right only once these
 * are replayed.
 */
export class SnapshotDecoder {
  private readonly options: DatabaseOptions;
  private readonly tree: DataTree;
  private readonly sessions = new SessionTable();
  private readonly reader = new Reader();
  private chunks: Buffer[] = [];
  private buffered = 0;
  /** Nothing more can be read before so many bytes are here. */
  private needed = 4;
  private part: 'session count' | 'sessions' | 'acl count' | 'acls' | 'acl entries' | 'nodes' | 'done' =
    'session count';
  /** Sessions or ACLs still to come. */
  private left = 0;
  private aclId = 0;
  private acl: Acl[] = [];
  private aclEntriesLeft = 0;
  private lostAcls = 0;

  constructor(options: DatabaseOptions) {
    this.options = options;
    this.tree = new DataTree(options, true);
  }

  /** Whether the stream is over. Throws ProtocolError on bytes that are no snapshot. */
  push(chunk: Buffer): boolean {
    if (chunk.length > 0) {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
    }
    if (this.isDone || this.buffered < this.needed) return this.isDone;
    const bytes = this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
    const r = this.reader;
    r.reset(bytes);
    let whole = 0;
    this.needed = 1;
    try {
      while (this.readOne(r)) whole = r.position;
      whole = r.position;
    } catch (error) {
      if (!(error instanceof TruncatedError)) throw error;
      if (error.missing > MAX_RECORD_BYTES) throw new ProtocolError(`a record of ${error.missing} bytes in a snapshot`);
      this.needed = bytes.length - whole + error.missing;
    }
    this.buffered = bytes.length - whole;
    this.chunks = this.buffered > 0 ? [bytes.subarray(whole)] : [];
    return this.isDone;
  }

  /** The bytes that came after the end of the stream. */
  get rest(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** The state, at this zxid; only when `push` said that the stream is over. */
  finish(zxid: Zxid): Database {
    if (this.part !== 'done') throw new ProtocolError(`the snapshot ends among its ${this.part}`);
    this.tree.finishLoad();
    if (this.lostAcls > 0) {
      this.options.log.warn(
        { nodes: this.lostAcls },
        'nodes in the snapshot name an ACL that is not in it; until the log sets it again only super may touch them',
      );
    }
    return new Database(this.options, this.tree, this.sessions, zxid);
  }

  private get isDone(): boolean {
    return this.part === 'done';
  }

  /** Reads what can be read at once or throws; false at the end of the stream. */
  private readOne(r: Reader): boolean {
    switch (this.part) {
      case 'session count':
        this.left = readCount(r, 'sessions');
        this.part = 'sessions';
        return true;
      case 'sessions':
        if (this.left === 0) this.part = 'acl count';
        else this.readSession(r);
        return true;
      case 'acl count':
        this.left = readCount(r, 'ACLs');
        this.part = 'acls';
        return true;
      case 'acls':
        if (this.left === 0) this.part = 'nodes';
        else this.readAclHead(r);
        return true;
      case 'acl entries':
        if (this.aclEntriesLeft === 0) this.finishAcl();
        else this.readAclEntry(r);
        return true;
      case 'nodes':
        return this.readNode(r);
      case 'done':
        return false;
    }
  }

  private readSession(r: Reader): void {
    const sessionId = r.readLong();
    this.sessions.put(sessionId, r.readInt());
    this.left--;
  }

  private readAclHead(r: Reader): void {
    const id = r.readSafeLong('ACL id');
    this.aclEntriesLeft = readCount(r, 'entries of an ACL');
    this.aclId = id;
    this.acl = [];
    this.part = 'acl entries';
  }

  private readAclEntry(r: Reader): void {
    this.acl.push(readAcl(r));
    this.aclEntriesLeft--;
  }

  private finishAcl(): void {
    this.tree.loadAcl(this.aclId, this.acl);
    this.left--;
    this.part = 'acls';
  }

  private readNode(r: Reader): boolean {
    const path = r.readRequiredString('path of a node');
    if (path === '/') {
      if (this.tree.lookup('/') < 0) throw new ProtocolError('a snapshot without a root');
      this.part = 'done';
      return false;
    }
    const data = r.readBuffer();
    const aclId = r.readSafeLong('ACL id');
    const outcome = this.tree.load(path, data, aclId, readStatPersisted(r));
    if (outcome === 'no place') throw new ProtocolError(`no place in the tree for ${path} of a snapshot`);
    if (outcome === 'lost acl') this.lostAcls++;
    return true;
  }
}

function readCount(r: Reader, what: string): number {
  const count = r.readInt();
  if (count < 0) throw new ProtocolError(`${count} ${what} in a snapshot`);
  return count;
}
