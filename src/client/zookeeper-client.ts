import { type Log, silentLog } from '../base/log.ts';
import type { Random } from '../io/random.ts';
import { writePathWatch, writeReconfigRequest } from '../jute/client-records.ts';
import { OpCode } from '../jute/codes.ts';
import type { Id, Stat } from '../jute/data-records.ts';
import type { Reader } from '../jute/reader.ts';
import type { Zxid } from '../jute/zxid.ts';
import { DigestMd5Client } from '../sasl/digest-md5-client.ts';
import { Chroot } from './chroot.ts';
import { kerberosLogin } from './client-kerberos.ts';
import type { CallOptions, ClientOptions, Reconfiguration, WatchOptions } from './client-options.ts';
import { realWorld } from './client-world.ts';
import { parseConnectString } from './connect-string.ts';
import { dataOf, ownDataAndStat } from './operations/multi.ts';
import { Requests } from './operations/requests.ts';
import { Quotas } from './quotas.ts';
import { ClientSession, NO_PASSWORD } from './session/client-session.ts';
import type { BeginLogin, SessionState } from './session/session-options.ts';
import { isOver, SessionStates } from './session/session-states.ts';
import { WatchOperations } from './watches/watch-operations.ts';
import { WatchTable } from './watches/watch-table.ts';
import { Watchers } from './watches/watchers.ts';

/**
 * The client as programs see it: a promise per operation, rejected with a ZooKeeperError. Works against this server
 * and against Apache ZooKeeper.
 *
 * A session is re-established on another server by itself, its watches with it. When it has expired, every operation is
 * rejected with sessionExpired, every watcher is told, and a new client has to be made. All that the session held
 * (ephemeral nodes, locks) is gone, and only the program knows what follows from that.
 *
 * An operation rejected with connectionLoss may have been carried out. It is rejected so only where the client cannot find
 * out whether it was (operations/requests.ts has the rule, operations/lost-writes.ts what is found out).
 */
export class ZooKeeperClient extends WatchOperations {
  private readonly session: ClientSession;
  private readonly states: SessionStates;

  constructor(connectString: string, options: ClientOptions = {}) {
    const { servers, chroot } = parseConnectString(connectString);
    const log = options.log ?? silentLog;
    const { clock, net, random } = options.world ?? realWorld(log, options.tls ?? false);
    const paths = new Chroot(chroot);
    const table = new WatchTable();
    const watchers = new Watchers(table, paths, log);
    const states = new SessionStates();
    if (options.onState !== undefined) states.add(options.onState);
    const session = new ClientSession(
      {
        servers,
        sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
        readOnly: options.readOnly ?? false,
        sessionId: options.session?.id ?? 0n,
        password: options.session?.password ?? NO_PASSWORD,
        maxFrameBytes: options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
        maxRequestBytes: options.juteMaxBuffer ?? DEFAULT_JUTE_MAX_BUFFER,
        pendingLimits: {
          requests: options.maxPendingRequests ?? DEFAULT_MAX_PENDING_REQUESTS,
          bytes: options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES,
        },
        clock,
        net,
        random,
        log,
        login: saslLogin(options, random, log),
      },
      {
        onState: (state) => {
          if (state === 'expired') watchers.onExpired();
          if (isOver(state)) watchers.onOver();
          states.onState(state);
        },
        onWatchEvent: (type, path, zxid) => watchers.onEvent(type, path, zxid),
        watchesToRestore: (lastZxid) => table.toRestore(lastZxid),
        onWatchesRestored: () => watchers.onRestored(),
        onAttemptFailed: options.onAttemptFailed ?? (() => {}),
      },
    );
    const defaults = { timeoutMs: options.timeoutMs, retry: options.retry ?? true };
    super(new Requests(session, clock, defaults), watchers, paths, () => uuidOf(random.secret(16)));
    this.session = session;
    this.states = states;
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

  /** `await using client = await connect(...)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  addAuth(scheme: string, auth: Uint8Array | string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = { isGivenUp: false, onReply: () => resolve(), onFailure: reject };
      this.session.addAuth(scheme, dataOf(auth), call);
    });
  }

  // How it stands

  /** The function that is returned ends it. */
  onState(listener: (state: SessionState) => void): () => void {
    return this.states.add(listener);
  }

  /** The state now and each one after it; ends when the session does. */
  stateChanges(options: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<SessionState> {
    return this.states.stream(options.signal);
  }

  /**
   * For how many ms from now no server can have ended this session, by this machine's clock; 0 when that cannot be
   * said. A holder of a lock or a leader should stop when it is 0: after a long pause of the process nothing else says
   * so.
   */
  get certainForMs(): number {
    return this.session.certainForMs;
  }

  /** Requests that wait for their answers, or for a connection. */
  get pending(): { readonly requests: number; readonly bytes: number } {
    return { requests: this.session.pending.requests, bytes: this.session.pending.pendingBytes };
  }

  /** Resolves when at most half of maxPendingRequests and maxPendingBytes is used: for whoever asks without waiting for answers. */
  whenRoom(): Promise<void> {
    return new Promise((resolve) => this.session.pending.whenRoom(resolve));
  }

  get quotas(): Quotas {
    return new Quotas(this);
  }

  whoAmI(options: CallOptions = {}): Promise<Id[]> {
    return this.requests.call(
      { type: OpCode.whoAmI, path: undefined, write: () => {}, read: readIds, whenLost: 'ask again' },
      options,
    );
  }

  // The ensemble

  /** The ensemble's configuration, from the node /zookeeper/config of the server, whatever the chroot. */
  getConfig(options: WatchOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.requests.call(
      {
        type: OpCode.getData,
        path: CONFIG_PATH,
        write: (w) => writePathWatch(w, { path: CONFIG_PATH, watch: options.watch !== undefined }),
        read: (r) => {
          this.watchers.addAtServerPath('data', CONFIG_PATH, options.watch);
          return ownDataAndStat(r);
        },
        whenLost: 'ask again',
      },
      options,
    );
  }

  /** Changes who the members are; resolves with the configuration that was committed. */
  reconfig(change: Reconfiguration, options: CallOptions = {}): Promise<{ data: Buffer | undefined; stat: Stat }> {
    return this.requests.call(
      {
        type: OpCode.reconfig,
        path: undefined,
        write: (w) =>
          writeReconfigRequest(w, {
            joiningServers: change.joining,
            leavingServers: change.leaving,
            newMembers: change.members,
            curConfigId: change.fromVersion ?? -1n,
          }),
        read: ownDataAndStat,
      },
      options,
    );
  }
}

export const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;
const DEFAULT_JUTE_MAX_BUFFER = 0xfffff;
const DEFAULT_MAX_PENDING_REQUESTS = 65_536;
const DEFAULT_MAX_PENDING_BYTES = 64 * 1024 * 1024;
const CONFIG_PATH = '/zookeeper/config';

function saslLogin({ sasl, world }: ClientOptions, random: Random, log: Log): BeginLogin | undefined {
  if (sasl === undefined) return undefined;
  // A KDC is never asked through the TLS of the servers.
  if ('kerberos' in sasl) return kerberosLogin(sasl.kerberos, world ?? realWorld(log, false), log);
  const service = { service: 'zookeeper', host: 'zk-sasl-md5', secret: (bytes: number) => random.secret(bytes) };
  return (_server, done) => done(new DigestMd5Client({ ...sasl, ...service }));
}

function readIds(r: Reader): Id[] {
  const count = r.readVectorLength(8);
  const ids: Id[] = [];
  for (let i = 0; i < count; i++) ids.push({ scheme: r.readString() ?? '', id: r.readString() ?? '' });
  return ids;
}

/** Sixteen random bytes as a UUID of version 4. */
function uuidOf(bytes: Uint8Array): string {
  const own = Buffer.from(bytes);
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x40;
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80;
  return own.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
