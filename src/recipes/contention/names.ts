import { randomUUID } from 'node:crypto';

/**
 * The names of those who wait for one thing, as Curator and kazoo write them. Both are understood in one directory, and the
 * number alone says who was first:
 *
 *   Curator   _c_<uuid>-lock-0000000012   _c_<uuid>-__READ__0000000012   _c_<uuid>-__WRIT__0000000012
 *   kazoo     <hex>__lock__0000000012     <hex>__rlock__0000000012
 */
export type Dialect = 'curator' | 'kazoo';

export type ClaimKind = 'exclusive' | 'shared';

export interface Label {
  readonly kind: ClaimKind;
  readonly curator: string;
  readonly kazoo: string;
}

export const LABELS = {
  lock: { kind: 'exclusive', curator: 'lock-', kazoo: '__lock__' },
  read: { kind: 'shared', curator: '__READ__', kazoo: '__rlock__' },
  write: { kind: 'exclusive', curator: '__WRIT__', kazoo: '__lock__' },
  latch: { kind: 'exclusive', curator: 'latch-', kazoo: '__lock__' },
  lease: { kind: 'exclusive', curator: 'lease-', kazoo: '__lease__' },
} as const satisfies Record<string, Label>;

const LABEL_PATTERN = /(lock-|__lock__|latch-|lease-|__lease__|__WRIT__|__READ__|__rlock__)(-?\d{10})$/;

export interface Claimant {
  readonly name: string;
  readonly kind: ClaimKind;
  readonly sequence: number;
}

/** A mark that nobody else has, and the name with it, to which the server adds the number. */
export function newName(label: Label, dialect: Dialect): { mark: string; name: string } {
  const uuid = randomUUID();
  if (dialect === 'curator') return { mark: uuid, name: `_c_${uuid}-${label.curator}` };
  const mark = uuid.replaceAll('-', '');
  return { mark, name: `${mark}${label.kazoo}` };
}

/** Those among `names` who wait, the first one first. Other names are left out. */
export function claimants(names: readonly string[]): Claimant[] {
  const found: Claimant[] = [];
  for (const name of names) {
    const [, label, number] = LABEL_PATTERN.exec(name) ?? [];
    if (label === undefined) continue;
    const kind = label === '__READ__' || label === '__rlock__' ? 'shared' : 'exclusive';
    found.push({ name, kind, sequence: Number(number) });
  }
  // The counter goes from 2,147,483,647 on to -2,147,483,648: the difference in 32 bits says who is earlier.
  return found.sort((a, b) => (a.sequence - b.sequence) | 0);
}
