// The reading of logs, by lines that servers wrote.
import { expect, it } from 'vitest';
import { complaintsOf, lifeOf, type Member } from './logs.ts';

const ours: Member = {
  id: 1,
  kind: 'ours',
  quorumPort: 31_020,
  log: `{"level":"info","leader":3,"round":1,"zxid":"0x0","state":"following","msg":"the election is over"}
{"level":"info","leader":3,"round":1,"ms":34,"msg":"elected"}
{"level":"info","sync":"SNAP","zxid":"0x100001310","own":"0x0","epoch":1,"msg":"the leader synchronises us"}
{"level":"info","leader":3,"round":2,"ms":34,"msg":"elected"}
{"level":"info","sync":"DIFF","zxid":"0x100001310","own":"0x100001310","epoch":2,"msg":"the leader synchronises us"}
{"level":"info","leader":1,"round":3,"ms":34,"msg":"elected"}
{"level":"info","epoch":3,"acks":"2,1","msg":"a quorum has this history; leading"}
{"level":"info","leader":3,"round":4,"ms":34,"msg":"elected"}
{"level":"info","sync":"TRUNC","zxid":"0x300000010","own":"0x300000014","epoch":4,"msg":"the leader synchronises us"}
`,
};

const apache: Member = {
  id: 3,
  kind: 'apache-3.9.5',
  quorumPort: 31_022,
  log: `INFO  [x] FastLeaderElection - New election. My id = 3, proposed zxid=0x0
INFO  [x] Leader - Have quorum of supporters, sids: [[2, 3]]; starting up and setting last processed zxid: 0x100000000
INFO  [x] Leader - Have quorum of supporters, sids: [[2, 3]]; starting up and setting last processed zxid: 0x200000000
INFO  [x] FastLeaderElection - New election. My id = 3, proposed zxid=0x200000005
INFO  [LeaderConnector-/127.0.0.1:31020] Learner - Successfully connected to leader, using address: /127.0.0.1:31020
INFO  [x] Learner - Getting a diff from the leader 0x200000005
INFO  [LeaderConnector-/127.0.0.1:31020] Learner - Successfully connected to leader, using address: /127.0.0.1:31020
INFO  [x] Learner - Getting a diff from the leader 0x200000007
INFO  [x] Learner - Getting a snapshot from leader 0x300000009
WARN  [x] DataTree - Message:Digests are not matching. Value is Zxid. Value:55834575689
INFO  [x] Learner - Learner received NEWLEADER message
WARN  [x] DataTree - Message:Digests are not matching. Value is Zxid. Value:55834575690
java.lang.NullPointerException: Cannot read field "hdr" because "pif" is null
\tat org.apache.zookeeper.server.quorum.Learner.syncWithLeader(Learner.java:641)
WARN  [x] Learner - Truncating log to get in sync with the leader 0x30000000a
INFO  [x] Leader - Have quorum of supporters, sids: [[2, 3]]; starting up and setting last processed zxid: 0x400000000
`,
};

it('tells who lost the lead to whom, and who was synchronised by whom', () => {
  expect(lifeOf([ours, apache])).toEqual({
    leaderLosses: { 'apache-3.9.5': 2, ours: 1 },
    changes: { 'apache-3.9.5 -> apache-3.9.5': 1, 'apache-3.9.5 -> ours': 1, 'ours -> apache-3.9.5': 1 },
    synchronised: {
      'apache-3.9.5 -> ours': { DIFF: 0, TRUNC: 1, SNAP: 1 },
      'ours -> apache-3.9.5': { DIFF: 1, TRUNC: 1, SNAP: 1 },
    },
  });
});

it('tells what Apache says of itself, and when', () => {
  expect(complaintsOf(apache, [ours, apache])).toEqual([
    'Digests are not matching, in a SNAP from ours',
    'Digests are not matching',
    'NullPointerException in Learner.syncWithLeader',
  ]);
});
