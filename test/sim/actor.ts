import { readMulti, writeMulti } from '../../src/client/multi.ts';
import {
  readDataAndStat,
  type WatcherEvent,
  writeCreateRequest,
  writePathVersion,
  writePathWatch,
  writeSetDataRequest,
  writeSetWatches,
} from '../../src/jute/client-records.ts';
import { CreateMode, ErrorCode, EventType, OpCode, Xid } from '../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE, readStat } from '../../src/jute/data-records.ts';
import type { Reader } from '../../src/jute/reader.ts';
import type { Writer } from '../../src/jute/writer.ts';
import { type Answer, SimClient } from './client.ts';
import type { Action, History, Op, Result, SessionHistory } from './history.ts';
import type { SimHost, SimNetwork } from './net.ts';
import type { SimRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * An application: it has a session, asks for this and that in no sensible order, keeps watches over reconnections as
 * real clients do, loses its session or gives it up, and gets another one. Everything it asks and sees is recorded.
 */
export interface ActorOptions {
  readonly servers: readonly string[];
  readonly timeoutMs: number;
  /** Between two bursts, on average. */
  readonly thinkMs: number;
  readonly mostAtOnce: number;
  /** One thought in so many ends the session in some way; 0: never. */
  readonly leavesOneIn: number;
  readonly multis: boolean;
  readonly ephemerals: boolean;
  readonly watches: boolean;
}

type WatchKind = 'data' | 'exist' | 'child';

export class Actor {
  readonly name: string;
  client: SimClient;
  private readonly scheduler: Scheduler;
  private readonly network: SimNetwork;
  private readonly host: SimHost;
  private readonly options: ActorOptions;
  private readonly random: SimRandom;
  private readonly history: History;
  private readonly clients: Map<bigint, SimClient>;
  private readonly watches = new Map<string, WatchKind>();
  private session: SessionHistory | undefined;
  private sessions = 0;
  private stopped = false;
  private readonly versions = new Map<string, number>();

  constructor(
    name: string,
    scheduler: Scheduler,
    network: SimNetwork,
    options: ActorOptions,
    random: SimRandom,
    history: History,
    clients: Map<bigint, SimClient>,
  ) {
    this.name = name;
    this.scheduler = scheduler;
    this.network = network;
    this.host = network.addHost(name);
    this.options = options;
    this.random = random;
    this.history = history;
    this.clients = clients;
    this.client = this.connect();
    this.thinkLater();
  }

  /** No more requests. The session lives on. */
  stop(): void {
    this.stopped = true;
  }

  get isConnected(): boolean {
    return this.client.isConnected;
  }

  /** It has what it wants: a connection, or the end of its session. */
  get isServed(): boolean {
    return this.client.isConnected || (this.stopped && (this.client.isClosing || this.client.process.isDead));
  }

  do(action: Action): void {
    const { client } = this;
    const { sessionId, connections: connection } = client;
    const session = this.session;
    if (!client.isConnected || session === undefined) return;
    const op: Op = {
      action,
      sessionId,
      xid: 0,
      connection,
      askedUs: this.scheduler.nowUs,
      answeredUs: undefined,
      zxid: undefined,
      result: undefined,
    };
    const done = (answer: Answer | undefined): void => {
      if (answer === undefined) return;
      op.answeredUs = this.scheduler.nowUs;
      op.zxid = answer.zxid;
      op.result = resultOf(action, answer);
      session.arrivals.push({ kind: 'answer', zxid: answer.zxid, connection, op });
      this.learn(op);
    };
    const xid =
      action.op === 'close'
        ? client.close(done)
        : client.request(opCodeOf(action), (w) => writeAction(w, action), done);
    (op as { xid: number }).xid = xid;
    this.history.ops.push(op);
  }

  private connect(): SimClient {
    this.sessions++;
    this.session = undefined;
    this.watches.clear();
    const { servers, timeoutMs } = this.options;
    const name = `${this.name}.${this.sessions}`;
    const first = this.random.below(servers.length);
    const client = new SimClient(name, this.scheduler, this.network, this.host, { servers, timeoutMs }, first);
    client.onConnected = () => {
      this.clients.set(client.sessionId, client);
      this.session = this.history.session(client.sessionId, name);
      if (this.watches.size > 0) this.rewatch();
    };
    client.onExpired = () => {
      this.history.expired.add(client.sessionId);
      this.scheduler.after(this.random.between(1, 500_000), undefined, () => {
        if (this.client === client) this.client = this.connect();
      });
    };
    client.onEvent = (event) => this.onEvent(client, event);
    return client;
  }

  /** As every client library does it: first of all on a new connection, with what it has seen last. */
  private rewatch(): void {
    const { client, session } = this;
    const lists: Record<WatchKind, string[]> = { data: [], exist: [], child: [] };
    for (const [key, kind] of this.watches) lists[kind].push(key.slice(key.indexOf(' ') + 1));
    const connection = client.connections;
    const relativeZxid = client.lastZxid;
    client.request(
      OpCode.setWatches,
      (w) => writeSetWatches(w, { relativeZxid, ...lists, persistent: [], persistentRecursive: [] }, false),
      (answer) => {
        if (answer !== undefined) session?.arrivals.push({ kind: 'rewatched', zxid: answer.zxid, connection });
      },
      Xid.setWatches,
    );
  }

  private onEvent(client: SimClient, event: WatcherEvent): void {
    const { type, path } = event;
    this.history
      .session(client.sessionId, client.name)
      .arrivals.push({ kind: 'event', type, path, connection: client.connections });
    if (client !== this.client) return;
    if (type !== EventType.nodeChildrenChanged) this.watches.delete(`data ${path}`);
    if (type === EventType.nodeChildrenChanged || type === EventType.nodeDeleted) this.watches.delete(`child ${path}`);
  }

  private learn(op: Op): void {
    const { action, result } = op;
    if (result === undefined || op.sessionId !== this.client.sessionId) return;
    if (action.op === 'get' && result.stat !== undefined) this.versions.set(action.path, result.stat.version);
    if (action.op === 'setData' && result.stat !== undefined) this.versions.set(action.path, result.stat.version);
    if ((action.op === 'get' || action.op === 'exists' || action.op === 'children') && action.watch) {
      if (action.op === 'exists' && result.err === ErrorCode.noNode) this.watches.set(`data ${action.path}`, 'exist');
      else if (result.err === 0) {
        if (action.op === 'children') this.watches.set(`child ${action.path}`, 'child');
        else this.watches.set(`data ${action.path}`, 'data');
      }
    }
  }

  private thinkLater(): void {
    const { thinkMs } = this.options;
    const ms = this.random.chance(1, 10) ? thinkMs * 5 : this.random.between(1, thinkMs * 2);
    this.scheduler.after(ms * 1000, undefined, () => {
      if (!this.stopped) {
        this.act();
        this.thinkLater();
      }
    });
  }

  private act(): void {
    const { random, client, options } = this;
    if (client.isClosing || client.process.isDead || client.isExpired) return;
    if (!client.isConnected) return;
    if (options.leavesOneIn > 0 && random.below(options.leavesOneIn) === 0) {
      this.leave();
      return;
    }
    if (client.depth > options.mostAtOnce * 4) return;
    const count = random.between(1, options.mostAtOnce);
    for (let i = 0; i < count; i++) this.do(this.nextAction());
  }

  private leave(): void {
    const { random, client } = this;
    switch (random.below(4)) {
      case 0:
        this.do({ op: 'close' });
        this.replaceLater(client);
        return;
      case 1:
        client.kill();
        this.replaceLater(client);
        return;
      default:
        client.drop();
    }
  }

  private replaceLater(client: SimClient): void {
    this.scheduler.after(this.random.between(10_000, 3_000_000), undefined, () => {
      if (this.client === client && !this.stopped) this.client = this.connect();
    });
  }

  private nextAction(): Action {
    const { random, options } = this;
    const dice = random.below(100);
    if (dice < 24) return this.write();
    if (dice < 30 && options.multis) {
      return { op: 'multi', parts: Array.from({ length: random.between(1, 4) }, () => this.part()) };
    }
    if (dice < 36) return { op: 'sync', path: '/' };
    if (dice < 44 && options.ephemerals) {
      const flags = random.chance(1, 3) ? CreateMode.ephemeralSequential : CreateMode.ephemeral;
      return { op: 'create', path: `/e${random.below(3)}`, data: this.name, flags };
    }
    if (dice < 48) {
      return { op: 'create', path: `${this.path()}/s`, data: '', flags: CreateMode.persistentSequential };
    }
    const watch = options.watches && random.chance(1, 4);
    if (dice < 78) return { op: 'get', path: this.path(), watch };
    if (dice < 88) return { op: 'exists', path: random.chance(1, 4) ? `/e${random.below(3)}` : this.path(), watch };
    return { op: 'children', path: random.chance(1, 2) ? '/' : this.path(), watch };
  }

  private path(): string {
    const { random } = this;
    return random.chance(1, 4) ? `/k${random.below(2)}/c${random.below(3)}` : `/k${random.below(4)}`;
  }

  private part(): Action {
    if (this.random.chance(1, 5)) {
      const path = this.path();
      return { op: 'check', path, version: this.version(path) };
    }
    return this.write();
  }

  private write(): Action {
    const { random } = this;
    const path = this.path();
    const data = `${this.name}-${this.history.ops.length}`.padEnd(random.chance(1, 20) ? 900 : 12, '.');
    const dice = random.below(10);
    if (dice < 3) return { op: 'create', path, data, flags: CreateMode.persistent };
    if (dice < 9) return { op: 'setData', path, data, version: this.version(path) };
    return { op: 'delete', path, version: this.version(path) };
  }

  /** Mostly the one it knows of, which may be old. */
  private version(path: string): number {
    return this.random.chance(1, 2) ? -1 : (this.versions.get(path) ?? 0);
  }
}

function opCodeOf(action: Action): number {
  switch (action.op) {
    case 'create':
      return OpCode.create;
    case 'setData':
      return OpCode.setData;
    case 'delete':
      return OpCode.delete;
    case 'multi':
      return OpCode.multi;
    case 'get':
      return OpCode.getData;
    case 'exists':
      return OpCode.exists;
    case 'children':
      return OpCode.getChildren;
    case 'sync':
      return OpCode.sync;
    default:
      throw new Error(`${action.op} is not sent by itself`);
  }
}

function writeAction(w: Writer, action: Action): void {
  switch (action.op) {
    case 'create': {
      const data = Buffer.from(action.data);
      writeCreateRequest(
        w,
        { path: action.path, data, acl: [...OPEN_ACL_UNSAFE], flags: action.flags, ttl: 0n },
        false,
      );
      return;
    }
    case 'setData':
      writeSetDataRequest(w, { path: action.path, data: Buffer.from(action.data), version: action.version });
      return;
    case 'delete':
      writePathVersion(w, { path: action.path, version: action.version });
      return;
    case 'multi':
      writeMulti(w, action.parts.map(multiPart), (path) => path);
      return;
    case 'get':
    case 'exists':
    case 'children':
      writePathWatch(w, { path: action.path, watch: action.watch });
      return;
    case 'sync':
      w.writeString(action.path);
      return;
    default:
  }
}

function multiPart(action: Action): Parameters<typeof writeMulti>[1][number] {
  switch (action.op) {
    case 'create':
      return { op: 'create', path: action.path, data: action.data };
    case 'setData':
    case 'delete':
    case 'check':
      return action;
    default:
      throw new Error(`${action.op} in a multi`);
  }
}

function resultOf(action: Action, { err, body }: Answer): Result {
  if (action.op === 'multi') return { err, items: body.remaining > 0 ? itemsOf(body) : [] };
  if (err !== 0) return { err };
  switch (action.op) {
    case 'create':
      return { err, path: body.readString() ?? '' };
    case 'setData':
    case 'exists':
      return { err, stat: readStat(body) };
    case 'get': {
      const { data, stat } = readDataAndStat(body);
      return { err, data: data?.toString(), stat };
    }
    case 'children':
      return { err, children: (body.readStrings() ?? []).sort() };
    default:
      return { err };
  }
}

function itemsOf(body: Reader): (number | string)[] {
  return readMulti(body, (path) => path).map((item) => {
    if (item.op === 'error') return item.code;
    return item.op === 'create' ? item.path : 0;
  });
}
