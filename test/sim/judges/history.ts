import type { Acl, Stat } from '../../../src/jute/data-records.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';

/** Requests of clients and what they saw, for judging afterwards. */
export interface Create {
  readonly op: 'create';
  readonly path: string;
  readonly data: string | undefined;
  readonly flags: number;
  /** The operation's number; what a client library takes for these flags when it is left out. */
  readonly type?: number;
  /** Open to all when it is left out. */
  readonly acl?: readonly Acl[];
  readonly ttl?: number;
}

export type Action =
  | Create
  | { readonly op: 'setData'; readonly path: string; readonly data: string | undefined; readonly version: number }
  | { readonly op: 'delete'; readonly path: string; readonly version: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number }
  | { readonly op: 'setAcl'; readonly path: string; readonly acl: readonly Acl[]; readonly version: number }
  | { readonly op: 'multi'; readonly parts: readonly Action[] }
  | { readonly op: 'get' | 'exists' | 'children' | 'children2'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'getAcl' | 'count'; readonly path: string }
  | { readonly op: 'ephemerals'; readonly path: string }
  | { readonly op: 'multiRead'; readonly parts: readonly { readonly op: 'get' | 'children'; readonly path: string }[] }
  | { readonly op: 'whoAmI' }
  | { readonly op: 'addWatch'; readonly path: string; readonly mode: number }
  | { readonly op: 'checkWatches' | 'removeWatches'; readonly path: string; readonly type: number }
  | { readonly op: 'auth'; readonly scheme: string; readonly credentials: string }
  | { readonly op: 'sync'; readonly path: string }
  | Reconfig
  | Bad
  | { readonly op: 'close' };

export interface Reconfig {
  readonly op: 'reconfig';
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
  readonly version?: bigint;
}

/** A request that no client library sends. The answer is always the same. */
export interface Bad {
  readonly op: 'bad';
  readonly what: string;
  readonly type: number;
  readonly body: Buffer;
  readonly err: number;
  /** Refused by a transaction, as a write that can be read. */
  readonly isWrite: boolean;
  /** A client that asked this is disconnected, and its bytes behind it are not looked at. */
  readonly closes: boolean;
}

export interface Result {
  readonly err: number;
  readonly path?: string;
  readonly data?: string | undefined;
  readonly stat?: Stat;
  /** Sorted. */
  readonly children?: readonly string[];
  /** Of a multi: the error of each part, or the path a create made; of a multiRead what each part showed. */
  readonly items?: readonly (number | string)[];
  /** ACL entries or ids, as text, sorted. */
  readonly list?: readonly string[];
  readonly count?: number;
}

export interface Op {
  readonly action: Action;
  readonly sessionId: bigint;
  readonly xid: number;
  /** The connection of the session that it went out on. */
  readonly connection: number;
  /** The ids that this connection had proved, `scheme:id` each. */
  readonly ids: readonly string[];
  readonly askedUs: number;
  answeredUs: number | undefined;
  zxid: Zxid | undefined;
  result: Result | undefined;
}

/** The lists of a setWatches. */
export interface WatchLists {
  readonly relativeZxid: Zxid;
  readonly data: readonly string[];
  readonly exist: readonly string[];
  readonly child: readonly string[];
  readonly persistent: readonly string[];
  readonly recursive: readonly string[];
}

/** One session's answers and events in the order they arrived. */
export type Arrival =
  | { readonly kind: 'answer'; readonly zxid: Zxid; readonly connection: number; readonly op: Op }
  | {
      readonly kind: 'event';
      readonly type: number;
      readonly path: string;
      readonly zxid: Zxid;
      readonly connection: number;
    }
  | { readonly kind: 'rewatched'; readonly zxid: Zxid; readonly connection: number; readonly lists: WatchLists }
  /** The connection has proved one more id. */
  | { readonly kind: 'proved'; readonly id: string; readonly connection: number };

export interface SessionHistory {
  readonly sessionId: bigint;
  readonly name: string;
  /** The ids that every connection of it has proved without a word. */
  readonly ownId: string;
  readonly arrivals: Arrival[];
}

export class History {
  readonly ops: Op[] = [];
  readonly sessions = new Map<bigint, SessionHistory>();
  /** The sessions whose clients were told so. */
  readonly expired = new Set<bigint>();

  session(sessionId: bigint, name: string, ownId: string): SessionHistory {
    let session = this.sessions.get(sessionId);
    if (session === undefined) {
      session = { sessionId, name, ownId, arrivals: [] };
      this.sessions.set(sessionId, session);
    }
    return session;
  }

  get acknowledgedWrites(): number {
    let count = 0;
    for (const op of this.ops) if (isWrite(op.action) && op.result?.err === 0) count++;
    return count;
  }

  get unanswered(): number {
    let count = 0;
    for (const op of this.ops) if (op.result === undefined) count++;
    return count;
  }
}

/** Becomes a transaction, if only one that says why not. */
export function isWrite(action: Action): boolean {
  switch (action.op) {
    case 'create':
    case 'setData':
    case 'delete':
    case 'setAcl':
    case 'multi':
      return true;
    case 'bad':
      return action.isWrite;
    default:
      return false;
  }
}

/** Is its answer the tree's, as it was at the zxid of the answer? */
export function isRead(action: Action): boolean {
  switch (action.op) {
    case 'get':
    case 'exists':
    case 'children':
    case 'children2':
    case 'getAcl':
    case 'count':
    case 'ephemerals':
    case 'multiRead':
    case 'whoAmI':
      return true;
    default:
      return false;
  }
}

export function describe(action: Action): string {
  switch (action.op) {
    case 'multi':
    case 'multiRead':
      return `${action.op}(${action.parts.map((part) => describePath(part)).join(', ')})`;
    case 'bad':
      return action.what;
    default:
      return describePath(action);
  }
}

function describePath(action: object): string {
  return Object.entries(action)
    .filter(([key]) => key !== 'data')
    .map(([key, value]) => (key === 'op' ? value : `${key} ${JSON.stringify(value)}`))
    .join(' ');
}
