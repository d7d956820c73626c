import { NO_NODE, type NodeTable } from './node-table.ts';

/**
 * Path -> node while a snapshot is loaded: pairs of hash and node side by side, in the first free place from where the
 * hash points. A look at it touches one place in memory, where PathIndex would touch a row of the node table for each
 * node in a chain, none of them in the cache: with a million nodes that was a quarter of the load. It is dropped with
 * the last node, for it takes twice the room and forgets nothing.
 */
const FIRST_PLACES = 1024;

export class LoadIndex {
  private readonly nodes: NodeTable;
  /** Of each place the hash, and the node plus one; 0 for a free place. */
  private pairs = new Int32Array(2 * FIRST_PLACES);
  private places = FIRST_PLACES;
  private count = 0;

  constructor(nodes: NodeTable) {
    this.nodes = nodes;
  }

  /** The node with the first `length` letters of `path`, which have this hash; NO_NODE when there is none. */
  find(path: string, length: number, hash: number): number {
    const at = this.placeOf(hash, path, length);
    return (this.pairs[at + 1] as number) - 1;
  }

  /** False when another node has this path. */
  add(node: number, path: string, hash: number): boolean {
    if ((this.count + 1) * 4 > this.places * 3) this.grow();
    const at = this.placeOf(hash, path, path.length);
    if (this.pairs[at + 1] !== 0) return false;
    this.pairs[at] = hash;
    this.pairs[at + 1] = node + 1;
    this.count++;
    return true;
  }

  private placeOf(hash: number, path: string, length: number): number {
    const { pairs } = this;
    const mask = this.places - 1;
    let place = hash & mask;
    for (; pairs[2 * place + 1] !== 0; place = (place + 1) & mask) {
      if (pairs[2 * place] !== hash) continue;
      const stored = this.nodes.path((pairs[2 * place + 1] as number) - 1);
      if (stored.length === length && path.startsWith(stored)) break;
    }
    return 2 * place;
  }

  private grow(): void {
    const former = this.pairs;
    this.places *= 2;
    this.pairs = new Int32Array(2 * this.places);
    const mask = this.places - 1;
    for (let from = 0; from < former.length; from += 2) {
      if (former[from + 1] === NO_NODE + 1) continue;
      let place = (former[from] as number) & mask;
      while (this.pairs[2 * place + 1] !== 0) place = (place + 1) & mask;
      this.pairs[2 * place] = former[from] as number;
      this.pairs[2 * place + 1] = former[from + 1] as number;
    }
  }
}
