import { type Zxid, zxidText } from '../../jute/zxid.ts';
import type { CatchUpKind } from '../../zab/leader/leader-ports.ts';
import type { LearnerLink } from '../../zab/leader/learner-link.ts';
import type { LinkInfo } from '../../zab/leader/learner-links.ts';
import type { PeerParts } from '../peer-parts.ts';

/** Counts what a server does for its learners: it leads, or serves observers. */
export class LearnerMeter {
  private readonly parts: Pick<PeerParts, 'metrics' | 'log'>;
  private readonly links: () => readonly LinkInfo[];

  constructor(parts: Pick<PeerParts, 'metrics' | 'log'>, links: () => readonly LinkInfo[]) {
    this.parts = parts;
    this.links = links;
  }

  /** A learner is about to get the history in this way. */
  catchingUp(learner: LearnerLink, kind: CatchUpKind, zxid: Zxid): void {
    const { log, metrics } = this.parts;
    const { inflightSnaps, inflightDiffs, snapCount, diffCount } = metrics.ensemble;
    const isSnap = kind === 'snap';
    const others = this.links().filter(({ catchingUp }) => catchingUp && (catchingUp === 'snap') === isSnap);
    (isSnap ? inflightSnaps : inflightDiffs).add(others.length + 1);
    (isSnap ? snapCount : diffCount).add(1);
    if (!isSnap) return;
    log.info({ learner: learner.ownerName, zxid: zxidText(zxid) }, 'sending a snapshot');
  }

  /** A packet waited so long for its learner, and so many wait behind it. */
  waited({ sid }: LearnerLink, ms: number, packets: number): void {
    const { learnerQueueSize, learnerQueueTime } = this.parts.metrics.broadcast;
    learnerQueueSize.add(String(sid), packets);
    learnerQueueTime.add(String(sid), Math.round(ms));
  }
}
