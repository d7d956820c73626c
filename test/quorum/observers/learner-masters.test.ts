import { expect, test } from 'vitest';
import { parseQuorumText } from '../../../src/election/quorum/quorum-config.ts';
import type { ServerSpec } from '../../../src/election/quorum/server-spec.ts';
import { LearnerMasters } from '../../../src/quorum/observers/learner-masters.ts';
import { Revalidations } from '../../../src/quorum/observers/revalidations.ts';

const TEXT = ['1:participant', '2:participant', '3:participant', '4:observer']
  .map((each) => each.split(':'))
  .map(([sid, role]) => `server.${sid}=zk${sid}:2888:3888:${role}`)
  .join('\n');
const verifier = parseQuorumText(`${TEXT}\nversion=0`, {
  multiAddress: false,
  standaloneEnabled: false,
  otherKeys: 'ignore',
});
const leader = verifier.members.get(3) as ServerSpec;

function masters(observerMasterPort: number, clock = { nowMs: () => 0 }): LearnerMasters {
  // The last of a choice, so that nothing changes its place.
  const random = { below: (bound: number) => bound - 1 };
  return new LearnerMasters(
    { observerMasterPort, initLimitTicks: 10, tickTimeMs: 100 },
    random as never,
    clock as never,
  );
}

test('without the port an observer learns from the leader, on its quorum port', () => {
  const { sid, addresses, isLast } = masters(0).next(leader, verifier);
  expect({ sid, addresses, isLast }).toEqual({ sid: 3, addresses: [{ host: 'zk3', port: 2888 }], isLast: true });
});

test('with it the followers come by turns, never the leader or an observer, and a round is over before it waits', () => {
  const of = masters(2191);
  const seen = Array.from({ length: 5 }, () => of.next(leader, verifier));
  expect(seen.map(({ sid, isLast }) => [sid, isLast])).toEqual([
    [1, false],
    [2, false],
    [1, true],
    [2, false],
    [1, true],
  ]);
  expect(seen[0]?.addresses).toEqual([{ host: 'zk1', port: 2191 }]);
});

test('after initLimit without an answer it is the leader once; one that answered begins that anew', () => {
  let nowMs = 0;
  const of = masters(2191, { nowMs: () => nowMs });
  expect(of.next(leader, verifier).sid).toBe(1);
  nowMs = 900;
  of.reached();
  nowMs = 1500;
  expect(of.next(leader, verifier).sid).toBe(2);
  nowMs = 2501;
  expect(of.next(leader, verifier).sid).toBe(3);
  expect(of.next(leader, verifier).sid).not.toBe(3);
});

test('answers about one session go to those who asked, in their order', () => {
  const open = new Revalidations<string>();
  open.asked(1n, 'a');
  open.asked(2n, 'b');
  open.asked(1n, undefined);
  open.asked(1n, 'c');
  expect([1n, 2n, 1n, 1n, 1n].map((sessionId) => open.answered(sessionId))).toEqual([
    'a',
    'b',
    undefined,
    'c',
    undefined,
  ]);
});
