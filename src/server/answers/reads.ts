import { assert } from '../../base/assert.ts';
import { protocolError } from '../../base/errors.ts';
import type { Database } from '../../datatree/database.ts';
import type { DataTree } from '../../datatree/tree/data-tree.ts';
import type { Watcher } from '../../datatree/watches/watcher.ts';
import { writeClientInfos, writeMultiHeader } from '../../jute/client-records.ts';
import { AddWatchMode, ErrorCode, OpCode, Perm, WatcherType } from '../../jute/codes.ts';
import { type Acl, type Id, writeAcls } from '../../jute/data-records.ts';
import { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import { ZXID_NONE, type Zxid } from '../../jute/zxid.ts';
import type { AuthRegistry } from '../auth/auth-registry.ts';
import { readMulti } from '../prep/multi.ts';
import type { Request } from '../request.ts';
import type { SessionChecks } from '../sessions/session-tracker.ts';

/**
 * What is answered from this server's own tree, and sync's echo: FinalRequestProcessor. Each operation checks, sets
 * its watch, writes the reply's body and returns the error code; with an error there is no body, but for multiRead.
 *
 * A path is only looked up, never validated, and "" is the root; a null one is what Apache trips over. Where a watch
 * is set although the answer is an error, or the other way round, that is Apache's order.
 */
export interface ReadContext {
  readonly database: Database;
  readonly auth: AuthRegistry;
  /** On a leader or standalone server the tracker; on a learner LearnerSessionTracker, which lets all pass. */
  readonly sessions: SessionChecks;
}

type ReadOp = (request: Request, r: Reader, watcher: Watcher, context: ReadContext, w: Writer) => number;

const operations = new Map<number, ReadOp>();
const reader = new Reader();

/**
 * Also for sync, once it has come back. SESSIONMOVED is never sent: the caller closes the connection instead.
 * With an error there is a body only where Apache sends one. Never throws for what the client sent.
 */
export function answerRead(request: Request, watcher: Watcher, context: ReadContext, w: Writer): number {
  const session = context.sessions.check(request.sessionId, request.owner);
  if (session !== ErrorCode.ok) return session;
  const operation = operations.get(request.type);
  assert(operation !== undefined, 'what is answered here is an operation of the list above');
  const start = w.length;
  reader.reset(request.body);
  try {
    return operation(request, reader, watcher, context, w);
  } catch (error) {
    protocolError(error);
    w.rewind(start);
    return ErrorCode.marshallingError;
  }
}

operations.set(OpCode.exists, (request, r, watcher, context, w) => {
  const path = r.readString();
  const watch = r.readBool();
  if (path === undefined) return ErrorCode.marshallingError;
  if (path.includes('\u0000')) return ErrorCode.badArguments;
  const tree = context.database.tree;
  const node = find(tree, path);
  if (node !== -1 && !mayRead(request, tree.aclOf(node), context)) return ErrorCode.noAuth;
  if (watch) tree.watches.addData(path, watcher);
  if (node === -1) return ErrorCode.noNode;
  tree.writeStat(node, w);
  return ErrorCode.ok;
});

operations.set(OpCode.getData, (request, r, watcher, context, w) => {
  const path = r.readString();
  const watch = r.readBool();
  if (path === undefined) return ErrorCode.marshallingError;
  const tree = context.database.tree;
  const node = find(tree, path);
  if (node === -1) return ErrorCode.noNode;
  if (!mayRead(request, tree.aclOf(node), context)) return ErrorCode.noAuth;
  if (watch) tree.watches.addData(path, watcher);
  tree.writeDataAndStat(node, w);
  return ErrorCode.ok;
});

operations.set(OpCode.getChildren, (request, r, watcher, context, w) =>
  answerChildren(request, r, watcher, context, w, false),
);

operations.set(OpCode.getChildren2, (request, r, watcher, context, w) =>
  answerChildren(request, r, watcher, context, w, true),
);

function answerChildren(
  request: Request,
  r: Reader,
  watcher: Watcher,
  context: ReadContext,
  w: Writer,
  withStat: boolean,
): number {
  const path = r.readString();
  const watch = r.readBool();
  if (path === undefined) return ErrorCode.marshallingError;
  const tree = context.database.tree;
  const node = find(tree, path);
  if (node === -1) return ErrorCode.noNode;
  if (!mayRead(request, tree.aclOf(node), context)) return ErrorCode.noAuth;
  if (watch) tree.watches.addChild(path, watcher);
  tree.writeChildren(node, w);
  if (withStat) tree.writeStat(node, w);
  return ErrorCode.ok;
}

operations.set(OpCode.getACL, (request, r, _watcher, context, w) => {
  const path = r.readString();
  if (path === undefined) return ErrorCode.marshallingError;
  const tree = context.database.tree;
  const node = find(tree, path);
  if (node === -1) return ErrorCode.noNode;
  const acl = tree.aclOf(node);
  if (!context.auth.permits(acl, Perm.read | Perm.admin, request.authIds)) return ErrorCode.noAuth;
  writeAcls(w, context.auth.permits(acl, Perm.admin, request.authIds) ? acl : withoutHashes(acl));
  tree.writeStat(node, w);
  return ErrorCode.ok;
});

/** Who may not administer a node need not know the hashes its digest ids carry (CVE-2019-0201). */
function withoutHashes(acl: readonly Acl[]): Acl[] {
  const masked: Acl[] = [];
  for (const entry of acl) {
    const { scheme, id } = entry.id;
    // The dot of Java's regular expressions stops at these line ends.
    const shown: Id = scheme === 'digest' ? { scheme, id: id.replace(/:[^\n\r\u0085\u2028\u2029]*/g, ':x') } : entry.id;
    masked.push({ perms: entry.perms, id: shown });
  }
  return masked;
}

operations.set(OpCode.getAllChildrenNumber, (request, r, _watcher, context, w) => {
  const path = r.readString();
  if (path === undefined) return ErrorCode.marshallingError;
  const tree = context.database.tree;
  const node = find(tree, path);
  if (node === -1) return ErrorCode.noNode;
  if (!mayRead(request, tree.aclOf(node), context)) return ErrorCode.noAuth;
  w.writeInt(tree.allChildrenNumber(path));
  return ErrorCode.ok;
});

/** The session's own, by string prefix and not by subtree. */
operations.set(OpCode.getEphemerals, (request, r, _watcher, context, w) => {
  const prefix = r.readString() ?? '';
  const trimmed = trimJava(prefix);
  const paths = context.database.tree.ephemeralsOf(request.sessionId);
  const everything = trimmed === '' || trimmed === '/';
  w.writeStrings(everything ? paths : paths.filter((path) => path.startsWith(prefix)));
  return ErrorCode.ok;
});

/** String.trim: whatever is not above a blank. */
function trimJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}

operations.set(OpCode.whoAmI, (request, _r, _watcher, context, w) => {
  const infos = request.authIds.map((id) => ({ scheme: id.scheme, id: context.auth.userName(id) }));
  writeClientInfos(w, infos);
  return ErrorCode.ok;
});

/**
 * A null path can be watched, and is another than the empty one. Half of a surrogate pair stands for it, which is no
 * character and so in no path that was decoded.
 */
const NULL_PATH = '\ud800';

operations.set(OpCode.checkWatches, (_request, r, watcher, context) => {
  const path = r.readString() ?? NULL_PATH;
  const type = r.readInt();
  if (!isWatcherType(type)) return ErrorCode.marshallingError;
  return context.database.tree.watches.has(path, type, watcher) ? ErrorCode.ok : ErrorCode.noWatcher;
});

operations.set(OpCode.removeWatches, (_request, r, watcher, context) => {
  const path = r.readString() ?? NULL_PATH;
  const type = r.readInt();
  if (!isWatcherType(type)) return ErrorCode.marshallingError;
  return context.database.tree.watches.remove(path, type, watcher) ? ErrorCode.ok : ErrorCode.noWatcher;
});

function isWatcherType(type: number): boolean {
  return type >= WatcherType.children && type <= WatcherType.persistentRecursive;
}

/** Asks for no permission and no node: what the watcher may see is decided when something happens. */
operations.set(OpCode.addWatch, (_request, r, watcher, context, w) => {
  const path = r.readString() ?? NULL_PATH;
  const mode = r.readInt();
  const { watches } = context.database.tree;
  if (mode === AddWatchMode.persistent) watches.addPersistent(path, watcher);
  else if (mode === AddWatchMode.persistentRecursive) watches.addRecursive(path, watcher);
  else return ErrorCode.marshallingError;
  // The only success with an ErrorResponse for its body.
  w.writeInt(ErrorCode.ok);
  return ErrorCode.ok;
});

operations.set(OpCode.setWatches, (_request, r, watcher, context) => answerSetWatches(r, watcher, context, false));

operations.set(OpCode.setWatches2, (_request, r, watcher, context) => answerSetWatches(r, watcher, context, true));

/**
 * A null list or path is what Apache trips over, but only when it comes to it: what stands before is set, and what
 * was missed is told. Paths of persistent watches are not looked up, so a null one passes there.
 */
function answerSetWatches(r: Reader, watcher: Watcher, context: ReadContext, withPersistent: boolean): number {
  const relativeZxid = clampedZxid(r.readLong());
  const read = [readPaths(r), readPaths(r), readPaths(r)];
  if (withPersistent) read.push(readPaths(r), readPaths(r));
  const lists: string[][] = [[], [], [], [], []];
  let err: number = ErrorCode.ok;
  for (let i = 0; i < read.length && err === ErrorCode.ok; i++) {
    const paths = read[i];
    if (paths === undefined) err = ErrorCode.marshallingError;
    else if (i > 2) lists[i] = paths.map((path) => path ?? NULL_PATH);
    else err = takePaths(paths, lists[i] as string[]);
  }
  const [data = [], exist = [], child = [], persistent = [], persistentRecursive = []] = lists;
  context.database.tree.watches.setWatches(
    { relativeZxid, data, exist, child, persistent, persistentRecursive },
    watcher,
  );
  return err;
}

function takePaths(paths: readonly (string | undefined)[], into: string[]): number {
  for (const path of paths) {
    if (path === undefined) return ErrorCode.marshallingError;
    into.push(path);
  }
  return ErrorCode.ok;
}

function readPaths(r: Reader): (string | undefined)[] | undefined {
  const length = r.readVectorLength(4);
  if (length === -1) return undefined;
  const paths: (string | undefined)[] = [];
  for (let i = 0; i < length; i++) paths.push(r.readString());
  return paths;
}

/** Only compared with zxids of nodes: whatever long a client sends, it lies before, among or behind them. */
function clampedZxid(value: bigint): Zxid {
  if (value < 0n) return ZXID_NONE;
  return (value > MAX_SAFE ? Number.MAX_SAFE_INTEGER : Number(value)) as Zxid;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

operations.set(OpCode.sync, (_request, r, _watcher, _context, w) => {
  w.writeString(r.readString());
  return ErrorCode.ok;
});

/**
 * getData and getChildren under one header, each failing for itself; watch flags are ignored.
 *
 *   answer: { MultiHeader type false 0, body | MultiHeader -1 false err, err int }, MultiHeader -1 true -1
 *
 * Writes under this header, and null paths, are what Apache trips over with the answer half written: the error comes
 * with what there was until then. A record that cannot be read, or mixes both kinds, is an error alone.
 */
operations.set(OpCode.multiRead, (request, r, _watcher, context, w) => {
  const paths: (string | undefined)[] = [];
  const types: number[] = [];
  const isRead = readMultiRead(r, types, paths);
  let err: number = ErrorCode.ok;
  if (!isRead) err = ErrorCode.marshallingError;
  for (let i = 0; i < types.length && err === ErrorCode.ok; i++) {
    const path = paths[i];
    if (path === undefined) err = ErrorCode.marshallingError;
    else answerItem(types[i] as number, path, request, context, w);
  }
  writeMultiHeader(w, -1, true, -1);
  return err;
});

/** False when it is a multi of writes. */
function readMultiRead(r: Reader, types: number[], paths: (string | undefined)[]): boolean {
  const start = r.position;
  for (;;) {
    const type = r.readInt();
    const done = r.readBool();
    r.readInt();
    if (done) return true;
    if (type !== OpCode.getData && type !== OpCode.getChildren) break;
    types.push(type);
    paths.push(r.readString());
    r.readBool();
  }
  r.position = start;
  readMulti(r);
  return false;
}

function answerItem(type: number, path: string, request: Request, context: ReadContext, w: Writer): void {
  const tree = context.database.tree;
  const node = find(tree, path);
  const err =
    node === -1 ? ErrorCode.noNode : mayRead(request, tree.aclOf(node), context) ? ErrorCode.ok : ErrorCode.noAuth;
  if (err !== ErrorCode.ok) {
    writeMultiHeader(w, OpCode.error, false, err);
    w.writeInt(err);
    return;
  }
  writeMultiHeader(w, type, false, ErrorCode.ok);
  if (type === OpCode.getData) tree.writeDataAndStat(node, w);
  else tree.writeChildren(node, w);
}

function find(tree: DataTree, path: string): number {
  return tree.lookup(path === '' ? '/' : path);
}

function mayRead(request: Request, acl: readonly Acl[], context: ReadContext): boolean {
  return context.auth.permits(acl, Perm.read, request.authIds);
}
