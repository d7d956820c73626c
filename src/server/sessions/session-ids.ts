/**
 * New session ids: the server's id in the high byte, 40 bits of the wall clock at start, then a count in the low 16
 * and upwards. Apache takes the time since boot instead, so that two machines started alike give the same ids after
 * a restart; the wall clock is what its documentation promises (ZOOKEEPER-1622). An id still taken is passed over.
 */
const CLOCK_MASK = (1n << 40n) - 1n;
/** Marks containers in stored Stats, so it cannot own an ephemeral. */
const CONTAINER_OWNER = -(1n << 63n);

export class SessionIds {
  private nextId: bigint;

  constructor(serverId: number, wallMs: number) {
    const clock = BigInt(Math.floor(wallMs)) & CLOCK_MASK;
    this.nextId = BigInt.asIntN(64, (clock << 16n) | (BigInt(serverId & 0xff) << 56n));
  }

  /** `isTaken`: the session table, and what is being created. */
  take(isTaken: (sessionId: bigint) => boolean): bigint {
    let id = this.nextId;
    while (id === 0n || id === CONTAINER_OWNER || isTaken(id)) id = successor(id);
    this.nextId = successor(id);
    return id;
  }
}

function successor(id: bigint): bigint {
  return BigInt.asIntN(64, id + 1n);
}
