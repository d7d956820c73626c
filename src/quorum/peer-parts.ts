import type { Log } from '../base/log.ts';
import type { DatabaseOptions } from '../datatree/database.ts';
import type { Clock } from '../io/clock.ts';
import type { Net } from '../io/net.ts';
import type { Random } from '../io/random.ts';
import type { AuthRegistry } from '../server/auth/auth-registry.ts';
import type { ServerMetrics } from '../server/metrics/server-metrics.ts';
import { LocalSessions } from '../server/sessions/local-sessions.ts';
import type { ZooKeeperServer } from '../server/zookeeper-server.ts';
import type { Store } from '../txnlog/store.ts';
import type { PeerConfig } from './config/peer-config.ts';
import type { LearnerMasters } from './observers/learner-masters.ts';
import type { OracleFile } from './oracle-file.ts';
import type { PeerProbe } from './peer-probe.ts';
import type { Replica } from './replica.ts';
import type { PrimaryOptions } from './roles/primary.ts';

/** The parts that outlive the roles of a peer; every role works with them. */
export interface PeerParts {
  readonly config: PeerConfig;
  readonly clock: Clock;
  readonly net: Net;
  readonly random: Random;
  readonly store: Store;
  readonly replica: Replica;
  /** From whom this peer learns as an observer. */
  readonly masters: LearnerMasters;
  readonly server: ZooKeeperServer;
  readonly auth: AuthRegistry;
  readonly metrics: ServerMetrics;
  readonly databaseOptions: DatabaseOptions;
  readonly log: Log;
  /** For the protocol between leader and learners. */
  readonly zabLog: Log;
  readonly probe: PeerProbe | undefined;
  /** undefined: none is configured. */
  readonly oracle: OracleFile | undefined;
}

/** messageTracker.*: of each link between servers; undefined: none are kept. */
export function packetsKept(config: PeerConfig): number | undefined {
  return config.messageTrackerEnabled ? config.messageTrackerSize : undefined;
}

/** jute.maxbuffer.extrasize, by default and at least: what Apache takes beyond jute.maxbuffer. */
const LEAST_EXTRA_BYTES = 1024;

export function primaryOptions(config: PeerConfig): PrimaryOptions {
  return {
    serverId: config.myid ?? 1,
    isStandalone: !config.distributed,
    tickMs: config.tickTimeMs,
    digest: config.digestEnabled,
    enforceQuota: config.enforceQuota,
    reconfigEnabled: config.reconfigEnabled,
    listClosedPaths: config.closeSessionTxnEnabled,
    maxTxnBytes: config.juteMaxBufferBytes + Math.max(config.juteMaxBufferBytes, LEAST_EXTRA_BYTES),
    extendedTypes: config.extendedTypesEnabled,
    emulate353Ttl: config.emulate353TTLNodes,
    containerCheckIntervalMs: config.containerCheckIntervalMs,
    containerMaxPerMinute: config.containerMaxPerMinute,
    containerMaxNeverUsedMs: config.containerMaxNeverUsedIntervalMs,
  };
}

/** Those of a role that begins; undefined where every session is known to all. */
export function localSessionsOf(parts: PeerParts): LocalSessions | undefined {
  const { config } = parts;
  if (!config.localSessionsEnabled) return undefined;
  return new LocalSessions(parts, {
    serverId: config.myid as number,
    tickMs: config.tickTimeMs,
    mayUpgrade: config.localSessionsUpgradingEnabled,
  });
}
