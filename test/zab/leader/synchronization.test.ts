import { expect, test } from 'vitest';
import { zxid } from '../ensemble.ts';
import { ack, ackEpoch, established, info, OBSERVER, ONE, observerInfo, payload, TWO } from '../established-leader.ts';
import { LoneLeader } from '../lone-hosts.ts';

test('observers beyond the limit are turned away, followers never', () => {
  const host = established({ maxConcurrentSnapSyncs: 1 });
  host.propose(payload('1:1'));
  host.onPacket(ONE, ack('1:1'));
  host.open(TWO, [info(2), ackEpoch()]);
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  expect(host.said.at(-1)).toBe('close 4: too many learners are being synchronised at the same time');
  host.onPacket(TWO, ack('1:0'));
  host.open(14, [observerInfo(4), ackEpoch()]);
  expect(host.shown(14)).toEqual(['LEADERINFO 1:0', 'SNAP 1:1', 'NEWLEADER 1:0']);
});

test('a follower that is no voter has the places of observers', () => {
  const host = established({ maxConcurrentSnapSyncs: 1 });
  host.open(OBSERVER, [observerInfo(4), ackEpoch()]);
  host.open(7, [info(7), ackEpoch()]);
  expect(host.ends).toEqual(['close 7: too many learners are being synchronised at the same time']);
});

test('a leader waits for its quorum as long as one of them takes bytes', () => {
  const host = new LoneLeader(
    {},
    { recent: [{ zxid: zxid('4:2'), payload: payload('4:2') }], acceptedEpoch: 4, currentEpoch: 4 },
  );
  host.leader.start();
  host.open(ONE, [info(1, 4), ackEpoch('1:1', 4)]);
  for (let i = 1; i <= 50; i++) {
    host.took(ONE, i * 1000);
    host.halfTicks(1);
  }
  expect(host.leader.phase).toBe('synchronization');
  host.halfTicks(11);
  expect(host.said.at(-1)).toBe('step down: no quorum was synchronised, only 3');
});

test('a DIFF from disk that breaks off ends the link, and the learner gets a snapshot the next time', () => {
  const at = ['1:1', '1:2', '1:4', '1:5', '1:6'];
  const log = at.map((each) => ({ zxid: zxid(each), payload: payload(each) }));
  const host = new LoneLeader({}, { recent: log.slice(-2), acceptedEpoch: 1, currentEpoch: 1 });
  host.disk = log;
  host.leader.start();
  host.open(ONE, [info(1, 1), ackEpoch('1:6', 1), ack('2:0')]);
  host.open(TWO, [info(2, 1), ackEpoch('1:1', 1)]);
  expect(host.said.at(-1)).toBe('close 2: the log on disk has 100000004 after 100000002');
  host.open(12, [info(2, 2), ackEpoch('1:1', -1)]);
  expect(host.shown(12).slice(1)).toEqual(['SNAP 2:0', 'NEWLEADER 2:0']);
});
