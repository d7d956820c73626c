import type { LearnerLink, Rivalry } from './learner-link.ts';
import type { LearnerLinks } from './learner-links.ts';
import type { PingRounds } from './ping-rounds.ts';

/**
 * A server has one connection. When another one comes with the id of a learner that is there, either the first is dead and
 * nobody has noticed, or the second is not that server. The first may show which it is: it is asked by the next PING, and
 * as long as it may answer the second waits. An id is a claim that anyone can make, so no newcomer ends a learner that
 * answers.
 *
 * A real server that came again is let in as soon as the end of its old connection is noticed, which is at once unless its
 * machine lost power. It is never synchronised while the old connection lives: an acknowledgement that still arrives there
 * may be of what the server's log is about to lose.
 */
const ANSWER_HALF_TICKS = 3;

export class Rivals {
  private readonly links: LearnerLinks;
  private readonly rounds: PingRounds;
  private readonly admit: (newcomer: LearnerLink) => void;

  constructor(links: LearnerLinks, rounds: PingRounds, admit: (newcomer: LearnerLink) => void) {
    this.links = links;
    this.rounds = rounds;
    this.admit = admit;
  }

  /** Lets it in, now or when the learner with its id is gone, or turns it away. */
  meet(newcomer: LearnerLink): void {
    let older: LearnerLink | undefined;
    for (const link of this.links.values()) {
      if (link === newcomer || link.sid !== newcomer.sid) continue;
      if (link.rivalry !== undefined) {
        this.links.drop(newcomer, `another connection with the id ${newcomer.sid} is waiting already`);
        return;
      }
      older = link;
    }
    if (older === undefined) {
      this.admit(newcomer);
      return;
    }
    newcomer.rivalry = { older, round: this.rounds.lastRound, since: this.links.now };
    this.links.enter(newcomer, 'rival');
  }

  onHalfTick(): void {
    for (const link of this.links.values()) {
      if (link.rivalry !== undefined) this.judge(link, link.rivalry);
    }
  }

  /** The place is free. */
  onGone(gone: LearnerLink): void {
    for (const link of this.links.values()) {
      if (link.rivalry?.older !== gone) continue;
      link.rivalry = undefined;
      this.admit(link);
      return;
    }
  }

  private judge(newcomer: LearnerLink, { older, round, since }: Rivalry): void {
    if (older.phase === 'serving' && older.pings.answeredRound > round) {
      this.links.drop(newcomer, `learner ${newcomer.sid} is connected already, and answers`);
      return;
    }
    // While it joins, it is not asked anything; but where its turn to speak has come it could.
    const couldAnswer = older.phase === 'serving' || older.phase === 'ackEpoch';
    if (!couldAnswer || this.links.now - Math.max(since, older.heardAt) < ANSWER_HALF_TICKS) return;
    this.links.drop(older, 'the learner has connected again, and is silent here');
  }
}
