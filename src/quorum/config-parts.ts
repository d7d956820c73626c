import { assert } from '../base/assert.ts';
import type { DatabaseOptions } from '../datatree/database.ts';
import type { PeerMeshOptions } from '../election/mesh/peer-mesh.ts';
import type { QuorumVerifier } from '../election/quorum/quorum-verifier.ts';
import { ELECTION_DEFAULTS, type ElectionOptions } from '../election/voting/election-host.ts';
import { type AuthOptions, DEFAULT_AUTH_OPTIONS } from '../server/auth/auth-registry.ts';
import type { PathStatsOptions } from '../server/monitoring/path-stats.ts';
import type { ServerOptions } from '../server/server-options.ts';
import type { SessionWeights } from '../server/throttles/connection-throttle.ts';
import type { ThrottleOptions } from '../server/throttles/throttle-options.ts';
import type { StoreOptions } from '../txnlog/store-options.ts';
import type { LeaderLimits, LinkOptions } from '../zab/leader/leader-ports.ts';
import type { PeerConfig } from './config/peer-config.ts';
import type { SnapshotPolicy } from './replica.ts';

/** The one configuration, cut into what each part of a peer needs of it. */
export function storeOptions(config: PeerConfig, database: DatabaseOptions): StoreOptions {
  return {
    dataDir: config.dataDir,
    dataLogDir: config.dataLogDir,
    dataDirAutocreate: config.dataDirAutocreate,
    database,
    preAllocBytes: config.preAllocBytes,
    txnLogSizeLimitBytes: config.txnLogSizeLimitBytes ?? 0,
    forceSync: config.forceSync,
    fsyncWarningThresholdMs: config.fsyncWarningThresholdMs,
    commitLogCount: config.commitLogCount,
    recentBytes: config.observerMasterPort > 0 ? config.observerMasterSizeLimitBytes : undefined,
    snapshotCompression: config.snapshotCompression,
    serializeLastProcessedZxid: config.serializeLastProcessedZxid,
    snapshotTrustEmpty: config.snapshotTrustEmpty,
    isAlone: !config.distributed,
    acceptLossAfter: config.acceptLossAfter,
    snapRetainCount: config.snapRetainCount,
  };
}

export function snapshotPolicy(config: PeerConfig): SnapshotPolicy {
  return { snapCount: config.snapCount, snapSizeLimitBytes: config.snapSizeLimitBytes };
}

export function serverOptions(config: PeerConfig): ServerOptions {
  return {
    clientPortListenBacklog: config.clientPortListenBacklog,
    clientTcpKeepAlive: config.clientTcpKeepAlive,
    tickTimeMs: config.tickTimeMs,
    minSessionTimeoutMs: config.minSessionTimeoutMs,
    maxSessionTimeoutMs: config.maxSessionTimeoutMs,
    juteMaxBufferBytes: config.juteMaxBufferBytes,
    maxClientCnxns: config.maxClientCnxns,
    maxCnxns: config.maxCnxns,
    sessionlessCnxnTimeoutMs: config.sessionlessCnxnTimeoutMs,
    outstandingHandshakeLimit: config.outstandingHandshakeLimit,
    dropsHandshakesWhenNotServing: config.dropsHandshakesWhenNotServing,
    globalOutstandingLimit: config.globalOutstandingLimit,
    throttles: throttleOptions(config),
    allowSaslFailedClients: config.allowSaslFailedClients,
    slowRequestMs: config.slowRequestMs,
    pathStats: config.pathStatsEnabled ? pathStatsOptions(config) : undefined,
    fourLetterWords: config.fourLetterWords,
  };
}

function pathStatsOptions(config: PeerConfig): PathStatsOptions {
  return {
    slotMs: config.pathStatsSlotMs,
    slots: config.pathStatsSlots,
    depth: config.pathStatsMaxDepth,
    sampleRate: config.pathStatsSampleRate,
    firstLogMs: config.pathStatsFirstLogMs,
    logEveryMs: config.pathStatsLogEveryMs,
    most: config.pathStatsTopPathMax,
  };
}

function throttleOptions(config: PeerConfig): ThrottleOptions {
  return {
    connections: {
      tokens: config.connectionThrottleTokens,
      fillTimeMs: config.connectionThrottleFillTimeMs,
      fillCount: config.connectionThrottleFillCount,
      freezeTimeMs: config.connectionThrottleFreezeTimeMs,
      dropIncrease: config.connectionThrottleDropIncrease,
      dropDecrease: config.connectionThrottleDropDecrease,
      decreaseRatio: config.connectionThrottleDecreaseRatio,
      weights: sessionWeights(config),
    },
    requests: {
      maxRequests: config.requestThrottleMaxRequests,
      stallTimeMs: config.requestThrottleStallMs,
      dropStale: config.requestThrottleDropStale,
      staleLatencyCheck: config.requestStaleLatencyCheck,
      throttledOpWaitMs: config.throttledOpWaitMs,
    },
    rates: {
      perAddress: config.requestRatePerAddress,
      perIdentity: config.requestRatePerIdentity,
      burst: config.requestRateBurst,
    },
    largeRequests: { thresholdBytes: config.largeRequestThresholdBytes, maxBytes: config.largeRequestMaxBytes },
  };
}

function sessionWeights(config: PeerConfig): SessionWeights | undefined {
  if (!config.connectionThrottleWeightEnabled) return undefined;
  return {
    global: config.connectionThrottleGlobalWeight,
    renewed: config.connectionThrottleRenewWeight,
    local: config.connectionThrottleLocalWeight,
  };
}

/** A learner that takes nothing while this much waits for it is cut off. */
const MAX_LINK_QUEUE_BYTES = 512 << 20;
/** For all of them together, in both directions: proposals are shared, and counted for each. */
const MAX_LINKS_BYTES = 2 ** 30;
/** A learner that catches up takes at least this much; a modem of 1998 had twice as little. */
const LEAST_CATCH_UP_BYTES_PER_SECOND = 16 * 1024;
/** The longest words of a learner: a request, or the sessions of a PING at twelve bytes each. */
const MAX_LEARNER_PACKET_BYTES = 32 << 20;

export function linkOptions(config: PeerConfig, self: number, limits: LeaderLimits | undefined): LinkOptions {
  return {
    self,
    limits,
    initLimitTicks: config.initLimitTicks,
    syncLimitTicks: config.syncLimitTicks,
    membersOnly: config.membersOnly,
    snapshotSizeFactor: config.snapshotSizeFactor,
    maxConcurrentSnapSyncs: config.maxConcurrentSnapSyncs,
    maxConcurrentDiffSyncs: config.maxConcurrentDiffSyncs,
    forceSnapshotSync: false,
    maxLinkQueueBytes: MAX_LINK_QUEUE_BYTES,
    maxBytes: MAX_LINKS_BYTES,
    leastCatchUpBytes: Math.ceil((LEAST_CATCH_UP_BYTES_PER_SECOND * config.tickTimeMs) / 2000),
    maxLearnerPacketBytes: Math.max(MAX_LEARNER_PACKET_BYTES, 2 * config.juteMaxBufferBytes),
  };
}

export function electionOptions(config: PeerConfig): ElectionOptions {
  return {
    ...ELECTION_DEFAULTS,
    adoptNewerConfig: config.reconfigEnabled,
    minNotificationMs: config.minNotificationIntervalMs,
    maxNotificationMs: config.maxNotificationIntervalMs,
    multiAddress: config.multiAddressEnabled,
    standaloneEnabled: config.standaloneEnabled,
  };
}

export function meshOptions(config: PeerConfig, self: number, verifier: QuorumVerifier): PeerMeshOptions {
  const own = verifier.members.get(self);
  assert(own !== undefined, 'only a member is started');
  return {
    self,
    addresses: own.addresses.map(({ host, electionPort }) => ({ host, port: electionPort })),
    listenOnAllIPs: config.quorumListenOnAllIPs,
    bindRetries: config.electionPortBindRetry,
    cnxTimeoutMs: config.cnxTimeoutMs,
    tcpKeepAlive: config.tcpKeepAlive,
    multiAddress: config.multiAddressEnabled,
  };
}

export function authOptions(config: PeerConfig): AuthOptions {
  return {
    ...DEFAULT_AUTH_OPTIONS,
    skipAcl: config.skipACL,
    digestEnabled: config.digestAuthEnabled,
    digestAlgorithm: config.digestAlgorithm,
    superDigest: config.superDigest,
    providerClasses: config.authProviderClasses,
    ensembleAuthName: config.ensembleAuthName,
    x509SuperUser: config.x509SuperUser,
    letAnySaslUserDo: config.letAnySaslUserDo,
    saslSuperUsers: config.saslSuperUsers,
    requiredSchemes: config.requiredSchemes,
    ownProviders: config.ownProviders,
  };
}
