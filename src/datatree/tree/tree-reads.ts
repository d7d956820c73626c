import type { Acl, Stat, StatPersisted } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { DigestSum } from '../digest/digest.ts';
import { ROOT_PATH } from '../special-paths.ts';
import { AclCache, type AclList } from './acl-cache.ts';
import { ChildLists, LISTED_CHILDREN } from './child-lists.ts';
import { kindOf, ownerOf } from './node-owner.ts';
import { clientStat, persistedStat, writeClientStat, writePersistedStat } from './node-stat.ts';
import {
  ACL,
  BYTES_BELOW,
  CHILD_COUNT,
  CONTENT_CRC,
  DIGEST,
  FIRST_CHILD,
  MZXID,
  NEXT,
  NO_NODE,
  NODES_BELOW,
  NodeTable,
  PARENT,
  PZXID,
  SEQUENCE,
} from './node-table.ts';
import { OwnedNodes } from './owned-nodes.ts';
import { OwnerKind, type OwnerOptions } from './owner-kind.ts';
import type { HashKey } from './path-hash.ts';
import { PathIndex, UNDECIDED } from './path-index.ts';
import { nextBelow } from './subtree.ts';
import { type NodeView, NULL_PATH, type WalkedTree } from './tree-views.ts';

export interface TreeOptions extends OwnerOptions {
  /** Whether node digests are computed at all. */
  readonly digest: boolean;
  /** Of the process's own: see path-hash.ts. */
  readonly hashKey: HashKey;
}

/**
 * The tables that are the tree, and all that reads them and changes nothing: one node, the tree as a whole, and the nodes
 * in the order of creation. data-tree.ts has the changes.
 */
export abstract class TreeReads implements NodeView, WalkedTree {
  protected readonly options: TreeOptions;
  protected readonly nodes = new NodeTable();
  /** The root is here as "". */
  protected readonly byPath: PathIndex;
  protected readonly acls = new AclCache();
  protected readonly sum = new DigestSum();
  protected readonly owned: OwnedNodes;
  protected readonly lists = new ChildLists();
  /** The node whose digest, and with it the sum, is behind its Stat; NO_NODE for none. */
  protected stale = NO_NODE;

  constructor(options: TreeOptions) {
    this.options = options;
    this.byPath = new PathIndex(this.nodes, options.hashKey);
    this.owned = new OwnedNodes(this.nodes, options);
  }

  // One node.

  /** The handle of a node, or -1. The root goes by "/" and by "". */
  lookup(path: string): number {
    return this.byPath.find(path, path === ROOT_PATH ? 0 : path.length);
  }

  /**
   * The same for the ustring that a reader comes to, "" being the root, without making a string of it. Reads past it;
   * null is NULL_PATH.
   */
  lookupRead(r: Reader): number {
    const before = r.position;
    const start = r.skipString();
    if (start === -1) return NULL_PATH;
    const end = r.position;
    const isRoot = end - start === 1 && r.bytes[start] === SLASH;
    const node = this.byPath.findBytes(r.bytes, start, isRoot ? start : end);
    if (node !== UNDECIDED) return node;
    r.position = before;
    return this.lookup(r.readString() as string);
  }

  persistedStat(node: number): StatPersisted {
    return persistedStat(this.nodes, node);
  }

  /** The Stat as a client is shown it. */
  clientStat(node: number): Stat {
    return clientStat(this.nodes, node);
  }

  aclOf(node: number): readonly Acl[] {
    return this.acls.aclAt(this.nodes.int(node, ACL));
  }

  /** A view of the data, as short-lived as the handle; undefined for null. */
  dataOf(node: number): Buffer | undefined {
    return this.nodes.data(node);
  }

  /** Bytes of data; 0 for null. */
  dataLength(node: number): number {
    return this.nodes.dataLength(node);
  }

  childCount(node: number): number {
    return this.nodes.int(node, CHILD_COUNT);
  }

  modifiedAt(node: number): Zxid {
    return this.nodes.long(node, MZXID) as Zxid;
  }

  childrenModifiedAt(node: number): Zxid {
    return this.nodes.long(node, PZXID) as Zxid;
  }

  /** GetDataResponse. */
  writeDataAndStat(node: number, w: Writer): void {
    this.nodes.writeReplyData(node, w);
    this.writeStat(node, w);
  }

  /** Stat, as clientStat. */
  writeStat(node: number, w: Writer): void {
    writeClientStat(this.nodes, node, w);
  }

  /** vector<ustring> of the children's names, oldest first. */
  writeChildren(node: number, w: Writer): void {
    if (this.childCount(node) < LISTED_CHILDREN) {
      this.gatherChildren(node, w);
      return;
    }
    if (this.lists.write(node, w)) return;
    const before = w.length;
    this.gatherChildren(node, w);
    this.lists.keep(node, w.copySince(before));
  }

  private gatherChildren(node: number, w: Writer): void {
    w.writeInt(this.childCount(node));
    const start = this.nodes.path(node).length + 1;
    for (let child = this.nodes.int(node, FIRST_CHILD); child !== NO_NODE; child = this.nodes.int(child, NEXT)) {
      w.writeString(this.nodes.path(child), start);
    }
  }

  childNames(node: number): string[] {
    const names: string[] = [];
    const start = this.nodes.path(node).length + 1;
    for (let child = this.nodes.int(node, FIRST_CHILD); child !== NO_NODE; child = this.nodes.int(child, NEXT)) {
      names.push(this.nodes.path(child).slice(start));
    }
    return names;
  }

  pathOf(node: number): string {
    const path = this.nodes.path(node);
    return path === '' ? ROOT_PATH : path;
  }

  /** The handle of the parent; of a node that is not the root. */
  parentOf(node: number): number {
    return this.nodes.int(node, PARENT);
  }

  /** The session whose ephemeral it is; 0 for another node. */
  sessionOf(node: number): bigint {
    return kindOf(this.nodes, node) === OwnerKind.session ? ownerOf(this.nodes, node) : 0n;
  }

  /** CRC over path and data, and the digest it ends in with the Stat; both 0 where no digest is kept. */
  contentCrcOf(node: number): number {
    return this.nodes.int(node, CONTENT_CRC);
  }

  digestOf(node: number): number {
    if (node === this.stale) this.rehashStale();
    return this.nodes.int(node, DIGEST) >>> 0;
  }

  /** The tree's own copy of a path, where it has one. */
  canonicalPath(path: string): string {
    const node = path === ROOT_PATH ? NO_NODE : this.lookup(path);
    return node === NO_NODE ? path : this.nodes.path(node);
  }

  // The whole.

  /** Nodes, the root counted under both its names. */
  get nodeCount(): number {
    return this.byPath.size + 1;
  }

  get ephemeralCount(): number {
    return this.owned.ephemeralCount;
  }

  /** Digest of all nodes as a signed long; 0 when digests are off. */
  digest(): bigint {
    this.rehashStale();
    return this.sum.value();
  }

  /** Copies the running digest, for computing what a transaction will lead to. */
  copyDigestTo(sum: DigestSum): void {
    this.rehashStale();
    sum.copyFrom(this.sum);
  }

  /** Brings that node's digest up to its Stat. */
  protected abstract rehashStale(): void;

  /**
   * All descendants. The two names of the root count as nodes that start with a slash or do not, so "" is answered
   * with one more than "/", as by Apache.
   */
  allChildrenNumber(path: string): number {
    if (path === ROOT_PATH) return this.byPath.size - 1;
    if (path === '') return this.byPath.size;
    const top = this.lookup(path);
    return top === NO_NODE ? 0 : this.nodes.int(top, NODES_BELOW);
  }

  /** Nodes and bytes of data from `path` down; none when there is no such node. */
  usageBelow(path: string): { count: number; bytes: number } {
    const nodes = this.nodes;
    const top = this.lookup(path);
    if (top === NO_NODE) return { count: 0, bytes: 0 };
    return {
      count: nodes.int(top, NODES_BELOW) + 1,
      bytes: nodes.long(top, BYTES_BELOW) + nodes.dataLength(top),
    };
  }

  /** Visits every leaf from `path` down. */
  forEachLeaf(path: string, visit: (path: string) => void): void {
    const nodes = this.nodes;
    const top = this.lookup(path);
    for (let node = top; node !== NO_NODE; node = nextBelow(nodes, top, node)) {
      if (nodes.int(node, FIRST_CHILD) === NO_NODE) visit(nodes.path(node));
    }
  }

  /** Paths of a session's ephemerals; empty for an unknown session. */
  ephemeralsOf(sessionId: bigint): string[] {
    const paths: string[] = [];
    this.owned.forEachOf(sessionId, (node) => paths.push(this.nodes.path(node)));
    return paths;
  }

  /** Sessions as `ephemeralOwners` has them, with their paths; see OwnedNodes. */
  ephemeralsInPieces(): Iterable<[sessionId: bigint, paths: Iterable<string>]> {
    return this.owned.inPieces();
  }

  get ephemeralOwnerCount(): number {
    return this.owned.sessionCount;
  }

  /** Visits a session's ephemerals, oldest first. */
  forEachEphemeral(sessionId: bigint, visit: (node: number) => void): void {
    this.owned.forEachOf(sessionId, visit);
  }

  /** Sessions that have ephemerals, or had some since this peer loaded the tree. */
  ephemeralOwners(): bigint[] {
    return this.owned.sessions();
  }

  /**
   * Paths to delete now, if they still have no children by then. Containers among them had children and have none left,
   * or (with `maxNeverUsedMs` other than 0) never had any for so long; the TTL of other nodes is over. `wallMs` is the
   * wall clock.
   */
  containerCandidates(wallMs: number, maxNeverUsedMs: number): Generator<undefined, string[]> {
    return this.owned.candidates(wallMs, maxNeverUsedMs);
  }

  copyAcls(): AclList {
    return this.acls.copy();
  }

  // Snapshots: the nodes in the order of creation.

  /** The first in the order of creation, in which a parent comes before its children. */
  get oldest(): number {
    return this.nodes.oldest;
  }

  /** The next in that order, or -1. */
  newer(node: number): number {
    return this.nodes.newer(node);
  }

  get lastSequence(): number {
    return this.nodes.lastSequence;
  }

  sequenceOf(node: number): number {
    return this.nodes.long(node, SEQUENCE);
  }

  /** path ustring, data buffer, acl long, StatPersisted */
  writeNode(node: number, w: Writer): void {
    const nodes = this.nodes;
    w.writeString(nodes.path(node));
    nodes.writeData(node, w);
    w.writeSafeLong(this.acls.idAt(nodes.int(node, ACL)));
    writePersistedStat(nodes, node, w);
  }
}

const SLASH = 0x2f;
