import { describe, expect, it } from 'vitest';
import { SessionTable } from '../../../src/datatree/session-table.ts';
import { ErrorCode } from '../../../src/jute/codes.ts';
import { LearnerSessionTracker } from '../../../src/server/sessions/learner-session-tracker.ts';
import { negotiateTimeout } from '../../../src/server/sessions/session-timeout.ts';
import { SessionTracker } from '../../../src/server/sessions/session-tracker.ts';

const here = { ownerName: 'here' };
const learner = { ownerName: 'learner 2' };

function leader(): SessionTracker {
  return new SessionTracker({ tickMs: 1000, isStandalone: false }, 0);
}

function expired(tracker: SessionTracker, nowMs: number): bigint[] {
  tracker.onTick(nowMs);
  const ids: bigint[] = [];
  for (let id = tracker.takeExpired(); id !== undefined; id = tracker.takeExpired()) ids.push(id);
  return ids;
}

describe('who may use a session', () => {
  it('is whoever asks first, until it moves', () => {
    const tracker = leader();
    tracker.track(1n, 4000, 0);
    expect(tracker.check(1n, here)).toBe(ErrorCode.ok);
    expect(tracker.check(1n, here)).toBe(ErrorCode.ok);
    expect(tracker.check(1n, learner)).toBe(ErrorCode.sessionMoved);
    expect(tracker.revalidate(1n, 4000, learner, 10)).toBe(true);
    expect(tracker.check(1n, learner)).toBe(ErrorCode.ok);
    expect(tracker.check(1n, here)).toBe(ErrorCode.sessionMoved);
  });

  it('is nobody once it is closing', () => {
    const tracker = leader();
    tracker.track(1n, 4000, 0);
    tracker.setClosing(1n);
    expect(tracker.check(1n, here)).toBe(ErrorCode.sessionExpired);
    expect(tracker.touch(1n, 4000, 1)).toBe(false);
    expect(tracker.setOwner(1n, here)).toBe(false);
    expect(tracker.revalidate(1n, 4000, here, 1)).toBe(false);
  });

  it('is answered differently for an unknown session, as by Apache', () => {
    expect(leader().check(9n, here)).toBe(ErrorCode.sessionExpired);
    const standalone = new SessionTracker({ tickMs: 1000, isStandalone: true }, 0);
    expect(standalone.check(9n, here)).toBe(ErrorCode.unknownSession);
    expect(standalone.checkGlobal(9n, here)).toBe(ErrorCode.sessionExpired);
  });
});

describe('a role that begins with sessions', () => {
  function known(count: number): SessionTable {
    const table = new SessionTable();
    for (let i = 1; i <= count; i++) table.put(BigInt(i), 4000);
    return table;
  }

  it('adopts a part of them at a time, and any that is asked for at once', () => {
    const table = known(5000);
    const tracker = leader();
    expect([tracker.adopt(table, 0), tracker.size]).toEqual([false, 2000]);
    expect([tracker.touch(4000n, 4000, 3000), tracker.has(4999n), tracker.has(5001n)]).toEqual([true, true, false]);
    expect([tracker.size, tracker.adoptMore(), tracker.size]).toEqual([2002, false, 4001]);
    table.remove(4998n);
    tracker.remove(4998n);
    tracker.track(4997n, 4000, 3000);
    expect([tracker.adoptMore(), tracker.size, tracker.has(4998n)]).toEqual([true, 4999, false]);
    expect([tracker.adoptMore(), tracker.check(5001n, here)]).toEqual([true, ErrorCode.sessionExpired]);
    for (let nowMs = 1000; nowMs <= 4000; nowMs += 1000) expect(expired(tracker, nowMs)).toEqual([]);
    expect(expired(tracker, 5000)).toHaveLength(4997);
    for (const nowMs of [6000, 7000]) expect(expired(tracker, nowMs)).toEqual([]);
    expect(expired(tracker, 8000).sort()).toEqual([4000n, 4997n]);
  });

  it('adopts none that is closing, or ended, while it is at it', () => {
    const table = known(2002);
    const tracker = leader();
    tracker.adopt(table, 0);
    tracker.setClosing(2001n);
    table.remove(2002n);
    expect([tracker.adoptMore(), tracker.size, tracker.isClosing(2001n)]).toEqual([true, 2001, true]);
  });
});

describe('expiry', () => {
  it('comes up to one tick after the timeout, and closes the session for everyone at once', () => {
    const tracker = leader();
    tracker.track(1n, 4000, 100);
    expect(expired(tracker, 1000)).toEqual([]);
    expect(expired(tracker, 2000)).toEqual([]);
    expect(expired(tracker, 3000)).toEqual([]);
    expect(expired(tracker, 4000)).toEqual([]);
    tracker.onTick(5000);
    expect(tracker.check(1n, here)).toBe(ErrorCode.sessionExpired);
    expect(tracker.touch(1n, 4000, 5000)).toBe(false);
    expect(tracker.expiredCount).toBe(1);
    expect(tracker.takeExpired()).toBe(1n);
    expect(tracker.has(1n)).toBe(true);
    tracker.remove(1n);
    expect(tracker.has(1n)).toBe(false);
  });

  it('is put off by every touch, with the timeout the touch names', () => {
    const tracker = leader();
    tracker.track(1n, 2000, 0);
    for (let nowMs = 1000; nowMs <= 20_000; nowMs += 1000) {
      expect(tracker.touch(1n, 2000, nowMs - 1)).toBe(true);
      expect(expired(tracker, nowMs)).toEqual([]);
    }
    for (let nowMs = 21_000; nowMs < 22_000; nowMs += 1000) expect(expired(tracker, nowMs)).toEqual([]);
    expect(expired(tracker, 22_000)).toEqual([1n]);
  });

  it('of ten thousand at once is handed out one by one', () => {
    const tracker = leader();
    for (let id = 1n; id <= 10_000n; id++) tracker.track(id, 500, 0);
    tracker.onTick(1000);
    expect(tracker.expiredCount).toBe(10_000);
    for (let slice = 0; slice < 100; slice++) tracker.takeExpired();
    expect(tracker.expiredCount).toBe(9900);
  });

  it('does not take a session that was closed meanwhile', () => {
    const tracker = leader();
    tracker.track(1n, 500, 0);
    tracker.setClosing(1n);
    tracker.track(2n, 500, 0);
    tracker.remove(2n);
    expect(expired(tracker, 1000)).toEqual([]);
  });

  it('is not brought on again by tracking a session that is closing', () => {
    const tracker = leader();
    tracker.track(1n, 500, 0);
    tracker.setClosing(1n);
    tracker.track(1n, 500, 0);
    expect(expired(tracker, 1000)).toEqual([]);
    expect(tracker.setOwner(1n, here)).toBe(false);
  });
});

describe('sessions on a learner', () => {
  it('are reported with the next ping when they were touched', () => {
    const tracker = new LearnerSessionTracker();
    tracker.onCreated(1n, 4000);
    expect(tracker.touch(2n, 6000)).toBe(true);
    tracker.touch(3n, 6000);
    tracker.remove(3n);
    expect([...tracker.takeTouched()]).toEqual([
      [1n, 4000],
      [2n, 6000],
    ]);
    expect([...tracker.takeTouched()]).toEqual([]);
  });
});

describe('the timeout granted', () => {
  it('lies between the least and the greatest there is', () => {
    const timeouts = { minMs: 4000, maxMs: 40_000 };
    expect(negotiateTimeout(1, timeouts)).toBe(4000);
    expect(negotiateTimeout(-1, timeouts)).toBe(4000);
    expect(negotiateTimeout(10_000, timeouts)).toBe(10_000);
    expect(negotiateTimeout(2_000_000, timeouts)).toBe(40_000);
  });
});
