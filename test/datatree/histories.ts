import fc from 'fast-check';
import { silentLog } from '../../src/base/log.ts';
import { Database, type DatabaseOptions } from '../../src/datatree/database.ts';
import { MAX_TTL_MS } from '../../src/datatree/tree/owner-kind.ts';
import { OpCode } from '../../src/jute/codes.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../../src/jute/data-records.ts';
import type { CreateTxn, Txn, TxnBody, TxnHeader } from '../../src/jute/txns.ts';
import { makeZxid, type Zxid } from '../../src/jute/zxid.ts';
import { type DumbNode, DumbTree, parentOf } from './dumb-tree.ts';

/** Histories as a leader would log them: every transaction is one that the state before it allows. */
export const OPTIONS: DatabaseOptions = {
  extendedTypes: true,
  emulate353Ttl: false,
  digest: true,
  hashKey: { low: 1, high: 2 },
  log: silentLog,
};

const SESSIONS = [0x100000000000001n, 0x100000000000002n, -0x7effffffffffffffn];
const NAMES = ['a', 'b', 'a-longer-name', '\u00e4\u20ac'];
const ACLS: (Acl[] | undefined)[] = [
  [...OPEN_ACL_UNSAFE],
  [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }],
  [
    { perms: 31, id: { scheme: 'digest', id: 'bob:x' } },
    { perms: 1, id: { scheme: 'ip', id: '10.0.0.0/8' } },
  ],
  [],
  undefined,
];
const EPOCH = 3;

interface Choice {
  op: string;
  /** Which of the paths there are. */
  at: number;
  name: number;
  bytes: number;
  who: number;
  acl: number;
  parts: Choice[];
  fails: boolean;
}

const PART_OPS = ['create', 'create2', 'ephemeral', 'container', 'ttl', 'delete', 'delete', 'setData', 'check'];
const CREATE_OPS = ['create', 'create', 'create2', 'ephemeral', 'ephemeral', 'ephemeral', 'ephemeral'];
const OPS = [...PART_OPS, ...CREATE_OPS, 'setData', 'setACL', 'session', 'close', 'quota', 'error', 'multi', 'multi'];

function choice(ops: readonly string[], parts: fc.Arbitrary<Choice[]>): fc.Arbitrary<Choice> {
  return fc.record({
    op: fc.constantFrom(...ops),
    at: fc.nat(),
    name: fc.nat({ max: NAMES.length - 1 }),
    bytes: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.integer({ min: 0, max: 300 }), fc.constant(2_000)),
    who: fc.nat({ max: SESSIONS.length - 1 }),
    acl: fc.nat({ max: ACLS.length - 1 }),
    parts,
    fails: fc.boolean(),
  });
}

export function histories(maxLength: number): fc.Arbitrary<Txn[]> {
  const parts = fc.array(choice(PART_OPS, fc.constant([])), { maxLength: 4 });
  return fc.array(choice(OPS, parts), { maxLength, size: 'max' }).map(historyOf);
}

function historyOf(choices: Choice[]): Txn[] {
  const tree = new DumbTree();
  return choices.map((chosen, i) => {
    const header: TxnHeader = {
      clientId: SESSIONS[chosen.who] as bigint,
      cxid: i,
      zxid: makeZxid(EPOCH, i + 1),
      time: 1_700_000_000_000 + i,
      type: 0,
    };
    const body = bodyOf(tree, chosen, header);
    header.type = body.type;
    const txn: Txn = { header, body, digest: undefined };
    tree.apply(txn);
    // Every third says what it leads to, as every one does by default.
    if (i % 3 === 0) txn.digest = { version: 2, treeDigest: tree.digest() };
    return txn;
  });
}

function bodyOf(tree: DumbTree, chosen: Choice, header: TxnHeader): TxnBody {
  if (chosen.op === 'ephemeral' && !tree.sessions.has(header.clientId)) {
    return { kind: 'createSession', type: OpCode.createSession, timeoutMs: 1000 * (1 + chosen.name) };
  }
  if (chosen.op === 'quota')
    return { kind: 'multi', type: OpCode.multi, txns: quotaTxns(tree.clone(), chosen, header) };
  if (chosen.op !== 'multi') return partOf(tree, chosen, header);
  const after = tree.clone();
  const txns = chosen.parts.map((part) => {
    const body = partOf(after, part, header);
    after.applyBody(header, body);
    return body;
  });
  // What cannot be done fails the whole: that part and those after it are logged as errors.
  const failure = txns.findIndex((part) => part.kind === 'error');
  const logged = txns.map((part, i): TxnBody => {
    if (failure < 0 || i < failure) return part;
    return { kind: 'error', type: OpCode.error, err: i === failure ? -101 : -2 };
  });
  return { kind: 'multi', type: OpCode.multi, txns: logged };
}

function partOf(tree: DumbTree, chosen: Choice, header: TxnHeader): TxnBody {
  const paths = [...tree.nodes.keys()].filter((path) => !path.startsWith('/zookeeper')).sort();
  const path = paths[chosen.at % paths.length] as string;
  const node = tree.nodes.get(path) as DumbNode;
  const data = chosen.bytes < 0 ? undefined : Buffer.alloc(chosen.bytes, chosen.name + header.cxid);
  const failed: TxnBody = { kind: 'error', type: OpCode.error, err: -101 };
  switch (chosen.op) {
    case 'create':
    case 'create2':
    case 'ephemeral':
    case 'container':
    case 'ttl': {
      const child = `${path === '/' ? '' : path}/${NAMES[chosen.name]}`;
      if (tree.nodes.has(child)) return leafDelete(tree, path) ?? failed;
      if (isEphemeral(node)) return failed;
      if (chosen.op === 'ephemeral' && !tree.sessions.has(header.clientId)) return failed;
      const types = { create2: OpCode.create2, container: OpCode.createContainer, ttl: OpCode.createTTL };
      const type = chosen.op in types ? types[chosen.op as keyof typeof types] : OpCode.create;
      return createTxn(type, child, data, ACLS[chosen.acl], chosen.op === 'ephemeral', node.creates + 1, chosen.at);
    }
    case 'delete': {
      const leaves = paths.filter((other) => other !== '/' && tree.childrenOf(other).length === 0);
      const leaf = leaves[chosen.at % leaves.length];
      return leaf === undefined ? failed : { kind: 'delete', type: OpCode.delete, path: leaf };
    }
    case 'setData':
      return { kind: 'setData', type: OpCode.setData, path, data, version: node.version + 1 };
    case 'setACL':
      return { kind: 'setACL', type: OpCode.setACL, path, acl: ACLS[chosen.acl], version: node.aversion + 1 };
    case 'check':
      return chosen.fails ? failed : { kind: 'check', type: OpCode.check, path, version: node.version };
    case 'session':
      return { kind: 'createSession', type: OpCode.createSession, timeoutMs: 1000 * (1 + chosen.name) };
    case 'close':
      return { kind: 'closeSession', type: OpCode.closeSession, paths: tree.ephemeralsOf(header.clientId) };
    default:
      return failed;
  }
}

function leafDelete(tree: DumbTree, path: string): TxnBody | undefined {
  if (path === '/' || tree.childrenOf(path).length > 0) return undefined;
  return { kind: 'delete', type: OpCode.deleteContainer, path };
}

/**
 * Puts limits on a path, or takes them away again, as zkCli does: with the usage beside them, and never on a path above
 * or below another quota. Applies them to `tree`.
 */
function quotaTxns(tree: DumbTree, chosen: Choice, header: TxnHeader): TxnBody[] {
  const paths = [...tree.nodes.keys()].filter((path) => !path.startsWith('/zookeeper') && path !== '/').sort();
  const path = paths[chosen.at % paths.length];
  if (path === undefined) return [];
  const stats = `/zookeeper/quota${path}/zookeeper_stats`;
  const limits = `/zookeeper/quota${path}/zookeeper_limits`;
  const txns: TxnBody[] = [];
  if (tree.nodes.has(limits)) {
    return [limits, stats].map((victim) => ({ kind: 'delete', type: OpCode.delete, path: victim }));
  }
  const limited = [...tree.nodes.keys()].filter((other) => other.endsWith('/zookeeper_limits'));
  const quotas = limited.map((other) => `${parentOf(other).slice('/zookeeper/quota'.length)}/`);
  if (quotas.some((quota) => quota.startsWith(`${path}/`) || `${path}/`.startsWith(quota))) return [];
  for (const wanted of [...ancestorsOf(limits), limits, stats]) {
    if (tree.nodes.has(wanted)) continue;
    const data = Buffer.from(wanted === limits ? 'count=5,bytes=-1' : 'count=0,bytes=0');
    const creates = (tree.nodes.get(parentOf(wanted)) as DumbNode).creates;
    const isText = wanted === limits || wanted === stats;
    const txn = createTxn(OpCode.create, wanted, isText ? data : undefined, ACLS[0], false, creates + 1, 0);
    tree.applyBody(header, txn);
    txns.push(txn);
  }
  return txns;
}

function ancestorsOf(path: string): string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join('/')}`);
}

function createTxn(
  type: number,
  path: string,
  data: Buffer | undefined,
  acl: Acl[] | undefined,
  ephemeral: boolean,
  parentCVersion: number,
  at: number,
): CreateTxn {
  const ttl = type === OpCode.createTTL ? BigInt(1 + (at % MAX_TTL_MS)) : 0n;
  return { kind: 'create', type, path, data, acl, ephemeral, parentCVersion, ttl };
}

function isEphemeral(node: DumbNode): boolean {
  return SESSIONS.includes(node.owner);
}

/** Everything there is to know of a node through Database, in the shape DumbTree keeps. */
export function dump(db: Database): Map<string, DumbNode> {
  const { tree } = db;
  const found = new Map<string, DumbNode>();
  const visit = (path: string): void => {
    const node = tree.lookup(path);
    const { cversion: creates, ephemeralOwner: owner, ...stat } = tree.persistedStat(node);
    const data = tree.dataOf(node)?.toString('hex') ?? null;
    found.set(path, { ...stat, creates, owner, data, acl: tree.aclOf(node) });
    for (const name of tree.childNames(node)) visit(`${path === '/' ? '' : path}/${name}`);
  };
  visit('/');
  return found;
}

/** Sorted, and without what each server counts for itself. */
export function comparable(nodes: ReadonlyMap<string, DumbNode>): [string, DumbNode][] {
  return [...nodes]
    .map(([path, node]): [string, DumbNode] => [path, path.endsWith('/zookeeper_stats') ? { ...node, data: '' } : node])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

export function sessionsOf(db: Database): Map<bigint, number> {
  const sessions = new Map<bigint, number>();
  db.sessions.forEach((sessionId, timeoutMs) => {
    sessions.set(sessionId, timeoutMs);
  });
  return sessions;
}

export function replay(txns: readonly Txn[], db = new Database(OPTIONS)): Database {
  for (const txn of txns) db.apply(txn);
  return db;
}

export function zxidAt(index: number): Zxid {
  return makeZxid(EPOCH, index);
}

/** All steps in one. */
export function steppedThrough<T>(steps: Iterator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
