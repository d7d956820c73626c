import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import { zxidHex } from '../../jute/zxid.ts';
import { javaDate } from '../zk/stat-text.ts';
import { inLongMapOrder } from './java-order.ts';
import { childrenInOrder, joinPath, openSnapshotFile, type SnapshotFile } from './snapshot-file.ts';
import { line, ToolError, type ToolIo } from './tool.ts';

/** SnapshotFormatter: every node and session of a snapshot, for people (-d: with the data, in base64) or as JSON. */
const USAGE = `USAGE: SnapshotFormatter [-d|-json] snapshot_file
       -d dump the data for each znode
       -json dump znode info in json format`;
const INVALID_INVOCATION = 2;
const FIRST_INODE = 1000;

export function snapshotFormatter(args: readonly string[], io: ToolIo): number {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const files = args.filter((arg) => !arg.startsWith('-'));
  const unknown = flags.find((flag) => flag !== '-d' && flag !== '-json');
  if (files.length !== 1 || unknown !== undefined) {
    throw new ToolError(unknown === undefined ? USAGE : `${USAGE}\nunknown option ${unknown}`, INVALID_INVOCATION);
  }
  if (new Set(flags).size > 1) {
    throw new ToolError('Cannot specify both data dump (-d) and json mode (-json) in same call', INVALID_INVOCATION);
  }
  const snapshot = openSnapshotFile(files[0] as string, INVALID_INVOCATION);
  if (flags.includes('-json')) printJson(io, snapshot);
  else printDetails(io, snapshot, flags.includes('-d'));
  return 0;
}

function printDetails(io: ToolIo, { database, zxid }: SnapshotFile, withData: boolean): void {
  const { tree } = database;
  line(io, `ZNode Details (count=${tree.nodeCount}):`);
  const newest = printNode(io, tree, '/', withData);
  line(io, '----');
  line(io, 'Session Details (sid, timeout, ephemeralCount):');
  const { sessions } = database;
  for (const id of inLongMapOrder([...sessions.copy().ids])) {
    line(io, `${hex(BigInt.asUintN(64, id))}, ${sessions.timeoutOf(id)}, ${tree.ephemeralsOf(id).length}`);
  }
  line(io, `----\nLast zxid: 0x${zxidHex(zxid === undefined || newest > zxid ? newest : zxid)}`);
}

/** Depth first, without recursion: a tree may be as deep as a path is long. Returns the newest zxid in it. */
function printNode(io: ToolIo, tree: ReadableTree, top: string, withData: boolean) {
  const pending = [top];
  let newest = tree.persistedStat(tree.lookup(top)).mzxid;
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const node = tree.lookup(path);
    const stat = tree.persistedStat(node);
    if (stat.mzxid > newest) newest = stat.mzxid;
    if (stat.pzxid > newest) newest = stat.pzxid;
    line(io, '----');
    line(io, path);
    line(io, `  cZxid = ${hex(BigInt(stat.czxid))}`);
    line(io, `  ctime = ${javaDate(stat.ctime, io.timeZone)}`);
    line(io, `  mZxid = ${hex(BigInt(stat.mzxid))}`);
    line(io, `  mtime = ${javaDate(stat.mtime, io.timeZone)}`);
    line(io, `  pZxid = ${hex(BigInt(stat.pzxid))}`);
    line(io, `  cversion = ${stat.cversion}`);
    line(io, `  dataVersion = ${stat.version}`);
    line(io, `  aclVersion = ${stat.aversion}`);
    line(io, `  ephemeralOwner = ${hex(BigInt.asUintN(64, stat.ephemeralOwner))}`);
    if (withData) line(io, `  data = ${tree.dataOf(node)?.toString('base64') ?? ''}`);
    else line(io, `  dataLength = ${tree.dataLength(node)}`);
    for (const name of childrenInOrder(tree, node).reverse()) pending.push(joinPath(path, name));
  }
  return newest;
}

function hex(value: bigint): string {
  return `0x${value.toString(16).padStart(14, '0')}`;
}

/** The format of ncdu, which shows it as a tree of files: [info, [file, ...]] with a node's children behind it. */
function printJson(io: ToolIo, { database }: SnapshotFile): void {
  const { tree } = database;
  const info = { progname: 'SnapshotFormatter.java', progver: '0.01', timestamp: Date.now() };
  const parts = [`[1,0,${JSON.stringify(info)}`];
  let inode = FIRST_INODE;
  // The things still to be written, the next one last: a node, or the bracket behind a node's children.
  const pending: (string | undefined)[] = ['/'];
  while (pending.length > 0) {
    const path = pending.pop();
    if (path === undefined) {
      parts.push(']');
      continue;
    }
    const node = tree.lookup(path);
    const bytes = tree.dataLength(node);
    const name = path === '/' ? '/' : path.slice(path.lastIndexOf('/') + 1);
    const file = JSON.stringify({ name, asize: bytes, dsize: bytes, dev: 0, ino: ++inode });
    const children = childrenInOrder(tree, node);
    parts.push(children.length === 0 ? `,${file}` : `,[${file}`);
    if (children.length === 0) continue;
    pending.push(undefined);
    for (const child of children.reverse()) pending.push(joinPath(path, child));
  }
  io.out(`${parts.join('')}]`);
}
