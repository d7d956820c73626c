import '../io/node-required.ts';
import { type Log, silentLog } from '../base/log.ts';
import type { Clock } from '../io/clock.ts';
import type { Net } from '../io/net.ts';
import type { Random } from '../io/random.ts';
import {
  writePathNumber,
  writePathVersion,
  writePathWatch,
  writeReconfigRequest,
  writeSetAclRequest,
  writeSetDataRequest,
} from '../jute/client-records.ts';
import { AddWatchMode, ErrorCode, OpCode, WatcherType } from '../jute/codes.ts';
import { type Acl, type Id, readAcls, type Stat } from '../jute/data-records.ts';
import type { Reader } from '../jute/reader.ts';
import type { Writer } from '../jute/writer.ts';
import type { Zxid } from '../jute/zxid.ts';
import { DigestMd5Client } from '../sasl/digest-md5-client.ts';
import { ClientSession, NO_PASSWORD, type SessionState } from './client-session.ts';
import type { ClientTls } from './client-tls.ts';
import { realWorld } from './client-world.ts';
import { parseConnectString } from './connect-string.ts';
import { isZooKeeperError, ZooKeeperError } from './errors.ts';
import {
  type CreateModeName,
  type CreateOptions,
  createOpOf,
  dataOf,
  type MultiOp,
  type MultiReadOp,
  type MultiReadResult,
  type MultiResult,
  multiError,
  ownDataAndStat,
  readMulti,
  readMultiRead,
  writeCreate,
  writeMulti,
  writeMultiRead,
} from './multi.ts';
import { readNodeStat } from './node-stat.ts';
import { eventName, type WatchedEvent, type Watcher, type WatchKind, WatchTable } from './watch-table.ts';

/**
 * The client as programs see it: a promise per operation, rejected with a ZooKeeperError. Works against this server
 * and against Apache ZooKeeper.
 *
 * A session is re-established on another server by itself, its watches with it. When it has expired, every operation
 * is rejected with sessionExpired, every watcher is told, and a new client has to be made: what the session held
 * (ephemeral nodes, locks) is gone, and only the program knows what follows from that.
 *
 * An operation rejected with connectionLoss may have been carried out.
 */
export interface ClientOptions {
  /** The timeout asked for; `sessionTimeoutMs` of the client is the one the server grants. 30,000 by default. */
  readonly sessionTimeoutMs?: number;
  /** Also be content with a server that has no quorum and only answers reads. */
  readonly readOnly?: boolean;
  /** Takes over a session that another client had. */
  readonly session?: { readonly id: bigint; readonly password: Buffer };
  readonly onState?: (state: SessionState) => void;
  /** A server (host:port) was dialled and gave no session; the next one is tried by itself. */
  readonly onAttemptFailed?: (server: string, reason: string) => void;
  readonly log?: Log;
  /** The longest reply accepted, in bytes; 64 MiB by default. */
  readonly maxFrameBytes?: number;
  /** Clock, network and randomness of a simulation; the real ones by default. */
  readonly world?: { readonly clock: Clock; readonly net: Net; readonly random: Random };
  /** Speak TLS, for `secureClientPort` or a unified port; with `true` as Node.js trusts, and without a certificate. */
  readonly tls?: ClientTls | boolean;
  /** Log in by SASL DIGEST-MD5 on every connection, before anything else; a refusal ends the session as `authFailed`. */
  readonly sasl?: { readonly username: string; readonly password: string };
}

export interface ConnectOptions extends ClientOptions, CallOptions {
  /** ms until `connect` is rejected with each server's failure; by default the session timeout that is asked for. */
  readonly connectTimeoutMs?: number;
}

/** An operation given up on rejects with the signal's reason; a request already sent is carried out all the same. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface WatchOptions extends CallOptions {
  /** Told once, of the first change after the answer. */
  readonly watch?: Watcher;
}

export interface VersionOptions extends CallOptions {
  /** Only if the node is at this version; any by default. */
  readonly version?: number;
}

export interface RemoveWatchesOptions extends CallOptions {
  /** Forget the watchers here even without a connection; the server does so when it is not told of them again. */
  readonly local?: boolean;
}

/** `joining` and `leaving` change the membership, `members` replaces it. Each has server.N lines or ids with commas. */
export interface Reconfiguration {
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
  /** Only if the configuration is of that version; any by default. */
  readonly fromVersion?: bigint;
}

const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;

export class ZooKeeperClient {
  private readonly session: ClientSession;
  private readonly chroot: string;
  private readonly log: Log;
  private readonly watches = new WatchTable();
  private readonly onState: (state: SessionState) => void;
  private readonly stateWaiters = new Set<() => void>();

  constructor(connectString: string, options: ClientOptions = {}) {
    const { servers, chroot } = parseConnectString(connectString);
    const log = options.log ?? silentLog;
    this.chroot = chroot;
    this.log = log;
    this.onState = options.onState ?? (() => {});
    const { clock, net, random } = options.world ?? realWorld(log, options.tls ?? false);
    this.session = new ClientSession(
      {
        servers,
        sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
        readOnly: options.readOnly ?? false,
        sessionId: options.session?.id ?? 0n,
        password: options.session?.password ?? NO_PASSWORD,
        maxFrameBytes: options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
        clock,
        net,
        random,
        log,
        login: saslLogin(options.sasl, random),
      },
      {
        onState: (state) => this.onSessionState(state),
        onWatchEvent: (type, path, zxid) => this.onWatchEvent(type, path, zxid),
        watchesToRestore: (lastZxid) => this.watches.toRestore(lastZxid),
        onWatchesRestored: () => this.onWatchesRestored(),
        onAttemptFailed: options.onAttemptFailed ?? (() => {}),
      },
    );
    this.session.start();
  }

  get state(): SessionState {
    return this.session.state;
  }

  get sessionId(): bigint {
    return this.session.sessionId;
  }

  get password(): Buffer {
    return this.session.password;
  }

  /** As granted by the server; 0 before the first connection. */
  get sessionTimeoutMs(): number {
    return this.session.sessionTimeoutMs;
  }

  /** The newest transaction this client has seen the effect of. */
  get lastZxid(): Zxid {
    return this.session.lastZxid;
  }

  /** address:port of the server connected to, "" without a connection. */
  get server(): string {
    return this.session.server;
  }

  /** Resolves once there is a session; rejects when it is over before that. */
  connected(options: CallOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (this.state === 'connecting') return;
        this.stateWaiters.delete(settle);
        if (this.state === 'connected' || this.state === 'connectedReadOnly') resolve();
        else reject(new ZooKeeperError(codeOfState(this.state)));
      };
      this.stateWaiters.add(settle);
      const onAbort = (): void => {
        this.stateWaiters.delete(settle);
        reject(options.signal?.reason);
      };
      options.signal?.addEventListener('abort', onAbort, { once: true });
      if (options.signal?.aborted === true) onAbort();
      else settle();
    });
  }

  /** Ends the session: its ephemeral nodes go, and every other client sees it at once. */
  close(): Promise<void> {
    return new Promise((resolve) => this.session.close(resolve));
  }

  addAuth(scheme: string, auth: Uint8Array | string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.session.addAuth(scheme, dataOf(auth), { onReply: () => resolve(), onFailure: reject });
    });
  }

  // Nodes

  /** The path created: the one given, with a number behind it for the sequential modes. */
  create(path: string, data?: Uint8Array | string, options: CreateOptions & CallOptions = {}): Promise<string> {
    const type = createOpOf(options.mode ?? 'persistent', false);
    return this.call(
      type,
      path,
      (w) => writeCreate(w, this.serverPath(path, isSequential(options.mode)), dataOf(data), options),
      (r) => this.clientPath(r.readRequiredString('path')),
      options,
    );
  }

  createWithStat(
    path: string,
    data?: Uint8Array | string,
    options: CreateOptions & CallOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    return this.call(
      createOpOf(options.mode ?? 'persistent', true),
      path,
      (w) => writeCreate(w, this.serverPath(path, isSequential(options.mode)), dataOf(data), options),
      (r) => ({ path: this.clientPath(r.readRequiredString('path')), stat: readNodeStat(r) }),
      options,
    );
  }

  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return this.call(
      OpCode.delete,
      path,
      (w) => writePathVersion(w, { path: this.serverPath(path), version: options.version ?? -1 }),
      () => undefined,
      options,
    );
  }

  /** undefined when there is no such node; then `watch` waits for its creation. */
  exists(path: string, options: WatchOptions = {}): Promise<Stat | undefined> {
    return this.call(
      OpCode.exists,
      path,
      (w) => writePathWatch(w, { path: this.serverPath(path), watch: options.watch !== undefined }),
      (r, err) => {
        this.addWatcher(err === ErrorCode.ok ? 'data' : 'exist', path, options.watch);
        return err === ErrorCode.ok ? readNodeStat(r) : undefined;
      },
      options,
      ErrorCode.noNode,
    );
  }

  getData(path: string, options: WatchOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.call(
      OpCode.getData,
      path,
      (w) => writePathWatch(w, { path: this.serverPath(path), watch: options.watch !== undefined }),
      (r) => {
        this.addWatcher('data', path, options.watch);
        return ownDataAndStat(r);
      },
      options,
    );
  }

  setData(path: string, data: Uint8Array | string | undefined, options: VersionOptions = {}): Promise<Stat> {
    return this.call(
      OpCode.setData,
      path,
      (w) =>
        writeSetDataRequest(w, { path: this.serverPath(path), data: dataOf(data), version: options.version ?? -1 }),
      readNodeStat,
      options,
    );
  }

  /** Names without the path, in no particular order. */
  getChildren(path: string, options: WatchOptions = {}): Promise<string[]> {
    return this.getChildrenAndStat(path, options).then((answer) => answer.children);
  }

  getChildrenAndStat(path: string, options: WatchOptions = {}): Promise<{ children: string[]; stat: Stat }> {
    return this.call(
      OpCode.getChildren2,
      path,
      (w) => writePathWatch(w, { path: this.serverPath(path), watch: options.watch !== undefined }),
      (r) => {
        this.addWatcher('child', path, options.watch);
        return { children: r.readStrings() ?? [], stat: readNodeStat(r) };
      },
      options,
    );
  }

  getAcl(path: string, options: CallOptions = {}): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.call(
      OpCode.getACL,
      path,
      (w) => w.writeString(this.serverPath(path)),
      (r) => ({ acl: readAcls(r) ?? [], stat: readNodeStat(r) }),
      options,
    );
  }

  /** `version` is that of the ACL, `aversion` of the Stat. */
  setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    return this.call(
      OpCode.setACL,
      path,
      (w) => writeSetAclRequest(w, { path: this.serverPath(path), acl: [...acl], version: options.version ?? -1 }),
      readNodeStat,
      options,
    );
  }

  /** Brings the server connected to up to everything that was acknowledged, to anyone, before this call. */
  sync(path: string, options: CallOptions = {}): Promise<void> {
    return this.call(
      OpCode.sync,
      path,
      (w) => w.writeString(this.serverPath(path)),
      () => undefined,
      options,
    );
  }

  /** Paths of this session's ephemeral nodes that begin with `prefix`. */
  getEphemerals(prefix = '/', options: CallOptions = {}): Promise<string[]> {
    return this.call(
      OpCode.getEphemerals,
      prefix,
      (w) => w.writeString(this.chroot + (prefix === '/' && this.chroot !== '' ? '' : prefix)),
      (r) => (r.readStrings() ?? []).map((path) => this.clientPath(path)),
      options,
    );
  }

  /** How many nodes there are below `path`, at any depth. */
  getAllChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return this.call(
      OpCode.getAllChildrenNumber,
      path,
      (w) => w.writeString(this.serverPath(path)),
      (r) => r.readInt(),
      options,
    );
  }

  whoAmI(options: CallOptions = {}): Promise<Id[]> {
    return this.call(
      OpCode.whoAmI,
      undefined,
      () => {},
      (r) => {
        const count = r.readVectorLength(8);
        const ids: Id[] = [];
        for (let i = 0; i < count; i++) ids.push({ scheme: r.readString() ?? '', id: r.readString() ?? '' });
        return ids;
      },
      options,
    );
  }

  // Several at once

  /** All or nothing. Rejects with the code and path of the operation that failed. */
  multi(ops: readonly MultiOp[], options: CallOptions = {}): Promise<MultiResult[]> {
    return this.multiResults(ops, options).then((results) => {
      const code = multiError(results);
      if (code === ErrorCode.ok) return results;
      const failed = results.findIndex((result) => result.op === 'error' && result.code === code);
      throw new ZooKeeperError(code, ops[failed]?.path);
    });
  }

  /** The same, resolving with the results of a multi that failed as well. */
  multiResults(ops: readonly MultiOp[], options: CallOptions = {}): Promise<MultiResult[]> {
    return this.call(
      OpCode.multi,
      undefined,
      (w) => writeMulti(w, ops, (path) => this.serverPath(path, true)),
      (r) => readMulti(r, (path) => this.clientPath(path)),
      options,
    );
  }

  /** Each read by itself; one that fails is an item with its code. */
  multiRead(ops: readonly MultiReadOp[], options: CallOptions = {}): Promise<MultiReadResult[]> {
    return this.call(
      OpCode.multiRead,
      undefined,
      (w) => writeMultiRead(w, ops, (path) => this.serverPath(path)),
      readMultiRead,
      options,
    );
  }

  // Watches that stay

  /**
   * `watcher` is told of every change at `path`, and with persistentRecursive of every one below it as well. Changes
   * while the client was away are not told one by one: an event of type none says that it was away.
   */
  addWatch(path: string, mode: keyof typeof AddWatchMode, watcher: Watcher, options: CallOptions = {}): Promise<void> {
    return this.call(
      OpCode.addWatch,
      path,
      (w) => writePathNumber(w, { path: this.serverPath(path), number: AddWatchMode[mode] }),
      () => this.addWatcher(mode, path, watcher),
      options,
    );
  }

  /**
   * Without `watcher`: every watch of that type there. noWatcher when there is none. Those that go are told by an event
   * of their own (dataWatchRemoved, childWatchRemoved, persistentWatchRemoved).
   */
  removeWatches(
    path: string,
    type: keyof typeof WatcherType = 'any',
    watcher?: Watcher,
    options: RemoveWatchesOptions = {},
  ): Promise<void> {
    const serverPath = this.serverPath(path);
    const kinds = KINDS_OF_TYPE[type];
    if (!kinds.some((kind) => this.watches.has(kind, serverPath, watcher))) {
      return Promise.reject(new ZooKeeperError(ErrorCode.noWatcher, path));
    }
    // The server knows one watch where there may be several watchers: it is told only when the last one goes.
    const others = kinds.some((kind) =>
      watcher === undefined ? false : this.watches.othersThan(kind, serverPath, watcher),
    );
    const forget = (): void => this.forgetWatchers(kinds, serverPath, watcher);
    if (others) {
      forget();
      return Promise.resolve();
    }
    const told = this.call(
      OpCode.removeWatches,
      path,
      (w) => writePathNumber(w, { path: serverPath, number: WatcherType[type] }),
      forget,
      options,
    );
    if (options.local !== true) return told;
    return told.catch((error) => {
      if (!isZooKeeperError(error, ErrorCode.connectionLoss)) throw error;
      forget();
    });
  }

  // The ensemble

  /** The ensemble's configuration, from the node /zookeeper/config of the server, whatever the chroot. */
  getConfig(options: WatchOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.call(
      OpCode.getData,
      CONFIG_PATH,
      (w) => writePathWatch(w, { path: CONFIG_PATH, watch: options.watch !== undefined }),
      (r) => {
        if (options.watch !== undefined) this.watches.add('data', CONFIG_PATH, options.watch);
        return ownDataAndStat(r);
      },
      options,
    );
  }

  /** Changes who the members are; resolves with the configuration that was committed. */
  reconfig(change: Reconfiguration, options: CallOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.call(
      OpCode.reconfig,
      undefined,
      (w) =>
        writeReconfigRequest(w, {
          joiningServers: change.joining,
          leavingServers: change.leaving,
          newMembers: change.members,
          curConfigId: change.fromVersion ?? -1n,
        }),
      ownDataAndStat,
      options,
    );
  }

  /** `path` is named in errors. `accepted` is an error code that is an answer here. */
  private call<T>(
    type: number,
    path: string | undefined,
    write: (w: Writer) => void,
    read: (r: Reader, err: number) => T,
    options: CallOptions,
    accepted: number = ErrorCode.ok,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort);
      this.session.submit(type, write, {
        onReply: (err, r) => {
          signal?.removeEventListener('abort', onAbort);
          if (err === ErrorCode.ok || err === accepted) resolve(read(r, err));
          else reject(new ZooKeeperError(err, path));
        },
        onFailure: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(new ZooKeeperError(error.code, path));
        },
      });
    });
  }

  /** Throws for what is no path, before anything is sent. A sequential node may have nothing after the last slash. */
  private serverPath(path: string, maySlashAtEnd = false): string {
    if (!path.startsWith('/') || (path.length > 1 && path.endsWith('/') && !maySlashAtEnd)) {
      throw new ZooKeeperError(ErrorCode.badArguments, path, `"${path}" is not a path: /a/b is`);
    }
    return this.chroot === '' ? path : path === '/' && !maySlashAtEnd ? this.chroot : this.chroot + path;
  }

  private clientPath(serverPath: string): string {
    if (this.chroot === '' || !serverPath.startsWith(this.chroot)) return serverPath;
    return serverPath.length === this.chroot.length ? '/' : serverPath.slice(this.chroot.length);
  }

  private addWatcher(kind: WatchKind, path: string, watcher: Watcher | undefined): void {
    if (watcher !== undefined) this.watches.add(kind, this.serverPath(path), watcher);
  }

  /** A watcher that waited there in several ways is told once of each kind of removal. */
  private forgetWatchers(kinds: readonly WatchKind[], serverPath: string, watcher: Watcher | undefined): void {
    const gone = new Map<WatchedEvent['type'], Set<Watcher>>();
    for (const kind of kinds) {
      const type = REMOVAL_EVENT[kind];
      const ofType = gone.get(type) ?? new Set();
      for (const each of this.watches.remove(kind, serverPath, watcher)) ofType.add(each);
      gone.set(type, ofType);
    }
    const path = this.clientPath(serverPath);
    for (const [type, watchers] of gone) {
      for (const each of watchers) this.tell(each, { type, state: 'syncConnected', path, zxid: NO_ZXID });
    }
  }

  private onWatchEvent(type: number, serverPath: string, zxid: Zxid): void {
    const name = eventName(type);
    if (name === undefined) return;
    const event: WatchedEvent = { type: name, state: 'syncConnected', path: this.clientPath(serverPath), zxid };
    for (const watcher of this.watches.take(type, serverPath)) this.tell(watcher, event);
  }

  private onWatchesRestored(): void {
    for (const { path, watcher } of this.watches.persistentOnes()) {
      this.tell(watcher, { type: 'none', state: 'syncConnected', path: this.clientPath(path), zxid: NO_ZXID });
    }
  }

  private onSessionState(state: SessionState): void {
    if (state === 'expired') {
      for (const { path, watcher } of this.watches.takeEverything()) {
        this.tell(watcher, { type: 'none', state: 'expired', path: this.clientPath(path), zxid: NO_ZXID });
      }
    }
    for (const settle of [...this.stateWaiters]) settle();
    this.onState(state);
  }

  /**
   * The call comes one microtask later, so that a watcher runs after those who await an answer that came before the
   * event. An error that it throws does not disturb the other watchers.
   */
  private tell(watcher: Watcher, event: WatchedEvent): void {
    queueMicrotask(() => {
      try {
        watcher(event);
      } catch (error) {
        this.log.error({ path: event.path, type: event.type, error: String(error) }, 'a watcher failed');
      }
    });
  }
}

/** A client whose session is established. */
export async function connect(connectString: string, options: ConnectOptions = {}): Promise<ZooKeeperClient> {
  const failures = new Map<string, string>();
  const client = new ZooKeeperClient(connectString, {
    ...options,
    onAttemptFailed: (server, reason) => {
      failures.set(server, reason);
      options.onAttemptFailed?.(server, reason);
    },
  });
  const limitMs = options.connectTimeoutMs ?? options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(noConnection(limitMs, failures)), limitMs);
  const onAbort = (): void => giveUp.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted === true) onAbort();
  try {
    await client.connected({ signal: giveUp.signal });
  } catch (error) {
    await client.close();
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
  return client;
}

function noConnection(limitMs: number, failures: ReadonlyMap<string, string>): ZooKeeperError {
  const reasons = [...failures].map(([server, reason]) => `${server}: ${reason}`).join('; ');
  const text = `no server gave a session within ${limitMs} ms (${reasons === '' ? 'none has answered' : reasons})`;
  return new ZooKeeperError(ErrorCode.connectionLoss, undefined, text);
}

const CONFIG_PATH = '/zookeeper/config';
const NO_ZXID = -1 as Zxid;

const KINDS_OF_TYPE: Readonly<Record<keyof typeof WatcherType, readonly WatchKind[]>> = {
  children: ['child'],
  data: ['data', 'exist'],
  any: ['data', 'exist', 'child', 'persistent', 'persistentRecursive'],
  persistent: ['persistent'],
  persistentRecursive: ['persistentRecursive'],
};

const REMOVAL_EVENT = {
  data: 'dataWatchRemoved',
  exist: 'dataWatchRemoved',
  child: 'childWatchRemoved',
  persistent: 'persistentWatchRemoved',
  persistentRecursive: 'persistentWatchRemoved',
} as const;

function isSequential(mode: CreateModeName | undefined): boolean {
  return mode?.toLowerCase().includes('sequential') === true;
}

function codeOfState(state: SessionState): number {
  if (state === 'expired') return ErrorCode.sessionExpired;
  return state === 'authFailed' ? ErrorCode.authFailed : ErrorCode.connectionLoss;
}

export { ErrorCode, Perm } from '../jute/codes.ts';
// The types a program needs beside the client itself.
export type { Acl, Id, Stat } from '../jute/data-records.ts';
export type { SessionState } from './client-session.ts';

function saslLogin(credentials: ClientOptions['sasl'], random: Random): (() => DigestMd5Client) | undefined {
  if (credentials === undefined) return undefined;
  const service = { service: 'zookeeper', host: 'zk-sasl-md5', secret: (bytes: number) => random.secret(bytes) };
  return () => new DigestMd5Client({ ...credentials, ...service });
}

export type { ClientStore, ClientTls } from './client-tls.ts';
export { errorName, isZooKeeperError, ZooKeeperError } from './errors.ts';
export type { CreateOptions, MultiOp, MultiReadOp, MultiReadResult, MultiResult } from './multi.ts';
export type { WatchedEvent, Watcher } from './watch-table.ts';
