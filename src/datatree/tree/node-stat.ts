import type { Stat, StatPersisted } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
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

/**
 * A StatPersisted of a snapshot that `r` comes to, into a node whose fields are 0 so far; the owner, which is entered
 * with its kind. `view` is of the reader's bytes: of what a start with a million nodes reads, this is the most.
 */
export function readFirstStat(nodes: NodeTable, node: number, r: Reader, view: DataView): bigint {
  const at = r.position;
  for (let i = 0; i < LONGS_AT.length; i++) {
    if (view.getUint32(at + (LONGS_AT[i] as number)) > MAX_HIGH) return readOddStat(nodes, node, r);
  }
  nodes.setLong(node, CZXID, longAt(view, at));
  nodes.setLong(node, MZXID, longAt(view, at + 8));
  nodes.setLong(node, CTIME, longAt(view, at + 16));
  nodes.setLong(node, MTIME, longAt(view, at + 24));
  nodes.setInt(node, VERSION, view.getInt32(at + 32));
  nodes.setInt(node, CVERSION, view.getInt32(at + 36));
  nodes.setInt(node, AVERSION, view.getInt32(at + 40));
  nodes.setLong(node, PZXID, longAt(view, at + 52));
  r.position = at + PERSISTED_STAT_BYTES;
  return view.getInt32(at + 44) === 0 && view.getInt32(at + 48) === 0 ? 0n : view.getBigInt64(at + 44);
}

/** Where the zxids and times stand in a StatPersisted. */
const LONGS_AT = [0, 8, 16, 24, 52];
/** The high half of the largest long that a double holds exactly. */
const MAX_HIGH = 0x1fffff;

function longAt(view: DataView, at: number): number {
  return view.getUint32(at) * 0x100000000 + view.getUint32(at + 4);
}

/** One with a number that is negative, or too large for a double. */
function readOddStat(nodes: NodeTable, node: number, r: Reader): bigint {
  nodes.setLong(node, CZXID, r.readZxid());
  nodes.setLong(node, MZXID, r.readZxid());
  nodes.setLong(node, CTIME, r.readSafeLong('ctime'));
  nodes.setLong(node, MTIME, r.readSafeLong('mtime'));
  nodes.setInt(node, VERSION, r.readInt());
  nodes.setInt(node, CVERSION, r.readInt());
  nodes.setInt(node, AVERSION, r.readInt());
  const owner = r.readLong();
  nodes.setLong(node, PZXID, r.readZxid());
  return owner;
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

/** Of a StatPersisted. */
export const PERSISTED_STAT_BYTES = 60;
/** The Stat of data-records.ts, field by field. */
const CLIENT_STAT_BYTES = 68;
