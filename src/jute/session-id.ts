/** A session id as Java's Long.toHexString has it, behind 0x: in logs and four-letter words. */
export function sessionHex(sessionId: bigint): string {
  return `0x${BigInt.asUintN(64, sessionId).toString(16)}`;
}
