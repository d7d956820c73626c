import { FIRST_CHILD, NEXT, NO_NODE, type NodeTable, PARENT } from './node-table.ts';

/** Walks of a node and all below it, without recursion: a tree may be deeper than a stack. */

/** The node after `node` in the walk that starts at `top`, a parent before its children; NO_NODE after the last. */
export function nextBelow(nodes: NodeTable, top: number, node: number): number {
  const first = nodes.int(node, FIRST_CHILD);
  if (first !== NO_NODE) return first;
  for (let at = node; at !== top; at = nodes.int(at, PARENT)) {
    const next = nodes.int(at, NEXT);
    if (next !== NO_NODE) return next;
  }
  return NO_NODE;
}

/** A node without children, `top` or below it. */
export function leafBelow(nodes: NodeTable, top: number): number {
  let leaf = top;
  for (let child = top; child !== NO_NODE; child = nodes.int(child, FIRST_CHILD)) leaf = child;
  return leaf;
}
