import { CreateMode, ErrorCode, EventType, OpCode, Perm } from '../../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE, type Stat } from '../../../src/jute/data-records.ts';
import { epochOf, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { farCreates, farVersion } from '../world/far-counters.ts';
import type { Action, Create, Result } from './history.ts';
import {
  aclText,
  grantedAcl,
  isGranted,
  isPath,
  isReserved,
  nameOf,
  numbersOf,
  parentOf,
  quotaAnswer,
  type Usage,
} from './small-rules.ts';

/**
 * The behaviour of a ZooKeeper tree, from a client's side and without a thought for speed: requests in, results out. It
 * shares nothing with src/datatree and src/server, so the two can be held against each other.
 */
export interface SmallRules {
  readonly extendedTypes: boolean;
  readonly enforceQuota: boolean;
}

/** The one who asks, and as what. */
export interface Asker {
  readonly sessionId: bigint;
  readonly ids: readonly string[];
}

/** When a write takes its place, and what was decided there. */
export interface Place {
  readonly zxid: Zxid;
  readonly timeMs: number;
  /** A quota is looked up in what the leader had applied by then, which nobody else knows: either answer may do. */
  readonly decided: number;
}

interface SmallNode {
  data: string | undefined;
  acl: readonly Acl[];
  readonly kind: 'plain' | 'ephemeral' | 'container' | 'ttl';
  /** A session's id; 0 for all that is no ephemeral. */
  readonly owner: bigint;
  readonly ttlMs: number;
  readonly czxid: Zxid;
  readonly ctime: number;
  mzxid: Zxid;
  mtime: number;
  pzxid: Zxid;
  version: number;
  aversion: number;
  creates: number;
  readonly children: Set<string>;
}

/** The events that watchers are told: of a path, or of its children. */
export interface Change {
  readonly zxid: Zxid;
  readonly type: number;
  readonly path: string;
  readonly acl: readonly Acl[];
}

const QUOTA = '/zookeeper/quota';
const CONFIG = '/zookeeper/config';
const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';
/** How far the leader's applied state may be behind what it decides: more than all clients ask at once. */
const WINDOW = 500;

export class SmallTree {
  nodes = new Map<string, SmallNode>();
  readonly changes: Change[] = [];
  private readonly rules: SmallRules;
  private undo: (() => void)[] | undefined;
  /** By the path under a quota: what was allowed and used, and from which transaction on. */
  private readonly usages = new Map<string, { readonly from: Zxid; readonly usage: Usage }[]>();
  private readonly recent: Zxid[] = [];

  constructor(rules: SmallRules) {
    this.rules = rules;
    this.nodes.set('/', fresh('', OPEN_ACL_UNSAFE, ZXID_ZERO, 0));
    for (const name of ['zookeeper', 'zookeeper/quota', 'zookeeper/config']) {
      const path = `/${name}`;
      const acl = name.endsWith('config') ? READ_ACL_UNSAFE : OPEN_ACL_UNSAFE;
      this.nodes.set(path, fresh('', acl, ZXID_ZERO, 0));
      this.nodes.get(parentOf(path) as string)?.children.add(nameOf(path));
    }
  }

  write(action: Action, asker: Asker, place: Place): Result {
    this.begin(place.zxid);
    const result = action.op === 'multi' ? this.multi(action.parts, asker, place) : this.one(action, asker, place);
    this.noteUsage(place.zxid);
    return result;
  }

  /** The members changed, which those are told who watch all nodes. No client looks at the text. */
  reconfigured(zxid: Zxid): void {
    const node = this.nodes.get(CONFIG) as SmallNode;
    node.mzxid = zxid;
    this.note(EventType.nodeDataChanged, CONFIG, zxid, node.acl);
  }

  /** A container or TTL node is deleted by the server itself; why it must not be, if it must not. */
  reap(path: string, place: Place): string | undefined {
    const node = this.nodes.get(path);
    if (node === undefined) return 'it is not there';
    if (node.children.size > 0) return 'it has children';
    if (node.kind !== 'container' && node.kind !== 'ttl') return `it is ${node.kind}`;
    if (node.kind === 'container' && node.creates === 0) return 'it is a container that never had a child';
    const ageMs = place.timeMs - node.mtime;
    if (node.kind === 'ttl' && ageMs <= node.ttlMs) {
      return `its ttl of ${node.ttlMs} ms is not over ${ageMs} ms after its last change`;
    }
    this.remove(path, node, place.zxid);
    this.noteUsage(place.zxid);
    return undefined;
  }

  /** At the state after the last write. */
  read(action: Action, asker: Asker): Result {
    if (action.op === 'ephemerals') {
      const all = action.path.trim() === '' || action.path.trim() === '/';
      const own = this.ephemeralsOf(asker.sessionId).filter((path) => all || path.startsWith(action.path));
      return { err: 0, list: own.sort() };
    }
    if (action.op === 'whoAmI') return { err: 0, list: asker.ids.map(shownId).sort() };
    if (action.op === 'multiRead') return { err: 0, items: action.parts.map((part) => this.item(part, asker)) };
    if (!('path' in action)) throw new Error(`${action.op} is no read`);
    if (action.op === 'exists' && action.path.includes('\0')) return { err: ErrorCode.badArguments };
    const node = this.at(action.path);
    if (node === undefined) return { err: ErrorCode.noNode };
    const perm = action.op === 'getAcl' ? Perm.read | Perm.admin : Perm.read;
    if (!isGranted(node.acl, perm, asker.ids)) return { err: ErrorCode.noAuth };
    switch (action.op) {
      case 'exists':
        return { err: 0, stat: statOf(node) };
      case 'get':
        return { err: 0, data: node.data, stat: statOf(node) };
      case 'children':
        return { err: 0, children: [...node.children].sort() };
      case 'children2':
        return { err: 0, children: [...node.children].sort(), stat: statOf(node) };
      case 'getAcl': {
        const mayAdmin = isGranted(node.acl, Perm.admin, asker.ids);
        const shown = node.acl.map((entry) =>
          mayAdmin || entry.id.scheme !== 'digest' ? aclText(entry) : aclText(entry).replace(/:[^:]*$/, ':x'),
        );
        return { err: 0, list: shown.sort(), stat: statOf(node) };
      }
      case 'count':
        return { err: 0, count: this.below(action.path) };
      default:
        throw new Error(`${action.op} is no read`);
    }
  }

  closeSession(sessionId: bigint, zxid: Zxid): void {
    this.begin(zxid);
    for (const path of this.ephemeralsOf(sessionId)) this.remove(path, this.nodes.get(path) as SmallNode, zxid);
    this.noteUsage(zxid);
  }

  ephemeralsOf(sessionId: bigint): string[] {
    const paths: string[] = [];
    for (const [path, node] of this.nodes) if (node.owner === sessionId) paths.push(path);
    return paths;
  }

  /** The names a node goes by when it is only looked up. */
  at(path: string): SmallNode | undefined {
    return this.nodes.get(path === '' ? '/' : path);
  }

  private begin(zxid: Zxid): void {
    this.recent.push(zxid);
    if (this.recent.length > WINDOW) this.recent.shift();
  }

  private one(action: Action, asker: Asker, place: Place): Result {
    switch (action.op) {
      case 'create':
        return this.create(action, asker, place);
      case 'setData':
        return this.setData(action.path, action.data, action.version, asker, place);
      case 'setAcl': {
        if (!isPath(action.path)) return { err: ErrorCode.badArguments };
        const acl = grantedAcl(action.acl, asker.ids);
        if (typeof acl === 'number') return { err: acl };
        const node = this.nodes.get(action.path);
        if (node === undefined) return { err: ErrorCode.noNode };
        if (!isGranted(node.acl, Perm.admin, asker.ids)) return { err: ErrorCode.noAuth };
        if (action.version !== -1 && action.version !== node.aversion) return { err: ErrorCode.badVersion };
        node.acl = acl;
        node.aversion = (node.aversion + 1) | 0;
        return { err: 0, stat: statOf(node) };
      }
      case 'delete':
        return { err: this.delete(action.path, action.version, asker, place.zxid) };
      case 'check': {
        if (!isPath(action.path)) return { err: ErrorCode.badArguments };
        const node = this.nodes.get(action.path);
        if (node === undefined) return { err: ErrorCode.noNode };
        if (!isGranted(node.acl, Perm.read, asker.ids)) return { err: ErrorCode.noAuth };
        return { err: isVersion(action.path, node, action.version) ? 0 : ErrorCode.badVersion };
      }
      default:
        throw new Error(`${action.op} is no write`);
    }
  }

  /**
   * The error that a write is refused with before anyone looks at its session, by Apache too; 0: nothing. Of a multi
   * the first part counts: behind it the session would have been asked for.
   */
  refusedOnSight(action: Action): number {
    const first = action.op === 'multi' && action.parts[0] !== undefined ? inMulti(action.parts[0]) : action;
    if (first.op === 'bad') return first.err;
    return first.op === 'create' ? refuseMode(first, this.rules) : 0;
  }

  private create(action: Create, asker: Asker, place: Place): Result {
    const { path, data, flags } = action;
    const { zxid, timeMs } = place;
    const type = typeOf(action);
    const ttlMs = ttlOf(action);
    const refused = refuseMode(action, this.rules);
    if (refused !== 0) return { err: refused };
    const parentPath = parentOf(path);
    if (parentPath === undefined) return { err: ErrorCode.badArguments };
    const acl = grantedAcl(action.acl, asker.ids);
    if (typeof acl === 'number') return { err: acl };
    const parent = this.nodes.get(parentPath);
    if (parent === undefined) return { err: ErrorCode.noNode };
    if (!isGranted(parent.acl, Perm.create, asker.ids)) return { err: ErrorCode.noAuth };
    const creates = farCreates(parentPath, parent.creates);
    const made = isSequential(flags) ? path + String(creates).padStart(10, '0') : path;
    if (!isPath(made)) return { err: ErrorCode.badArguments };
    if (this.nodes.has(made)) return { err: ErrorCode.nodeExists };
    if (parent.kind === 'ephemeral') return { err: ErrorCode.noChildrenForEphemerals };
    const quota = this.quota(made, length(data), 1, place);
    if (quota !== 0) return { err: quota };

    const isEphemeral = isOfSession(action);
    const kind =
      type === OpCode.createContainer
        ? 'container'
        : type === OpCode.createTTL
          ? 'ttl'
          : isEphemeral
            ? 'ephemeral'
            : 'plain';
    const before = { pzxid: parent.pzxid, creates: parent.creates };
    const name = nameOf(made);
    this.undo?.push(() => {
      this.nodes.delete(made);
      parent.children.delete(name);
      Object.assign(parent, before);
    });
    const node = fresh(data, acl, zxid, timeMs, kind, isEphemeral ? asker.sessionId : 0n, ttlMs);
    this.nodes.set(made, node);
    parent.children.add(name);
    // The counter stops at its end, and the parent then looks as if nothing had been made.
    if (creates < 2 ** 31 - 1) {
      parent.creates = creates + 1;
      parent.pzxid = zxid;
    }
    const stat = statOf(node);
    this.used(made, length(data), 1);
    if (parentPath.startsWith(QUOTA) && name === STATS) this.recount(parentPath.slice(QUOTA.length));
    this.note(EventType.nodeCreated, made, zxid, acl);
    this.note(EventType.nodeChildrenChanged, parentPath, zxid, parent.acl);
    return type === OpCode.create ? { err: 0, path: made } : { err: 0, path: made, stat };
  }

  private setData(path: string, data: string | undefined, version: number, asker: Asker, place: Place): Result {
    if (!isPath(path)) return { err: ErrorCode.badArguments };
    const node = this.nodes.get(path);
    if (node === undefined) return { err: ErrorCode.noNode };
    if (!isGranted(node.acl, Perm.write, asker.ids)) return { err: ErrorCode.noAuth };
    const quota = this.quota(path, length(data) - length(node.data), 0, place);
    if (quota !== 0) return { err: quota };
    if (!isVersion(path, node, version)) return { err: ErrorCode.badVersion };
    const before = { data: node.data, mzxid: node.mzxid, mtime: node.mtime, version: node.version };
    this.undo?.push(() => Object.assign(node, before));
    const grown = length(data) - length(node.data);
    node.data = data;
    node.mzxid = place.zxid;
    node.mtime = place.timeMs;
    node.version = (farVersion(path, node.version) + 1) | 0;
    this.used(path, grown, 0);
    this.note(EventType.nodeDataChanged, path, place.zxid, node.acl);
    return { err: 0, stat: statOf(node) };
  }

  private delete(path: string, version: number, asker: Asker, zxid: Zxid): number {
    const parentPath = parentOf(path);
    if (parentPath === undefined || isReserved(path)) return ErrorCode.badArguments;
    const parent = this.nodes.get(parentPath);
    if (parent === undefined) return ErrorCode.noNode;
    if (!isGranted(parent.acl, Perm.delete, asker.ids)) return ErrorCode.noAuth;
    const node = this.nodes.get(path);
    if (node === undefined) return ErrorCode.noNode;
    if (!isVersion(path, node, version)) return ErrorCode.badVersion;
    if (node.children.size > 0) return ErrorCode.notEmpty;
    this.remove(path, node, zxid);
    return 0;
  }

  private remove(path: string, node: SmallNode, zxid: Zxid): void {
    const parentPath = parentOf(path) as string;
    const parent = this.nodes.get(parentPath) as SmallNode;
    const { pzxid } = parent;
    const name = nameOf(path);
    this.undo?.push(() => {
      this.nodes.set(path, node);
      parent.children.add(name);
      parent.pzxid = pzxid;
    });
    this.nodes.delete(path);
    parent.children.delete(name);
    parent.pzxid = zxid;
    this.used(path, -length(node.data), -1);
    this.note(EventType.nodeDeleted, path, zxid, node.acl);
    this.note(EventType.nodeChildrenChanged, parentPath, zxid, parent.acl);
  }

  private multi(parts: readonly Action[], asker: Asker, place: Place): Result {
    this.undo = [];
    const changesBefore = this.changes.length;
    const items: (number | string)[] = [];
    let failure: number | undefined;
    for (const part of parts) {
      if (failure !== undefined) {
        items.push(ErrorCode.runtimeInconsistency);
        continue;
      }
      const result = this.one(inMulti(part), asker, place);
      if (result.err !== 0) failure = result.err;
      items.push(result.err !== 0 ? result.err : (result.path ?? 0));
    }
    const { undo } = this;
    this.undo = undefined;
    if (failure === undefined) return { err: 0, items };
    for (const task of undo.reverse()) task();
    this.changes.length = changesBefore;
    if (failure === ErrorCode.marshallingError) return { err: failure };
    const failedAt = items.indexOf(failure);
    return { err: failure, items: items.map((item, i) => (i < failedAt ? 0 : item)) };
  }

  private item(part: { readonly op: 'get' | 'children'; readonly path: string }, asker: Asker): number | string {
    const { err, data, stat, children } = this.read({ ...part, watch: false }, asker);
    if (err !== 0) return err;
    return part.op === 'get' ? `${data}@${stat?.mzxid}` : (children ?? []).join();
  }

  private below(path: string): number {
    if (path === '/' || path === '') return this.nodes.size - (path === '/' ? 1 : 0);
    let count = 0;
    for (const each of this.nodes.keys()) if (each.startsWith(`${path}/`)) count++;
    return count;
  }

  // Quotas

  private limitedAbove(path: string): string | undefined {
    let deepest: string | undefined;
    for (let at: string | undefined = path; at !== undefined && at !== '/'; at = parentOf(at)) {
      if (deepest === undefined && this.nodes.has(`${QUOTA}${at}/${LIMITS}`)) deepest = at;
    }
    return deepest;
  }

  private usage(limited: string): Usage {
    const limits = this.nodes.get(`${QUOTA}${limited}/${LIMITS}`);
    const stats = this.nodes.get(`${QUOTA}${limited}/${STATS}`);
    return { limits: limits?.data, stats: stats === undefined ? undefined : (stats.data ?? '') };
  }

  private quota(path: string, bytes: number, count: number, place: Place): number {
    if (!this.rules.enforceQuota) return 0;
    const from = this.recent.find((zxid) => epochOf(zxid) === epochOf(place.zxid)) ?? place.zxid;
    let isRefusable = false;
    let isAllowable = false;
    for (let at: string | undefined = path; at !== undefined && at !== '/'; at = parentOf(at)) {
      const states = this.usages.get(at);
      if (states === undefined) continue;
      for (let i = states.length - 1; i >= 0; i--) {
        const { usage, from: since } = states[i] as { usage: Usage; from: Zxid };
        if (usage.limits === undefined) isAllowable = true;
        else {
          const answer = quotaAnswer(usage, bytes, count);
          if (answer === place.decided && answer !== 0) return answer;
          if (answer === 0) isAllowable = true;
          else isRefusable = true;
        }
        if (since < from) break;
      }
    }
    return isRefusable && !isAllowable ? ErrorCode.quotaExceeded : 0;
  }

  /** Every server counts by itself; what it shows has to be this. */
  private used(path: string, bytes: number, count: number): void {
    const limited = this.limitedAbove(path);
    const stats = limited === undefined ? undefined : this.nodes.get(`${QUOTA}${limited}/${STATS}`);
    const numbers = numbersOf(stats?.data);
    if (stats === undefined || numbers === undefined) return;
    const { data } = stats;
    this.undo?.push(() => {
      stats.data = data;
    });
    stats.data = `count=${(numbers.get('count') ?? -1) + count},bytes=${(numbers.get('bytes') ?? -1) + bytes}`;
  }

  private recount(limited: string): void {
    const stats = this.nodes.get(`${QUOTA}${limited}/${STATS}`) as SmallNode;
    let count = 0;
    let bytes = 0;
    for (const [path, node] of this.nodes) {
      if (path !== limited && !path.startsWith(`${limited}/`)) continue;
      count++;
      bytes += length(node.data);
    }
    stats.data = `count=${count},bytes=${bytes}`;
  }

  private noteUsage(zxid: Zxid): void {
    const names = this.nodes.get(QUOTA)?.children ?? new Set<string>();
    if (names.size === 0 && this.usages.size === 0) return;
    for (const path of new Set([...[...names].map((name) => `/${name}`), ...this.usages.keys()])) {
      const usage = this.usage(path);
      const states = this.usages.get(path) ?? [];
      this.usages.set(path, states);
      const last = states.at(-1)?.usage;
      if (last === undefined) states.push({ from: ZXID_ZERO, usage: { limits: undefined, stats: undefined } });
      if (last?.limits !== usage.limits || last?.stats !== usage.stats) states.push({ from: zxid, usage });
    }
  }

  private note(type: number, path: string, zxid: Zxid, acl: readonly Acl[]): void {
    this.changes.push({ zxid, type, path, acl });
  }
}

function fresh(
  data: string | undefined,
  acl: readonly Acl[],
  zxid: Zxid,
  timeMs: number,
  kind: SmallNode['kind'] = 'plain',
  owner = 0n,
  ttlMs = 0,
): SmallNode {
  return {
    data,
    acl,
    kind,
    owner,
    ttlMs,
    czxid: zxid,
    ctime: timeMs,
    mzxid: zxid,
    mtime: timeMs,
    pzxid: zxid,
    version: 0,
    aversion: 0,
    creates: 0,
    children: new Set(),
  };
}

function refuseMode(action: Create, rules: SmallRules): number {
  const { flags } = action;
  const ttlMs = ttlOf(action);
  const wantsTtl = flags === CreateMode.persistentWithTTL || flags === CreateMode.persistentSequentialWithTTL;
  if (flags < 0 || flags > 6) return ErrorCode.badArguments;
  if (wantsTtl && !rules.extendedTypes) return ErrorCode.unimplemented;
  const isOff = wantsTtl ? ttlMs <= 0 || ttlMs > 2 ** 40 - 1 : typeOf(action) === OpCode.createTTL;
  return isOff ? ErrorCode.badArguments : 0;
}

/** The flag counts in two kinds of create only. */
export function isOfSession(action: Create): boolean {
  const type = typeOf(action);
  return (action.flags === 1 || action.flags === 3) && (type === OpCode.create || type === OpCode.create2);
}

/** The server appends a number to the path. */
export function isSequential(flags: number): boolean {
  return flags === 2 || flags === 3 || flags === 6;
}

/** -1: its record has none. */
function ttlOf(action: Create): number {
  return typeOf(action) === OpCode.createTTL ? (action.ttl ?? 0) : -1;
}

/** The bits that a client library sends for these flags. In a multi a create is always one that answers with a Stat. */
export function typeOf({ type, flags }: Create): number {
  if (type !== undefined) return type;
  if (flags === CreateMode.container) return OpCode.createContainer;
  return flags >= CreateMode.persistentWithTTL ? OpCode.createTTL : OpCode.create;
}

/** There the flags decide which create it is. */
export function inMulti(part: Action): Action {
  if (part.op !== 'create') return part;
  const { flags } = part;
  if (flags === CreateMode.container) return { ...part, type: OpCode.createContainer };
  return flags < CreateMode.container && part.type === OpCode.createTTL ? { ...part, type: OpCode.create } : part;
}

function isVersion(path: string, node: SmallNode, version: number): boolean {
  return version === -1 || version === farVersion(path, node.version);
}

function length(data: string | undefined): number {
  return data === undefined ? 0 : Buffer.byteLength(data);
}

/** Of a digest id only the user. */
function shownId(id: string): string {
  return id.startsWith('digest:') ? id.slice(0, id.lastIndexOf(':')) : id;
}

function statOf(node: SmallNode): Stat {
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    ctime: node.ctime,
    mtime: node.mtime,
    version: node.version,
    cversion: (node.creates * 2 - node.children.size) | 0,
    aversion: node.aversion,
    ephemeralOwner: node.owner,
    dataLength: length(node.data),
    numChildren: node.children.size,
    pzxid: node.pzxid,
  };
}
