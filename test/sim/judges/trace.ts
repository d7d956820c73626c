import { zxidHex } from '../../../src/jute/zxid.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { Moment, View } from './observer.ts';

/**
 * The last events, for those who have to find out why a world failed: log lines, moments and faults of all peers in one
 * order. Seeds run without it; one that fails is run again with it.
 */
interface Entry {
  readonly timeMs: number;
  readonly sid: number;
  readonly kind: string;
  text: string;
  times: number;
}

const KEPT = 4000;

export class Trace {
  private readonly scheduler: Scheduler;
  private entries: Entry[] = [];

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** `sid` 0: the world's. */
  say(sid: number, text: string): void {
    this.push(sid, '', text.replace(/^[\d.]+ /, ''));
  }

  moment(view: View, moment: Moment): void {
    const { sid } = view;
    switch (moment) {
      case 'proposed':
        this.push(sid, moment, `proposes ${zxidHex(view.logTip)}`);
        return;
      case 'applied':
        this.push(sid, moment, `applies ${zxidHex(view.tip)}`);
        return;
      case 'synced':
        this.push(sid, moment, `has ${zxidHex(view.durable)} on disk`);
        return;
      case 'committed':
      case 'ack':
        this.push(sid, moment, moment === 'ack' ? 'sends an ACK' : 'decides');
        return;
      case 'acceptedEpoch':
      case 'currentEpoch':
        this.push(sid, moment, `${moment} is ${view[moment]}`);
        return;
      case 'truncating':
      case 'installing':
        this.push(sid, moment, `${moment} to ${zxidHex(view.changingTo ?? view.tip)}, has ${zxidHex(view.durable)}`);
        return;
      default:
        this.push(
          sid,
          '',
          `${moment}: tree ${zxidHex(view.tip)}, log ${zxidHex(view.logTip)}, disk ${zxidHex(view.durable)}`,
        );
    }
  }

  report(lines: number): string {
    return this.entries.slice(-lines).map(lineOf).join('\n');
  }

  reportOf(sid: number, lines: number): string {
    return this.entries
      .filter((entry) => entry.sid === sid)
      .slice(-lines)
      .map(lineOf)
      .join('\n');
  }

  private push(sid: number, kind: string, text: string): void {
    // A run of the same is one line: its first moment, its last text.
    if (kind !== '') {
      for (let i = this.entries.length - 1; i >= 0 && i > this.entries.length - 12; i--) {
        const entry = this.entries[i] as Entry;
        if (entry.sid !== sid) continue;
        if (entry.kind === '') break;
        if (entry.kind !== kind) continue;
        entry.text = text;
        entry.times++;
        return;
      }
    }
    this.entries.push({ timeMs: this.scheduler.nowMs, sid, kind, text, times: 1 });
    if (this.entries.length > KEPT) this.entries = this.entries.slice(KEPT / 2);
  }
}

function lineOf({ timeMs, sid, text, times }: Entry): string {
  const many = times > 1 ? ` (${times} since then)` : '';
  return `${timeMs.toFixed(3).padStart(11)}  ${sid === 0 ? '-' : sid}  ${text}${many}`;
}
