import { silentLog } from '../base/log.ts';
import type { Random } from '../io/random.ts';
import { writePathNumber, writePathWatch, writeReconfigRequest } from '../jute/client-records.ts';
import { AddWatchMode, ErrorCode, OpCode, WatcherType } from '../jute/codes.ts';
import type { Id, Stat } from '../jute/data-records.ts';
import type { Zxid } from '../jute/zxid.ts';
import { DigestMd5Client } from '../sasl/digest-md5-client.ts';
import { Chroot } from './chroot.ts';
import type {
  CallOptions,
  ClientOptions,
  Reconfiguration,
  RemoveWatchesOptions,
  WatchOptions,
} from './client-options.ts';
import { realWorld } from './client-world.ts';
import { parseConnectString } from './connect-string.ts';
import { isZooKeeperError, ZooKeeperError } from './errors.ts';
import { dataOf, ownDataAndStat } from './operations/multi.ts';
import { NodeOperations } from './operations/node-operations.ts';
import { Requests } from './operations/requests.ts';
import { ClientSession, NO_PASSWORD, type SessionState } from './session/client-session.ts';
import { SessionStates } from './session/session-states.ts';
import { type Watcher, WatchTable } from './watches/watch-table.ts';
import { KINDS_OF_TYPE, Watchers } from './watches/watchers.ts';

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
export class ZooKeeperClient extends NodeOperations {
  private readonly session: ClientSession;
  private readonly states: SessionStates;
  private readonly table: WatchTable;

  constructor(connectString: string, options: ClientOptions = {}) {
    const { servers, chroot } = parseConnectString(connectString);
    const log = options.log ?? silentLog;
    const { clock, net, random } = options.world ?? realWorld(log, options.tls ?? false);
    const paths = new Chroot(chroot);
    const table = new WatchTable();
    const watchers = new Watchers(table, paths, log);
    const states = new SessionStates(options.onState);
    const session = new ClientSession(
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
        onState: (state) => {
          if (state === 'expired') watchers.onExpired();
          states.onState(state);
        },
        onWatchEvent: (type, path, zxid) => watchers.onEvent(type, path, zxid),
        watchesToRestore: (lastZxid) => table.toRestore(lastZxid),
        onWatchesRestored: () => watchers.onRestored(),
        onAttemptFailed: options.onAttemptFailed ?? (() => {}),
      },
    );
    super(new Requests(session), watchers, paths);
    this.session = session;
    this.states = states;
    this.table = table;
    session.start();
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
    return this.states.connected(options.signal);
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

  whoAmI(options: CallOptions = {}): Promise<Id[]> {
    return this.requests.call(
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

  // Watches that stay

  /**
   * `watcher` is told of every change at `path`, and with persistentRecursive of every one below it as well. Changes
   * while the client was away are not told one by one: an event of type none says that it was away.
   */
  addWatch(path: string, mode: keyof typeof AddWatchMode, watcher: Watcher, options: CallOptions = {}): Promise<void> {
    return this.requests.call(
      OpCode.addWatch,
      path,
      (w) => writePathNumber(w, { path: this.paths.serverPath(path), number: AddWatchMode[mode] }),
      () => this.watchers.add(mode, path, watcher),
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
    const serverPath = this.paths.serverPath(path);
    const kinds = KINDS_OF_TYPE[type];
    if (!kinds.some((kind) => this.table.has(kind, serverPath, watcher))) {
      return Promise.reject(new ZooKeeperError(ErrorCode.noWatcher, path));
    }
    // The server knows one watch where there may be several watchers: it is told only when the last one goes.
    const others = kinds.some((kind) =>
      watcher === undefined ? false : this.table.othersThan(kind, serverPath, watcher),
    );
    const forget = (): void => this.watchers.forget(kinds, serverPath, watcher);
    if (others) {
      forget();
      return Promise.resolve();
    }
    const told = this.requests.call(
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
    return this.requests.call(
      OpCode.getData,
      CONFIG_PATH,
      (w) => writePathWatch(w, { path: CONFIG_PATH, watch: options.watch !== undefined }),
      (r) => {
        if (options.watch !== undefined) this.table.add('data', CONFIG_PATH, options.watch);
        return ownDataAndStat(r);
      },
      options,
    );
  }

  /** Changes who the members are; resolves with the configuration that was committed. */
  reconfig(change: Reconfiguration, options: CallOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.requests.call(
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
}

export const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;
const CONFIG_PATH = '/zookeeper/config';

function saslLogin(credentials: ClientOptions['sasl'], random: Random): (() => DigestMd5Client) | undefined {
  if (credentials === undefined) return undefined;
  const service = { service: 'zookeeper', host: 'zk-sasl-md5', secret: (bytes: number) => random.secret(bytes) };
  return () => new DigestMd5Client({ ...credentials, ...service });
}
