import { ErrorCode, EventType, OpCode } from '../../src/jute/codes.ts';
import type { Stat } from '../../src/jute/data-records.ts';
import { readTxn, type Txn } from '../../src/jute/txns.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../../src/jute/zxid.ts';
import { describe, type History, isWrite, type Op, type Result, type SessionHistory } from './history.ts';
import type { Ledger } from './ledger.ts';
import { SmallTree } from './small-tree.ts';
import { Violation } from './violation.ts';

/**
 * Judges what clients saw. The delivered sequence is the witness of an order in which all writes can have happened;
 * the requests themselves are carried out on a small tree in that order, and everything is held against it:
 *
 *   AckedSurvives        an acknowledged write is in the sequence, once; and nothing is that nobody asked for
 *   Linearizability      its answer is what the small tree says there; and of two writes of which one was answered
 *                        before the other was asked, the first comes first. With a witness this is enough, for multi
 *                        and versioned writes, too (Herlihy and Wing 1990)
 *   ReadsAreConsistent   a read shows the tree as it was at the zxid of its answer, exactly
 *   SessionOrder         a session's answers never go back in zxid, over reconnections as well, and its writes are in
 *                        the order asked (ZooKeeper's FIFO client order)
 *   SyncThenRead         after a sync everything shows that was acknowledged to anyone before the sync was asked for
 *   Watches              one event at most for each watch set; before anything newer than the change can be read; and
 *                        certainly, if the client heard of something newer on whatever connection
 *   SessionsLive         a client is told that its session is over only if somebody closed it
 *   Ephemerals           a node of a session is there until its close, and not longer; nobody else's delete is needed
 */
export interface Judged {
  readonly tree: SmallTree;
  readonly reads: number;
  readonly writes: number;
  readonly events: number;
  /** Those that live. */
  readonly sessions: ReadonlySet<bigint>;
}

export function judge(ledger: Ledger, history: History): Judged {
  const requests = byRequest(history);
  checkRealTime(ledger, requests);
  const { tree, reads, writes, sessions } = replay(ledger, history, requests);
  let events = 0;
  for (const session of history.sessions.values()) {
    checkSessionOrder(session);
    events += checkWatches(session, tree);
  }
  checkSyncs(history);
  checkExpired(ledger, history);
  return { tree, reads, writes, events, sessions };
}

type Requests = ReadonlyMap<string, Op>;

function keyOf(sessionId: bigint, xid: number): string {
  return `${sessionId}/${xid}`;
}

function byRequest(history: History): Requests {
  const requests = new Map<string, Op>();
  for (const op of history.ops) requests.set(keyOf(op.sessionId, op.xid), op);
  return requests;
}

/** Whoever was answered before another was asked comes before it. */
function checkRealTime(ledger: Ledger, requests: Requests): void {
  let latestAsked = -1;
  let latest: Op | undefined;
  for (const { payload } of ledger.delivered) {
    const op = requests.get(keyOf(payload.readBigInt64BE(0), payload.readInt32BE(8)));
    if (op === undefined) continue;
    if (op.answeredUs !== undefined && op.answeredUs < latestAsked) {
      throw new Violation(
        'Linearizability',
        `${describe(op.action)} was answered before ${describe((latest as Op).action)} was asked, and comes after it`,
      );
    }
    if (op.askedUs > latestAsked) {
      latestAsked = op.askedUs;
      latest = op;
    }
  }
}

/** What the leader decides for reasons of its own; the request then changes nothing. */
function isSessionError(err: number): boolean {
  return err === ErrorCode.sessionExpired || err === ErrorCode.sessionMoved;
}

function replay(ledger: Ledger, history: History, requests: Requests): Omit<Judged, 'events'> {
  const tree = new SmallTree();
  const seen = new Set<Op>();
  const sessions = new Set<bigint>();
  const reads = history.ops.filter((op) => isRead(op) && op.zxid !== undefined);
  reads.sort((a, b) => (a.zxid as number) - (b.zxid as number));
  let nextRead = 0;
  const readUpTo = (limit: Zxid): void => {
    for (; nextRead < reads.length && ((reads[nextRead] as Op).zxid as Zxid) < limit; nextRead++) {
      checkRead(reads[nextRead] as Op, tree);
    }
  };
  for (const { zxid, payload } of ledger.delivered) {
    readUpTo(zxid);
    const txn = readTxn(payload);
    const { clientId, cxid, type } = txn.header;
    if (type === OpCode.createSession) {
      sessions.add(clientId);
      continue;
    }
    const op = requests.get(keyOf(clientId, cxid));
    if (type === OpCode.closeSession) {
      sessions.delete(clientId);
      tree.closeSession(clientId, zxid);
      if (op?.action.op === 'close') seen.add(op);
      continue;
    }
    // An error changes nothing: what a stranger gets for a REQUEST that no client made.
    if (op === undefined && type === OpCode.error) continue;
    if (op === undefined) throw new Violation('AckedSurvives', `${zxidHex(zxid)} is a write that nobody asked for`);
    if (seen.has(op))
      throw new Violation('AckedSurvives', `${describe(op.action)} happened twice, at ${zxidHex(zxid)}`);
    seen.add(op);
    checkWrite(op, txn, zxid, tree);
  }
  readUpTo(Number.POSITIVE_INFINITY as Zxid);
  const last = ledger.lastDelivered;
  let writes = 0;
  for (const op of history.ops) {
    if (op.result === undefined || op.zxid === undefined) continue;
    if (isWrite(op.action)) {
      writes++;
      if (!seen.has(op) && !(op.result.err !== 0 && isSessionError(op.result.err))) {
        throw new Violation(
          'AckedSurvives',
          `${describe(op.action)} of session ${op.sessionId.toString(16)} was answered with ${op.result.err} at ${zxidHex(op.zxid)}, and is not in the history, which ends at ${zxidHex(last)}`,
        );
      }
    }
  }
  return { tree, reads: reads.length, writes, sessions };
}

function isRead(op: Op): boolean {
  const { action } = op;
  return action.op === 'get' || action.op === 'exists' || action.op === 'children';
}

function checkWrite(op: Op, txn: Txn, zxid: Zxid, tree: SmallTree): void {
  const { result } = op;
  const refused = txn.body.kind === 'error' ? txn.body.err : 0;
  const firstOfMulti = txn.body.kind === 'multi' ? txn.body.txns.find((part) => part.kind === 'error') : undefined;
  const refusal = firstOfMulti?.kind === 'error' ? firstOfMulti.err : refused;
  if (isSessionError(refusal)) {
    if (result !== undefined && result.err !== refusal) {
      throw new Violation('Linearizability', `${describe(op.action)} is answered with ${result.err} for ${refusal}`);
    }
    return;
  }
  const expected = tree.write(op.action, op.sessionId, zxid);
  if (expected.err !== refusal) {
    throw new Violation(
      'Linearizability',
      `${describe(op.action)} at ${zxidHex(zxid)} is decided with ${refusal}, and after what is before it the answer is ${expected.err}`,
    );
  }
  if (result === undefined) return;
  const difference = differenceOf(expected, result);
  if (difference !== undefined || op.zxid !== zxid) {
    throw new Violation(
      'Linearizability',
      `${describe(op.action)} at ${zxidHex(zxid)} was answered at ${zxidHex(op.zxid as Zxid)}: ${difference ?? 'another zxid'}`,
    );
  }
}

function checkRead(op: Op, tree: SmallTree): void {
  const { result } = op;
  if (result === undefined || isSessionError(result.err)) return;
  const difference = differenceOf(tree.read(op.action), result);
  if (difference === undefined) return;
  throw new Violation('ReadsAreConsistent', `${describe(op.action)} at ${zxidHex(op.zxid as Zxid)}: ${difference}`);
}

function differenceOf(expected: Result, actual: Result): string | undefined {
  // A multi that failed is answered without an error, and its parts say which.
  const isMulti = expected.items !== undefined;
  if (!isMulti && expected.err !== actual.err) return `error ${actual.err} instead of ${expected.err}`;
  if (expected.path !== actual.path) return `path ${actual.path} instead of ${expected.path}`;
  if (expected.data !== actual.data) return `data ${actual.data} instead of ${expected.data}`;
  if (expected.children?.join() !== actual.children?.join()) {
    return `children ${actual.children?.join()} instead of ${expected.children?.join()}`;
  }
  if (isMulti && expected.items?.join() !== actual.items?.join()) {
    return `results ${actual.items?.join()} instead of ${expected.items?.join()}`;
  }
  if (expected.stat === undefined || actual.stat === undefined) return undefined;
  for (const key of STAT_KEYS) {
    if (expected.stat[key] !== actual.stat[key]) {
      return `${key} ${actual.stat[key]} instead of ${expected.stat[key]}`;
    }
  }
  return undefined;
}

const STAT_KEYS: readonly (keyof Stat)[] = [
  'czxid',
  'mzxid',
  'pzxid',
  'version',
  'cversion',
  'ephemeralOwner',
  'dataLength',
  'numChildren',
];

function checkSessionOrder(session: SessionHistory): void {
  let last: Zxid = ZXID_ZERO;
  let lastWriteXid = 0;
  for (const arrival of session.arrivals) {
    if (arrival.kind === 'event') continue;
    if (arrival.zxid < last) {
      throw new Violation(
        'SessionOrder',
        `${session.name} was answered at ${zxidHex(arrival.zxid)} after ${zxidHex(last)}`,
      );
    }
    last = arrival.zxid;
    if (arrival.kind !== 'answer' || !isWrite(arrival.op.action)) continue;
    if (arrival.op.xid < lastWriteXid) throw new Violation('SessionOrder', `${session.name}: writes in another order`);
    lastWriteXid = arrival.op.xid;
  }
}

/** A session that nobody closed is not over, whatever server its client comes back to. */
function checkExpired(ledger: Ledger, history: History): void {
  if (history.expired.size === 0) return;
  const created = new Set<bigint>();
  for (const { payload } of ledger.delivered) {
    if (payload.readInt32BE(TYPE_OFFSET) === OpCode.createSession) created.add(payload.readBigInt64BE(0));
  }
  for (const { payload } of ledger.entries.values()) {
    if (payload.readInt32BE(TYPE_OFFSET) === OpCode.closeSession) created.delete(payload.readBigInt64BE(0));
  }
  for (const sessionId of history.expired) {
    if (!created.has(sessionId)) continue;
    const name = history.sessions.get(sessionId)?.name ?? sessionId.toString(16);
    throw new Violation('SessionsLive', `${name} was told that its session is over, and nobody closed it`);
  }
}

/** clientId long, cxid int, zxid long, time long, and then the type. */
const TYPE_OFFSET = 28;

/** Only what was asked after the sync, on its connection: that much ZooKeeper promises. */
function checkSyncs(history: History): void {
  const answered = history.ops.filter((op) => isWrite(op.action) && op.result?.err === 0);
  answered.sort((a, b) => (a.answeredUs as number) - (b.answeredUs as number));
  const times: number[] = [];
  const newest: number[] = [];
  for (const op of answered) {
    times.push(op.answeredUs as number);
    newest.push(Math.max(newest.at(-1) ?? 0, op.zxid as number));
  }
  const newestBefore = (timeUs: number): number => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] as number) < timeUs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (newest[low - 1] as number);
  };
  for (const session of history.sessions.values()) {
    let connection = -1;
    let floor = 0;
    for (const arrival of session.arrivals) {
      if (arrival.kind !== 'answer') continue;
      if (arrival.connection !== connection) {
        connection = arrival.connection;
        floor = 0;
      }
      const { op } = arrival;
      if (op.action.op === 'sync' && op.result?.err === 0) {
        floor = Math.max(floor, newestBefore(op.askedUs));
      }
      if (arrival.zxid < floor && op.result !== undefined && !isSessionError(op.result.err)) {
        throw new Violation(
          'SyncThenRead',
          `${session.name}: ${describe(op.action)} at ${zxidHex(arrival.zxid)} behind a sync that was asked when ${zxidHex(floor as Zxid)} was acknowledged`,
        );
      }
    }
  }
}

/** A watch as a client has it: from which zxid on a change has to be told. */
interface Watch {
  readonly kind: 'data' | 'child';
  readonly path: string;
  since: Zxid;
  /** Set on a node that was not there: over a reconnection the server can only say whether it is there now. */
  isForCreation: boolean;
}

function checkWatches(session: SessionHistory, tree: SmallTree): number {
  const active = new Map<string, Watch>();
  let events = 0;
  const overdue = (watch: Watch, at: Zxid): boolean => {
    const changes = (watch.kind === 'data' ? tree.dataChanges : tree.childChanges).get(watch.path) ?? [];
    const change = changes.find((zxid) => zxid > watch.since);
    return change !== undefined && change <= at;
  };
  let connection = -1;
  let isFresh = false;
  // A client that is back names both its watches of one path, and is told of the deletion for each.
  const repeatable = new Set<string>();
  for (const arrival of session.arrivals) {
    if (arrival.connection !== connection) {
      isFresh = connection !== -1 && active.size > 0;
      repeatable.clear();
      connection = arrival.connection;
    }
    if (arrival.kind === 'event') {
      events++;
      const wasBoth = active.has(`data ${arrival.path}`) && active.has(`child ${arrival.path}`);
      if (isFresh && arrival.type === EventType.nodeDeleted && repeatable.delete(arrival.path)) continue;
      takeEvent(session, active, arrival.type, arrival.path);
      if (isFresh && wasBoth) repeatable.add(arrival.path);
      continue;
    }
    if (arrival.kind === 'rewatched') isFresh = false;
    for (const [key, watch] of active) {
      if (!overdue(watch, arrival.zxid)) continue;
      if (arrival.kind === 'rewatched' && watch.isForCreation && !existsAt(tree, watch.path, arrival.zxid)) {
        watch.since = arrival.zxid;
        continue;
      }
      const again = isFresh ? ', before its watches were set again' : '';
      throw new Violation(
        'Watches',
        `${session.name} read ${zxidHex(arrival.zxid)} without the event of ${key}, watched since ${zxidHex(watch.since)}${again}`,
      );
    }
    if (arrival.kind === 'answer') setWatch(active, arrival.op);
  }
  return events;
}

function setWatch(active: Map<string, Watch>, op: Op): void {
  const { action, result, zxid } = op;
  if (result === undefined || zxid === undefined) return;
  if ((action.op !== 'get' && action.op !== 'exists' && action.op !== 'children') || !action.watch) return;
  const isForCreation = action.op === 'exists' && result.err === ErrorCode.noNode;
  if (result.err !== 0 && !isForCreation) return;
  const kind = action.op === 'children' ? 'child' : 'data';
  const key = `${kind} ${action.path}`;
  const known = active.get(key);
  if (known !== undefined) known.isForCreation = isForCreation;
  else active.set(key, { kind, path: action.path, since: zxid, isForCreation });
}

function takeEvent(session: SessionHistory, active: Map<string, Watch>, type: number, path: string): void {
  let found = false;
  if (type !== EventType.nodeChildrenChanged) found = active.delete(`data ${path}`);
  if (type === EventType.nodeChildrenChanged || type === EventType.nodeDeleted) {
    found = active.delete(`child ${path}`) || found;
  }
  if (!found) throw new Violation('Watches', `${session.name} got event ${type} of ${path}, without a watch`);
}

/** From the changes alone: a node that was made and deleted an even number of times is not there. */
function existsAt(tree: SmallTree, path: string, zxid: Zxid): boolean {
  return tree.lifeOf(path).some(([from, to]) => from <= zxid && (to === undefined || zxid < to));
}
