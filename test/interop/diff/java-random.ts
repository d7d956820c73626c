// java.util.Random as documented: the judge's own way from a session id to its password.

const mask = (1n << 48n) - 1n;

export function sessionPassword(sessionId: bigint): Buffer {
  let seed = (BigInt.asUintN(64, sessionId ^ 0xb3415c00n) ^ 0x5deece66dn) & mask;
  const out = Buffer.alloc(16);
  for (let i = 0; i < 16; i += 4) {
    seed = (seed * 0x5deece66dn + 0xbn) & mask;
    out.writeInt32LE(Number(BigInt.asIntN(32, seed >> 16n)), i);
  }
  return out;
}
