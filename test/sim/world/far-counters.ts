/**
 * Counters of 32 bits never wrap in a simulated life. So some nodes are further than they look: whoever judges a write
 * reads from these instead of what is stored, on every leader and in the small tree alike, and from there on the
 * stored ones are what they say. That holds for creates and setData alone, so nothing here is deleted or given an ACL.
 */
export const FAR_PARENT = '/far';
export const FAR_DATA = '/far/data';
const NEAR_THE_END = 2 ** 31 - 4;

/** The number of the next child but one. */
export function farCreates(path: string, creates: number): number {
  return path === FAR_PARENT && creates > 0 && creates < NEAR_THE_END ? NEAR_THE_END : creates;
}

export function farVersion(path: string, version: number): number {
  if (path !== FAR_DATA) return version;
  if (version > 1 && version < NEAR_THE_END) return NEAR_THE_END;
  // Over -1 as well.
  return version < -3 ? -3 : version;
}
