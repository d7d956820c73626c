import { assert } from '../base/assert.ts';

/**
 * The global sessions and their timeouts, as the log knows them: changed by createSession and closeSession
 * transactions and by loading a snapshot, and part of every snapshot. When they expire is the server's to decide.
 *
 * Ids and timeouts lie in arrays without a gap, so that a copy of a million of them takes a few milliseconds. The last
 * one takes the place of one that goes.
 *
 * Invariant: a session's place holds its id; the first `places.size` places are taken, and no others.
 */
const FIRST_PLACES = 64;

/** Sessions at one moment, and their timeouts in the same order. */
export interface SessionList {
  readonly ids: BigInt64Array;
  readonly timeoutsMs: Int32Array;
}

export class SessionTable {
  private readonly places = new Map<bigint, number>();
  private ids = new BigInt64Array(FIRST_PLACES);
  private timeoutsMs = new Int32Array(FIRST_PLACES);

  get size(): number {
    return this.places.size;
  }

  has(sessionId: bigint): boolean {
    return this.places.has(sessionId);
  }

  /** Milliseconds; undefined for a session that is not there. */
  timeoutOf(sessionId: bigint): number | undefined {
    const place = this.places.get(sessionId);
    return place === undefined ? undefined : this.timeoutsMs[place];
  }

  /** Those there are now. */
  copy(): SessionList {
    return { ids: this.ids.slice(0, this.size), timeoutsMs: this.timeoutsMs.slice(0, this.size) };
  }

  forEach(visit: (sessionId: bigint, timeoutMs: number) => void): void {
    for (let place = 0; place < this.size; place++) {
      visit(this.ids[place] as bigint, this.timeoutsMs[place] as number);
    }
  }

  /** For apply and for loading alone. */
  put(sessionId: bigint, timeoutMs: number): void {
    let place = this.places.get(sessionId);
    if (place === undefined) {
      place = this.size;
      if (place === this.ids.length) this.grow();
      this.places.set(sessionId, place);
      this.ids[place] = sessionId;
    }
    this.timeoutsMs[place] = timeoutMs;
  }

  /** For apply alone. */
  remove(sessionId: bigint): void {
    const place = this.places.get(sessionId);
    if (place === undefined) return;
    const last = this.size - 1;
    this.places.delete(sessionId);
    if (place === last) return;
    const moved = this.ids[last] as bigint;
    assert(this.places.get(moved) === last, 'the place of a session holds its id');
    this.ids[place] = moved;
    this.timeoutsMs[place] = this.timeoutsMs[last] as number;
    this.places.set(moved, place);
  }

  private grow(): void {
    const { ids, timeoutsMs } = this;
    this.ids = new BigInt64Array(ids.length * 2);
    this.ids.set(ids);
    this.timeoutsMs = new Int32Array(timeoutsMs.length * 2);
    this.timeoutsMs.set(timeoutsMs);
  }
}
