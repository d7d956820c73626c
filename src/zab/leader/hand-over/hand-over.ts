import type { LearnerLink } from '../learner-link.ts';
import type { LearnerLinks } from '../learner-links.ts';

/** Two ticks: learners that have not left until then do not answer. */
const HALF_TICKS = 4;

/**
 * The end of a leader that has named another one. Learners leave by themselves when they are told, and this leader when
 * they have: were it to close their connections, some would not have been told.
 */
export class HandOver {
  /** undefined: the new members have no leader yet. */
  readonly to: number | undefined;
  private readonly links: LearnerLinks;
  /** Those it waits for; undefined: all learners. */
  private readonly told: readonly LearnerLink[] | undefined;
  private readonly since: number;

  constructor(links: LearnerLinks, to: number | undefined, told: readonly LearnerLink[] | undefined) {
    this.links = links;
    this.to = to;
    this.told = told;
    this.since = links.now;
  }

  /** All have left, or were waited for long enough. */
  get isComplete(): boolean {
    const { links, told } = this;
    const staying = (told ?? [...links.values()]).filter((link) => link.forwarding && links.has(link));
    return staying.length === 0 || links.now - this.since >= HALF_TICKS;
  }

  get reason(): string {
    return this.to === undefined ? 'the new members have no leader yet' : `handed over to ${this.to}`;
  }
}
