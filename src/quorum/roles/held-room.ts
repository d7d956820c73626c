/**
 * How much is asked of a leader while it hands over. Nobody is answered meanwhile, so all of it is kept; the hand-over is
 * given up when it is too much, for one that takes so long is worth less than the memory. Units: bytes.
 */
export const MAX_HELD_BYTES = 64 << 20;

/** A request is more than its bytes. */
const EACH_BYTES = 256;

export class HeldRoom {
  private readonly most: () => number | undefined;
  private bytes = 0;

  /** `most`: another limit, of a simulation. */
  constructor(most: () => number | undefined) {
    this.most = most;
  }

  /** False: it is more than there is room for. It counts all the same. */
  take(bytes: number): boolean {
    this.bytes += bytes + EACH_BYTES;
    return this.bytes <= (this.most() ?? MAX_HELD_BYTES);
  }

  empty(): void {
    this.bytes = 0;
  }
}
