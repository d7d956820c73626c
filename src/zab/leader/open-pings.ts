import { Fifo } from '../../base/fifo.ts';
import type { Zxid } from '../../jute/zxid.ts';

/** PINGs to one learner that it has not answered: answers come in the order of the questions. */
interface Ping {
  readonly round: number;
  readonly zxid: Zxid;
}

/** Beyond this many a link takes part only in the rounds of the half ticks. */
const MAX_OPEN_PINGS = 64;

export class OpenPings {
  private readonly open = new Fifo<Ping>(8);
  private answered = 0;

  /** The last round that the learner has answered; 0: none. */
  get answeredRound(): number {
    return this.answered;
  }

  get mayPing(): boolean {
    return this.open.length < MAX_OPEN_PINGS;
  }

  sent(round: number, zxid: Zxid): void {
    this.open.push({ round, zxid });
  }

  /** False: no PING with this zxid is the oldest one open. */
  onAnswer(zxid: Zxid): boolean {
    const ping = this.open.shift();
    if (ping === undefined || ping.zxid !== zxid) return false;
    this.answered = ping.round;
    return true;
  }
}
