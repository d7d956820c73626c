/**
 * The paths that have a quota, to find the deepest of them above a path. Parts that are empty or blank do not count,
 * as in Apache's PathTrie.
 */
class TrieNode {
  readonly parts = new Map<string, TrieNode>();
  /** The path that was added, as its parts spell it; undefined on the way to a deeper one. */
  path: string | undefined = undefined;
}

export class PathTrie {
  private root = new TrieNode();
  private paths = 0;

  get isEmpty(): boolean {
    return this.paths === 0;
  }

  add(path: string): void {
    let node = this.root;
    let spelled = '';
    for (const part of partsOf(path)) {
      spelled += `/${part}`;
      let next = node.parts.get(part);
      if (next === undefined) {
        next = new TrieNode();
        node.parts.set(part, next);
      }
      node = next;
    }
    if (node === this.root || node.path !== undefined) return;
    node.path = spelled;
    this.paths++;
  }

  remove(path: string): void {
    const parts = partsOf(path);
    const way = [this.root];
    for (const part of parts) {
      const next = way[way.length - 1]?.parts.get(part);
      if (next === undefined) return;
      way.push(next);
    }
    const last = way[way.length - 1] as TrieNode;
    if (last.path === undefined) return;
    last.path = undefined;
    this.paths--;
    for (let i = parts.length; i > 0; i--) {
      const node = way[i] as TrieNode;
      if (node.path !== undefined || node.parts.size > 0) return;
      way[i - 1]?.parts.delete(parts[i - 1] as string);
    }
  }

  /** The deepest path added that is `path` or lies above it. */
  deepestAbove(path: string): string | undefined {
    let node: TrieNode | undefined = this.root;
    let found: string | undefined;
    for (const part of partsOf(path)) {
      node = node.parts.get(part);
      if (node === undefined) break;
      if (node.path !== undefined) found = node.path;
    }
    return found;
  }

  clear(): void {
    this.root = new TrieNode();
    this.paths = 0;
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(isPart);
}

function isPart(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x20) return true;
  return false;
}
