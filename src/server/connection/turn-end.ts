import type { Clock } from '../../io/clock.ts';
import type { HasOutput } from './client-output.ts';

/** What connections do at the end of the turn of the event loop: read on where they had stopped, then send. */
export interface Resumable {
  resume(): void;
}

export class TurnEnd {
  private readonly clock: Clock;
  private toResume: Resumable[] = [];
  private toFlush: HasOutput[] = [];
  private isScheduled = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  flush(connection: HasOutput): void {
    this.toFlush.push(connection);
    this.schedule();
  }

  resume(connection: Resumable): void {
    this.toResume.push(connection);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.clock.afterTurn(this.run);
  }

  /** What is resumed may answer at once: its output leaves with the rest. */
  private readonly run = (): void => {
    this.isScheduled = false;
    const toResume = this.toResume;
    this.toResume = [];
    for (const connection of toResume) connection.resume();
    const toFlush = this.toFlush;
    this.toFlush = [];
    for (const connection of toFlush) connection.flush();
  };
}
