import type { View } from '../judges/observer.ts';

/**
 * Writes the files of oraclePath, and is never wrong: one of two voters may go on alone while the other one is down. From
 * then on it alone has everything, so the other one may not before it follows again.
 */
export class FailureDetector {
  private readonly views: readonly View[];
  /** The one that has everything; undefined: both have. */
  private ahead: View | undefined = undefined;

  constructor(views: readonly View[]) {
    this.views = views.filter(({ voter }) => voter);
  }

  look(): void {
    if (this.doBothServe()) this.ahead = undefined;
    const alive = this.views.filter(({ machine }) => machine.isUp);
    if (alive.length === 1) this.ahead ??= alive[0];
    for (const view of this.views) {
      view.machine.disk.put('/oracle', Buffer.from(view === this.ahead ? '1\n' : '0\n'));
    }
  }

  /** Whether it is left to these alone. */
  permits(sids: ReadonlySet<number>): boolean {
    return this.ahead !== undefined && sids.has(this.ahead.sid);
  }

  /** In one epoch: a follower that has not noticed that its leader is gone may still serve when that one leads again. */
  private doBothServe(): boolean {
    const modes = this.views.map(({ machine }) => (machine.peer?.server.isServing === true ? machine.mode : 'down'));
    const epochs = new Set(this.views.map(({ currentEpoch }) => currentEpoch));
    return modes.includes('leader') && modes.includes('follower') && epochs.size === 1;
  }
}
