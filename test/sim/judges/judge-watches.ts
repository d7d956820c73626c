import { AddWatchMode, ErrorCode, EventType, Perm, WatcherType } from '../../../src/jute/codes.ts';
import { ZXID_ZERO, type Zxid, zxidHex } from '../../../src/jute/zxid.ts';
import type { Arrival, Op, SessionHistory, WatchLists } from './history.ts';
import { isGranted } from './small-rules.ts';
import type { Change, SmallTree } from './small-tree.ts';
import { Violation } from './violation.ts';

/**
 * Watches, as one connection has them: what it is told has to be exactly what happened to what it watches, each event
 * before anything newer can be read, once for a one-shot watch and every time for a lasting one, and nothing of what it
 * may not read. A connection's bytes are in order, so it is enough to go through them.
 *
 * A connection begins without any. Paths that its client names with setWatches were looked up in the small tree as it
 * was at the zxid of the answer; what had changed by then is told without a zxid, before the answer.
 */
const STANDARD = 1;
const PERSISTENT = 2;
const RECURSIVE = 4;

export interface Event {
  readonly type: number;
  readonly path: string;
}

/** The effect of a setWatches in a tree: what is told, and what is watched from then on. */
export interface Rewatched {
  readonly events: readonly Event[];
  readonly data: readonly string[];
  readonly child: readonly string[];
}

export function rewatched(lists: WatchLists, tree: SmallTree): Rewatched {
  const events: Event[] = [];
  const data: string[] = [];
  const child: string[] = [];
  for (const path of lists.data) {
    const node = tree.at(path);
    if (node === undefined) events.push({ type: EventType.nodeDeleted, path });
    else if (node.mzxid > lists.relativeZxid) events.push({ type: EventType.nodeDataChanged, path });
    else data.push(path);
  }
  for (const path of lists.exist) {
    if (tree.at(path) === undefined) data.push(path);
    else events.push({ type: EventType.nodeCreated, path });
  }
  for (const path of lists.child) {
    const node = tree.at(path);
    if (node === undefined) events.push({ type: EventType.nodeDeleted, path });
    else if (node.pzxid > lists.relativeZxid) events.push({ type: EventType.nodeChildrenChanged, path });
    else child.push(path);
  }
  return { events, data, child };
}

interface Due {
  readonly change: Change;
  /** It may be read by what was proved before it happened. */
  readonly isSure: boolean;
}

/** Returns how many events there were. */
export function checkWatches(
  session: SessionHistory,
  changes: readonly Change[],
  answers: ReadonlyMap<Arrival, Rewatched>,
): number {
  let connection: Connection | undefined;
  let number = -1;
  let events = 0;
  for (const arrival of session.arrivals) {
    if (connection === undefined || arrival.connection !== number) {
      number = arrival.connection;
      connection = new Connection(session, changes);
    }
    if (arrival.kind === 'event') events++;
    connection.take(arrival, answers);
  }
  return events;
}

class Connection {
  private readonly session: SessionHistory;
  private readonly changes: readonly Change[];
  private readonly data = new Map<string, number>();
  private readonly child = new Map<string, number>();
  private readonly ids: string[];
  /** Proved since the last arrival that has a zxid: whether what happened since then came before the proof is open. */
  private fresh: string[] = [];
  /** The next change to be looked at; undefined while nothing is watched. */
  private next: number | undefined;
  /** Due and not come, all of them of one transaction or older than the next change. */
  private due: Due[] = [];
  /** Told without a zxid, for which there was no answer yet. */
  private early: Event[] = [];

  constructor(session: SessionHistory, changes: readonly Change[]) {
    this.session = session;
    this.changes = changes;
    this.ids = [session.ownId];
  }

  take(arrival: Arrival, answers: ReadonlyMap<Arrival, Rewatched>): void {
    if (arrival.kind === 'proved') {
      this.fresh.push(arrival.id);
      return;
    }
    if (arrival.kind === 'event') {
      this.takeEvent(arrival.type, arrival.path, arrival.zxid);
      return;
    }
    if (arrival.zxid < ZXID_ZERO) return;
    this.advance(arrival.zxid);
    const missing = this.due.find(({ isSure }) => isSure)?.change;
    this.due = [];
    if (missing !== undefined) {
      this.fail(
        `read ${zxidHex(arrival.zxid)} without event ${missing.type} of ${missing.path} at ${zxidHex(missing.zxid)}`,
      );
    }
    if (arrival.kind === 'rewatched') this.takeRewatched(arrival.lists, arrival.zxid, answers.get(arrival));
    else this.takeAnswer(arrival.op);
  }

  private takeEvent(type: number, path: string, zxid: Zxid): void {
    if (zxid < ZXID_ZERO) {
      this.early.push({ type, path });
      return;
    }
    this.advance(zxid);
    const told = this.due.find(({ change }) => change.type === type && change.path === path && change.zxid === zxid);
    if (told === undefined) this.fail(`got event ${type} of ${path} at ${zxidHex(zxid)}, without a watch`);
    const earlier = this.due.find(({ change, isSure }) => isSure && change.zxid < zxid)?.change;
    if (earlier !== undefined) {
      this.fail(`got event ${type} of ${path} before that of ${earlier.path}, which was earlier`);
    }
    this.due = this.due.filter((each) => each !== told && each.change.zxid >= zxid);
  }

  private takeRewatched(lists: WatchLists, zxid: Zxid, expected: Rewatched | undefined): void {
    if (expected === undefined) throw new Error('a setWatches that nobody looked up');
    const text = (events: readonly Event[]): string => events.map(({ type, path }) => `${type} of ${path}`).join();
    const told = text(this.early);
    if (told !== text(expected.events)) {
      this.fail(
        `is back at ${zxidHex(zxid)} and was told ${told || 'nothing'} instead of ${text(expected.events) || 'nothing'}`,
      );
    }
    this.early = [];
    for (const path of expected.data) this.add(this.data, path, STANDARD, zxid);
    for (const path of expected.child) this.add(this.child, path, STANDARD, zxid);
    for (const path of lists.persistent) this.addPersistent(path, zxid);
    for (const path of lists.recursive) this.add(this.data, path, RECURSIVE, zxid);
  }

  private takeAnswer({ action, result, zxid }: Op): void {
    if (result === undefined || zxid === undefined) return;
    if (this.early.length > 0) this.fail(`was told ${this.early[0]?.path} without having come back`);
    switch (action.op) {
      case 'get':
      case 'exists':
        if (!action.watch || (result.err !== 0 && (action.op === 'get' || result.err !== ErrorCode.noNode))) return;
        this.add(this.data, action.path, STANDARD, zxid);
        return;
      case 'children':
      case 'children2':
        if (action.watch && result.err === 0) this.add(this.child, action.path, STANDARD, zxid);
        return;
      case 'addWatch':
        if (result.err !== 0) return;
        if (action.mode === AddWatchMode.persistent) this.addPersistent(action.path, zxid);
        else this.add(this.data, action.path, RECURSIVE, zxid);
        return;
      case 'checkWatches':
      case 'removeWatches': {
        // On a leader the session is looked at first, and it may be closing.
        if (result.err === ErrorCode.sessionExpired || result.err === ErrorCode.throttledOp) return;
        const found = this.look(action.path, action.type, action.op === 'removeWatches');
        const err = found ? ErrorCode.ok : ErrorCode.noWatcher;
        if (result.err !== err)
          this.fail(`${action.op} ${action.type} of ${action.path} is ${result.err} instead of ${err}`);
        return;
      }
      default:
    }
  }

  private add(table: Map<string, number>, path: string, mode: number, zxid: Zxid): void {
    table.set(path, (table.get(path) ?? 0) | mode);
    if (this.next === undefined) this.next = firstAfter(this.changes, zxid);
  }

  private addPersistent(path: string, zxid: Zxid): void {
    this.add(this.data, path, PERSISTENT, zxid);
    this.add(this.child, path, PERSISTENT, zxid);
  }

  /** Whether there is such a watch; `removes`: no more. */
  private look(path: string, type: number, removes: boolean): boolean {
    const wanted: [Map<string, number>, number][] = [];
    if (type === WatcherType.children) wanted.push([this.child, STANDARD]);
    if (type === WatcherType.data) wanted.push([this.data, STANDARD]);
    if (type === WatcherType.persistent) wanted.push([this.data, PERSISTENT], [this.child, PERSISTENT]);
    if (type === WatcherType.persistentRecursive) wanted.push([this.data, RECURSIVE]);
    if (type === WatcherType.any) {
      wanted.push([this.data, STANDARD | PERSISTENT | RECURSIVE], [this.child, STANDARD | PERSISTENT]);
    }
    let found = false;
    for (const [table, modes] of wanted) {
      const present = table.get(path) ?? 0;
      if ((present & modes) !== 0) found = true;
      if (!removes) continue;
      if ((present & ~modes) === 0) table.delete(path);
      else table.set(path, present & ~modes);
    }
    return found;
  }

  /** The events that become due by the changes up to this one. */
  private advance(zxid: Zxid): void {
    if (this.next !== undefined) {
      for (let change = this.changes[this.next]; change !== undefined && change.zxid <= zxid; ) {
        this.trigger(change);
        this.next++;
        change = this.changes[this.next];
      }
    }
    this.ids.push(...this.fresh);
    this.fresh = [];
  }

  private trigger(change: Change): void {
    const { type, path, acl } = change;
    let told = false;
    if (type !== EventType.nodeChildrenChanged) {
      told = spend(this.data, path);
      for (let at = path; !told; at = at.slice(0, Math.max(at.lastIndexOf('/'), 1))) {
        if (((this.data.get(at) ?? 0) & RECURSIVE) !== 0) told = true;
        if (at === '/') break;
      }
    }
    if (type === EventType.nodeChildrenChanged || type === EventType.nodeDeleted)
      told = spend(this.child, path) || told;
    if (!told) return;
    const isSure = isGranted(acl, Perm.read, this.ids);
    if (isSure || isGranted(acl, Perm.read, [...this.ids, ...this.fresh])) this.due.push({ change, isSure });
  }

  private fail(what: string): never {
    throw new Violation('Watches', `${this.session.name} ${what}`);
  }
}

/** Whether the path itself is watched; one-shot watches no longer are. */
function spend(table: Map<string, number>, path: string): boolean {
  const modes = table.get(path);
  if (modes === undefined) return false;
  if ((modes & ~STANDARD) === 0) table.delete(path);
  else table.set(path, modes & ~STANDARD);
  return true;
}

function firstAfter(changes: readonly Change[], zxid: Zxid): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle] as Change).zxid <= zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}
