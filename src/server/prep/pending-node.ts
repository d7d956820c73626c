import type { Acl, StatPersisted } from '../../jute/data-records.ts';
import type { Zxid } from '../../jute/zxid.ts';

/**
 * A node as it will be once every transaction prepared so far is applied. Only the transaction that made it changes
 * it. A later one makes a copy, so that a multi that fails can put the older one back.
 */
export class PendingNode implements StatPersisted {
  readonly path: string;
  /** The transaction that leads to this state; 0 for a node as the tree holds it now. */
  zxid: Zxid;
  /** False: the transaction deletes the node; the fields below mean nothing then. */
  exists: boolean;
  czxid: Zxid;
  mzxid: Zxid;
  pzxid: Zxid;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: bigint;
  childCount: number;
  acl: readonly Acl[];
  /** Null data counts 0. */
  dataLength: number;
  /** CRC over path and data; the digest goes on from it over the Stat. */
  contentCrc: number;
  digest: number;
  /** The session for which the transaction creates this node as an ephemeral; 0 otherwise. */
  createdFor: bigint;

  constructor(path: string, zxid: Zxid, source: StatPersisted, acl: readonly Acl[]) {
    this.path = path;
    this.zxid = zxid;
    this.exists = true;
    this.czxid = source.czxid;
    this.mzxid = source.mzxid;
    this.pzxid = source.pzxid;
    this.ctime = source.ctime;
    this.mtime = source.mtime;
    this.version = source.version;
    this.cversion = source.cversion;
    this.aversion = source.aversion;
    this.ephemeralOwner = source.ephemeralOwner;
    this.childCount = 0;
    this.acl = acl;
    this.dataLength = 0;
    this.contentCrc = 0;
    this.digest = 0;
    this.createdFor = 0n;
  }

  copy(zxid: Zxid): PendingNode {
    const node = new PendingNode(this.path, zxid, this, this.acl);
    node.childCount = this.childCount;
    node.dataLength = this.dataLength;
    node.contentCrc = this.contentCrc;
    return node;
  }
}
