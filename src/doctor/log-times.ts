import { Reader } from '../jute/reader.ts';
import { readTxnHeader } from '../jute/txns.ts';
import { epochOf, type Zxid, zxidText } from '../jute/zxid.ts';
import { bad, type Finding, note } from './finding.ts';

/** The leaders' clocks, as the log has them: each transaction carries the time of the leader that made it. */
const ABOUT = 'clocks';
const LIMIT_MS = 5000;
const MAX_NOTES = 10;

export class LogTimes {
  private readonly reader = new Reader();
  private last: { readonly zxid: Zxid; readonly time: number } | undefined = undefined;
  private notes = 0;

  /** A time that is earlier than the one before: two leaders' clocks differ, or one was set back. */
  check({ zxid, payload }: { readonly zxid: Zxid; readonly payload: Buffer }): Finding[] {
    this.reader.reset(payload);
    const { time } = readTxnHeader(this.reader);
    const before = this.last;
    this.last = { zxid, time };
    if (before === undefined || before.time - time < LIMIT_MS || ++this.notes > MAX_NOTES) return [];
    const seconds = ((before.time - time) / 1000).toFixed(1);
    const why =
      epochOf(zxid) > epochOf(before.zxid) ? "another leader's clock is behind the last one's" : 'a clock was set back';
    return [note(ABOUT, `at zxid ${zxidText(zxid)} the time goes back by ${seconds} s: ${why}`)];
  }

  /** The newest transaction was not made in the future. */
  checkNow(nowMs: number): Finding[] {
    if (this.last === undefined || this.last.time - nowMs < LIMIT_MS) return [];
    const seconds = ((this.last.time - nowMs) / 1000).toFixed(1);
    return [
      bad(
        ABOUT,
        `zxid ${zxidText(this.last.zxid)}, the newest here, was made ${seconds} s in the future: the clock of the leader is ` +
          "ahead of this machine's",
        'let NTP set both (chronyc tracking)',
      ),
    ];
  }
}
