import { ProtocolError } from '../base/errors.ts';
import type { DataTree } from '../datatree/data-tree.ts';
import type { Database } from '../datatree/database.ts';
import type { Watcher } from '../datatree/watches.ts';
import { readSetWatches, writeClientInfos, writeMultiHeader } from '../jute/client-records.ts';
import { AddWatchMode, ErrorCode, OpCode, Perm, WatcherType } from '../jute/codes.ts';
import { type Acl, type Id, writeAcls } from '../jute/data-records.ts';
import { Reader } from '../jute/reader.ts';
import type { Writer } from '../jute/writer.ts';
import type { AuthRegistry } from './auth/auth-registry.ts';
import type { Request } from './request.ts';
import type { SessionChecks } from './sessions.ts';

/**
 * What is answered from this server's own tree, and sync's echo: FinalRequestProcessor. Each operation checks, sets
 * its watch, writes the reply's body and returns the error code; with an error there is no body.
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
 * Nothing is left in `w` when the answer is an error. Never throws for what the client sent.
 */
export function answerRead(request: Request, watcher: Watcher, context: ReadContext, w: Writer): number {
  const session = context.sessions.check(request.sessionId, request.owner);
  if (session !== ErrorCode.ok) return session;
  const operation = operations.get(request.type);
  if (operation === undefined) return ErrorCode.unimplemented;
  const start = w.length;
  reader.reset(request.body);
  let err: number;
  try {
    err = operation(request, reader, watcher, context, w);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    err = ErrorCode.marshallingError;
  }
  if (err !== ErrorCode.ok) w.rewind(start);
  return err;
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

operations.set(OpCode.checkWatches, (_request, r, watcher, context) => {
  const path = r.readString() ?? '';
  const type = r.readInt();
  if (!isWatcherType(type)) return ErrorCode.marshallingError;
  return context.database.tree.watches.has(path, type, watcher) ? ErrorCode.ok : ErrorCode.noWatcher;
});

operations.set(OpCode.removeWatches, (_request, r, watcher, context) => {
  const path = r.readString() ?? '';
  const type = r.readInt();
  if (!isWatcherType(type)) return ErrorCode.marshallingError;
  return context.database.tree.watches.remove(path, type, watcher) ? ErrorCode.ok : ErrorCode.noWatcher;
});

function isWatcherType(type: number): boolean {
  return type >= WatcherType.children && type <= WatcherType.persistentRecursive;
}

/** Asks for no permission and no node: what the watcher may see is decided when something happens. */
operations.set(OpCode.addWatch, (_request, r, watcher, context, w) => {
  const path = r.readString() ?? '';
  const mode = r.readInt();
  const { watches } = context.database.tree;
  if (mode === AddWatchMode.persistent) watches.addPersistent(path, watcher);
  else if (mode === AddWatchMode.persistentRecursive) watches.addRecursive(path, watcher);
  else return ErrorCode.marshallingError;
  // The only success with an ErrorResponse for its body.
  w.writeInt(ErrorCode.ok);
  return ErrorCode.ok;
});

operations.set(OpCode.setWatches, (_request, r, watcher, context) => {
  context.database.tree.watches.setWatches(readSetWatches(r, false), watcher);
  return ErrorCode.ok;
});

operations.set(OpCode.setWatches2, (_request, r, watcher, context) => {
  context.database.tree.watches.setWatches(readSetWatches(r, true), watcher);
  return ErrorCode.ok;
});

operations.set(OpCode.sync, (_request, r, _watcher, _context, w) => {
  w.writeString(r.readString());
  return ErrorCode.ok;
});

/**
 * getData and getChildren under one header, each failing for itself; watch flags are ignored.
 *
 *   answer: { MultiHeader type false 0, body | MultiHeader -1 false err, err int }, MultiHeader -1 true -1
 */
operations.set(OpCode.multiRead, (request, r, _watcher, context, w) => {
  for (;;) {
    const type = r.readInt();
    const done = r.readBool();
    r.readInt();
    if (done) break;
    if (type !== OpCode.getData && type !== OpCode.getChildren) return ErrorCode.marshallingError;
    const err = answerItem(type, request, r, context, w);
    if (err === ErrorCode.marshallingError) return err;
  }
  writeMultiHeader(w, -1, true, -1);
  return ErrorCode.ok;
});

function answerItem(type: number, request: Request, r: Reader, context: ReadContext, w: Writer): number {
  const path = r.readString();
  r.readBool();
  if (path === undefined) return ErrorCode.marshallingError;
  const tree = context.database.tree;
  const node = find(tree, path);
  const err =
    node === -1 ? ErrorCode.noNode : mayRead(request, tree.aclOf(node), context) ? ErrorCode.ok : ErrorCode.noAuth;
  if (err !== ErrorCode.ok) {
    writeMultiHeader(w, OpCode.error, false, err);
    w.writeInt(err);
    return err;
  }
  writeMultiHeader(w, type, false, ErrorCode.ok);
  if (type === OpCode.getData) tree.writeDataAndStat(node, w);
  else tree.writeChildren(node, w);
  return err;
}

function find(tree: DataTree, path: string): number {
  return tree.lookup(path === '' ? '/' : path);
}

function mayRead(request: Request, acl: readonly Acl[], context: ReadContext): boolean {
  return context.auth.permits(acl, Perm.read, request.authIds);
}
