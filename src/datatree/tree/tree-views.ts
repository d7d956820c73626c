import type { Acl, Stat, StatPersisted } from '../../jute/data-records.ts';
import type { Reader } from '../../jute/reader.ts';
import type { Writer } from '../../jute/writer.ts';
import type { DigestSum } from '../digest/digest.ts';
import type { QuotaSums } from '../quotas/quota-sums.ts';
import type { QuotaState } from '../quotas/quotas.ts';
import type { WatchManager } from '../watches/watch-manager.ts';
import type { AclList } from './acl-cache.ts';

/**
 * The tree as each of its users sees it; data-tree.ts has what the members do. Watches and quotas state their views
 * themselves (WatchedTree, QuotaTree), and the changes are the Database's alone.
 */

/** Of lookupRead: there is no path. */
export const NULL_PATH = -2;

/** One node, for whoever answers a request or judges one. */
export interface NodeView {
  lookup(path: string): number;
  lookupRead(r: Reader): number;
  persistedStat(node: number): StatPersisted;
  clientStat(node: number): Stat;
  aclOf(node: number): readonly Acl[];
  dataOf(node: number): Buffer | undefined;
  dataLength(node: number): number;
  childCount(node: number): number;
  childNames(node: number): string[];
  contentCrcOf(node: number): number;
  digestOf(node: number): number;
  pathOf(node: number): string;
  parentOf(node: number): number;
  sessionOf(node: number): bigint;
  writeDataAndStat(node: number, w: Writer): void;
  writeStat(node: number, w: Writer): void;
  writeChildren(node: number, w: Writer): void;
}

/** The tree as a whole, and who owns what in it. */
export interface WholeView {
  readonly watches: WatchManager;
  readonly nodeCount: number;
  readonly dataSizeApprox: number;
  readonly ephemeralCount: number;
  allChildrenNumber(path: string): number;
  ephemeralsOf(sessionId: bigint): string[];
  forEachEphemeral(sessionId: bigint, visit: (node: number) => void): void;
  ephemeralOwners(): bigint[];
  readonly ephemeralOwnerCount: number;
  ephemeralsInPieces(): Iterable<[sessionId: bigint, paths: Iterable<string>]>;
  containerCandidates(wallMs: number, maxNeverUsedMs: number): Iterator<undefined, string[]>;
  quotaAbove(path: string): QuotaState | undefined;
  readonly quotaSums: QuotaSums;
  digest(): bigint;
  copyDigestTo(sum: DigestSum): void;
  copyAcls(): AclList;
}

/** Nodes in the order of creation, in which a parent comes before its children. */
export interface WalkedTree {
  readonly oldest: number;
  newer(node: number): number;
}

export interface ReadableTree extends NodeView, WholeView, WalkedTree {}

/** A listener that has to see a node before it changes: a snapshot cut that has not written it yet. */
export interface ChangeListener {
  beforeChange(node: number): void;
  /** Follows beforeChange when the change is the node's end. */
  beforeRemove(node: number): void;
}

/** For the SnapshotCut. */
export interface CutTree extends WalkedTree {
  readonly lastSequence: number;
  sequenceOf(node: number): number;
  copyAcls(): AclList;
  writeNode(node: number, w: Writer): void;
  addListener(listener: ChangeListener): void;
  removeListener(listener: ChangeListener): void;
}

export type LoadOutcome = 'loaded' | 'lost acl' | 'no place';

/** For the SnapshotDecoder. */
export interface LoadedTree {
  loadAcl(id: number, acl: readonly Acl[]): void;
  /** The next node of a snapshot: see NodeLoader. */
  loadNode(r: Reader): LoadOutcome;
  finishLoad(): void;
}

/** `wasThere` is false for a node that the end of its session names and that was deleted before. */
export type EphemeralDeleted = (sessionId: bigint, path: string, wasThere: boolean) => void;
