import type { Lane } from './lane.ts';

/** The ways between the peers of an ensemble, each in one direction, and which of them are blocked. */
interface Way {
  readonly lanes: Map<Lane, (() => void) | undefined>;
  blocks: number;
  slowMs: number;
}

export class Links {
  private readonly ways = new Map<string, Way>();

  isBlocked(from: number, to: number): boolean {
    return this.way(from, to).blocks > 0;
  }

  /** `lane` carries what `from` says to `to`, until `remove`. Nobody dials where a way is blocked. */
  add(from: number, to: number, lane: Lane): void {
    const way = this.way(from, to);
    lane.slowMs = way.slowMs;
    way.lanes.set(lane, undefined);
  }

  remove(from: number, to: number, lane: Lane): void {
    this.way(from, to).lanes.delete(lane);
  }

  /** Nothing gets from one to the other until the answer is called. */
  block(from: number, to: number): () => void {
    const way = this.way(from, to);
    if (way.blocks++ === 0) for (const lane of way.lanes.keys()) way.lanes.set(lane, lane.hold());
    let isBlocked = true;
    return () => {
      if (!isBlocked) return;
      isBlocked = false;
      if (--way.blocks > 0) return;
      for (const [lane, release] of way.lanes) {
        way.lanes.set(lane, undefined);
        release?.();
      }
    };
  }

  /** Everything said between the two takes `ms` longer. */
  slow(from: number, to: number, ms: number): void {
    const way = this.way(from, to);
    way.slowMs = ms;
    for (const lane of way.lanes.keys()) lane.slowMs = ms;
  }

  private way(from: number, to: number): Way {
    const key = `${from} ${to}`;
    let way = this.ways.get(key);
    if (way === undefined) {
      way = { lanes: new Map(), blocks: 0, slowMs: 0 };
      this.ways.set(key, way);
    }
    return way;
  }
}
