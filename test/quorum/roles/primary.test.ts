import { expect, it } from 'vitest';
import { silentLog } from '../../../src/base/log.ts';
import { Database } from '../../../src/datatree/database.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { Primary, type PrimaryOptions, type PrimaryParts } from '../../../src/quorum/roles/primary.ts';
import { OPTIONS } from '../../datatree/histories.ts';
import * as t from '../../datatree/txns.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const SETTINGS = { tickMs: 2000, containerCheckIntervalMs: 60_000, containerMaxPerMinute: 10_000, serverId: 1 };

/** A role that begins with sessions, an ephemeral each; every third of these is no session any more. */
function begun(count: number): { clock: FakeClock; primary: Primary; closed: bigint[] } {
  const database = new Database({ ...OPTIONS, digest: false, log: silentLog });
  for (let i = 1; i <= count; i++) {
    if (i % 3 !== 0) database.sessions.put(BigInt(i), 30_000);
    database.apply(t.txn(t.create(`/n${i}`, { ephemeral: true }), { session: BigInt(i), zxid: i as Zxid }));
  }
  const clock = new FakeClock();
  const closed: bigint[] = [];
  const parts = { replica: { database }, auth: undefined, clock, log: silentLog } as unknown as PrimaryParts;
  const requests = {
    submitWrite: (request: { asker: { sessionId: bigint } }) => void closed.push(request.asker.sessionId),
  };
  const primary = new Primary(parts, SETTINGS as unknown as PrimaryOptions, requests);
  return { clock, primary, closed };
}

it('sessions are adopted, and those that are no more ended, some in each turn', () => {
  const { clock, primary, closed } = begun(12_000);
  primary.closeDeadSessions();
  expect([primary.sessions.size, closed.length]).toEqual([2000, 1666]);
  clock.oneTurn();
  expect([primary.sessions.size, closed.length]).toEqual([4000, 3333]);
  clock.endTurn();
  expect([primary.sessions.size, closed.length]).toEqual([8000, 4000]);
  expect(closed.every((id) => id % 3n === 0n)).toBe(true);
});

it('nothing of that goes on when the role is over', () => {
  const { clock, primary, closed } = begun(12_000);
  primary.closeDeadSessions();
  primary.stop();
  clock.endTurn();
  expect([primary.sessions.size, closed.length]).toEqual([2000, 1666]);
});
