import { CreateMode, ErrorCode } from '../../src/jute/codes.ts';
import type { Stat } from '../../src/jute/data-records.ts';
import { ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import type { Action, Result } from './history.ts';

/**
 * What a ZooKeeper tree does, from a client's side and without a thought for speed: requests in, results out. It shares
 * nothing with src/datatree and src/server, so the two can be held against each other.
 */
interface SmallNode {
  data: string;
  readonly owner: bigint;
  readonly czxid: Zxid;
  mzxid: Zxid;
  pzxid: Zxid;
  version: number;
  creates: number;
  readonly children: Set<string>;
}

export class SmallTree {
  nodes = new Map<string, SmallNode>();
  /** For each path, the zxids at which its node was created, changed or deleted; and its list of children. */
  readonly dataChanges = new Map<string, Zxid[]>();
  readonly childChanges = new Map<string, Zxid[]>();
  /** For each path, when its node was there: from a zxid, up to another. */
  private readonly lives = new Map<string, [Zxid, Zxid | undefined][]>();
  private undo: (() => void)[] | undefined;

  constructor() {
    this.nodes.set('/', fresh('', 0n, ZXID_ZERO));
    (this.nodes.get('/') as SmallNode).children.add('zookeeper');
  }

  write(action: Action, sessionId: bigint, zxid: Zxid): Result {
    switch (action.op) {
      case 'create':
        return this.create(action.path, action.data, action.flags, sessionId, zxid);
      case 'setData': {
        const node = this.nodes.get(action.path);
        if (node === undefined) return { err: ErrorCode.noNode };
        if (action.version !== -1 && action.version !== node.version) return { err: ErrorCode.badVersion };
        const before = { data: node.data, mzxid: node.mzxid, version: node.version };
        this.undo?.push(() => Object.assign(node, before));
        node.data = action.data;
        node.mzxid = zxid;
        node.version++;
        this.note(this.dataChanges, action.path, zxid);
        return { err: 0, stat: statOf(node) };
      }
      case 'delete':
        return { err: this.remove(action.path, action.version, zxid) };
      case 'check': {
        const node = this.nodes.get(action.path);
        if (node === undefined) return { err: ErrorCode.noNode };
        return { err: action.version !== -1 && action.version !== node.version ? ErrorCode.badVersion : 0 };
      }
      case 'multi':
        return this.multi(action.parts, sessionId, zxid);
      default:
        throw new Error(`${action.op} is no write`);
    }
  }

  read(action: Action): Result {
    if (action.op !== 'get' && action.op !== 'exists' && action.op !== 'children') throw new Error('no read');
    const node = this.nodes.get(action.path);
    if (node === undefined) return { err: ErrorCode.noNode };
    if (action.op === 'exists') return { err: 0, stat: statOf(node) };
    if (action.op === 'get') return { err: 0, data: node.data, stat: statOf(node) };
    return { err: 0, children: [...node.children].sort() };
  }

  closeSession(sessionId: bigint, zxid: Zxid): void {
    for (const path of this.ephemeralsOf(sessionId)) this.remove(path, -1, zxid);
  }

  lifeOf(path: string): readonly (readonly [Zxid, Zxid | undefined])[] {
    return this.lives.get(path) ?? [];
  }

  ephemeralsOf(sessionId: bigint): string[] {
    const paths: string[] = [];
    for (const [path, node] of this.nodes) if (node.owner === sessionId) paths.push(path);
    return paths;
  }

  private create(path: string, data: string, flags: number, sessionId: bigint, zxid: Zxid): Result {
    const parentPath = parentOf(path);
    const parent = this.nodes.get(parentPath);
    if (parent === undefined) return { err: ErrorCode.noNode };
    const isSequential = flags === CreateMode.persistentSequential || flags === CreateMode.ephemeralSequential;
    const isEphemeral = flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
    const made = isSequential ? path + String(parent.creates).padStart(10, '0') : path;
    if (this.nodes.has(made)) return { err: ErrorCode.nodeExists };
    if (parent.owner !== 0n) return { err: ErrorCode.noChildrenForEphemerals };
    const { pzxid } = parent;
    const name = made.slice(made.lastIndexOf('/') + 1);
    this.undo?.push(() => {
      this.nodes.delete(made);
      parent.children.delete(name);
      parent.creates--;
      parent.pzxid = pzxid;
    });
    const life = this.lives.get(made);
    if (life === undefined) this.lives.set(made, [[zxid, undefined]]);
    else life.push([zxid, undefined]);
    this.undo?.push(() => this.lives.get(made)?.pop());
    this.nodes.set(made, fresh(data, isEphemeral ? sessionId : 0n, zxid));
    parent.children.add(name);
    parent.creates++;
    parent.pzxid = zxid;
    this.note(this.dataChanges, made, zxid);
    this.note(this.childChanges, parentPath, zxid);
    return { err: 0, path: made };
  }

  private remove(path: string, version: number, zxid: Zxid): number {
    const node = this.nodes.get(path);
    const parentPath = parentOf(path);
    const parent = this.nodes.get(parentPath);
    if (node === undefined || parent === undefined) return ErrorCode.noNode;
    if (version !== -1 && version !== node.version) return ErrorCode.badVersion;
    if (node.children.size > 0) return ErrorCode.notEmpty;
    const { pzxid } = parent;
    const name = path.slice(path.lastIndexOf('/') + 1);
    this.undo?.push(() => {
      this.nodes.set(path, node);
      parent.children.add(name);
      parent.pzxid = pzxid;
    });
    const life = this.lives.get(path)?.at(-1);
    if (life !== undefined) {
      life[1] = zxid;
      this.undo?.push(() => {
        life[1] = undefined;
      });
    }
    this.nodes.delete(path);
    parent.children.delete(name);
    parent.pzxid = zxid;
    this.note(this.dataChanges, path, zxid);
    this.note(this.childChanges, path, zxid);
    this.note(this.childChanges, parentPath, zxid);
    return 0;
  }

  private multi(parts: readonly Action[], sessionId: bigint, zxid: Zxid): Result {
    this.undo = [];
    const items: (number | string)[] = [];
    let failure: number | undefined;
    for (const part of parts) {
      if (failure !== undefined) {
        items.push(ErrorCode.runtimeInconsistency);
        continue;
      }
      const result = this.write(part, sessionId, zxid);
      if (result.err !== 0) failure = result.err;
      items.push(result.err !== 0 ? result.err : (result.path ?? 0));
    }
    if (failure === undefined) {
      this.undo = undefined;
      return { err: 0, items };
    }
    const undo = this.undo;
    this.undo = undefined;
    for (const task of undo.reverse()) task();
    const failedAt = items.indexOf(failure);
    return { err: failure, items: items.map((item, i) => (i < failedAt ? 0 : item)) };
  }

  private note(changes: Map<string, Zxid[]>, path: string, zxid: Zxid): void {
    let list = changes.get(path);
    if (list === undefined) {
      list = [];
      changes.set(path, list);
    }
    if (list.at(-1) !== zxid) list.push(zxid);
    this.undo?.push(() => {
      if (list.at(-1) === zxid) list.pop();
    });
  }
}

function fresh(data: string, owner: bigint, zxid: Zxid): SmallNode {
  return { data, owner, czxid: zxid, mzxid: zxid, pzxid: zxid, version: 0, creates: 0, children: new Set() };
}

function statOf(node: SmallNode): Stat {
  return {
    czxid: node.czxid,
    mzxid: node.mzxid,
    ctime: 0,
    mtime: 0,
    version: node.version,
    cversion: node.creates * 2 - node.children.size,
    aversion: 0,
    ephemeralOwner: node.owner,
    dataLength: Buffer.byteLength(node.data),
    numChildren: node.children.size,
    pzxid: node.pzxid,
  };
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}
