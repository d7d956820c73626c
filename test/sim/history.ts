import type { Stat } from '../../src/jute/data-records.ts';
import type { Zxid } from '../../src/jute/zxid.ts';

/** What clients asked for and saw, for judging afterwards. */
export type Action =
  | { readonly op: 'create'; readonly path: string; readonly data: string; readonly flags: number }
  | { readonly op: 'setData'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly op: 'delete'; readonly path: string; readonly version: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number }
  | { readonly op: 'multi'; readonly parts: readonly Action[] }
  | { readonly op: 'get' | 'exists' | 'children'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'sync'; readonly path: string }
  | { readonly op: 'close' };

export interface Result {
  readonly err: number;
  readonly path?: string;
  readonly data?: string | undefined;
  readonly stat?: Stat;
  readonly children?: readonly string[];
  /** Of a multi: the error of each part, or the path a create made. */
  readonly items?: readonly (number | string)[];
}

export interface Op {
  readonly action: Action;
  readonly sessionId: bigint;
  readonly xid: number;
  /** Which connection of the session it went out on. */
  readonly connection: number;
  readonly askedUs: number;
  answeredUs: number | undefined;
  zxid: Zxid | undefined;
  result: Result | undefined;
}

/** One session's answers and events in the order they arrived. */
export type Arrival =
  | { readonly kind: 'answer'; readonly zxid: Zxid; readonly connection: number; readonly op: Op }
  | { readonly kind: 'event'; readonly type: number; readonly path: string; readonly connection: number }
  | { readonly kind: 'rewatched'; readonly zxid: Zxid; readonly connection: number };

export interface SessionHistory {
  readonly sessionId: bigint;
  readonly name: string;
  readonly arrivals: Arrival[];
}

export class History {
  readonly ops: Op[] = [];
  readonly sessions = new Map<bigint, SessionHistory>();
  /** Whose clients were told so. */
  readonly expired = new Set<bigint>();

  session(sessionId: bigint, name: string): SessionHistory {
    let session = this.sessions.get(sessionId);
    if (session === undefined) {
      session = { sessionId, name, arrivals: [] };
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

export function isWrite(action: Action): boolean {
  return action.op === 'create' || action.op === 'setData' || action.op === 'delete' || action.op === 'multi';
}

export function describe(action: Action): string {
  switch (action.op) {
    case 'multi':
      return `multi(${action.parts.map(describe).join(', ')})`;
    case 'close':
      return 'close';
    case 'create':
      return `create ${action.path} flags ${action.flags}`;
    case 'setData':
    case 'delete':
    case 'check':
      return `${action.op} ${action.path} version ${action.version}`;
    default:
      return `${action.op} ${action.path}`;
  }
}
