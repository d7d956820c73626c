import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import type { Stat } from '../../../src/jute/data-records.ts';
import { readTxn, type Txn } from '../../../src/jute/txns.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import {
  type Arrival,
  type Bad,
  describe,
  type History,
  isRead,
  isWrite,
  type Op,
  type Result,
  type SessionHistory,
} from './history.ts';
import { type Matched, matchRequests } from './judge-requests.ts';
import { checkWatches, type Rewatched, rewatched } from './judge-watches.ts';
import type { Ledger } from './ledger.ts';
import { type Asker, type SmallRules, SmallTree } from './small-tree.ts';
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
 *   Watches              judge-watches.ts
 *   Ends                 what the server deletes by itself is an empty container or a node whose TTL is over; and of a
 *                        session nothing happens behind its close (ClickHouse's 65198)
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

export function judge(ledger: Ledger, history: History, rules: SmallRules): Judged {
  const requests = matchRequests(ledger, history);
  checkRealTime(ledger, requests);
  const answers = new Map<Arrival, Rewatched>();
  const { tree, reads, writes, sessions } = replay(ledger, history, requests, rules, answers);
  let events = 0;
  for (const session of history.sessions.values()) {
    checkSessionOrder(session);
    events += checkWatches(session, tree.changes, answers);
  }
  checkSyncs(history);
  checkExpired(ledger, history);
  return { tree, reads, writes, events, sessions };
}

/** A request answered before another was asked comes before it. */
function checkRealTime(ledger: Ledger, { ops }: Matched): void {
  let latestAsked = -1;
  let latest: Op | undefined;
  for (const { zxid } of ledger.delivered) {
    const op = ops.get(zxid);
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

/**
 * Answers that servers decide for reasons of their own, with the session and not the tree in mind: the request changes
 * nothing.
 */
function isSessionError(err: number): boolean {
  return SESSION_ERRORS.has(err);
}

const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.sessionExpired,
  ErrorCode.sessionMoved,
  ErrorCode.notReadOnly,
  ErrorCode.ephemeralOnLocalSession,
]);

/** Something to be looked up in the tree as it was at a zxid. */
interface Look {
  readonly zxid: Zxid;
  readonly look: (tree: SmallTree) => void;
}

/** False: nothing was done with the request, neither here nor at the leader. */
function wasDone(err: number): boolean {
  return err !== ErrorCode.throttledOp && !isSessionError(err);
}

function looksOf(history: History, answers: Map<Arrival, Rewatched>): Look[] {
  const looks: Look[] = [];
  for (const op of history.ops) {
    if (op.result?.err === ErrorCode.sessionMoved) {
      throw new Violation('SessionsLive', `${describe(op.action)} is answered that the session moved`);
    }
    if (isRead(op.action) && op.zxid !== undefined) looks.push({ zxid: op.zxid, look: (tree) => checkRead(op, tree) });
    else if (op.action.op === 'bad' && op.result !== undefined) checkBad(op, op.result);
  }
  for (const { arrivals } of history.sessions.values()) {
    for (const arrival of arrivals) {
      if (arrival.kind !== 'rewatched') continue;
      const { zxid, lists } = arrival;
      looks.push({ zxid, look: (tree) => answers.set(arrival, rewatched(lists, tree)) });
    }
  }
  return looks.sort((a, b) => a.zxid - b.zxid);
}

function replay(
  ledger: Ledger,
  history: History,
  requests: Matched,
  rules: SmallRules,
  answers: Map<Arrival, Rewatched>,
): Omit<Judged, 'events'> {
  const tree = new SmallTree(rules);
  const seen = new Set<Op>();
  const sessions = new Set<bigint>();
  const closed = new Set<bigint>();
  const looks = looksOf(history, answers);
  let next = 0;
  const lookUpTo = (limit: Zxid): void => {
    for (let look = looks[next]; look !== undefined && look.zxid < limit; look = looks[++next]) look.look(tree);
  };
  for (const { zxid, payload } of ledger.delivered) {
    lookUpTo(zxid);
    const txn = readTxn(payload);
    const { clientId, type, time } = txn.header;
    if (type === OpCode.createSession) {
      sessions.add(clientId);
      continue;
    }
    if (clientId === 0n) {
      if (type === OpCode.deleteContainer) checkReaped(txn, zxid, tree);
      continue;
    }
    const op = requests.ops.get(zxid);
    if (type === OpCode.closeSession) {
      sessions.delete(clientId);
      closed.add(clientId);
      tree.closeSession(clientId, zxid);
      if (op?.action.op === 'close') seen.add(op);
      continue;
    }
    // The world asks for it, and no client.
    if (type === OpCode.reconfig) {
      tree.reconfigured(zxid);
      continue;
    }
    // An error changes nothing: what a stranger gets for a REQUEST that no client made.
    if (op === undefined && type === OpCode.error) continue;
    if (requests.anyones.has(zxid)) continue;
    if (op === undefined) throw new Violation('AckedSurvives', `${zxidHex(zxid)} is a write that nobody asked for`);
    if (seen.has(op))
      throw new Violation('AckedSurvives', `${describe(op.action)} happened twice, at ${zxidHex(zxid)}`);
    seen.add(op);
    checkWrite(op, txn, zxid, time, tree, closed);
  }
  lookUpTo(Number.POSITIVE_INFINITY as Zxid);
  const last = ledger.lastDelivered;
  let writes = 0;
  for (const op of history.ops) {
    if (op.result === undefined || op.zxid === undefined) continue;
    if (isWrite(op.action)) {
      writes++;
      if (!seen.has(op) && wasDone(op.result.err)) {
        throw new Violation(
          'AckedSurvives',
          `${describe(op.action)} of session ${op.sessionId.toString(16)} was answered with ${op.result.err} at ${zxidHex(op.zxid)}, and is not in the history, which ends at ${zxidHex(last)}`,
        );
      }
    }
  }
  return { tree, reads: looks.length, writes, sessions };
}

function checkReaped(txn: Txn, zxid: Zxid, tree: SmallTree): void {
  if (txn.body.kind !== 'delete') return;
  const { path } = txn.body;
  const refusal = tree.reap(path, { zxid, timeMs: txn.header.time, decided: 0 });
  if (refusal === undefined) return;
  throw new Violation('Ends', `the server deletes ${path} at ${zxidHex(zxid)}, and ${refusal}`);
}

/** It has one answer, wherever it stands. */
function checkBad({ action }: Op, { err }: Result): void {
  if (action.op !== 'bad' || err === refusalOf(action, err) || !wasDone(err)) return;
  throw new Violation('Linearizability', `${action.what} is answered with ${err} for ${action.err}`);
}

/** A reconfiguration is refused whoever may not ask for it: for that, or as long as another one is not decided. */
function refusalOf(action: Bad, err: number): number {
  const isChange = action.type === OpCode.reconfig && action.err === ErrorCode.reconfigDisabled;
  return isChange && (err === ErrorCode.noAuth || err === ErrorCode.reconfigInProgress) ? err : action.err;
}

function askerOf(op: Op): Asker {
  return { sessionId: op.sessionId, ids: op.ids };
}

function checkWrite(op: Op, txn: Txn, zxid: Zxid, timeMs: number, tree: SmallTree, closed: ReadonlySet<bigint>): void {
  const { action, result } = op;
  const refused = txn.body.kind === 'error' ? txn.body.err : 0;
  const firstOfMulti = txn.body.kind === 'multi' ? txn.body.txns.find((part) => part.kind === 'error') : undefined;
  const refusal = firstOfMulti?.kind === 'error' ? firstOfMulti.err : refused;
  if (isSessionError(refusal)) {
    if (result !== undefined && result.err !== refusal) {
      throw new Violation('Linearizability', `${describe(action)} is answered with ${result.err} for ${refusal}`);
    }
    return;
  }
  if (closed.has(op.sessionId) && tree.refusedOnSight(action) === 0) {
    throw new Violation('Ends', `${describe(action)} at ${zxidHex(zxid)} comes behind the end of its session`);
  }
  const expected =
    action.op === 'bad'
      ? { err: refusalOf(action, refusal) }
      : tree.write(action, askerOf(op), { zxid, timeMs, decided: refusal });
  if (expected.err !== refusal) {
    throw new Violation(
      'Linearizability',
      `${describe(action)} at ${zxidHex(zxid)} is decided with ${refusal}, and after what is before it the answer is ${expected.err}`,
    );
  }
  if (result === undefined) return;
  const difference = differenceOf(expected, result);
  if (difference !== undefined || op.zxid !== zxid) {
    throw new Violation(
      'Linearizability',
      `${describe(action)} at ${zxidHex(zxid)} was answered at ${zxidHex(op.zxid as Zxid)}: ${difference ?? 'another zxid'}`,
    );
  }
}

function checkRead(op: Op, tree: SmallTree): void {
  const { result } = op;
  if (result === undefined || !wasDone(result.err)) return;
  const difference = differenceOf(tree.read(op.action, askerOf(op)), result);
  if (difference === undefined) return;
  throw new Violation('ReadsAreConsistent', `${describe(op.action)} at ${zxidHex(op.zxid as Zxid)}: ${difference}`);
}

function differenceOf(expected: Result, actual: Result): string | undefined {
  // A multi that failed is answered without an error, and its parts say which.
  const isMulti = expected.items !== undefined && actual.items !== undefined;
  if (!isMulti && expected.err !== actual.err) return `error ${actual.err} instead of ${expected.err}`;
  if (expected.path !== actual.path) return `path ${actual.path} instead of ${expected.path}`;
  if (expected.data !== actual.data) return `data ${actual.data} instead of ${expected.data}`;
  if (expected.children?.join() !== actual.children?.join()) {
    return `children ${actual.children?.join()} instead of ${expected.children?.join()}`;
  }
  if (expected.list?.join() !== actual.list?.join()) {
    return `${actual.list?.join()} instead of ${expected.list?.join()}`;
  }
  if (expected.count !== actual.count) return `${actual.count} instead of ${expected.count}`;
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
  'ctime',
  'mtime',
  'version',
  'cversion',
  'aversion',
  'ephemeralOwner',
  'dataLength',
  'numChildren',
];

function checkSessionOrder(session: SessionHistory): void {
  let last: Zxid = ZXID_ZERO;
  let lastWriteXid = 0;
  let connection = 0;
  for (const arrival of session.arrivals) {
    if (arrival.kind === 'event' || arrival.kind === 'proved') continue;
    if (arrival.zxid < last) {
      throw new Violation(
        'SessionOrder',
        `${session.name} was answered at ${zxidHex(arrival.zxid)} after ${zxidHex(last)}`,
      );
    }
    last = arrival.zxid;
    if (arrival.kind !== 'answer' || !isWrite(arrival.op.action)) continue;
    if (arrival.connection !== connection) lastWriteXid = 0;
    connection = arrival.connection;
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
