import { scenario as aCutBackToASnapshot } from './scenarios/a-cut-back-to-a-snapshot.ts';
import { scenario as aCutWithoutAWholeSnapshot } from './scenarios/a-cut-without-a-whole-snapshot.ts';
import { scenario as aDirectoryOfBeforeThreeFive } from './scenarios/a-directory-of-before-three-five.ts';
import { scenario as aDiskThatFails } from './scenarios/a-disk-that-fails.ts';
import { scenario as aKilledLeader, withLongTicks } from './scenarios/a-killed-leader.ts';
import { scenario as aLogThatChangesUnderItsReaders } from './scenarios/a-log-that-changes-under-its-readers.ts';
import { scenario as aPurgeWhileLearnersRead } from './scenarios/a-purge-while-learners-read.ts';
import { scenario as aSessionEndsWithItsQueue } from './scenarios/a-session-ends-with-its-queue.ts';
import { scenario as aSessionTheOldLeaderDoesNotKnow } from './scenarios/a-session-the-old-leader-does-not-know.ts';
import { scenario as aSnapshotOnABadDisk } from './scenarios/a-snapshot-on-a-bad-disk.ts';
import { scenario as aWrongDigest } from './scenarios/a-wrong-digest.ts';
import { scenario as aheadOfTheLeader } from './scenarios/ahead-of-the-leader.ts';
import { scenario as anotherElectionAddress } from './scenarios/another-election-address.ts';
import { scenario as anywhere } from './scenarios/anywhere.ts';
import { scenario as autopurge } from './scenarios/autopurge.ts';
import { scenario as badLeader } from './scenarios/bad-leader.ts';
import { scenario as badLearner } from './scenarios/bad-learner.ts';
import { scenario as bigTransactions } from './scenarios/big-transactions.ts';
import { scenario as bitnami32542 } from './scenarios/bitnami-32542.ts';
import { scenario as ch23038 } from './scenarios/ch-23038.ts';
import { scenario as ch54572 } from './scenarios/ch-54572.ts';
import { scenario as ch65198 } from './scenarios/ch-65198.ts';
import { scenario as ch91464 } from './scenarios/ch-91464.ts';
import { scenario as cve202423944 } from './scenarios/cve-2024-23944.ts';
import { scenario as deepPipelines } from './scenarios/deep-pipelines.ts';
import { scenario as directoriesThatAreRefused } from './scenarios/directories-that-are-refused.ts';
import { scenario as directoriesThatHaveToBeThere } from './scenarios/directories-that-have-to-be-there.ts';
import { scenario as electionPortInUse } from './scenarios/election-port-in-use.ts';
import { scenario as emptyCountsAnew } from './scenarios/empty-counts-anew.ts';
import { scenario as epochWithoutATransaction } from './scenarios/epoch-without-a-transaction.ts';
import { scenario as etcd19998 } from './scenarios/etcd-19998.ts';
import { scenario as forwardedRequests } from './scenarios/forwarded-requests.ts';
import { scenario as fuzzySnapshot } from './scenarios/fuzzy-snapshot.ts';
import { scenario as garbageOnTheElectionPort } from './scenarios/garbage-on-the-election-port.ts';
import { scenario as impatient } from './scenarios/impatient.ts';
import { scenario as initialize } from './scenarios/initialize.ts';
import { scenario as kazoo730 } from './scenarios/kazoo-730.ts';
import { scenario as lastWords } from './scenarios/last-words.ts';
import { scenario as leaderWithoutClients } from './scenarios/leader-without-clients.ts';
import { scenario as loneLeader } from './scenarios/lone-leader.ts';
import { scenario as longTransactions } from './scenarios/long-transactions.ts';
import { scenario as massExpiry } from './scenarios/mass-expiry.ts';
import { scenario as newerMembership, withGroups } from './scenarios/newer-membership.ts';
import { scenario as noFirstStart } from './scenarios/no-first-start.ts';
import { scenario as observerAndStranger } from './scenarios/observer-and-stranger.ts';
import { scenario as oddHistory } from './scenarios/odd-history.ts';
import { scenario as oddSettings } from './scenarios/odd-settings.ts';
import { scenario as otherSwitches } from './scenarios/other-switches.ts';
import { scenario as pagesThatPretend } from './scenarios/pages-that-pretend.ts';
import { scenario as portInUse } from './scenarios/port-in-use.ts';
import { scenario as pravega577 } from './scenarios/pravega-577.ts';
import { scenario as quotas } from './scenarios/quotas.ts';
import { scenario as reconfigured } from './scenarios/reconfigured.ts';
import { scenario as rk332 } from './scenarios/rk-332.ts';
import { scenario as rk400 } from './scenarios/rk-400.ts';
import { scenario as rollingRestart } from './scenarios/rolling-restart.ts';
import { scenario as severalAddresses } from './scenarios/several-addresses.ts';
import { scenario as silentConnection } from './scenarios/silent-connection.ts';
import { scenario as snapshotsOfOtherServers } from './scenarios/snapshots-of-other-servers.ts';
import { scenario as snapshotsThatAreDamaged } from './scenarios/snapshots-that-are-damaged.ts';
import { scenario as stopped } from './scenarios/stopped.ts';
import { scenario as theLostEndOfAnEpoch } from './scenarios/the-lost-end-of-an-epoch.ts';
import { scenario as tooManyClients } from './scenarios/too-many-clients.ts';
import { scenario as ttlsAndContainers } from './scenarios/ttls-and-containers.ts';
import { inGroups, scenario as undecidedMembership } from './scenarios/undecided-membership.ts';
import { scenario as unreadReplies } from './scenarios/unread-replies.ts';
import { scenario as visitors } from './scenarios/visitors.ts';
import { scenario as watchedByAll } from './scenarios/watched-by-all.ts';
import { scenario as whatASessionLeftBehind } from './scenarios/what-a-session-left-behind.ts';
import { scenario as whatIsBesideTheLog } from './scenarios/what-is-beside-the-log.ts';
import { scenario as withoutASync } from './scenarios/without-a-sync.ts';
import { scenario as words } from './scenarios/words.ts';
import { scenario as zk1950 } from './scenarios/zk-1950.ts';
import { scenario as zookeeper261 } from './scenarios/zookeeper-261.ts';
import { scenario as zookeeper706 } from './scenarios/zookeeper-706.ts';
import { scenario as zookeeper710 } from './scenarios/zookeeper-710.ts';
import { scenario as zookeeper975 } from './scenarios/zookeeper-975.ts';
import { scenario as zookeeper1046 } from './scenarios/zookeeper-1046.ts';
import { scenario as zookeeper1154 } from './scenarios/zookeeper-1154.ts';
import { scenario as zookeeper1156 } from './scenarios/zookeeper-1156.ts';
import { scenario as zookeeper1270 } from './scenarios/zookeeper-1270.ts';
import { scenario as zookeeper1277 } from './scenarios/zookeeper-1277.ts';
import { scenario as zookeeper1319 } from './scenarios/zookeeper-1319.ts';
import { scenario as zookeeper1412 } from './scenarios/zookeeper-1412.ts';
import { scenario as zookeeper1419 } from './scenarios/zookeeper-1419.ts';
import { scenario as zookeeper1489 } from './scenarios/zookeeper-1489.ts';
import { scenario as zookeeper1496 } from './scenarios/zookeeper-1496.ts';
import { scenario as zookeeper1514 } from './scenarios/zookeeper-1514.ts';
import { scenario as zookeeper1549 } from './scenarios/zookeeper-1549.ts';
import { scenario as zookeeper1551 } from './scenarios/zookeeper-1551.ts';
import { scenario as zookeeper1621 } from './scenarios/zookeeper-1621.ts';
import { scenario as zookeeper1622 } from './scenarios/zookeeper-1622.ts';
import { scenario as zookeeper1642 } from './scenarios/zookeeper-1642.ts';
import { scenario as zookeeper1669 } from './scenarios/zookeeper-1669.ts';
import { scenario as zookeeper1697 } from './scenarios/zookeeper-1697.ts';
import { scenario as zookeeper1732 } from './scenarios/zookeeper-1732.ts';
import { scenario as zookeeper1818 } from './scenarios/zookeeper-1818.ts';
import { scenario as zookeeper2080 } from './scenarios/zookeeper-2080.ts';
import { scenario as zookeeper2164 } from './scenarios/zookeeper-2164.ts';
import { scenario as zookeeper2201 } from './scenarios/zookeeper-2201.ts';
import { scenario as zookeeper2307 } from './scenarios/zookeeper-2307.ts';
import { scenario as zookeeper2325 } from './scenarios/zookeeper-2325.ts';
import { scenario as zookeeper2332 } from './scenarios/zookeeper-2332.ts';
import { scenario as zookeeper2354 } from './scenarios/zookeeper-2354.ts';
import { scenario as zookeeper2355 } from './scenarios/zookeeper-2355.ts';
import { scenario as zookeeper2418 } from './scenarios/zookeeper-2418.ts';
import { scenario as zookeeper2623 } from './scenarios/zookeeper-2623.ts';
import { scenario as zookeeper2819 } from './scenarios/zookeeper-2819.ts';
import { scenario as zookeeper2832 } from './scenarios/zookeeper-2832.ts';
import { scenario as zookeeper2845 } from './scenarios/zookeeper-2845.ts';
import { scenario as zookeeper2846 } from './scenarios/zookeeper-2846.ts';
import { scenario as zookeeper2865 } from './scenarios/zookeeper-2865.ts';
import { scenario as zookeeper2872 } from './scenarios/zookeeper-2872.ts';
import { scenario as zookeeper2886 } from './scenarios/zookeeper-2886.ts';
import { scenario as zookeeper2959 } from './scenarios/zookeeper-2959.ts';
import { scenario as zookeeper3023 } from './scenarios/zookeeper-3023.ts';
import { scenario as zookeeper3082 } from './scenarios/zookeeper-3082.ts';
import { scenario as zookeeper3104 } from './scenarios/zookeeper-3104.ts';
import { scenario as zookeeper3109 } from './scenarios/zookeeper-3109.ts';
import { scenario as zookeeper3127 } from './scenarios/zookeeper-3127.ts';
import { scenario as zookeeper3144 } from './scenarios/zookeeper-3144.ts';
import { scenario as zookeeper3145 } from './scenarios/zookeeper-3145.ts';
import { scenario as zookeeper3231 } from './scenarios/zookeeper-3231.ts';
import { scenario as zookeeper3306 } from './scenarios/zookeeper-3306.ts';
import { scenario as zookeeper3398 } from './scenarios/zookeeper-3398.ts';
import { scenario as zookeeper3537 } from './scenarios/zookeeper-3537.ts';
import { scenario as zookeeper3598 } from './scenarios/zookeeper-3598.ts';
import { scenario as zookeeper3642 } from './scenarios/zookeeper-3642.ts';
import { scenario as zookeeper3701 } from './scenarios/zookeeper-3701.ts';
import { scenario as zookeeper3756 } from './scenarios/zookeeper-3756.ts';
import { scenario as zookeeper3769 } from './scenarios/zookeeper-3769.ts';
import { scenario as zookeeper3829 } from './scenarios/zookeeper-3829.ts';
import { scenario as zookeeper3911 } from './scenarios/zookeeper-3911.ts';
import { scenario as zookeeper4352 } from './scenarios/zookeeper-4352.ts';
import { scenario as zookeeper4394 } from './scenarios/zookeeper-4394.ts';
import { scenario as zookeeper4537 } from './scenarios/zookeeper-4537.ts';
import { scenario as zookeeper4643 } from './scenarios/zookeeper-4643.ts';
import { scenario as zookeeper4646 } from './scenarios/zookeeper-4646.ts';
import { scenario as zookeeper4685 } from './scenarios/zookeeper-4685.ts';
import { scenario as zookeeper4712 } from './scenarios/zookeeper-4712.ts';
import { scenario as zookeeper4743 } from './scenarios/zookeeper-4743.ts';
import { scenario as zookeeper4785 } from './scenarios/zookeeper-4785.ts';
import { scenario as zookeeper4787 } from './scenarios/zookeeper-4787.ts';
import { scenario as zookeeper4882 } from './scenarios/zookeeper-4882.ts';
import { scenario as zookeeper4925 } from './scenarios/zookeeper-4925.ts';
import { scenario as zookeeper5094 } from './scenarios/zookeeper-5094.ts';
import type { JudgedBy, Scenario } from './script.ts';
import { Script } from './script.ts';
import { type Failure, failureOf } from './violation.ts';

/** All scenarios, one file each in scenarios/, in the order of their names. */
const SCENARIOS: readonly Scenario[] = [
  aLogThatChangesUnderItsReaders,
  aCutWithoutAWholeSnapshot,
  directoriesThatHaveToBeThere,
  aSnapshotOnABadDisk,
  longTransactions,
  whatIsBesideTheLog,
  aPurgeWhileLearnersRead,
  aCutBackToASnapshot,
  withoutASync,
  aDiskThatFails,
  aSessionEndsWithItsQueue,
  aWrongDigest,
  zookeeper3598,
  zookeeper2354,
  zookeeper3082,
  zookeeper3306,
  zookeeper3145,
  aDirectoryOfBeforeThreeFive,
  zookeeper2325,
  zookeeper3231,
  zookeeper2332,
  snapshotsThatAreDamaged,
  snapshotsOfOtherServers,
  directoriesThatAreRefused,
  ch23038,
  badLeader,
  aheadOfTheLeader,
  fuzzySnapshot,
  autopurge,
  oddHistory,
  anywhere,
  massExpiry,
  impatient,
  noFirstStart,
  oddSettings,
  bigTransactions,
  stopped,
  portInUse,
  words,
  badLearner,
  bitnami32542,
  ch54572,
  ch65198,
  ch91464,
  cve202423944,
  deepPipelines,
  electionPortInUse,
  emptyCountsAnew,
  etcd19998,
  forwardedRequests,
  garbageOnTheElectionPort,
  inGroups,
  initialize,
  kazoo730,
  lastWords,
  leaderWithoutClients,
  loneLeader,
  newerMembership,
  observerAndStranger,
  otherSwitches,
  pagesThatPretend,
  pravega577,
  quotas,
  reconfigured,
  rk332,
  rk400,
  rollingRestart,
  severalAddresses,
  silentConnection,
  theLostEndOfAnEpoch,
  tooManyClients,
  ttlsAndContainers,
  undecidedMembership,
  unreadReplies,
  visitors,
  watchedByAll,
  withGroups,
  zk1950,
  zookeeper261,
  zookeeper706,
  zookeeper710,
  zookeeper975,
  zookeeper1046,
  zookeeper1154,
  zookeeper1156,
  zookeeper1270,
  zookeeper1277,
  zookeeper1319,
  zookeeper1412,
  zookeeper1419,
  zookeeper1489,
  zookeeper1496,
  zookeeper1514,
  zookeeper1549,
  zookeeper1551,
  zookeeper1621,
  zookeeper1622,
  zookeeper1642,
  zookeeper1669,
  zookeeper1697,
  zookeeper1732,
  zookeeper1818,
  zookeeper2080,
  zookeeper2164,
  zookeeper2201,
  zookeeper2307,
  zookeeper2355,
  zookeeper2418,
  zookeeper2623,
  zookeeper2819,
  zookeeper2832,
  zookeeper2845,
  zookeeper2846,
  zookeeper2865,
  zookeeper2872,
  zookeeper2886,
  zookeeper2959,
  zookeeper3023,
  zookeeper3104,
  zookeeper3109,
  zookeeper3127,
  zookeeper3144,
  zookeeper3398,
  zookeeper3537,
  zookeeper3642,
  zookeeper3701,
  zookeeper3756,
  zookeeper3769,
  zookeeper3829,
  zookeeper3911,
  zookeeper4352,
  zookeeper4394,
  zookeeper4537,
  zookeeper4643,
  zookeeper4646,
  zookeeper4685,
  zookeeper4712,
  zookeeper4743,
  zookeeper4785,
  zookeeper4787,
  zookeeper4882,
  zookeeper4925,
  zookeeper5094,
  epochWithoutATransaction,
  anotherElectionAddress,
  whatASessionLeftBehind,
  aSessionTheOldLeaderDoesNotKnow,
  aKilledLeader,
  withLongTicks,
];

export interface ScenarioRun {
  readonly name: string;
  readonly failure: string | undefined;
  readonly kind: 'ok' | Failure['kind'];
  readonly report: string;
}

export function allScenarios(): readonly Scenario[] {
  return SCENARIOS;
}

export function runScenario(name: string, judgedBy: JudgedBy = 'everything'): ScenarioRun {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario '${name}'`);
  const script = new Script(scenario, judgedBy);
  try {
    scenario.play(script);
    script.finish();
    return { name, failure: undefined, kind: 'ok', report: '' };
  } catch (error) {
    const { kind, message } = failureOf(error);
    return { name, failure: message, kind, report: script.report() };
  }
}
