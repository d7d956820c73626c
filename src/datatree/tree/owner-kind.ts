/**
 * The meaning of a stored ephemeralOwner. The long is a session id, or one of two marks that share its room. A
 * container is -(2^63). A node with a TTL has 0xFF in the top byte and a feature number (0) in the next two. The low
 * forty bits are the TTL in milliseconds. The mark of a TTL counts only with extendedTypes: without them 0xFF is the
 * first byte of the session ids of server 255. emulate353Ttl reads the marks of ZooKeeper 3.5.3 as TTLs too.
 */
export const OwnerKind = { none: 0, session: 1, container: 2, ttl: 3 } as const;

export interface OwnerOptions {
  readonly extendedTypes: boolean;
  readonly emulate353Ttl: boolean;
}

export const CONTAINER_OWNER = -(1n << 63n);
/** Forty bits of milliseconds, nearly 35 years. */
export const MAX_TTL_MS = 0xffffffffff;

const EXTENDED_MARK = -(1n << 56n);
const FEATURE_MASK = 0x00ffff0000000000n;
const TTL_MASK = 0x000000ffffffffffn;

/**
 * The order of the tests matters: a container's owner is negative, as 3.5.3's TTLs are. An extended mark with an
 * unknown feature is taken for a session id: the answer has to be total, and Apache only throws.
 */
export function ownerKindOf(owner: bigint, options: OwnerOptions): number {
  if (owner === 0n) return OwnerKind.none;
  if (options.extendedTypes) {
    if (options.emulate353Ttl && owner < 0n && owner !== CONTAINER_OWNER) return OwnerKind.ttl;
    if ((owner & EXTENDED_MARK) === EXTENDED_MARK && (owner & FEATURE_MASK) === 0n) return OwnerKind.ttl;
  }
  return owner === CONTAINER_OWNER ? OwnerKind.container : OwnerKind.session;
}

/** The owner that marks a TTL of so many milliseconds, 1 to MAX_TTL_MS. */
export function ttlOwner(ttlMs: bigint): bigint {
  return EXTENDED_MARK | (ttlMs & TTL_MASK);
}

/** Milliseconds; also for 3.5.3's marks, of which Apache keeps no more bits either. */
export function ttlOf(owner: bigint): number {
  return Number(owner & TTL_MASK);
}
