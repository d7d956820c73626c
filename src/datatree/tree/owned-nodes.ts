import { CHILD_COUNT, CVERSION, KIND, MTIME, type NodeTable } from './node-table.ts';
import { OwnerKind, type OwnerOptions, ownerKindOf, ttlOf } from './owner-kind.ts';

/**
 * Nodes that do not stay for good: the ephemerals of each session, the containers, the nodes with a TTL. A session
 * whose last ephemeral was deleted stays in the list until it is closed, as in Apache's dump.
 */
export class OwnedNodes {
  private readonly nodes: NodeTable;
  private readonly options: OwnerOptions;
  private readonly ephemerals = new Map<bigint, Set<string>>();
  private readonly containers = new Set<number>();
  private readonly ttls = new Set<number>();
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
    this.nodes.setOwner(node, kind, owner);
    if (kind === OwnerKind.container) this.containers.add(node);
    else if (kind === OwnerKind.ttl) this.ttls.add(node);
    else {
      this.count++;
      const path = this.nodes.path(node);
      const paths = this.ephemerals.get(owner);
      if (paths === undefined) this.ephemerals.set(owner, new Set([path]));
      else paths.add(path);
    }
  }

  /** The node is about to go. */
  leave(node: number): void {
    const kind = this.nodes.int(node, KIND);
    if (kind === OwnerKind.none) return;
    if (kind === OwnerKind.container) this.containers.delete(node);
    else if (kind === OwnerKind.ttl) this.ttls.delete(node);
    else {
      this.count--;
      this.ephemerals.get(this.nodes.owner(node))?.delete(this.nodes.path(node));
    }
  }

  /** Copied, oldest first. */
  pathsOf(sessionId: bigint): string[] {
    const paths = this.ephemerals.get(sessionId);
    return paths === undefined ? [] : [...paths];
  }

  /** Hands over the paths of a session that is no more. */
  takePathsOf(sessionId: bigint): Set<string> | undefined {
    const paths = this.ephemerals.get(sessionId);
    this.ephemerals.delete(sessionId);
    return paths;
  }

  sessions(): bigint[] {
    return [...this.ephemerals.keys()];
  }

  /** See DataTree.containerCandidates. */
  candidates(wallMs: number, maxNeverUsedMs: number): string[] {
    const nodes = this.nodes;
    const paths: string[] = [];
    for (const node of this.containers) {
      if (nodes.int(node, CHILD_COUNT) > 0) continue;
      const wasUsed = nodes.int(node, CVERSION) > 0;
      const idleMs = wallMs - nodes.long(node, MTIME);
      if (wasUsed || (maxNeverUsedMs !== 0 && idleMs > maxNeverUsedMs)) paths.push(nodes.path(node));
    }
    for (const node of this.ttls) {
      if (nodes.int(node, CHILD_COUNT) > 0) continue;
      const ttlMs = ttlOf(nodes.owner(node));
      if (ttlMs !== 0 && wallMs - nodes.long(node, MTIME) > ttlMs) paths.push(nodes.path(node));
    }
    return paths;
  }
}
