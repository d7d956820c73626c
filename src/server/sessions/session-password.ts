/**
 * The password of a session, which every server can compute: 16 bytes of java.util.Random seeded with the session
 * id and a constant (ZooKeeperServer.generatePasswd). It proves that the client was told the id, nothing more.
 */
const SALT = 0xb3415c00n;
const MULTIPLIER = 0x5deece66dn;
const ADDEND = 0xbn;
const MASK_48 = (1n << 48n) - 1n;

export const PASSWORD_BYTES = 16;
/** The password that a refused client is sent. */
export const NO_PASSWORD: Buffer = Buffer.alloc(PASSWORD_BYTES);

export function sessionPassword(sessionId: bigint): Buffer {
  const password = Buffer.alloc(PASSWORD_BYTES);
  let seed = (BigInt.asUintN(64, sessionId ^ SALT) ^ MULTIPLIER) & MASK_48;
  for (let i = 0; i < PASSWORD_BYTES; i += 4) {
    seed = (seed * MULTIPLIER + ADDEND) & MASK_48;
    // Random.nextBytes takes each int from its low end.
    password.writeUInt32LE(Number(seed >> 16n), i);
  }
  return password;
}

/** Session 0 is "none yet", whatever the password. */
export function isSessionPassword(sessionId: bigint, password: Buffer | undefined): boolean {
  if (sessionId === 0n || password === undefined) return false;
  return password.equals(sessionPassword(sessionId));
}
