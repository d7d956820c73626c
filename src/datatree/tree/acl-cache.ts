import { assert } from '../../base/assert.ts';
import { type Acl, OPEN_ACL_UNSAFE } from '../../jute/data-records.ts';

/**
 * Each distinct ACL list once, named by a slot; nodes hold the slot and count as its users. In a snapshot a list has an
 * id of its own. A null list and the nodes made at first start share the id -1, which is world:anyone:cdrwa.
 *
 * In a fuzzy snapshot the map is written before the nodes, so a node's ACL id may not be in it (ZOOKEEPER-3306, 4846).
 * The replay of the transaction that set it mends the node. Such ids are resolved while loading, never later, because
 * replay hands the same id to another list.
 *
 * Invariants: a list has a slot as long as it has users, but while a snapshot is loaded; no list is in two slots.
 */
export const OPEN_SLOT = 0;
export const OPEN_ACL_ID = -1;

/** The lists of one moment, those with an id of their own. */
export interface AclList {
  readonly count: number;
  /** undefined: a slot without a list. */
  readonly entries: readonly ({ readonly id: number; readonly acl: readonly Acl[] } | undefined)[];
}

interface AclEntry {
  readonly id: number;
  readonly acl: readonly Acl[];
  readonly key: string;
  users: number;
}

/** Nobody but super gets past it; an empty list would let everybody in. */
const LOST_ACL: readonly Acl[] = [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }];

export class AclCache {
  private readonly entries: (AclEntry | undefined)[] = [{ id: OPEN_ACL_ID, acl: OPEN_ACL_UNSAFE, key: '', users: 1 }];
  private readonly freeSlots: number[] = [];
  private readonly slotByKey = new Map<string, number>();
  private slotById = new Map<number, number>();
  private lastId = 0;
  private lastSlot = OPEN_SLOT;

  /** Distinct lists besides the open one. */
  get size(): number {
    return this.slotByKey.size;
  }

  aclAt(slot: number): readonly Acl[] {
    return (this.entries[slot] as AclEntry).acl;
  }

  idAt(slot: number): number {
    return (this.entries[slot] as AclEntry).id;
  }

  /** The slot of a list, with one user more. */
  acquire(acl: readonly Acl[] | undefined): number {
    if (acl === undefined) return OPEN_SLOT;
    const last = this.entries[this.lastSlot];
    if (last !== undefined && this.lastSlot !== OPEN_SLOT && sameAcls(last.acl, acl)) {
      last.users++;
      return this.lastSlot;
    }
    const key = keyOf(acl);
    let slot = this.slotByKey.get(key);
    if (slot === undefined) slot = this.insert(++this.lastId, acl, key);
    (this.entries[slot] as AclEntry).users++;
    this.lastSlot = slot;
    return slot;
  }

  release(slot: number): void {
    if (slot === OPEN_SLOT) return;
    const entry = this.entries[slot];
    assert(entry !== undefined && entry.users > 0, 'a list is given up by those who use it');
    entry.users--;
    if (entry.users === 0) this.drop(slot, entry);
  }

  /** As a snapshot's map holds them. An entry is never changed but for its users. */
  copy(): AclList {
    const entries = this.entries.slice();
    entries[OPEN_SLOT] = undefined;
    return { count: this.size, entries };
  }

  /** A list out of a snapshot's map, without users yet. Two ids may name the same list. */
  load(id: number, acl: readonly Acl[]): void {
    if (id > this.lastId) this.lastId = id;
    const key = keyOf(acl);
    this.slotById.set(id, this.slotByKey.get(key) ?? this.insert(id, acl, key));
  }

  /** The slot for an id out of a snapshot's node, with one user more; undefined when the map lacks it. */
  acquireById(id: number): number | undefined {
    if (id === OPEN_ACL_ID) return OPEN_SLOT;
    const slot = this.slotById.get(id);
    if (slot !== undefined) (this.entries[slot] as AclEntry).users++;
    return slot;
  }

  acquireLost(): number {
    return this.acquire(LOST_ACL);
  }

  /** Ends loading: lists without users go. */
  purge(): void {
    this.slotById = new Map();
    for (let slot = OPEN_SLOT + 1; slot < this.entries.length; slot++) {
      const entry = this.entries[slot];
      if (entry !== undefined && entry.users === 0) this.drop(slot, entry);
    }
  }

  private insert(id: number, acl: readonly Acl[], key: string): number {
    const slot = this.freeSlots.pop() ?? this.entries.length;
    this.entries[slot] = { id, acl, key, users: 0 };
    this.slotByKey.set(key, slot);
    return slot;
  }

  private drop(slot: number, entry: AclEntry): void {
    this.entries[slot] = undefined;
    const wasFound = this.slotByKey.delete(entry.key);
    assert(wasFound, 'each list is found by its content');
    this.freeSlots.push(slot);
  }
}

function sameAcls(a: readonly Acl[], b: readonly Acl[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as Acl;
    const y = b[i] as Acl;
    if (x.perms !== y.perms || x.id.scheme !== y.id.scheme || x.id.id !== y.id.id) return false;
  }
  return true;
}

function keyOf(acl: readonly Acl[]): string {
  let key = '';
  for (const entry of acl)
    key += `${entry.perms} ${entry.id.scheme.length} ${entry.id.scheme}${entry.id.id.length} ${entry.id.id}`;
  return key;
}
