import { type NodeTable, OWNED, OWNER_KIND_BITS } from './node-table.ts';

/** The owner of a node, as the node's column OWNED and the table's lists of owners hold it together. */

const KIND_MASK = (1 << OWNER_KIND_BITS) - 1;

/** As it is stored; 0 for none. */
export function ownerOf(nodes: NodeTable, node: number): bigint {
  const owned = nodes.int(node, OWNED);
  return owned === 0 ? 0n : nodes.owners.ownerAt(owned >> OWNER_KIND_BITS).owner;
}

/** An OwnerKind. */
export function kindOf(nodes: NodeTable, node: number): number {
  return nodes.int(node, OWNED) & KIND_MASK;
}

/** Of a new node; the kind is not none. */
export function setOwner(nodes: NodeTable, node: number, kind: number, owner: bigint): void {
  nodes.setInt(node, OWNED, (nodes.owners.add(node, kind, owner) << OWNER_KIND_BITS) | kind);
}
