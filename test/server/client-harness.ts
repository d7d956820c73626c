import { type ApplyResult, Database } from '../../src/datatree/database.ts';
import type { NetError } from '../../src/io/net.ts';
import type { Random } from '../../src/io/random.ts';
import type { Txn } from '../../src/jute/txns.ts';
import { Writer } from '../../src/jute/writer.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import type { SaslLogin } from '../../src/sasl/sasl-exchange.ts';
import type { SessionOwner } from '../../src/server/asker.ts';
import type { AuditLog } from '../../src/server/audit/audit-log.ts';
import { type AuthOptions, AuthRegistry, DEFAULT_AUTH_OPTIONS } from '../../src/server/auth/auth-registry.ts';
import { ServerMetrics } from '../../src/server/metrics/server-metrics.ts';
import type { HostInfo, LeaderInfo, QuorumInfo, ServerInfo } from '../../src/server/monitoring/server-info.ts';
import { operationOfServer } from '../../src/server/operations/operations.ts';
import { Prep } from '../../src/server/prep/prep.ts';
import { Request } from '../../src/server/request.ts';
import type { ServerOptions } from '../../src/server/server-options.ts';
import { LearnerSessionTracker } from '../../src/server/sessions/learner-session-tracker.ts';
import { LocalSessions } from '../../src/server/sessions/local-sessions.ts';
import { SessionIds } from '../../src/server/sessions/session-ids.ts';
import { SessionTracker } from '../../src/server/sessions/session-tracker.ts';
import type { ExpirySet, ServerMode, Upstream } from '../../src/server/upstream.ts';
import { ZooKeeperServer } from '../../src/server/zookeeper-server.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeNet } from '../fakes/fake-net.ts';
import type { FakeStream } from '../fakes/fake-stream.ts';
import { logTo } from '../fakes/log-to.ts';
import { NO_THROTTLES } from './throttles/no-throttles.ts';

/**
 * A server without disk, network or time of its own: the real tree and the real prep below it, streams whose other
 * end is the test, and commits that happen when the test says so.
 */

interface Submitted {
  readonly request: Request;
  readonly txn: Txn | undefined;
  readonly zxid: Zxid;
}

/**
 * A role whose commits wait for `commit`. As a learner it prepares a copy under another owner, so that what the
 * server submitted never learns its zxid, and answers revalidations only when told to.
 */
export class FakeUpstream implements Upstream {
  readonly mode: ServerMode;
  quorumSize = 1;
  readonly tracker: SessionTracker;
  readonly prep: Prep;
  readonly queue: Submitted[] = [];
  readonly revalidations: { sessionId: bigint; timeoutMs: number }[] = [];
  /** Commits at once. */
  isEager = false;
  /** Syncs are answered by `answerSync` alone, whatever is committed meanwhile. */
  hasLateSyncs = false;
  readonly syncs: Request[] = [];
  localSessions: LocalSessions | undefined = undefined;
  nextIds: bigint[] = [];
  touches = 0;
  private readonly world: ClientWorld;
  private readonly learner = new LearnerSessionTracker();
  private readonly ids: SessionIds;
  private proposed: Zxid;

  constructor(world: ClientWorld, mode: ServerMode) {
    this.world = world;
    this.mode = mode;
    const { database, clock, log } = world;
    this.tracker = new SessionTracker({ tickMs: 2000, isStandalone: mode === 'standalone' }, clock.nowMs());
    database.sessions.forEach((id, timeoutMs) => {
      this.tracker.track(id, timeoutMs, clock.nowMs());
    });
    this.ids = new SessionIds(1, clock.wallMs());
    this.proposed = database.lastProcessedZxid;
    const options = {
      digest: false,
      enforceQuota: false,
      reconfigEnabled: false,
      listClosedPaths: true,
      maxTxnBytes: 2_097_150,
      extendedTypes: true,
      emulate353Ttl: false,
    };
    this.prep = new Prep({
      database,
      sessions: this.tracker,
      auth: world.auth,
      options,
      members: undefined,
      log,
      clock,
    });
  }

  get isLearner(): boolean {
    return this.mode === 'follower' || this.mode === 'observer';
  }

  get newestKnownZxid(): Zxid {
    return this.proposed;
  }

  get sessions(): SessionTracker | LearnerSessionTracker {
    return this.isLearner ? this.learner : this.tracker;
  }

  submitWrite(request: Request): void {
    this.proposed = ((this.proposed as number) + 1) as Zxid;
    const prepared = this.isLearner
      ? new Request(
          { ...request.asker, owner: LINK },
          request.cxid,
          operationOfServer(request.operation.type),
          request.body,
          request.arrivedMs,
        )
      : request;
    if (this.isLearner && !this.tracker.has(request.asker.sessionId)) {
      this.tracker.track(request.asker.sessionId, 30_000, this.world.clock.nowMs());
    }
    this.queue.push({ request, txn: this.prep.prepare(prepared, this.proposed), zxid: this.proposed });
    if (this.isEager) this.commit();
  }

  /** A transaction of somebody else's, proposed now. */
  submitForeign(sessionId: bigint, cxid: number, type: number, body: Buffer, owner: SessionOwner | undefined): void {
    this.proposed = ((this.proposed as number) + 1) as Zxid;
    const request = new Request(
      { sessionId, authIds: [], owner },
      cxid,
      operationOfServer(type),
      body,
      this.world.clock.nowMs(),
    );
    this.queue.push({ request, txn: this.prep.prepare(request, this.proposed), zxid: this.proposed });
  }

  submitSync(request: Request): void {
    if (this.hasLateSyncs) {
      this.syncs.push(request);
      return;
    }
    this.queue.push({ request, txn: undefined, zxid: this.proposed });
    if (this.isEager) this.commit();
  }

  newSessionId(timeoutMs: number): bigint {
    if (this.localSessions !== undefined) return this.localSessions.create(timeoutMs);
    const id = this.nextIds.shift() ?? this.ids.take((taken) => this.tracker.has(taken));
    this.tracker.track(id, timeoutMs, this.world.clock.nowMs());
    return id;
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    if (this.isLearner) this.revalidations.push({ sessionId, timeoutMs });
    else this.answerRevalidation(sessionId, timeoutMs);
  }

  answerRevalidation(sessionId: bigint, timeoutMs: number): void {
    const owner = this.isLearner ? LINK : this.world.server;
    this.world.server.onRevalidated(
      sessionId,
      this.tracker.revalidate(sessionId, timeoutMs, owner, this.world.clock.nowMs()),
    );
  }

  touch(sessionId: bigint, timeoutMs: number): boolean {
    this.touches++;
    if (this.localSessions?.has(sessionId) === true) return this.localSessions.touch(sessionId, timeoutMs);
    return this.isLearner
      ? this.learner.touch(sessionId, timeoutMs)
      : this.tracker.touch(sessionId, timeoutMs, this.world.clock.nowMs());
  }

  expirySets(): readonly ExpirySet[] | undefined {
    return this.isLearner ? undefined : this.tracker.expirySets();
  }

  answerSync(): void {
    const request = this.syncs.shift();
    if (request === undefined) throw new Error('no sync to answer');
    this.world.server.onSynced(request, this.world.database.lastProcessedZxid);
  }

  /** The next `count` of what was submitted is committed and applied. */
  commit(count = this.queue.length): void {
    for (let i = 0; i < count; i++) {
      const next = this.queue.shift();
      if (next === undefined) throw new Error('nothing to commit');
      if (next.txn === undefined) this.world.server.onSynced(next.request, next.zxid);
      else this.apply(next.txn);
    }
  }

  private apply(txn: Txn): void {
    const result: ApplyResult = this.world.database.apply(txn);
    this.prep.onApplied(txn.header.zxid);
    if (result.type === -11) this.tracker.remove(txn.header.clientId);
    this.world.server.onApplied(txn, result);
  }
}

const LINK: SessionOwner = { ownerName: 'link of the learner under test' };

export const TEST_OPTIONS: ServerOptions = {
  clientPortListenBacklog: undefined,
  clientTcpKeepAlive: false,
  tickTimeMs: 2000,
  minSessionTimeoutMs: 4000,
  maxSessionTimeoutMs: 40_000,
  juteMaxBufferBytes: 0xfffff,
  maxClientCnxns: 60,
  maxCnxns: 0,
  sessionlessCnxnTimeoutMs: 10_000,
  outstandingHandshakeLimit: undefined,
  dropsHandshakesWhenNotServing: false,
  globalOutstandingLimit: 1000,
  throttles: NO_THROTTLES,
  allowSaslFailedClients: false,
  slowRequestMs: undefined,
  pathStats: undefined,
  fourLetterWords: new Set('ruok srvr stat mntr conf isro dirs wchs hash envi'.split(' ')),
};

/** What clients have to prove, and how they can. */
export interface Door {
  readonly auth: Partial<AuthOptions>;
  readonly sasl: SaslLogin | undefined;
  readonly audit: AuditLog | undefined;
}

export class ClientWorld {
  readonly clock = new FakeClock();
  readonly net = new FakeNet('listen');
  /** What `below` says, as a part of its bound. */
  chance = 0;
  readonly random: Random = {
    below: (bound) => Math.floor(this.chance * bound),
    secret: (bytes) => new Uint8Array(bytes),
  };
  readonly logLines: string[] = [];
  readonly log = logTo((level, message, fields) => {
    if (level !== 'debug') this.logLines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  });
  readonly auth: AuthRegistry;
  readonly metrics = new ServerMetrics();
  readonly server: ZooKeeperServer;
  readonly host: { -readonly [call in keyof HostInfo]: HostInfo[call] };
  quorum: QuorumInfo | undefined = undefined;
  leader: LeaderInfo | undefined = undefined;
  database: Database;
  maxFileDescriptors: number;

  constructor(options: Partial<ServerOptions> = {}, maxFileDescriptors = 1024, door: Partial<Door> = {}) {
    this.maxFileDescriptors = maxFileDescriptors;
    this.auth = new AuthRegistry({ ...DEFAULT_AUTH_OPTIONS, superDigest: undefined, ...door.auth });
    this.database = new Database({
      extendedTypes: true,
      emulate353Ttl: false,
      digest: false,
      hashKey: { low: 1, high: 2 },
      log: this.log,
    });
    const info: ServerInfo = {
      serverId: 0,
      dataDir: '/data/version-2',
      dataLogDir: '/log/version-2',
      dataDirBytes: () => 1234,
      logDirBytes: () => 67_108_880,
      newestSnapshot: () => undefined,
      observers: () => undefined,
      quorum: () => this.quorum,
      leader: () => this.leader,
    };
    this.host = {
      environment: () => [
        ['zookeeper.version', '3.9.5'],
        ['host.name', 'box'],
      ],
      properties: () => [['os.name', 'Linux']],
      openFileDescriptors: () => 33,
      maxFileDescriptors: () => this.maxFileDescriptors,
    };
    const { host } = this;
    const { sasl, audit } = door;
    const parts = { auth: this.auth, sasl, audit, metrics: this.metrics, info, host, log: this.log };
    this.server = new ZooKeeperServer(this, { ...TEST_OPTIONS, ...options }, parts);
    this.server.listen({ host: undefined, port: 2181 }, { onListening() {}, onError(_error: NetError) {} });
    this.net.settle();
  }

  serve(mode: ServerMode = 'standalone'): FakeUpstream {
    const upstream = new FakeUpstream(this, mode);
    this.server.start(upstream, this.database);
    return upstream;
  }

  /** As serve, in an ensemble whose members have sessions of their own. */
  serveLocally(mode: ServerMode, mayUpgrade: boolean): FakeUpstream {
    const upstream = new FakeUpstream(this, mode);
    const options = { serverId: 1, tickMs: this.server.view.options.tickTimeMs, mayUpgrade };
    upstream.localSessions = new LocalSessions({ clock: this.clock, replica: this }, options);
    this.server.start(upstream, this.database);
    return upstream;
  }

  /** Sets the tree up through transactions that belong to no session. */
  seedZxid(zxid: number): void {
    this.database.setLastProcessed(zxid as Zxid);
  }

  connect(address = '10.1.1.1'): Client {
    return new Client(this, this.net.connect(2181, address));
  }

  /** A connection with a new session, committed. */
  openSession(upstream: FakeUpstream, timeoutMs = 30_000): Client {
    const client = this.connect();
    client.send(connectRequest({ timeoutMs }));
    upstream.commit();
    const reply = client.frames()[0] as Buffer;
    client.sessionId = reply.readBigInt64BE(8);
    client.password = reply.subarray(20, 36);
    return client;
  }
}

export class Client {
  readonly stream: FakeStream;
  sessionId = 0n;
  password: Buffer = Buffer.alloc(16);
  private readonly world: ClientWorld;
  private taken: Buffer = Buffer.alloc(0);

  constructor(world: ClientWorld, stream: FakeStream) {
    this.world = world;
    this.stream = stream;
  }

  /** One turn of the loop in which these bytes arrive. */
  send(...pieces: Buffer[]): void {
    this.stream.deliver(Buffer.concat(pieces));
    this.world.clock.endTurn();
  }

  sendHex(hex: string): void {
    this.send(Buffer.from(hex.replace(/\s+/g, ''), 'hex'));
  }

  /** Everything the server has sent since the last call, as bytes. */
  bytes(): Buffer {
    this.world.clock.endTurn();
    return this.bytesSoFar();
  }

  /** As bytes, without another turn. */
  private bytesSoFar(): Buffer {
    const bytes = Buffer.concat([this.taken, this.stream.takeBytes()]);
    this.taken = Buffer.alloc(0);
    return bytes;
  }

  hex(): string {
    return this.bytes().toString('hex');
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  /** Whole frames, without their lengths. */
  frames(bytes = this.bytes()): Buffer[] {
    const frames: Buffer[] = [];
    let at = 0;
    while (at + 4 <= bytes.length && at + 4 + bytes.readInt32BE(at) <= bytes.length) {
      const length = bytes.readInt32BE(at);
      frames.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.taken = bytes.subarray(at);
    return frames;
  }

  /** Replies and events in one word each: `xid/zxid/err`, `event type path`. */
  replies(frames = this.frames()): string[] {
    return frames.map((frame) => {
      const xid = frame.readInt32BE(0);
      const zxid = frame.readBigInt64BE(4);
      if (xid === -1) return `event ${frame.readInt32BE(16)} ${frame.toString('utf8', 28)} @${zxid}`;
      return `${xid}/${zxid}/${frame.readInt32BE(12)}`;
    });
  }

  /** As replies, without another turn. */
  repliesSoFar(): string[] {
    return this.replies(this.frames(this.bytesSoFar()));
  }

  get isClosed(): boolean {
    return this.stream.state !== 'open';
  }
}

// Requests

export function connectRequest(
  request: {
    sessionId?: bigint;
    password?: Buffer;
    timeoutMs?: number;
    lastZxidSeen?: number;
    readOnly?: boolean | null;
  } = {},
): Buffer {
  return frame((w) => {
    w.writeInt(0);
    w.writeZxid((request.lastZxidSeen ?? 0) as Zxid);
    w.writeInt(request.timeoutMs ?? 30_000);
    w.writeLong(request.sessionId ?? 0n);
    w.writeBuffer(request.password ?? Buffer.alloc(16));
    if (request.readOnly !== null) w.writeBool(request.readOnly ?? false);
  });
}

export function frame(write: (w: Writer) => void): Buffer {
  const w = new Writer();
  const at = w.beginFrame();
  write(w);
  w.endFrame(at);
  return w.take();
}

export function request(xid: number, type: number, write: (w: Writer) => void = () => {}): Buffer {
  return frame((w) => {
    w.writeInt(xid);
    w.writeInt(type);
    write(w);
  });
}

export const create = (xid: number, path: string, data = '', flags = 0): Buffer =>
  request(xid, 1, createBody(path, data, flags));

export function createBody(path: string, data = '', flags = 0): (w: Writer) => void {
  return (w) => {
    w.writeString(path);
    w.writeBuffer(Buffer.from(data));
    w.writeInt(1);
    w.writeInt(31);
    w.writeString('world');
    w.writeString('anyone');
    w.writeInt(flags);
  };
}

export const getData = (xid: number, path: string, watch = false): Buffer =>
  request(xid, 4, (w) => {
    w.writeString(path);
    w.writeBool(watch);
  });

export const exists = (xid: number, path: string, watch = false): Buffer =>
  request(xid, 3, (w) => {
    w.writeString(path);
    w.writeBool(watch);
  });

export const setData = (xid: number, path: string, data: string | Buffer): Buffer =>
  request(xid, 5, (w) => {
    w.writeString(path);
    w.writeBuffer(Buffer.from(data));
    w.writeInt(-1);
  });

export const sync = (xid: number, path: string): Buffer => request(xid, 9, (w) => w.writeString(path));

export const PING: Buffer = request(-2, 11);

export const closeSession = (xid: number): Buffer => request(xid, -11);

export const auth = (scheme: string, data: string): Buffer =>
  request(-4, 100, (w) => {
    w.writeInt(0);
    w.writeString(scheme);
    w.writeBuffer(Buffer.from(data));
  });

export { ZXID_ZERO };
