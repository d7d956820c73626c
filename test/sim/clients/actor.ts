import { type SetWatches, type WatcherEvent, writeSetWatches } from '../../../src/jute/client-records.ts';
import { AddWatchMode, CreateMode, ErrorCode, EventType, OpCode, WatcherType, Xid } from '../../../src/jute/codes.ts';
import { OPEN_ACL_UNSAFE } from '../../../src/jute/data-records.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import {
  type Action,
  type History,
  isWrite,
  type Op,
  type SessionHistory,
  type WatchLists,
} from '../judges/history.ts';
import { digestId } from '../judges/small-rules.ts';
import type { SimHost, SimNetwork } from '../world/net.ts';
import type { SimRandom } from '../world/random.ts';
import type { Scheduler } from '../world/scheduler.ts';
import { type Behaviour, Wishes } from './behaviour.ts';
import { type Answer, SimClient } from './client.ts';
import { bulk, nextUnderPressure, type Pressure } from './pressure.ts';
import { opCodeOf, resultOf, writeAction } from './wire.ts';

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
  readonly behaviour?: Behaviour;
  readonly pressure?: Pressure;
  /** Data of a few of its writes; undefined: none is long. */
  readonly bigBytes?: number | undefined;
  readonly dialsAtOnce?: boolean;
}

type WatchKind = 'data' | 'exist' | 'child' | 'persistent' | 'recursive';

/** First of all on a connection: not more than this much in one request, as client libraries cut it. */
const SET_WATCHES_BYTES = 128 * 1024;
const GHOST_XIDS = 4;
const BIG_WRITES = 4;

export class Actor {
  readonly name: string;
  client: SimClient;
  /** Of the next setWatches, as much; a client that does not know of any limit has none. */
  setWatchesBytes = SET_WATCHES_BYTES;
  private readonly scheduler: Scheduler;
  private readonly network: SimNetwork;
  private readonly host: SimHost;
  private readonly options: ActorOptions;
  private readonly random: SimRandom;
  /** Of all that `behaviour` brings in. */
  private readonly more: SimRandom;
  /** Of its `pressure`. */
  private readonly pressing: SimRandom;
  private readonly big: SimRandom;
  private bigWrites = 0;
  private readonly wishes: Wishes | undefined;
  private readonly history: History;
  private readonly clients: Map<bigint, SimClient>;
  private readonly watches = new Map<string, WatchKind>();
  private session: SessionHistory | undefined;
  private sessions = 0;
  private stopped = false;
  /** When a write was answered last. */
  private wroteMs = -1;
  private probedOn = '';
  private wasBulky = false;
  private readonly versions = new Map<string, number>();
  /** Given again on every new connection. */
  private readonly credentials = new Set<string>();
  /** The ids that this connection will have proved by the time a request sent now is looked at. */
  private ids: readonly string[] = [];

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
    this.more = random.split('habits');
    this.pressing = random.split('ways');
    this.big = random.split('big');
    const { behaviour } = options;
    if (behaviour !== undefined) this.wishes = new Wishes(behaviour, this.more, name, this.host.address);
    this.history = history;
    this.clients = clients;
    this.client = this.connect();
    this.thinkLater();
  }

  /** No more requests. The session lives on. */
  stop(): void {
    this.stopped = true;
    this.client.isDozing = false;
    this.client.leaveGhost();
  }

  /** Of its sessions. */
  get timeoutMs(): number {
    return this.options.timeoutMs;
  }

  /** As servers see it. */
  get address(): string {
    return this.host.address;
  }

  get isConnected(): boolean {
    return this.client.isConnected;
  }

  /** It has what it wants: a connection, or the end of its session. */
  get isServed(): boolean {
    return this.client.isConnected || (this.stopped && (this.client.isClosing || this.client.process.isDead));
  }

  /** Whether a write of its was answered since then, unless it is leaving; it asks for one on every connection. */
  wasAnsweredSince(ms: number): boolean {
    const { client, options } = this;
    if (this.wroteMs >= ms || client.isClosing || client.process.isDead) return true;
    // One that a script plays says what the script tells it to.
    if (options.pressure === undefined) return true;
    const connection = `${client.name} ${client.connections}`;
    if (client.isConnected && connection !== this.probedOn) {
      this.probedOn = connection;
      this.do({ op: 'setData', path: '/k0', data: `${this.name}?`, version: -1 });
    }
    return false;
  }

  /** Its session is about to be closed by a leader: the last moment to say something. */
  wake(): void {
    const { client } = this;
    if (!client.isDozing || this.stopped) return;
    client.isDozing = false;
    if (!client.isConnected) return;
    this.do({ op: 'create', path: `/e${this.more.below(3)}`, data: this.name, flags: CreateMode.ephemeral });
    this.do({ op: 'setData', path: '/k0', data: this.name, version: -1 });
    this.do({ op: 'create', path: '/e', data: this.name, flags: CreateMode.ephemeralSequential });
    this.do({ op: 'delete', path: '/k1', version: -1 });
    this.do({ op: 'setAcl', path: '/k0', acl: OPEN_ACL_UNSAFE, version: -1 });
    this.do({ op: 'multi', parts: [{ op: 'check', path: '/k0', version: -1 }] });
    this.do({ op: 'sync', path: '/' });
  }

  do(action: Action): void {
    const { client } = this;
    const { connections: connection } = client;
    const session = this.session;
    if (!client.isConnected || session === undefined) return;
    if (action.op === 'auth') {
      this.prove(action.scheme, action.credentials);
      return;
    }
    const op = this.opOf(action);
    const done = (answer: Answer | undefined): void => {
      if (answer === undefined) return;
      op.answeredUs = this.scheduler.nowUs;
      op.zxid = answer.zxid;
      op.result = resultOf(action, answer);
      if (isWrite(action)) this.wroteMs = this.scheduler.nowMs;
      // A request answered at once, whatever is under way, carries no zxid.
      if (action.op !== 'bad' || answer.zxid > 0) {
        session.arrivals.push({ kind: 'answer', zxid: answer.zxid, connection, op });
      }
      this.learn(op);
    };
    const xid =
      action.op === 'close'
        ? client.close(done)
        : client.request(opCodeOf(action), (w) => writeAction(w, action), done);
    (op as { xid: number }).xid = xid;
    this.history.ops.push(op);
  }

  /** Goes to another server, or to the same once more, and goes on talking on the connection it leaves. */
  move(actions: readonly Action[], server?: string): void {
    const { client } = this;
    if (!client.isConnected || client.isClosing) return;
    const ops = actions.map((action) => this.opOf(action));
    client.move(server);
    for (const op of ops) this.haunt(op);
  }

  /** Goes to that server, and keeps its connection to where it was. */
  moveTo(server: string): void {
    this.client.move(server);
  }

  /** On the connection it left. */
  haunt(op: Op): void {
    const { action } = op;
    (op as { xid: number }).xid = this.client.haunt(opCodeOf(action), (w) => writeAction(w, action));
    this.history.ops.push(op);
  }

  opOf(action: Action): Op {
    return {
      action,
      sessionId: this.client.sessionId,
      xid: 0,
      connection: this.client.connections,
      ids: this.ids,
      askedUs: this.scheduler.nowUs,
      answeredUs: undefined,
      zxid: undefined,
      result: undefined,
    };
  }

  /** An auth packet: counts for what is asked after it, and is answered before what was asked before it. */
  prove(scheme: string, credentials: string): void {
    const { client, session } = this;
    if (session === undefined || !client.isConnected) return;
    const connection = client.connections;
    const isDigest = scheme === 'digest';
    if (isDigest) {
      this.credentials.add(credentials);
      const id = `digest:${digestId(credentials)}`;
      if (!this.ids.includes(id)) this.ids = [...this.ids, id];
    }
    client.auth(scheme, credentials, (answer) => {
      if (answer?.err !== 0 || !isDigest) return;
      session.arrivals.push({ kind: 'proved', id: `digest:${digestId(credentials)}`, connection });
    });
  }

  private connect(): SimClient {
    this.sessions++;
    this.session = undefined;
    this.watches.clear();
    this.credentials.clear();
    const { servers, timeoutMs, behaviour } = this.options;
    const name = `${this.name}.${this.sessions}`;
    const first = this.random.below(servers.length);
    const readOnly = (): boolean | undefined =>
      behaviour?.readOnly === 'old' ? undefined : behaviour?.readOnly === 'yes';
    const countsAfresh = behaviour?.countsAfresh === true;
    const dialsAtOnce = this.options.dialsAtOnce === true;
    const options = { servers, timeoutMs, readOnly, countsAfresh, dialsAtOnce };
    const client = new SimClient(name, this.scheduler, this.network, this.host, options, first);
    client.onConnected = () => {
      this.clients.set(client.sessionId, client);
      const ownId = `ip:${this.host.address}`;
      this.session = this.history.session(client.sessionId, name, ownId);
      this.ids = [ownId];
      for (const credentials of this.credentials) this.prove('digest', credentials);
      if (this.watches.size > 0) this.rewatch();
    };
    client.onExpired = () => {
      this.history.expired.add(client.sessionId);
      this.scheduler.after(this.random.between(1, 500_000), undefined, () => {
        if (this.client === client) this.client = this.connect();
      });
    };
    client.onEvent = (event, zxid) => this.onEvent(client, event, zxid);
    return client;
  }

  /** As every client library does it: first of all on a new connection, with what it has seen last. */
  private rewatch(): void {
    const { client, session } = this;
    const relativeZxid = client.lastZxid;
    const lasting = [...this.watches.values()].some((kind) => kind === 'persistent' || kind === 'recursive');
    for (const lists of listsOf(this.watches, relativeZxid, this.setWatchesBytes)) {
      const connection = client.connections;
      client.request(
        lasting ? OpCode.setWatches2 : OpCode.setWatches,
        (w) => writeSetWatches(w, recordOf(lists), lasting),
        (answer) => {
          // A leader looks at the session first, and the client may have asked for its end right behind this.
          if (answer === undefined || answer.err === ErrorCode.sessionExpired) return;
          session?.arrivals.push({ kind: 'rewatched', zxid: answer.zxid, connection, lists });
        },
        Xid.setWatches,
      );
    }
  }

  private onEvent(client: SimClient, { type, path }: WatcherEvent, zxid: Zxid): void {
    this.history.sessions
      .get(client.sessionId)
      ?.arrivals.push({ kind: 'event', type, path, zxid, connection: client.connections });
    if (client !== this.client) return;
    if (type !== EventType.nodeChildrenChanged) this.watches.delete(`data ${path}`);
    if (type === EventType.nodeChildrenChanged || type === EventType.nodeDeleted) this.watches.delete(`child ${path}`);
  }

  private learn(op: Op): void {
    const { action, result } = op;
    if (result === undefined || op.sessionId !== this.client.sessionId) return;
    const { watches } = this;
    switch (action.op) {
      case 'get':
      case 'setData':
        if (result.stat !== undefined) this.versions.set(action.path, result.stat.version);
        break;
      case 'addWatch':
        if (result.err !== 0) return;
        if (action.mode === AddWatchMode.persistent) watches.set(`persistent ${action.path}`, 'persistent');
        else watches.set(`recursive ${action.path}`, 'recursive');
        return;
      case 'removeWatches': {
        if (result.err !== 0) return;
        const { path, type } = action;
        const all = type === WatcherType.any;
        if (all || type === WatcherType.data) watches.delete(`data ${path}`);
        if (all || type === WatcherType.children) watches.delete(`child ${path}`);
        if (all || type === WatcherType.persistent) watches.delete(`persistent ${path}`);
        if (all || type === WatcherType.persistentRecursive) watches.delete(`recursive ${path}`);
        return;
      }
      default:
    }
    if (!('watch' in action) || !action.watch) return;
    if (action.op === 'exists' && result.err === ErrorCode.noNode) watches.set(`data ${action.path}`, 'exist');
    else if (result.err === 0) {
      if (action.op === 'get' || action.op === 'exists') watches.set(`data ${action.path}`, 'data');
      else watches.set(`child ${action.path}`, 'child');
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
    if (!client.isConnected || client.isDozing) return;
    if (options.leavesOneIn > 0 && random.below(options.leavesOneIn) === 0) {
      this.leave();
      return;
    }
    if (client.depth > options.mostAtOnce * 4) return;
    const count = random.between(1, options.mostAtOnce);
    for (let i = 0; i < count; i++) this.do(this.wishes?.next((path) => this.version(path)) ?? this.nextAction());
    const pressure = options.pressure === undefined ? [] : nextUnderPressure(options.pressure, this.pressing);
    for (const action of pressure) this.do(action);
    if (options.pressure?.bulky === true && !this.wasBulky && this.pressing.chance(1, 10)) this.beBulky();
    const { behaviour } = options;
    if (options.pressure?.haunts === true && this.pressing.chance(1, 15)) this.hauntLater();
    else if (behaviour?.rude === true && this.more.chance(1, 25)) this.beRude();
    else if (behaviour?.dozes === true && this.more.chance(1, 25)) this.doze();
  }

  private beRude(): void {
    const { more, client } = this;
    switch (more.below(8)) {
      case 0:
        client.raw(Buffer.from([0xff, 0xff, 0xff, 0xf0]));
        return;
      case 1:
        client.raw(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
        return;
      case 2:
        client.raw(Buffer.from(more.pick(['ruok', 'GET / HTTP/1.1\r\n\r\n', 'stat'])));
        return;
      case 3:
        // A frame that never ends.
        client.raw(Buffer.from([0, 0, 1, 0, 0, 0, 0, 1]));
        client.drop();
        return;
      case 4:
        client.halfClose();
        return;
      case 5:
        client.stopReading(more.between(50, 3000));
        return;
      case 6:
        client.raw(Buffer.from([0, 0, 0, 3, 1, 2, 3]));
        return;
      default: {
        const actions = Array.from({ length: more.between(0, GHOST_XIDS) }, () => this.write());
        this.move(actions.filter(isWrite), more.chance(1, 2) ? client.server : undefined);
        this.scheduler.after(more.between(1, 4000) * 1000, undefined, () => client.leaveGhost());
      }
    }
  }

  private beBulky(): void {
    this.wasBulky = true;
    if (this.pressing.chance(1, 2)) this.client.stopReading(this.pressing.between(1, 2000));
    for (const action of bulk(this.pressing)) this.do(action);
  }

  /** Goes elsewhere, and after a while asks for something on the connection it left. */
  private hauntLater(): void {
    const { client, pressing, ids } = this;
    const { sessionId, connections: connection } = client;
    this.move([], pressing.pick([undefined, ...this.options.servers]));
    for (let i = pressing.between(1, 3); i > 0; i--) {
      const action = this.nextOnGhost();
      this.scheduler.after(pressing.between(1, 3000) * 1000, undefined, () => {
        const isThere = this.client === client && client.hasGhost && client.sessionId === sessionId;
        if (!isThere || client.process.isDead || this.options.behaviour?.countsAfresh === true) return;
        this.haunt({ ...this.opOf(action), connection, ids });
      });
    }
  }

  private nextOnGhost(): Action {
    const { pressing } = this;
    const path = `/k${pressing.below(2)}`;
    return pressing.pick<Action>([
      { op: 'setData', path, data: `${this.name} was here`, version: -1 },
      { op: 'create', path: `/e${pressing.below(3)}`, data: this.name, flags: CreateMode.ephemeral },
      { op: 'multi', parts: [{ op: 'setData', path, data: 'twice', version: -1 }] },
    ]);
  }

  /** As if the machine slept, for about as long as the session may. */
  private doze(): void {
    const { client, more } = this;
    client.isDozing = true;
    this.scheduler.after(Math.round(client.timeoutMs * more.pick([500, 1100, 1600])), undefined, () => {
      client.isDozing = false;
    });
  }

  private leave(): void {
    const { random, client } = this;
    switch (random.below(4)) {
      case 0:
        for (const action of this.wishes?.last() ?? []) this.do(action);
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
    const wish = this.wishes?.part((path) => this.version(path));
    if (wish !== undefined) return wish;
    if (this.random.chance(1, 5)) {
      const path = this.path();
      return { op: 'check', path, version: this.version(path) };
    }
    return this.write();
  }

  private write(): Action {
    const { random } = this;
    const path = this.path();
    const length = random.chance(1, 20) ? 900 : 12;
    const data = `${this.name}-${this.history.ops.length}`.padEnd(this.bigLength() ?? length, '.');
    const dice = random.below(10);
    if (dice < 3) return { op: 'create', path, data, flags: CreateMode.persistent };
    if (dice < 9) return { op: 'setData', path, data, version: this.version(path) };
    return { op: 'delete', path, version: this.version(path) };
  }

  private bigLength(): number | undefined {
    const { bigBytes } = this.options;
    if (bigBytes === undefined || this.bigWrites >= BIG_WRITES || !this.big.chance(1, 4)) return undefined;
    this.bigWrites++;
    return bigBytes;
  }

  /** Mostly the one it knows of, which may be old. */
  private version(path: string): number {
    return this.random.chance(1, 2) ? -1 : (this.versions.get(path) ?? 0);
  }
}

function recordOf(lists: WatchLists): SetWatches {
  return {
    relativeZxid: lists.relativeZxid,
    data: [...lists.data],
    exist: [...lists.exist],
    child: [...lists.child],
    persistent: [...lists.persistent],
    persistentRecursive: [...lists.recursive],
  };
}

/** In as many requests as it takes. */
function listsOf(watches: ReadonlyMap<string, WatchKind>, relativeZxid: Zxid, mostBytes: number): WatchLists[] {
  type Growing = { -readonly [K in keyof WatchLists]: WatchLists[K] extends Zxid ? Zxid : string[] };
  const empty = (): Growing => ({ relativeZxid, data: [], exist: [], child: [], persistent: [], recursive: [] });
  const all: Growing[] = [];
  let bytes = 0;
  for (const [key, kind] of watches) {
    const path = key.slice(key.indexOf(' ') + 1);
    if (all.length === 0 || bytes + path.length > mostBytes) {
      all.push(empty());
      bytes = 0;
    }
    (all.at(-1) as Growing)[kind].push(path);
    bytes += path.length + 4;
  }
  return all;
}
