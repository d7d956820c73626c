import { describe, expect, it } from 'vitest';
import { SessionIds } from '../../../src/server/sessions/session-ids.ts';

const free = () => false;

function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}

describe('new session ids', () => {
  it('hold the server id, forty bits of the clock and a count', () => {
    const ids = new SessionIds(3, 0x18fabcd1234);
    expect(hex(ids.take(free))).toBe('38fabcd12340000');
    expect(hex(ids.take(free))).toBe('38fabcd12340001');
    expect(hex(ids.take(free))).toBe('38fabcd12340002');
  });

  it('are negative for server ids from 128 on', () => {
    const id = new SessionIds(254, 0x18fabcd1234).take(free);
    expect(hex(id)).toBe('fe8fabcd12340000');
    expect(id).toBeLessThan(0n);
  });

  it('pass over those still taken', () => {
    const ids = new SessionIds(1, 1);
    const taken = new Set([0x100000000010000n, 0x100000000010001n]);
    expect(hex(ids.take((id) => taken.has(id)))).toBe('100000000010002');
    expect(hex(ids.take((id) => taken.has(id)))).toBe('100000000010003');
  });

  it('are never 0 and never the mark of a container', () => {
    expect(new SessionIds(0, 0).take(free)).toBe(1n);
    expect(hex(new SessionIds(128, 0).take(free))).toBe('8000000000000001');
  });
});
