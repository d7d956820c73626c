import type { Id } from '../../jute/data-records.ts';
import { AUTH_ID_BYTES_MAX, AUTH_IDS_MAX } from './auth-limits.ts';
import { javaHash } from './java-text.ts';

/**
 * The ids a connection has proved. Apache keeps them in a hash set, and its order shows: in whoAmI, in what an
 * `auth:` entry expands to, and so in getACL and in which ACLs count as equal. This keeps the same order.
 */
const INITIAL_BINS = 16;

/** Whether a connection with these ids may prove `id` as well. */
export function hasRoomFor(ids: readonly Id[], id: Id): boolean {
  let bytes = id.scheme.length + id.id.length;
  for (const present of ids) {
    if (present.scheme === id.scheme && present.id === id.id) return true;
    bytes += present.scheme.length + present.id.length;
  }
  return ids.length < AUTH_IDS_MAX && bytes <= AUTH_ID_BYTES_MAX;
}

/** `ids` with `id` in its place; the same list when it is there already. */
export function withAuthId(ids: readonly Id[], id: Id): readonly Id[] {
  for (const present of ids) {
    if (present.scheme === id.scheme && present.id === id.id) return ids;
  }
  const bins = binCount(ids.length + 1);
  const bin = binOf(id, bins);
  // Those of one bin stay in the order they came.
  const sorted = bins === binCount(ids.length) ? [...ids] : sortByBin(ids, bins);
  let at = sorted.length;
  while (at > 0 && binOf(sorted[at - 1] as Id, bins) > bin) at--;
  sorted.splice(at, 0, id);
  return sorted;
}

function sortByBin(ids: readonly Id[], bins: number): Id[] {
  return [...ids].sort((a, b) => binOf(a, bins) - binOf(b, bins));
}

/** The table doubles when three quarters full. */
function binCount(size: number): number {
  let bins = INITIAL_BINS;
  while (size >= bins - (bins >> 2)) bins *= 2;
  return bins;
}

function binOf(id: Id, bins: number): number {
  let hash = (Math.imul(37, 17) + javaHash(id.scheme)) | 0;
  hash = (Math.imul(37, hash) + javaHash(id.id)) | 0;
  return (hash ^ (hash >>> 16)) & (bins - 1);
}
