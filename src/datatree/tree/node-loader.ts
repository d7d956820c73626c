import type { Reader } from '../../jute/reader.ts';
import { contentCrc, contentCrcOfBytes, type DigestSum, digestFromBytes, isOutsideDigest } from '../digest/digest.ts';
import type { AclCache } from './acl-cache.ts';
import { LoadIndex } from './load-index.ts';
import { PERSISTED_STAT_BYTES, readFirstStat } from './node-stat.ts';
import { ACL, CONTENT_CRC, DIGEST, HASH, NO_NODE, type NodeTable } from './node-table.ts';
import type { OwnedNodes } from './owned-nodes.ts';
import { NOT_ASCII } from './path-hash.ts';
import type { PathIndex } from './path-index.ts';
import type { LoadOutcome } from './tree-views.ts';

/** The tables of a tree that is being loaded. */
export interface LoadedTables {
  readonly nodes: NodeTable;
  readonly byPath: PathIndex;
  readonly acls: AclCache;
  readonly owned: OwnedNodes;
  readonly sum: DigestSum;
  readonly digest: boolean;
}

/**
 * Puts the nodes of a snapshot into the tables of a tree, straight from the bytes of the stream: a million of them are
 * a million strings, their paths, and no other objects. A start with a large tree waits for this.
 *
 *   path ustring, data buffer, acl long, StatPersisted
 */
export class NodeLoader {
  private readonly tables: LoadedTables;
  /** Of the node before, which is nearly always that of the next one too. */
  private parent = NO_NODE;
  private readonly index: LoadIndex;
  private chunk: Buffer = NOTHING;
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(tables: LoadedTables) {
    this.tables = tables;
    this.index = new LoadIndex(tables.nodes);
  }

  /** Ends the load. */
  finish(): void {
    this.tables.byPath.adopt(this.tables.nodes.oldest);
  }

  /**
   * Throws TruncatedError when not all of a node is there; nothing is changed by then. After any other error, and
   * without a place for a node, the tables are of no use.
   */
  read(r: Reader): LoadOutcome {
    const { nodes, byPath } = this.tables;
    const { bytes } = r;
    const at = r.position;
    const start = r.skipString();
    const end = r.position;
    const dataStart = r.skipString();
    const dataEnd = r.position;
    const aclId = r.readSafeLong('ACL id');
    r.expect(PERSISTED_STAT_BYTES);
    const asciiHash = byPath.hashOfBytes(bytes, start, end);
    const isAscii = asciiHash !== NOT_ASCII;
    const path = isAscii ? bytes.toString('latin1', start, end) : stringAt(r, at);
    const hash = isAscii ? asciiHash : byPath.hashOf(path);
    const node = nodes.allocate(path);
    const statAt = r.position;
    const owner = readFirstStat(nodes, node, r, this.viewOf(bytes));
    const parent = path === '' ? NO_NODE : this.parentOf(path);
    if (parent === NO_NODE && path !== '') return 'no place';
    if (!this.index.add(node, path, hash)) return 'no place';
    nodes.setInt(node, HASH, hash);
    if (dataStart !== -1) nodes.setFirstData(node, bytes, dataStart, dataEnd);
    if (parent !== NO_NODE) nodes.appendChild(parent, node);
    if (owner !== 0n && path !== '') this.tables.owned.enter(node, owner);
    if (this.tables.digest) {
      const content = isAscii
        ? contentCrcOfBytes(bytes, start, end, dataStart === -1 ? dataEnd : dataStart, dataEnd)
        : contentCrc(path, nodes.data(node));
      nodes.setInt(node, CONTENT_CRC, content);
      if (!isOutsideDigest(path)) this.count(node, digestFromBytes(content, bytes, statAt));
    }
    return this.giveAcl(node, aclId);
  }

  /** The node above a path; NO_NODE also for a path that no node can have. */
  private parentOf(path: string): number {
    const { nodes, byPath } = this.tables;
    const slash = path.lastIndexOf('/');
    if (slash < 0 || slash === path.length - 1) return NO_NODE;
    if (this.parent !== NO_NODE) {
      const before = nodes.path(this.parent);
      if (before.length === slash && path.startsWith(before)) return this.parent;
    }
    this.parent = this.index.find(path, slash, byPath.hashOf(path, slash));
    return this.parent;
  }

  /** Of the chunk that is read, made once for it. */
  private viewOf(bytes: Buffer): DataView {
    if (this.chunk !== bytes) {
      this.chunk = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.view;
  }

  private count(node: number, digest: number): void {
    this.tables.nodes.setInt(node, DIGEST, digest);
    this.tables.sum.add(digest);
  }

  private giveAcl(node: number, id: number): LoadOutcome {
    const { nodes, acls } = this.tables;
    const known = acls.acquireById(id);
    nodes.setInt(node, ACL, known ?? acls.acquireLost());
    return known === undefined ? 'lost acl' : 'loaded';
  }
}

const NOTHING = Buffer.alloc(0);

function stringAt(r: Reader, at: number): string {
  const after = r.position;
  r.position = at;
  const text = r.readRequiredString('path of a node');
  r.position = after;
  return text;
}
