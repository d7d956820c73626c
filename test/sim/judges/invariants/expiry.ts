import { OpCode } from '../../../../src/jute/codes.ts';
import type { SimClient } from '../../clients/client.ts';
import type { Scheduler } from '../../world/scheduler.ts';
import type { Invariant } from '../observer.ts';
import { Violation } from '../violation.ts';

/**
 * ExpiryIsEarned: a session is closed because its client asked for it, or was silent for its whole timeout. Things that
 * the leader cannot have heard of are allowed for: a learner it lost takes what it knows of its clients along, for
 * `slackMs` at most (ZOOKEEPER-2886, ZOOKEEPER-710; mass expiry after a stall).
 */
const CXID_AND_ZXID_AND_TIME = 4 + 8 + 8;

export function expiry(scheduler: Scheduler, clients: ReadonlyMap<bigint, SimClient>, slackMs: number): Invariant {
  return {
    onProposed(view, _zxid, payload) {
      if (payload.readInt32BE(8 + CXID_AND_ZXID_AND_TIME) !== OpCode.closeSession) return;
      const client = clients.get(payload.readBigInt64BE(0));
      if (client === undefined || client.isClosing) return;
      const silentMs = scheduler.nowMs - client.aliveMs;
      if (silentMs + slackMs >= client.timeoutMs) return;
      // It was silent for long enough, and the leader has not heard yet that it is back.
      const isEnough = ({ ms, untilMs }: (typeof client.silences)[number]): boolean =>
        ms + slackMs >= client.timeoutMs && scheduler.nowMs - untilMs <= slackMs;
      if (client.silences.some(isEnough)) return;
      throw new Violation(
        'ExpiryIsEarned',
        `${view.sid} closes the session of ${client.name}, which was answered ${silentMs.toFixed(0)} ms ago and has a timeout of ${client.timeoutMs} ms`,
      );
    },
  };
}
