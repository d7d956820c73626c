import type { LogLevels } from '../../base/log.ts';
import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import type { MembershipForecast } from '../../election/quorum/membership-forecast.ts';
import type { ReconfigRequest } from '../../jute/client-records.ts';
import type { Zxid } from '../../jute/zxid.ts';
import type { AuthRegistry } from '../../server/auth/auth-registry.ts';
import type { HostInfo, ServerInfo } from '../../server/monitoring/server-info.ts';
import type { ServerView } from '../../server/monitoring/server-view.ts';
import type { JsonObject, LongMap } from '../java-json.ts';

/** The commands of the admin server: the shape of one, and the sources it is answered from. */
export interface AdminContext {
  readonly server: ServerView;
  readonly info: ServerInfo;
  readonly host: HostInfo;
  readonly auth: AuthRegistry;
  /** The text of the configuration file; null when there was none. */
  readonly initialConfig: string | null;
  readonly options: AdminOptions;
  /** This server's copy, also while it has no role: its root node says who may do all. */
  tree(): ReadableTree;
  /** undefined: the log is a program's that embeds the peer. */
  readonly logLevels: LogLevels | undefined;
  /** Writes a snapshot now. Rejected with the reason when there is none. */
  takeSnapshot(): Promise<SnapshotFile>;
  /** A piece of the transactions applied here, from `from` on. Rejected with the reason when it cannot be read. */
  readLog(from: Zxid): Promise<LogPiece>;
  /** Hands the leadership to `to`, or to whoever has the most. Rejected with the reason when it stays here. */
  transfer(to: number | undefined): Promise<void>;
  /** The forecast of a reconfiguration; a reason where that is not known, because this server does not lead. */
  forecast(request: ReconfigRequest): MembershipForecast | string;
  /** Replaces this server's history; resolves with the zxid it has then. Rejected when nothing has changed. */
  restore(snapshot: AsyncIterable<Buffer>): Promise<number>;
}

export interface AdminOptions {
  readonly snapshotEnabled: boolean;
  readonly restoreEnabled: boolean;
  /** Between two snapshots, and between two restores. */
  readonly rateLimiterIntervalMs: number;
}

export interface SnapshotFile {
  /** As sixteen hex digits without leading zeros, `0x` in front. */
  readonly zxid: string;
  readonly path: string;
  readonly bytes: number;
}

export interface LogPiece {
  /** As a log file; undefined: the log begins later. */
  readonly bytes: Buffer | undefined;
  /** The last transaction that is applied. */
  readonly applied: Zxid;
  /** The piece goes up to there. */
  readonly isEnd: boolean;
  readonly acceptedEpoch: number | undefined;
  readonly currentEpoch: number | undefined;
}

/** The fields that are sent beside `command` and `error`, which every answer has. */
export interface AdminAnswer {
  readonly fields?: JsonObject | LongMap;
  /** 200 unless said. */
  readonly status?: number;
  readonly error?: string;
  readonly headers?: { readonly [name: string]: string };
  /** A file to send instead of JSON. */
  readonly file?: string;
  /** The same, from memory. */
  readonly bytes?: Buffer;
}

export interface AdminCommand {
  /** The first is the one that answers name. */
  readonly names: readonly [string, ...string[]];
  readonly method: 'GET' | 'POST';
  /** Only while the peer serves; else the answer is an error, with status 200. */
  readonly needsServer: boolean;
  /** The caller must hold every permission on the root node. */
  readonly needsAuth: boolean;
  /** Its answer may be long: not many of them are sent at a time. */
  readonly sendsHistory?: true;
  /** The body comes in pieces, as long as it is; otherwise whole, and it has to be short. */
  readonly takesStream?: true;
  run(context: AdminContext, query: URLSearchParams, body: CommandBody): AdminAnswer | Promise<AdminAnswer>;
}

/** undefined for a GET. */
export type CommandBody = Buffer | AsyncIterable<Buffer> | undefined;

type Run = AdminCommand['run'];

export function whileServing(names: AdminCommand['names'], run: Run): AdminCommand {
  return { names, method: 'GET', needsServer: true, needsAuth: false, run };
}

export function anytime(names: AdminCommand['names'], run: Run): AdminCommand {
  return { names, method: 'GET', needsServer: false, needsAuth: false, run };
}

/** Also while the peer has no role, which is when an operator wants to see more. */
export function guardedAnytime(names: AdminCommand['names'], run: Run): AdminCommand {
  return { ...guarded('GET', names, run), needsServer: false };
}

export function guarded(method: 'GET' | 'POST', names: AdminCommand['names'], run: Run): AdminCommand {
  return { names, method, needsServer: true, needsAuth: true, run };
}
