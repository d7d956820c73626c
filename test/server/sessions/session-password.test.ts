import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isSessionPassword, sessionPassword } from '../../../src/server/sessions/session-password.ts';

const golden = JSON.parse(readFileSync(new URL('../../golden/passwords.json', import.meta.url), 'utf8')) as {
  sessionId: string;
  password: string;
}[];

describe('the password of a session', () => {
  it.each(golden)('$sessionId has the password Apache gives it', ({ sessionId, password }) => {
    expect(sessionPassword(BigInt(sessionId)).toString('hex')).toBe(password);
  });

  it('opens its own session only', () => {
    const password = sessionPassword(0x100018fabcd0001n);
    expect(isSessionPassword(0x100018fabcd0001n, password)).toBe(true);
    expect(isSessionPassword(0x100018fabcd0002n, password)).toBe(false);
    expect(isSessionPassword(0x100018fabcd0001n, password.subarray(1))).toBe(false);
    expect(isSessionPassword(0x100018fabcd0001n, undefined)).toBe(false);
  });

  it('does not open session 0, which is no session', () => {
    expect(isSessionPassword(0n, sessionPassword(0n))).toBe(false);
  });
});
