import { assert } from '../../base/assert.ts';
import { HASH, HASH_NEXT, NO_NODE, type NodeTable } from './node-table.ts';
import { type HashKey, hashOfBytes, hashOfPath, NOT_ASCII } from './path-hash.ts';

/**
 * Path -> node, a hash table whose chains run through the nodes themselves. Not a Map of strings, because a Map keeps
 * what was deleted in its chains until it next grows. A client that creates and deletes one path over and over would
 * make every look at that path slower and slower: a million times, in a tree of a million nodes.
 *
 * Growing and shrinking move a few chains with each later change and never stop the world.
 *
 * Invariants: a node is in the chain of its hash, in `former` from `moved` on and in `chains` below it; `count` nodes
 * are in all chains together.
 */
const FIRST_CHAINS = 64;
/** Chains moved by each change after a resize: with four, all are long before the next one. */
const MOVED_AT_ONCE = 4;
/** With fewer nodes than one for so many chains half of the chains go. */
const SPARSE = 8;

export class PathIndex {
  private readonly nodes: NodeTable;
  private readonly key: HashKey;
  /** First node of each chain, plus one; 0 for an empty chain. */
  private chains = new Int32Array(FIRST_CHAINS);
  /** While it is resized: the chains of before, of which those below `moved` are in `chains` already. */
  private former: Int32Array | undefined = undefined;
  private moved = 0;
  private count = 0;

  constructor(nodes: NodeTable, key: HashKey) {
    this.nodes = nodes;
    this.key = key;
  }

  get size(): number {
    return this.count;
  }

  get chainCount(): number {
    return this.chains.length;
  }

  /** The node with the first `length` letters of `path` for its path; NO_NODE when there is none. */
  find(path: string, length: number): number {
    return this.findHashed(path, length, hashOfPath(path, length, this.key));
  }

  /** The same for those who have the hash of these letters. */
  findHashed(path: string, length: number, hash: number): number {
    const nodes = this.nodes;
    const chains = this.chainsFor(hash);
    let node = chains[hash & (chains.length - 1)] as number;
    while (node !== 0) {
      node--;
      if (nodes.int(node, HASH) === hash && isPrefix(nodes.path(node), path, length)) return node;
      node = nodes.int(node, HASH_NEXT);
    }
    return NO_NODE;
  }

  /** The node whose path has the UTF-8 bytes [start, end); NO_NODE when there is none. No string is made of them. */
  findBytes(bytes: Buffer, start: number, end: number): number {
    const nodes = this.nodes;
    const hash = hashOfBytes(bytes, start, end, this.key);
    if (hash === NOT_ASCII) return UNDECIDED;
    const chains = this.chainsFor(hash);
    let node = chains[hash & (chains.length - 1)] as number;
    while (node !== 0) {
      node--;
      if (nodes.int(node, HASH) === hash && isWritten(nodes.path(node), bytes, start, end)) return node;
      node = nodes.int(node, HASH_NEXT);
    }
    return NO_NODE;
  }

  /** The hash of the path with these UTF-8 bytes; NOT_ASCII where only its letters have one. */
  hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
    return hashOfBytes(bytes, start, end, this.key);
  }

  /** The hash of the first `length` letters. */
  hashOf(path: string, length: number = path.length): number {
    return hashOfPath(path, length, this.key);
  }

  /** Takes all nodes of a tree that was loaded, whose HASH is set: `oldest` is the first in the order of creation. */
  adopt(oldest: number): void {
    assert(this.count === 0, 'a tree is loaded before anything changes it');
    let count = 0;
    for (let node = oldest; node !== NO_NODE; node = this.nodes.newer(node)) count++;
    let length = FIRST_CHAINS;
    while (length < count) length *= 2;
    this.chains = new Int32Array(length);
    this.count = count;
    for (let node = oldest; node !== NO_NODE; node = this.nodes.newer(node)) {
      this.link(this.chains, this.nodes.int(node, HASH) & (length - 1), node);
    }
  }

  /** No node has this one's path yet, whose hash the caller may have. */
  add(node: number, hash: number = this.hashOf(this.nodes.path(node))): void {
    this.nodes.setInt(node, HASH, hash);
    const chains = this.chainsFor(hash);
    this.link(chains, hash & (chains.length - 1), node);
    this.count++;
    if (this.count > this.chains.length) this.resize(this.chains.length * 2);
    this.moveOn();
  }

  remove(node: number): void {
    const nodes = this.nodes;
    const hash = nodes.int(node, HASH);
    const chains = this.chainsFor(hash);
    const at = hash & (chains.length - 1);
    const next = nodes.int(node, HASH_NEXT);
    if (chains[at] === node + 1) chains[at] = next;
    else {
      let before = (chains[at] as number) - 1;
      while (before !== NO_NODE && nodes.int(before, HASH_NEXT) !== node + 1) before = nodes.int(before, HASH_NEXT) - 1;
      assert(before !== NO_NODE, 'a node that goes is in the chain of its hash');
      nodes.setInt(before, HASH_NEXT, next);
    }
    this.count--;
    assert(this.count >= 0, 'no more nodes go than came');
    if (this.count * SPARSE < this.chains.length) this.resize(Math.max(this.chains.length / 2, FIRST_CHAINS));
    this.moveOn();
  }

  private link(chains: Int32Array, at: number, node: number): void {
    this.nodes.setInt(node, HASH_NEXT, chains[at] as number);
    chains[at] = node + 1;
  }

  /** The chains of before for a hash whose chain has not moved yet. */
  private chainsFor(hash: number): Int32Array {
    const former = this.former;
    return former !== undefined && (hash & (former.length - 1)) >= this.moved ? former : this.chains;
  }

  private resize(chains: number): void {
    if (this.former !== undefined || chains === this.chains.length) return;
    this.former = this.chains;
    this.chains = new Int32Array(chains);
    this.moved = 0;
  }

  private moveOn(): void {
    const former = this.former;
    if (former === undefined) return;
    const mask = this.chains.length - 1;
    for (let i = 0; i < MOVED_AT_ONCE; i++) {
      let node = former[this.moved++] as number;
      while (node !== 0) {
        const next = this.nodes.int(node - 1, HASH_NEXT);
        this.link(this.chains, this.nodes.int(node - 1, HASH) & mask, node - 1);
        node = next;
      }
    }
    if (this.moved === former.length) this.former = undefined;
  }
}

/** A path has letters of more than one byte: `find` knows them. */
export const UNDECIDED = -2;

function isWritten(stored: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (stored.length !== end - start) return false;
  // From the end: paths of one tree begin alike.
  for (let at = end - 1, i = stored.length - 1; i >= 0; i--, at--) if (stored.charCodeAt(i) !== bytes[at]) return false;
  return true;
}

function isPrefix(stored: string, path: string, length: number): boolean {
  if (stored.length !== length) return false;
  return path.length === length ? stored === path : path.startsWith(stored);
}
