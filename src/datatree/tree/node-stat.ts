import type { Stat, StatPersisted } from '../../jute/data-records.ts';
import type { Writer } from '../../jute/writer.ts';
import type { Zxid } from '../../jute/zxid.ts';
import { kindOf, ownerOf } from './node-owner.ts';
import {
  AVERSION,
  CHILD_COUNT,
  CTIME,
  CVERSION,
  CZXID,
  MTIME,
  MZXID,
  type NodeTable,
  PZXID,
  VERSION,
} from './node-table.ts';
import { OwnerKind } from './owner-kind.ts';

/**
 * The two forms of a node's Stat: the stored one, in snapshots and digests, and the one clients are shown. The stored
 * cversion counts creates of children. Clients are shown a count of changes: one for every child there is, two for
 * every child that is gone. They see ephemeralOwner 0 where the stored one is a mark.
 */
export function persistedStat(nodes: NodeTable, node: number): StatPersisted {
  return {
    czxid: nodes.long(node, CZXID) as Zxid,
    mzxid: nodes.long(node, MZXID) as Zxid,
    ctime: nodes.long(node, CTIME),
    mtime: nodes.long(node, MTIME),
    version: nodes.int(node, VERSION),
    cversion: nodes.int(node, CVERSION),
    aversion: nodes.int(node, AVERSION),
    ephemeralOwner: ownerOf(nodes, node),
    pzxid: nodes.long(node, PZXID) as Zxid,
  };
}

/** All but the owner, which is entered with the node's kind. */
export function setPersistedStat(nodes: NodeTable, node: number, stat: StatPersisted): void {
  nodes.setLong(node, CZXID, stat.czxid);
  nodes.setLong(node, MZXID, stat.mzxid);
  nodes.setLong(node, PZXID, stat.pzxid);
  nodes.setLong(node, CTIME, stat.ctime);
  nodes.setLong(node, MTIME, stat.mtime);
  nodes.setInt(node, VERSION, stat.version);
  nodes.setInt(node, CVERSION, stat.cversion);
  nodes.setInt(node, AVERSION, stat.aversion);
}

/** The Stat of a node just created: counters are 0 in a fresh node. */
export function setFirstStat(nodes: NodeTable, node: number, zxid: Zxid, time: number): void {
  nodes.setLong(node, CZXID, zxid);
  nodes.setLong(node, MZXID, zxid);
  nodes.setLong(node, PZXID, zxid);
  nodes.setLong(node, CTIME, time);
  nodes.setLong(node, MTIME, time);
}

export function writePersistedStat(nodes: NodeTable, node: number, w: Writer): void {
  w.writeSafeLong(nodes.long(node, CZXID));
  w.writeSafeLong(nodes.long(node, MZXID));
  w.writeSafeLong(nodes.long(node, CTIME));
  w.writeSafeLong(nodes.long(node, MTIME));
  w.writeInt(nodes.int(node, VERSION));
  w.writeInt(nodes.int(node, CVERSION));
  w.writeInt(nodes.int(node, AVERSION));
  w.writeLong(ownerOf(nodes, node));
  w.writeSafeLong(nodes.long(node, PZXID));
}

export function clientStat(nodes: NodeTable, node: number): Stat {
  const numChildren = nodes.int(node, CHILD_COUNT);
  return {
    czxid: nodes.long(node, CZXID) as Zxid,
    mzxid: nodes.long(node, MZXID) as Zxid,
    ctime: nodes.long(node, CTIME),
    mtime: nodes.long(node, MTIME),
    version: nodes.int(node, VERSION),
    cversion: (nodes.int(node, CVERSION) * 2 - numChildren) | 0,
    aversion: nodes.int(node, AVERSION),
    ephemeralOwner: kindOf(nodes, node) === OwnerKind.session ? ownerOf(nodes, node) : 0n,
    dataLength: nodes.dataLength(node),
    numChildren,
    pzxid: nodes.long(node, PZXID) as Zxid,
  };
}

export function writeClientStat(nodes: NodeTable, node: number, w: Writer): void {
  const numChildren = nodes.int(node, CHILD_COUNT);
  const at = w.claim(CLIENT_STAT_BYTES);
  w.putLong(at, nodes.long(node, CZXID));
  w.putLong(at + 8, nodes.long(node, MZXID));
  w.putLong(at + 16, nodes.long(node, CTIME));
  w.putLong(at + 24, nodes.long(node, MTIME));
  w.putInt(at + 32, nodes.int(node, VERSION));
  w.putInt(at + 36, nodes.int(node, CVERSION) * 2 - numChildren);
  w.putInt(at + 40, nodes.int(node, AVERSION));
  if (kindOf(nodes, node) === OwnerKind.session) w.putBigLong(at + 44, ownerOf(nodes, node));
  else w.putLong(at + 44, 0);
  w.putInt(at + 52, nodes.dataLength(node));
  w.putInt(at + 56, numChildren);
  w.putLong(at + 60, nodes.long(node, PZXID));
}

/** The Stat of data-records.ts, field by field. */
const CLIENT_STAT_BYTES = 68;
