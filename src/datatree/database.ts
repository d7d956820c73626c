import type { Log } from '../base/log.ts';
import { ErrorCode, OpCode } from '../jute/codes.ts';
import type { Stat } from '../jute/data-records.ts';
import { sessionHex } from '../jute/session-id.ts';
import type { CloseSessionTxn, CreateTxn, MultiTxn, Txn, TxnBody, TxnDigest, TxnHeader } from '../jute/txns.ts';
import { ZXID_ZERO, type Zxid } from '../jute/zxid.ts';
import { DIGEST_VERSION, type ZxidDigest } from './digest/digest.ts';
import { SessionTable } from './session-table.ts';
import { CutAccount } from './snapshot/cut-account.ts';
import { SnapshotCut } from './snapshot/snapshot-cut.ts';
import { DataTree } from './tree/data-tree.ts';
import { CONTAINER_OWNER, ttlOwner } from './tree/owner-kind.ts';
import type { TreeOptions } from './tree/tree-reads.ts';
import type { EphemeralDeleted, ReadableTree } from './tree/tree-views.ts';

export interface DatabaseOptions extends TreeOptions {
  readonly log: Log;
}

/** The outcome of a transaction, for the reply to the client that asked for it. */
export interface ApplyResult {
  /** The transaction's type; that of each part in `items`, where the parts of a failed multi are errors. */
  readonly type: number;
  readonly err: number;
  readonly path: string;
  /** Of the node afterwards, for the types whose reply holds one. */
  readonly stat: Stat | undefined;
  /** A multi's, part by part. */
  readonly items: ApplyResult[] | undefined;
}

const DIGEST_LOG_INTERVAL = 128;
const DIGEST_LOG_LIMIT = 1024;
const NOT_KNOWN_YET = Number.POSITIVE_INFINITY as Zxid;

/**
 * The replicated state: tree, sessions, and the zxid of the last transaction in them. `apply` is the one transition. It
 * is total, consults nothing but the state and the transaction, and bears being repeated over a state that has seen the
 * transaction: that is how recovery mends a fuzzy snapshot.
 *
 * lastProcessedZxid moves when a transaction is applied whole, a multi included (ZOOKEEPER-3127), so that a snapshot
 * never carries the zxid of a change it holds in part.
 */
export class Database {
  readonly sessions: SessionTable;
  /** Told of each ephemeral node that goes with its session; `wasThere`: it was not deleted before. */
  onEphemeralDeleted: EphemeralDeleted | undefined = undefined;
  /** Snapshots of this state that are being written or sent. */
  readonly cuts = new CutAccount();
  private readonly options: DatabaseOptions;
  private readonly nodes: DataTree;
  private lastZxid: Zxid;
  private readonly digests: ZxidDigest[] = [];
  private mismatches = 0;
  /** Until the transaction with this zxid is applied, the state comes from a fuzzy snapshot and digests say nothing. */
  private expected: ZxidDigest | undefined = undefined;
  /** Digests below this zxid say nothing: see `fuzzyUntil`. */
  private exactFrom: Zxid = ZXID_ZERO;
  private foundFuzzy = false;

  constructor(options: DatabaseOptions, tree = new DataTree(options), sessions = new SessionTable(), zxid = ZXID_ZERO) {
    this.options = options;
    this.nodes = tree;
    this.sessions = sessions;
    this.lastZxid = zxid;
  }

  /** Everything but the changes. */
  get tree(): ReadableTree {
    return this.nodes;
  }

  get lastProcessedZxid(): Zxid {
    return this.lastZxid;
  }

  /** A new leader's epoch begins: epoch << 32, to which no transaction belongs. */
  setLastProcessed(zxid: Zxid): void {
    this.lastZxid = zxid;
  }

  /** One in 128, oldest first, 1024 at most. */
  get digestLog(): readonly ZxidDigest[] {
    return this.digests;
  }

  /** How often a transaction, or a snapshot, named another digest than the tree had. */
  get digestMismatches(): number {
    return this.mismatches;
  }

  /** A transaction that is not above lastProcessedZxid is in the state already, and changes nothing. */
  apply(txn: Txn): ApplyResult {
    const header = txn.header;
    if (header.zxid <= this.lastZxid) return result(header.type, ErrorCode.ok, '');
    const done = this.applyBody(header, txn.body, false);
    this.lastZxid = header.zxid;
    if (this.options.digest) this.onDigest(header, txn.digest);
    return done;
  }

  startCut(): SnapshotCut {
    const isExact = this.lastZxid >= this.exactFrom;
    if (isExact) this.foundFuzzy = false;
    const digest = this.options.digest ? (isExact ? this.tree.digest() : 'none') : undefined;
    return new SnapshotCut(this.nodes, this.sessions, this.lastZxid, digest, this.cuts);
  }

  /**
   * The digest part of the snapshot this state was loaded from. A fuzzy snapshot's is that of a later zxid, which
   * replay comes to; one that is older than the snapshot itself is of no use.
   */
  expectDigest(digest: ZxidDigest): void {
    this.expected = undefined;
    if (!this.options.digest || digest.zxid <= ZXID_ZERO || digest.zxid < this.lastZxid) return;
    this.expected = digest;
    if (digest.zxid === this.lastZxid) this.meetExpected(digest);
  }

  /**
   * The state came from a leader that may have gone on changing it while it sent it: an Apache server's does, and names
   * no digest. From which transaction on it is right is told by `fuzzyUntil`. A snapshot taken before names no digest
   * either, so that whoever starts from it knows as much.
   */
  becomeFuzzy(): void {
    this.exactFrom = NOT_KNOWN_YET;
  }

  /**
   * A fuzzy state may hold later transactions in part. All of them were committed before NEWLEADER, so the state is
   * right from the last of them, `zxid`, on. An exact state stays exact.
   */
  fuzzyUntil(zxid: Zxid): void {
    if (this.exactFrom === NOT_KNOWN_YET) this.exactFrom = zxid;
  }

  /** Whether a digest told that the state was ahead of its zxid, and no snapshot has been taken since. */
  get wasFuzzy(): boolean {
    return this.foundFuzzy;
  }

  /** Shows the configuration a quorum server runs with in /zookeeper/config, as each does for itself at its start. */
  setConfig(text: string, version: Zxid, wallMs: number): void {
    this.nodes.setConfig(text, version, wallMs);
  }

  private applyBody(header: TxnHeader, body: TxnBody, inMulti: boolean): ApplyResult {
    const { nodes: tree, sessions } = this;
    switch (body.kind) {
      case 'create':
        return this.applyCreate(header, body);
      case 'delete':
        return result(body.type, tree.delete(body.path, header.zxid), body.path);
      case 'setData':
        return this.withStat(
          body.type,
          tree.setData(body.path, body.data, body.version, header.zxid, header.time),
          body.path,
        );
      case 'setACL':
        return this.withStat(body.type, tree.setAcl(body.path, body.acl, body.version), body.path);
      case 'check':
        return result(body.type, ErrorCode.ok, body.path);
      case 'error':
        return result(body.type, body.err, '');
      case 'createSession':
        sessions.put(header.clientId, body.timeoutMs);
        return result(body.type, ErrorCode.ok, '');
      case 'closeSession':
        return this.applyCloseSession(header, body);
      case 'multi':
        return inMulti ? result(body.type, ErrorCode.ok, '') : this.applyMulti(header, body);
    }
  }

  private applyCreate(header: TxnHeader, body: CreateTxn): ApplyResult {
    const owner =
      body.type === OpCode.createContainer
        ? CONTAINER_OWNER
        : body.type === OpCode.createTTL
          ? ttlOwner(body.ttl)
          : body.ephemeral
            ? header.clientId
            : 0n;
    const node = this.nodes.create(
      body.path,
      body.data,
      body.acl,
      owner,
      body.parentCVersion,
      header.zxid,
      header.time,
    );
    if (body.type === OpCode.create && node >= 0) return result(body.type, ErrorCode.ok, body.path);
    const created = this.withStat(body.type, node, body.path);
    // A quota's stats node is counted anew as soon as it is there; the answer still shows what the client sent.
    if (created.stat !== undefined) created.stat.dataLength = body.data?.length ?? 0;
    return created;
  }

  /** A part that failed takes the whole with it: those before it count as done, those after it as inconsistent. */
  private applyMulti(header: TxnHeader, body: MultiTxn): ApplyResult {
    const items: ApplyResult[] = [];
    let failed = false;
    for (const part of body.txns) failed ||= part.kind === 'error';
    let pastFailure = false;
    let err: number = ErrorCode.ok;
    for (const part of body.txns) {
      pastFailure ||= part.kind === 'error';
      let item: ApplyResult;
      if (!failed || part.kind === 'error') item = this.applyBody(header, part, true);
      else item = result(OpCode.error, pastFailure ? ErrorCode.runtimeInconsistency : ErrorCode.ok, '');
      if (err === ErrorCode.ok) err = item.err;
      items.push(item);
    }
    return { type: body.type, err, path: '', stat: undefined, items };
  }

  private applyCloseSession(header: TxnHeader, body: CloseSessionTxn): ApplyResult {
    this.sessions.remove(header.clientId);
    const unnamed = this.nodes.killSession(header.clientId, header.zxid, body.paths ?? [], this.onEphemeralDeleted);
    if (body.paths !== undefined && unnamed > 0) {
      this.options.log.warn(
        { session: sessionHex(header.clientId), zxid: header.zxid, nodes: unnamed },
        'a closed session had ephemerals that its transaction does not name; they are deleted too',
      );
    }
    return result(body.type, ErrorCode.ok, '');
  }

  private withStat(type: number, node: number, path: string): ApplyResult {
    if (node < 0) return result(type, node, path);
    return { type, err: ErrorCode.ok, path, stat: this.tree.clientStat(node), items: undefined };
  }

  private onDigest(header: TxnHeader, named: TxnDigest | undefined): void {
    const zxid = header.zxid;
    if (this.expected !== undefined) {
      if (zxid === this.expected.zxid) this.meetExpected(this.expected);
      else if (zxid > this.expected.zxid) {
        this.options.log.warn(
          { zxid: this.expected.zxid },
          'no transaction has the zxid of the digest in the snapshot',
        );
        this.expected = undefined;
      }
      return;
    }
    if (zxid < this.exactFrom) {
      this.foundFuzzy ||= named?.version === DIGEST_VERSION && named.treeDigest !== this.tree.digest();
      return;
    }
    if (zxid % DIGEST_LOG_INTERVAL === 0) {
      this.digests.push({ zxid, version: DIGEST_VERSION, digest: this.tree.digest() });
      if (this.digests.length > DIGEST_LOG_LIMIT) this.digests.shift();
    }
    if (named === undefined || named.version !== DIGEST_VERSION) return;
    if (named.treeDigest !== this.tree.digest()) this.onMismatch(zxid, named.treeDigest);
  }

  private meetExpected(expected: ZxidDigest): void {
    this.expected = undefined;
    if (expected.version !== DIGEST_VERSION) return;
    if (expected.digest !== this.tree.digest()) this.onMismatch(expected.zxid, expected.digest);
  }

  /** The state goes on: which of the two is wrong is not to be known here, and stopping every peer helps nobody. */
  private onMismatch(zxid: Zxid, named: bigint): void {
    this.mismatches++;
    if (this.mismatches > 1) return;
    this.options.log.error(
      { zxid, expected: String(named), actual: String(this.tree.digest()) },
      'the digest of the tree is not the one the transaction leads to; this is logged once, the metric counts on',
    );
  }
}

function result(type: number, err: number, path: string): ApplyResult {
  return { type, err, path, stat: undefined, items: undefined };
}
