/**
 * The sum of the old images that all open cuts of one tree keep. A learner on a bad line or a slow disk takes a cut
 * slowly. Such a cut keeps the old image of every node that changes meanwhile: in the end a second tree. Beyond the
 * limit the cut that keeps the most is given up, and its taker is told why.
 */
export const CUTS_HELD_MAX_BYTES = 256 << 20;

export interface AccountedCut {
  readonly heldBytes: number;
  giveUp(reason: string): void;
}

export class CutAccount {
  private readonly maxBytes: number;
  private readonly open = new Set<AccountedCut>();

  constructor(maxBytes = CUTS_HELD_MAX_BYTES) {
    this.maxBytes = maxBytes;
  }

  get openCuts(): number {
    return this.open.size;
  }

  get heldBytes(): number {
    let bytes = 0;
    for (const cut of this.open) bytes += cut.heldBytes;
    return bytes;
  }

  onOpened(cut: AccountedCut): void {
    this.open.add(cut);
  }

  onClosed(cut: AccountedCut): void {
    this.open.delete(cut);
  }

  /** A cut keeps more than before. */
  onHeld(): void {
    const heldBytes = this.heldBytes;
    if (heldBytes <= this.maxBytes) return;
    let largest: AccountedCut | undefined;
    for (const cut of this.open) if (largest === undefined || cut.heldBytes > largest.heldBytes) largest = cut;
    if (largest === undefined) return;
    this.open.delete(largest);
    largest.giveUp(
      `open snapshots hold ${heldBytes} bytes of what changed since they began, more than ${this.maxBytes}`,
    );
  }
}
