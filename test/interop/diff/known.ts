// What the generator remembers of the tree, from the answers it saw, so that most requests hit something. It may be
// wrong or stale: it only shapes the dice, it judges nothing.

export interface KnownNode {
  version: number;
  aversion: number;
  ephemeral: boolean;
}

export class Known {
  readonly nodes = new Map<string, KnownNode>();
  /** Where somebody asked for a watch lately; the newest last. */
  readonly watched: (string | null)[] = [];

  paths(): string[] {
    return [...this.nodes.keys()];
  }

  created(path: string, ephemeral: boolean): void {
    this.nodes.set(path, { version: 0, aversion: 0, ephemeral });
  }

  watch(path: string | null): void {
    this.watched.push(path);
    if (this.watched.length > 12) this.watched.shift();
  }

  deleted(path: string): void {
    this.nodes.delete(path);
  }

  seen(path: string, version: number, aversion: number): void {
    const node = this.nodes.get(path);
    if (node === undefined) this.nodes.set(path, { version, aversion, ephemeral: false });
    else Object.assign(node, { version, aversion });
  }

  childless(): string[] {
    return this.paths().filter((path) => !this.paths().some((other) => other.startsWith(`${path}/`)));
  }

  /** What a successful answer tells. */
  learn(name: string, body: Buffer, value: unknown): void {
    const path = pathOf(body);
    const found = (value ?? {}) as {
      path?: string | null;
      stat?: { version: number; aversion: number; ephemeralOwner: unknown };
    };
    if (Array.isArray(value)) {
      for (const item of value as { type: number; value: unknown }[])
        if (item.type === 15 || item.type === 1) this.learn('create', body, item.value);
    } else if (name.startsWith('create') && typeof found.path === 'string') {
      this.created(found.path, found.stat !== undefined && found.stat.ephemeralOwner !== 0n);
    } else if (name === 'delete' || name === 'deleteContainer') this.deleted(path);
    else if (found.stat !== undefined) this.seen(path, found.stat.version, found.stat.aversion);
  }
}

/** Nearly every request begins with a path. */
function pathOf(body: Buffer): string {
  if (body.length < 4) return '';
  const length = body.readInt32BE();
  return length < 0 || length > body.length - 4 ? '' : body.toString('utf8', 4, 4 + length);
}
