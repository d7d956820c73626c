import { CONTAINER_OWNER, ttlOwner } from '../../src/datatree/tree/owner-kind.ts';
import { ErrorCode, OpCode } from '../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '../../src/jute/data-records.ts';
import type { CreateTxn, Txn, TxnBody, TxnHeader } from '../../src/jute/txns.ts';

/**
 * The tree as one would write it without a thought for speed: a map of paths, everything else searched for or counted
 * when asked. What Database does is compared with this.
 */
export interface DumbNode {
  /** Hexadecimal; null is null. */
  data: string | null;
  acl: readonly Acl[];
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  creates: number;
  aversion: number;
  owner: bigint;
}

function fresh(data: string | null, acl: readonly Acl[], owner: bigint, zxid: number, time: number): DumbNode {
  return {
    data,
    acl,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: time,
    mtime: time,
    version: 0,
    creates: 0,
    aversion: 0,
    owner,
  };
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}

export class DumbTree {
  nodes = new Map<string, DumbNode>();
  sessions = new Map<bigint, number>();

  constructor() {
    this.nodes.set('/', fresh('', OPEN_ACL_UNSAFE, 0n, 0, 0));
    this.nodes.set('/zookeeper', fresh('', OPEN_ACL_UNSAFE, 0n, 0, 0));
    this.nodes.set('/zookeeper/quota', fresh('', OPEN_ACL_UNSAFE, 0n, 0, 0));
    this.nodes.set('/zookeeper/config', { ...fresh('', READ_ACL_UNSAFE, 0n, 0, 0), aversion: -1 });
  }

  clone(): DumbTree {
    const copy = new DumbTree();
    copy.nodes = new Map([...this.nodes].map(([path, node]) => [path, { ...node }]));
    copy.sessions = new Map(this.sessions);
    return copy;
  }

  childrenOf(path: string): string[] {
    return [...this.nodes.keys()].filter((other) => other !== '/' && parentOf(other) === path).sort();
  }

  ephemeralsOf(sessionId: bigint): string[] {
    return [...this.nodes].filter(([, node]) => node.owner === sessionId && sessionId !== 0n).map(([path]) => path);
  }

  /** The error of each part, or of the whole. */
  apply(txn: Txn): number[] {
    return this.applyBody(txn.header, txn.body);
  }

  applyBody(header: TxnHeader, body: TxnBody): number[] {
    switch (body.kind) {
      case 'create':
        return [this.create(header, body)];
      case 'delete':
        return [this.delete(body.path, header.zxid)];
      case 'setData': {
        const node = this.nodes.get(body.path);
        if (node === undefined) return [ErrorCode.noNode];
        const before = sizeOf(node.data);
        node.data = body.data === undefined ? null : body.data.toString('hex');
        node.mzxid = header.zxid;
        node.mtime = header.time;
        node.version = body.version;
        this.use(body.path, sizeOf(node.data) - before, 0);
        return [0];
      }
      case 'setACL': {
        const node = this.nodes.get(body.path);
        if (node === undefined) return [ErrorCode.noNode];
        node.acl = body.acl ?? OPEN_ACL_UNSAFE;
        node.aversion = body.version;
        return [0];
      }
      case 'createSession':
        this.sessions.set(header.clientId, body.timeoutMs);
        return [0];
      case 'closeSession':
        this.sessions.delete(header.clientId);
        for (const path of [...(body.paths ?? []), ...this.ephemeralsOf(header.clientId)]) {
          this.delete(path, header.zxid);
        }
        return [0];
      case 'error':
        return [body.err];
      case 'check':
        return [0];
      case 'multi':
        if (body.txns.some((part) => part.kind === 'error')) {
          const failure = body.txns.findIndex((part) => part.kind === 'error');
          return body.txns.map((part, i) => (part.kind === 'error' ? part.err : i < failure ? 0 : -2));
        }
        return body.txns.flatMap((part) => this.applyBody(header, part));
    }
  }

  private create(header: TxnHeader, txn: CreateTxn): number {
    const parent = this.nodes.get(parentOf(txn.path));
    if (parent === undefined) return ErrorCode.noNode;
    if (this.nodes.has(txn.path)) return ErrorCode.nodeExists;
    const creates = txn.parentCVersion === -1 ? parent.creates + 1 : txn.parentCVersion;
    if (creates > parent.creates) {
      parent.creates = creates;
      parent.pzxid = header.zxid;
    }
    let owner = txn.ephemeral ? header.clientId : 0n;
    if (txn.type === OpCode.createContainer) owner = CONTAINER_OWNER;
    if (txn.type === OpCode.createTTL) owner = ttlOwner(txn.ttl);
    const data = txn.data === undefined ? null : txn.data.toString('hex');
    this.nodes.set(txn.path, fresh(data, txn.acl ?? OPEN_ACL_UNSAFE, owner, header.zxid, header.time));
    const quota = /^\/zookeeper\/quota(\/.+)\/zookeeper_stats$/.exec(txn.path);
    if (quota !== null) this.recount(quota[1] as string);
    this.use(txn.path, sizeOf(data), 1);
    return 0;
  }

  private delete(path: string, zxid: number): number {
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined) return ErrorCode.noNode;
    parent.pzxid = Math.max(parent.pzxid, zxid);
    const node = this.nodes.get(path);
    if (node === undefined) return ErrorCode.noNode;
    this.nodes.delete(path);
    this.use(path, -sizeOf(node.data), -1);
    return 0;
  }

  private recount(path: string): void {
    const below = [...this.nodes].filter(([other]) => other === path || other.startsWith(`${path}/`));
    const bytes = below.reduce((sum, [, node]) => sum + sizeOf(node.data), 0);
    this.putUsage(path, below.length, bytes);
  }

  private use(path: string, bytes: number, count: number): void {
    for (let above = path; above !== '/'; above = parentOf(above)) {
      if (!this.nodes.has(`/zookeeper/quota${above}/zookeeper_limits`)) continue;
      const stats = this.nodes.get(`/zookeeper/quota${above}/zookeeper_stats`);
      const usage = /^count=(-?\d+),bytes=(-?\d+)$/.exec(Buffer.from(stats?.data ?? '', 'hex').toString());
      if (usage !== null) this.putUsage(above, Number(usage[1]) + count, Number(usage[2]) + bytes);
      return;
    }
  }

  private putUsage(path: string, count: number, bytes: number): void {
    const stats = this.nodes.get(`/zookeeper/quota${path}/zookeeper_stats`);
    if (stats !== undefined) stats.data = Buffer.from(`count=${count},bytes=${bytes}`).toString('hex');
  }

  digest(): bigint {
    let sum = 0n;
    for (const [path, node] of this.nodes) {
      if (path.startsWith('/zookeeper/')) continue;
      const stat = Buffer.alloc(60);
      [node.czxid, node.mzxid, node.pzxid, node.ctime, node.mtime].forEach((value, i) => {
        stat.writeBigInt64BE(BigInt(value), i * 8);
      });
      stat.writeInt32BE(node.version, 40);
      stat.writeInt32BE(node.creates, 44);
      stat.writeInt32BE(node.aversion, 48);
      stat.writeBigInt64BE(node.owner, 52);
      const name = path === '/' ? '' : path;
      sum += BigInt(crc32(Buffer.concat([Buffer.from(name), Buffer.from(node.data ?? '', 'hex'), stat])));
    }
    return BigInt.asIntN(64, sum);
  }
}

function sizeOf(data: string | null): number {
  return (data ?? '').length / 2;
}

/** A nibble at a time. */
const NIBBLES = Array.from({ length: 16 }, (_, value) => {
  let crc = value;
  for (let bit = 0; bit < 4; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

export function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = (crc >>> 4) ^ (NIBBLES[(crc ^ byte) & 15] as number);
    crc = (crc >>> 4) ^ (NIBBLES[(crc ^ (byte >>> 4)) & 15] as number);
  }
  return ~crc >>> 0;
}
