import { atMost } from '../../base/pieces.ts';
import { kindOf, setOwner } from './node-owner.ts';
import { CHILD_COUNT, CVERSION, MTIME, NO_NODE, type NodeTable, SEQUENCE } from './node-table.ts';
import { OwnerKind, type OwnerOptions, ownerKindOf, ttlOf } from './owner-kind.ts';
import { NO_SLOT, type Owned } from './owner-lists.ts';

/** Containers and nodes with a TTL that are looked at in one turn. */
export const LOOKED_AT_ONCE = 10_000;

/**
 * Nodes that do not stay for good: the ephemerals of each session, the containers, the nodes with a TTL. A session
 * whose last ephemeral was deleted stays in the list until it is closed, as in Apache's dump.
 */
export class OwnedNodes {
  private readonly nodes: NodeTable;
  private readonly options: OwnerOptions;
  private count = 0;

  constructor(nodes: NodeTable, options: OwnerOptions) {
    this.nodes = nodes;
    this.options = options;
  }

  get ephemeralCount(): number {
    return this.count;
  }

  /** Sets a new node's owner and enters it under that. */
  enter(node: number, owner: bigint): void {
    if (owner === 0n) return;
    const kind = ownerKindOf(owner, this.options);
    setOwner(this.nodes, node, kind, owner);
    if (kind === OwnerKind.session) this.count++;
  }

  /** The node is about to go. */
  leave(node: number): void {
    if (kindOf(this.nodes, node) === OwnerKind.session) this.count--;
  }

  /** Visits a session's ephemerals, oldest first. */
  forEachOf(sessionId: bigint, visit: (node: number) => void): void {
    const { owners } = this.nodes;
    const list = this.sessionOf(sessionId);
    if (list === undefined) return;
    for (let slot = list.first; slot !== NO_SLOT; slot = owners.after(slot)) visit(owners.nodeAt(slot));
  }

  /** A session's oldest ephemeral, or NO_NODE. */
  oldestOf(sessionId: bigint): number {
    const list = this.sessionOf(sessionId);
    return list === undefined || list.first === NO_SLOT ? NO_NODE : this.nodes.owners.nodeAt(list.first);
  }

  countOf(sessionId: bigint): number {
    return this.sessionOf(sessionId)?.count ?? 0;
  }

  /** The session is no more, and neither are its ephemerals. */
  forget(sessionId: bigint): void {
    const list = this.sessionOf(sessionId);
    if (list !== undefined) this.nodes.owners.drop(list);
  }

  /** Their number is that of `sessions`. */
  get sessionCount(): number {
    return this.nodes.owners.sessionCount;
  }

  sessions(): bigint[] {
    const ids: bigint[] = [];
    for (const { kind, owner } of this.nodes.owners.all()) if (kind === OwnerKind.session) ids.push(owner);
    return ids;
  }

  /**
   * Sessions with the paths of their ephemerals, oldest first. To be taken in pieces, while nodes come and go: those of
   * the first moment that are still there when it is their turn.
   */
  *inPieces(): Generator<[sessionId: bigint, paths: Iterable<string>]> {
    for (const { kind, owner } of atMost(this.nodes.owners.all(), this.nodes.owners.size)) {
      if (kind === OwnerKind.session) yield [owner, this.pathsOf(owner)];
    }
  }

  private *pathsOf(sessionId: bigint): Generator<string> {
    const { nodes } = this;
    const { owners } = nodes;
    let slot = this.sessionOf(sessionId)?.first ?? NO_SLOT;
    for (let left = this.countOf(sessionId); left > 0 && slot !== NO_SLOT; left--) {
      const node = owners.nodeAt(slot);
      const sequence = nodes.long(node, SEQUENCE);
      yield nodes.path(node);
      const list = this.sessionOf(sessionId);
      if (list === undefined) return;
      const isThere = owners.isAt(slot, node, list) && nodes.long(node, SEQUENCE) === sequence;
      slot = isThere ? owners.after(slot) : this.firstAfter(list, sequence);
    }
  }

  /** A list is in the order of creation. */
  private firstAfter({ first }: Owned, sequence: number): number {
    const { nodes } = this;
    let slot = first;
    while (slot !== NO_SLOT && nodes.long(nodes.owners.nodeAt(slot), SEQUENCE) <= sequence)
      slot = nodes.owners.after(slot);
    return slot;
  }

  /** See DataTree.containerCandidates. */
  *candidates(wallMs: number, maxNeverUsedMs: number): Generator<undefined, string[]> {
    const { nodes } = this;
    const { owners } = nodes;
    const paths: string[] = [];
    const timed: string[] = [];
    let looked = 0;
    for (const list of atMost(owners.all(), owners.size)) {
      if (list.kind === OwnerKind.session) continue;
      const ttlMs = ttlOf(list.owner);
      for (let slot = list.first; slot !== NO_SLOT; ) {
        const node = owners.nodeAt(slot);
        if (this.isOver(node, list.kind, wallMs - nodes.long(node, MTIME), ttlMs, maxNeverUsedMs)) {
          (list.kind === OwnerKind.ttl ? timed : paths).push(nodes.path(node));
        }
        if (++looked % LOOKED_AT_ONCE !== 0) {
          slot = owners.after(slot);
          continue;
        }
        const sequence = nodes.long(node, SEQUENCE);
        yield;
        const isThere = owners.isAt(slot, node, list) && nodes.long(node, SEQUENCE) === sequence;
        slot = isThere ? owners.after(slot) : this.firstAfter(list, sequence);
      }
    }
    return [...paths, ...timed];
  }

  private isOver(node: number, kind: number, idleMs: number, ttlMs: number, maxNeverUsedMs: number): boolean {
    const { nodes } = this;
    if (nodes.int(node, CHILD_COUNT) > 0) return false;
    if (kind === OwnerKind.ttl) return ttlMs !== 0 && idleMs > ttlMs;
    return nodes.int(node, CVERSION) > 0 || (maxNeverUsedMs !== 0 && idleMs > maxNeverUsedMs);
  }

  private sessionOf(sessionId: bigint): Owned | undefined {
    const list = this.nodes.owners.of(sessionId);
    return list?.kind === OwnerKind.session ? list : undefined;
  }
}
