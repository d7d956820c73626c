import { ProtocolError } from '../../base/errors.ts';
import { type Acl, readAcl } from '../../jute/data-records.ts';
import { Reader, TruncatedError } from '../../jute/reader.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { Database, type DatabaseOptions } from '../database.ts';
import { SessionTable } from '../session-table.ts';
import { DataTree } from '../tree/data-tree.ts';

/** No node's data or path is this long: Apache reads neither beyond twice its jute.maxbuffer. */
const MAX_RECORD_BYTES = 1 << 30;

/** A record may have begun in an earlier chunk: so many bytes of the next one, at least, are searched for its end. */
const BRIDGE_BYTES = 512;
const NOTHING = Buffer.alloc(0);

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

  /**
   * Whether the stream is over. The chunk is the caller's again afterwards: records are read where they lie in it, and
   * of the last, which is not all there, a copy is kept. Throws ProtocolError on bytes that are no snapshot.
   */
  push(chunk: Buffer): boolean {
    let from = 0;
    while (this.buffered > 0 && !this.isDone) {
      // The record that was begun, with as much of the chunk as it may take.
      const more = Math.min(chunk.length - from, Math.max(this.needed - this.buffered, BRIDGE_BYTES));
      if (this.buffered + more < this.needed) break;
      const bytes = Buffer.concat([...this.chunks, chunk.subarray(from, from + more)]);
      const whole = this.read(bytes);
      if (whole >= this.buffered) {
        from += whole - this.buffered;
        this.keep(NOTHING);
      } else {
        from += more;
        this.keep(bytes.subarray(whole));
      }
    }
    if (from < chunk.length) {
      const whole = this.buffered > 0 || this.isDone ? from : from + this.read(chunk.subarray(from));
      this.chunks.push(Buffer.from(chunk.subarray(whole)));
      this.buffered += chunk.length - whole;
    }
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

  private keep(bytes: Buffer): void {
    this.chunks = bytes.length > 0 ? [bytes] : [];
    this.buffered = bytes.length;
  }

  /** Reads what is whole in `bytes`; where that ends. */
  private read(bytes: Buffer): number {
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
    return whole;
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
    const at = r.position;
    const start = r.skipString();
    if (start === -1) throw new ProtocolError('path of a node is null');
    if (r.position - start === 1 && r.bytes[start] === SLASH) {
      if (this.tree.oldest < 0) throw new ProtocolError('a snapshot without a root');
      this.part = 'done';
      return false;
    }
    r.position = at;
    const outcome = this.tree.loadNode(r);
    if (outcome === 'no place') {
      r.position = at;
      throw new ProtocolError(`no place in the tree for ${r.readString()} of a snapshot`);
    }
    if (outcome === 'lost acl') this.lostAcls++;
    return true;
  }
}

const SLASH = 0x2f;

function readCount(r: Reader, what: string): number {
  const count = r.readInt();
  if (count < 0) throw new ProtocolError(`${count} ${what} in a snapshot`);
  return count;
}
