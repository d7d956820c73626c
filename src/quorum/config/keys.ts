/**
 * Every key an operator of Apache ZooKeeper 3.9 may have in zoo.cfg or in the JVM flags: how its value reads, what it
 * is when absent, and what becomes of it here. docs/OPERATIONS.md and docs/COMPATIBILITY.md are held against this
 * table by a test.
 *
 * A key that is not honoured is warned about by name at the start, or refuses the start where running without it
 * would leave a door open that its author believes shut; except with a value in `same`, which asks for nothing that
 * is not so anyway.
 */
export type KeyStatus = 'honoured' | 'ignored' | 'refused';

/**
 * file: a key of zoo.cfg alone. property: also `-Dzookeeper.<name>`. flag: `-D<name>`, which Apache does not take
 * from zoo.cfg; here it may stand there too. either: `-Dzookeeper.<name>` or `-D<name>`.
 */
export type KeySource = 'file' | 'property' | 'flag' | 'either';

interface KeyBase {
  readonly from: KeySource;
  readonly status: KeyStatus;
  /** Why it is not honoured; for a person. */
  readonly why?: string;
  /** Lower-case values that need no word although the key is not honoured. */
  readonly same?: readonly string[];
}

export interface NumberKey extends KeyBase {
  readonly type: 'int' | 'long' | 'float';
  readonly default: number | undefined;
  readonly min?: number;
  readonly max?: number;
}

export interface BooleanKey extends KeyBase {
  /** yes-no: only the two words Apache compares with. */
  readonly type: 'boolean' | 'yes-no';
  readonly default: boolean;
}

export interface TextKey extends KeyBase {
  readonly type: 'text';
  readonly default: string | undefined;
  readonly choices?: readonly string[];
}

export type KeySpec = NumberKey | BooleanKey | TextKey;

const PORT = { min: 0, max: 65535 } as const;
const FILE = { from: 'file', status: 'honoured' } as const;
const PROPERTY = { from: 'property', status: 'honoured' } as const;
const FLAG = { from: 'flag', status: 'honoured' } as const;
const EITHER = { from: 'either', status: 'honoured' } as const;

function refused(why: string, from: KeySource = 'property') {
  return { from, status: 'refused', why } as const;
}

function ignored(why: string, from: KeySource = 'property') {
  return { from, status: 'ignored', why } as const;
}

const NO_TLS = 'TLS is not served yet';
const NO_SASL = 'SASL is not served yet';
const NO_THREADS = 'there are no such threads or buffers here';
const NO_ADMIN = 'there is no HTTP admin server yet';
const NO_THROTTLE = 'this throttle does not exist yet';
const NO_JVM = 'there is no JVM here';
const FOR_TESTS = "it is meant for ZooKeeper's own tests";
const FOR_CLIENTS = 'it is for clients; a server does not read it';

export const KEYS = {
  // zoo.cfg itself
  dataDir: { ...FILE, type: 'text', default: undefined },
  dataLogDir: { ...FILE, type: 'text', default: undefined },
  clientPort: { ...FILE, ...PORT, type: 'int', default: undefined },
  clientPortAddress: { ...FILE, type: 'text', default: undefined },
  clientPortListenBacklog: { ...FILE, type: 'int', default: -1 },
  secureClientPort: { ...refused(NO_TLS, 'file'), type: 'int', default: undefined },
  secureClientPortAddress: { ...refused(NO_TLS, 'file'), type: 'text', default: undefined },
  tickTime: { ...FILE, type: 'int', default: 3000, min: 1 },
  initLimit: { ...FILE, type: 'int', default: 0, min: 0 },
  syncLimit: { ...FILE, type: 'int', default: 0, min: 0 },
  connectToLearnerMasterLimit: { ...FILE, type: 'int', default: 0, min: 0 },
  maxClientCnxns: { ...FILE, type: 'int', default: 60 },
  minSessionTimeout: { ...FILE, type: 'int', default: -1, min: -1 },
  maxSessionTimeout: { ...FILE, type: 'int', default: -1, min: -1 },
  localSessionsEnabled: {
    ...ignored('every session is a global one', 'file'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  localSessionsUpgradingEnabled: {
    ...ignored('every session is a global one', 'file'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  electionAlg: { ...FILE, type: 'int', default: 3, min: 3, max: 3 },
  peerType: { ...FILE, type: 'text', default: 'participant', choices: ['participant', 'observer'] },
  observerMasterPort: {
    ...ignored('observers learn from the leader', 'file'),
    type: 'int',
    default: 0,
    same: ['0'],
  },
  syncEnabled: {
    ...ignored('observers always keep log and snapshots', 'file'),
    type: 'boolean',
    default: true,
    same: ['true'],
  },
  'observer.syncEnabled': {
    ...ignored('observers always keep log and snapshots'),
    type: 'boolean',
    default: true,
    same: ['true'],
  },
  quorumListenOnAllIPs: { ...FILE, type: 'boolean', default: false },
  dynamicConfigFile: { ...FILE, type: 'text', default: undefined },
  standaloneEnabled: { ...FILE, type: 'boolean', default: true },
  reconfigEnabled: {
    ...refused('members are changed by editing the server lines and restarting for now', 'file'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  oraclePath: {
    ...ignored('two members need both of them up, whatever an oracle says', 'file'),
    type: 'text',
    default: undefined,
  },
  'autopurge.snapRetainCount': { ...FILE, type: 'int', default: 3 },
  'autopurge.purgeInterval': { ...FILE, type: 'int', default: 24 },
  sslQuorum: { ...refused(NO_TLS, 'file'), type: 'boolean', default: false, same: ['false'] },
  portUnification: { ...refused(NO_TLS, 'file'), type: 'boolean', default: false, same: ['false'] },
  sslQuorumReloadCertFiles: { ...refused(NO_TLS, 'file'), type: 'boolean', default: false, same: ['false'] },
  'quorum.auth.enableSasl': { ...refused(NO_SASL, 'file'), type: 'boolean', default: false, same: ['false'] },
  'quorum.auth.serverRequireSasl': { ...refused(NO_SASL, 'file'), type: 'boolean', default: false, same: ['false'] },
  'quorum.auth.learnerRequireSasl': { ...refused(NO_SASL, 'file'), type: 'boolean', default: false, same: ['false'] },
  'quorum.auth.learner.saslLoginContext': { ...ignored(NO_SASL, 'file'), type: 'text', default: 'QuorumLearner' },
  'quorum.auth.server.saslLoginContext': { ...ignored(NO_SASL, 'file'), type: 'text', default: 'QuorumServer' },
  'quorum.auth.kerberos.servicePrincipal': {
    ...ignored(NO_SASL, 'file'),
    type: 'text',
    default: 'zkquorum/localhost',
  },
  'quorum.cnxn.threads.size': { ...ignored(NO_THREADS, 'file'), type: 'int', default: 20 },
  'jvm.pause.monitor': { ...ignored(NO_JVM, 'file'), type: 'boolean', default: false, same: ['false'] },
  'jvm.pause.info-threshold.ms': { ...ignored(NO_JVM, 'file'), type: 'long', default: 1000 },
  'jvm.pause.warn-threshold.ms': { ...ignored(NO_JVM, 'file'), type: 'long', default: 10000 },
  'jvm.pause.sleep.time.ms': { ...ignored(NO_JVM, 'file'), type: 'long', default: 500 },
  'metricsProvider.className': {
    ...FILE,
    type: 'text',
    default: 'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
    choices: [
      'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
      'org.apache.zookeeper.metrics.impl.NullMetricsProvider',
      'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
    ],
  },
  'metricsProvider.httpHost': { ...FILE, type: 'text', default: '0.0.0.0' },
  'metricsProvider.httpPort': { ...FILE, ...PORT, type: 'int', default: 7000 },
  'metricsProvider.exportJvmInfo': { ...ignored(NO_JVM, 'file'), type: 'boolean', default: true },
  'metricsProvider.numWorkerThreads': { ...ignored(NO_THREADS, 'file'), type: 'int', default: 1 },
  'metricsProvider.maxQueueSize': { ...ignored(NO_THREADS, 'file'), type: 'int', default: 1_000_000 },
  'metricsProvider.workerShutdownTimeoutMs': { ...ignored(NO_THREADS, 'file'), type: 'long', default: 1000 },
  'multiAddress.enabled': { ...PROPERTY, type: 'boolean', default: false },
  'multiAddress.reachabilityCheckEnabled': {
    ...ignored('all addresses of a peer are tried at once, by elections and by learners'),
    type: 'boolean',
    default: true,
  },
  'multiAddress.reachabilityCheckTimeoutMs': {
    ...ignored('all addresses of a peer are tried at once, by elections and by learners'),
    type: 'int',
    default: 1000,
  },

  // Requests and overload
  globalOutstandingLimit: { ...PROPERTY, type: 'int', default: 1000, min: 1 },
  maxCnxns: { ...PROPERTY, type: 'int', default: 0 },
  'jute.maxbuffer': { ...FLAG, type: 'int', default: 0xfffff, min: 1 },
  'jute.maxbuffer.extrasize': {
    ...ignored('what was once accepted stays readable, whatever its size', 'either'),
    type: 'int',
    default: undefined,
  },
  largeRequestMaxBytes: { ...ignored(NO_THROTTLE), type: 'int', default: 104_857_600 },
  largeRequestThreshold: { ...ignored(NO_THROTTLE), type: 'int', default: -1, same: ['-1'] },
  request_throttle_max_requests: { ...ignored(NO_THROTTLE), type: 'int', default: 0, same: ['0'] },
  request_throttle_stall_time: { ...ignored(NO_THROTTLE), type: 'int', default: 100 },
  request_throttle_drop_stale: { ...ignored(NO_THROTTLE), type: 'boolean', default: true },
  request_stale_latency_check: { ...ignored(NO_THROTTLE), type: 'boolean', default: false, same: ['false'] },
  request_stale_connection_check: { ...ignored(NO_THROTTLE), type: 'boolean', default: true },
  'request_throttler.shutdownTimeout': { ...ignored(NO_THROTTLE), type: 'int', default: 10_000 },
  throttled_op_wait_time: { ...ignored(NO_THROTTLE), type: 'int', default: 0, same: ['0'] },
  connection_throttle_tokens: { ...ignored(NO_THROTTLE), type: 'int', default: 0, same: ['0'] },
  connection_throttle_fill_time: { ...ignored(NO_THROTTLE), type: 'int', default: 1 },
  connection_throttle_fill_count: { ...ignored(NO_THROTTLE), type: 'int', default: 1 },
  connection_throttle_freeze_time: { ...ignored(NO_THROTTLE), type: 'int', default: -1 },
  connection_throttle_drop_increase: { ...ignored(NO_THROTTLE), type: 'float', default: 0.02 },
  connection_throttle_drop_decrease: { ...ignored(NO_THROTTLE), type: 'float', default: 0.002 },
  connection_throttle_decrease_ratio: { ...ignored(NO_THROTTLE), type: 'float', default: 0 },
  connection_throttle_weight_enabled: { ...ignored(NO_THROTTLE), type: 'boolean', default: false, same: ['false'] },
  connection_throttle_global_session_weight: { ...ignored(NO_THROTTLE), type: 'int', default: 3 },
  connection_throttle_renew_session_weight: { ...ignored(NO_THROTTLE), type: 'int', default: 2 },
  connection_throttle_local_session_weight: { ...ignored(NO_THROTTLE), type: 'int', default: 1 },
  maxResponseCacheSize: { ...ignored('replies are not cached'), type: 'int', default: 400 },
  maxGetChildrenResponseCacheSize: { ...ignored('replies are not cached'), type: 'int', default: 400 },
  intBufferStartingSizeBytes: { ...ignored(NO_THREADS), type: 'int', default: 1024 },

  // Pipeline
  'commitProcessor.numWorkerThreads': { ...ignored(NO_THREADS), type: 'int', default: undefined },
  'commitProcessor.shutdownTimeout': { ...ignored(NO_THREADS), type: 'long', default: 5000 },
  'commitProcessor.maxReadBatchSize': { ...ignored(NO_THREADS), type: 'int', default: -1 },
  'commitProcessor.maxCommitBatchSize': { ...ignored(NO_THREADS), type: 'int', default: 1 },
  flushDelay: { ...ignored('what arrives during one sync makes the next one'), type: 'long', default: 0, same: ['0'] },
  maxWriteQueuePollTime: {
    ...ignored('what arrives during one sync makes the next one'),
    type: 'long',
    default: undefined,
  },
  maxBatchSize: { ...ignored('what arrives during one sync makes the next one'), type: 'int', default: 1000 },
  skipACL: { ...PROPERTY, type: 'yes-no', default: false },
  enableEagerACLCheck: {
    ...ignored('ACLs of writes are checked by the leader'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  enforceQuota: { ...PROPERTY, type: 'boolean', default: false },
  extendedTypesEnabled: { ...PROPERTY, type: 'boolean', default: false },
  emulate353TTLNodes: { ...PROPERTY, type: 'boolean', default: false },
  'closeSessionTxn.enabled': { ...PROPERTY, type: 'boolean', default: true },
  'digest.enabled': { ...PROPERTY, type: 'boolean', default: true },
  'znode.container.checkIntervalMs': { ...FLAG, type: 'int', default: 60_000, min: 1 },
  'znode.container.maxPerMinute': { ...FLAG, type: 'int', default: 10_000, min: 1 },
  'znode.container.maxNeverUsedIntervalMs': { ...FLAG, type: 'long', default: 0, min: 0 },
  'readonlymode.enabled': {
    ...ignored('isro is answered, but a peer without a quorum does not serve reads yet', 'flag'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },

  // Disk
  snapCount: { ...PROPERTY, type: 'int', default: 100_000 },
  snapSizeLimitInKb: { ...PROPERTY, type: 'long', default: 4_194_304 },
  preAllocSize: { ...PROPERTY, type: 'long', default: 65_536, min: 0 },
  txnLogSizeLimitInKb: { ...PROPERTY, type: 'long', default: -1 },
  forceSync: { ...PROPERTY, type: 'yes-no', default: true },
  'fsync.warningthresholdms': { ...EITHER, type: 'long', default: 1000, min: 0 },
  commitLogCount: { ...PROPERTY, type: 'int', default: 500 },
  snapshotSizeFactor: { ...PROPERTY, type: 'float', default: 0.33 },
  'snapshot.compression.method': { ...PROPERTY, type: 'text', default: '', choices: ['', 'gz', 'snappy'] },
  'snapshot.trust.empty': { ...PROPERTY, type: 'boolean', default: false },
  'serializeLastProcessedZxid.enabled': { ...PROPERTY, type: 'boolean', default: true },
  'datadir.autocreate': { ...PROPERTY, type: 'boolean', default: true },
  'db.autocreate': {
    ...ignored(
      'a server without a history starts, but does not count until it has one or the file initialize is there',
    ),
    type: 'boolean',
    default: true,
    same: ['true'],
  },
  forceSnapshotSync: { ...ignored(FOR_TESTS), type: 'boolean', default: false, same: ['false'] },

  // Quorum
  cnxTimeout: { ...PROPERTY, type: 'int', default: 5000, min: 1 },
  quorumCnxnTimeoutMs: {
    ...ignored('an election connection that stays silent is replaced when it is needed'),
    type: 'int',
    default: -1,
    same: ['-1'],
  },
  electionPortBindRetry: { ...PROPERTY, type: 'int', default: 3, min: 0 },
  tcpKeepAlive: { ...PROPERTY, type: 'boolean', default: false },
  'fastleader.minNotificationInterval': { ...PROPERTY, type: 'int', default: 200, min: 1 },
  'fastleader.maxNotificationInterval': { ...PROPERTY, type: 'int', default: 60_000, min: 1 },
  leaderServes: { ...PROPERTY, type: 'yes-no', default: true },
  'leader.nodelay': { ...ignored('TCP_NODELAY is always set', 'flag'), type: 'boolean', default: true, same: ['true'] },
  'follower.nodelay': {
    ...ignored('TCP_NODELAY is always set', 'flag'),
    type: 'boolean',
    default: true,
    same: ['true'],
  },
  'leader.maxConcurrentSnapSyncs': { ...PROPERTY, type: 'int', default: 10, min: 1 },
  'leader.maxConcurrentDiffSyncs': { ...PROPERTY, type: 'int', default: 100, min: 1 },
  'leader.maxTimeToWaitForEpoch': { ...PROPERTY, type: 'int', default: -1 },
  'leader.ackLoggingFrequency': { ...ignored(NO_THREADS), type: 'int', default: 1000 },
  leaderConnectDelayDuringRetryMs: { ...PROPERTY, type: 'int', default: 100, min: 0 },
  'learner.asyncSending': { ...ignored(NO_THREADS, 'either'), type: 'boolean', default: false },
  'learner.closeSocketAsync': { ...ignored(NO_THREADS, 'either'), type: 'boolean', default: false },
  'leader.closeSocketAsync': { ...ignored(NO_THREADS, 'either'), type: 'boolean', default: false },
  'follower.skipLearnerRequestToNextProcessor': { ...ignored(NO_THREADS), type: 'boolean', default: false },
  forward_learner_requests_to_commit_processor_disabled: { ...ignored(NO_THREADS), type: 'boolean', default: false },
  'observer.reconnectDelayMs': {
    ...ignored('observers look for the leader at once'),
    type: 'long',
    default: 0,
    same: ['0'],
  },
  'observer.election.DelayMs': { ...ignored('observers look for the leader at once'), type: 'long', default: 200 },
  'observerMaster.sizeLimit': { ...ignored('observers learn from the leader'), type: 'int', default: 33_554_432 },
  'messageTracker.BufferSize': { ...ignored(NO_THREADS), type: 'int', default: 10 },
  'messageTracker.Enabled': { ...ignored(NO_THREADS), type: 'boolean', default: false, same: ['false'] },
  'test.allowDiscontinuousProposals': { ...ignored(FOR_TESTS), type: 'boolean', default: false, same: ['false'] },
  'testingonly.initialZxid': { ...ignored(FOR_TESTS), type: 'text', default: undefined },
  controllerPort: { ...ignored(FOR_TESTS), type: 'int', default: undefined },

  // Network
  serverCnxnFactory: {
    ...ignored('connections are served one way'),
    type: 'text',
    default: 'org.apache.zookeeper.server.NIOServerCnxnFactory',
    same: ['org.apache.zookeeper.server.nioservercnxnfactory', 'org.apache.zookeeper.server.nettyservercnxnfactory'],
  },
  'nio.numSelectorThreads': { ...ignored(NO_THREADS), type: 'int', default: undefined },
  'nio.numWorkerThreads': { ...ignored(NO_THREADS), type: 'int', default: undefined },
  'nio.directBufferBytes': { ...ignored(NO_THREADS), type: 'int', default: 65_536 },
  'nio.sessionlessCnxnTimeout': { ...PROPERTY, type: 'int', default: 10_000, min: 1 },
  'nio.shutdownTimeout': { ...ignored(NO_THREADS), type: 'long', default: 5000 },
  clientTcpKeepAlive: { ...PROPERTY, type: 'boolean', default: false },
  'netty.advancedFlowControl.enabled': { ...ignored(NO_THREADS), type: 'boolean', default: false, same: ['false'] },
  'netty.server.outstandingHandshake.limit': { ...ignored(NO_TLS), type: 'int', default: -1 },
  'netty.server.earlyDropSecureConnectionHandshakes': { ...ignored(NO_TLS), type: 'boolean', default: false },
  'client.portUnification': { ...refused(NO_TLS), type: 'boolean', default: false, same: ['false'] },
  'client.certReload': { ...refused(NO_TLS), type: 'boolean', default: false, same: ['false'] },
  '4lw.commands.whitelist': {
    ...PROPERTY,
    type: 'text',
    default: 'ruok, srvr, stat, mntr, conf, isro, dirs, wchs, hash, envi',
  },

  // Watches
  watchManagerName: {
    ...ignored('there is one kind of watch table'),
    type: 'text',
    default: 'org.apache.zookeeper.server.watch.WatchManager',
    same: ['org.apache.zookeeper.server.watch.watchmanager', 'org.apache.zookeeper.server.watch.watchmanageroptimized'],
  },
  watcherCleanThreadsNum: { ...ignored(NO_THREADS), type: 'int', default: 2 },
  watcherCleanThreshold: { ...ignored(NO_THREADS), type: 'int', default: 1000 },
  watcherCleanIntervalInSeconds: { ...ignored(NO_THREADS), type: 'int', default: 600 },
  maxInProcessingDeadWatchers: { ...ignored(NO_THREADS), type: 'int', default: -1 },
  bitHashCacheSize: { ...ignored(NO_THREADS), type: 'int', default: 10 },

  // HTTP admin server
  'admin.enableServer': { ...ignored(NO_ADMIN), type: 'boolean', default: true, same: ['false'] },
  'admin.serverAddress': { ...ignored(NO_ADMIN), type: 'text', default: '0.0.0.0' },
  'admin.serverPort': { ...ignored(NO_ADMIN), type: 'int', default: 8080 },
  'admin.commandURL': { ...ignored(NO_ADMIN), type: 'text', default: '/commands' },
  'admin.idleTimeout': { ...ignored(NO_ADMIN), type: 'int', default: 30_000 },
  'admin.httpVersion': { ...ignored(NO_ADMIN), type: 'int', default: 11 },
  'admin.portUnification': { ...ignored(NO_ADMIN), type: 'boolean', default: false, same: ['false'] },
  'admin.forceHttps': { ...ignored(NO_ADMIN), type: 'boolean', default: false, same: ['false'] },
  'admin.needClientAuth': { ...ignored(NO_ADMIN), type: 'boolean', default: false, same: ['false'] },
  'admin.rateLimiterIntervalInMS': { ...ignored(NO_ADMIN), type: 'int', default: 300_000 },
  'admin.snapshot.enabled': { ...ignored(NO_ADMIN), type: 'boolean', default: true, same: ['false'] },
  'admin.restore.enabled': { ...ignored(NO_ADMIN), type: 'boolean', default: true, same: ['false'] },

  // Authentication
  'DigestAuthenticationProvider.enabled': { ...PROPERTY, type: 'boolean', default: true },
  'DigestAuthenticationProvider.superDigest': { ...PROPERTY, type: 'text', default: undefined },
  'DigestAuthenticationProvider.digestAlg': { ...PROPERTY, type: 'text', default: 'SHA1' },
  'X509AuthenticationProvider.superUser': { ...ignored(NO_TLS), type: 'text', default: undefined },
  superUser: { ...ignored(NO_SASL), type: 'text', default: undefined },
  'SASLAuthenticationProvider.superPassword': { ...ignored(NO_SASL), type: 'text', default: undefined },
  letAnySaslUserDoX: { ...ignored(NO_SASL), type: 'text', default: undefined },
  allowSaslFailedClients: { ...ignored(NO_SASL), type: 'boolean', default: false, same: ['false'] },
  sessionRequireClientSASLAuth: { ...refused(NO_SASL), type: 'boolean', default: false, same: ['false'] },
  'enforce.auth.enabled': {
    ...refused('clients cannot be made to authenticate yet'),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  'enforce.auth.schemes': { ...ignored('it takes effect with enforce.auth.enabled'), type: 'text', default: undefined },
  ensembleAuthName: { ...PROPERTY, type: 'text', default: undefined },
  'IPAuthenticationProvider.usexforwardedfor': {
    ...ignored(NO_ADMIN),
    type: 'boolean',
    default: false,
    same: ['false'],
  },
  'security.auth_to_local': { ...ignored(NO_SASL), type: 'text', default: 'DEFAULT' },
  'kerberos.removeHostFromPrincipal': { ...ignored(NO_SASL), type: 'boolean', default: false, same: ['false'] },
  'kerberos.removeRealmFromPrincipal': { ...ignored(NO_SASL), type: 'boolean', default: false, same: ['false'] },
  'kerberos.minReLoginTimeMs': { ...ignored(NO_SASL), type: 'int', default: 60_000 },
  'kerberos.canonicalizeHostNames': { ...ignored(NO_SASL), type: 'boolean', default: false, same: ['false'] },
  requireKerberosConfig: { ...refused(NO_SASL), type: 'boolean', default: false, same: ['false'] },
  kinit: { ...ignored(NO_SASL), type: 'text', default: '/usr/bin/kinit' },
  'sasl.serverconfig': { ...ignored(NO_SASL), type: 'text', default: 'Server' },
  'java.security.auth.login.config': { ...refused(NO_SASL, 'flag'), type: 'text', default: undefined },
  'fips-mode': { ...ignored(NO_TLS), type: 'boolean', default: true },

  // Audit and the rest
  'audit.enable': { ...ignored('there is no audit log yet'), type: 'boolean', default: false, same: ['false'] },
  'audit.impl.class': { ...ignored('there is no audit log yet'), type: 'text', default: undefined },
  'pathStats.enabled': { ...ignored(NO_THREADS), type: 'boolean', default: false, same: ['false'] },
  'pathStats.slotDuration': { ...ignored(NO_THREADS), type: 'int', default: 15 },
  'pathStats.slotCapacity': { ...ignored(NO_THREADS), type: 'int', default: 60 },
  'pathStats.maxDepth': { ...ignored(NO_THREADS), type: 'int', default: 6 },
  'pathStats.sampleRate': { ...ignored(NO_THREADS), type: 'float', default: 0.1 },
  'pathStats.initialDelay': { ...ignored(NO_THREADS), type: 'long', default: 5 },
  'pathStats.delay': { ...ignored(NO_THREADS), type: 'long', default: 5 },
  'pathStats.topPathMax': { ...ignored(NO_THREADS), type: 'int', default: 20 },
  'jmx.log4j.disable': { ...ignored(NO_JVM), type: 'boolean', default: false },
  'jmx.log4j.mbean': { ...ignored(NO_JVM), type: 'text', default: undefined },
  'client.secure': { ...ignored(FOR_CLIENTS), type: 'boolean', default: false },
  clientCnxnSocket: { ...ignored(FOR_CLIENTS), type: 'text', default: undefined },
  'request.timeout': { ...ignored(FOR_CLIENTS), type: 'long', default: 0 },
  disableAutoWatchReset: { ...ignored(FOR_CLIENTS), type: 'boolean', default: false },
  'sasl.client': { ...ignored(FOR_CLIENTS), type: 'boolean', default: true },
  'sasl.clientconfig': { ...ignored(FOR_CLIENTS), type: 'text', default: 'Client' },
  'sasl.client.username': { ...ignored(FOR_CLIENTS), type: 'text', default: 'zookeeper' },
  'sasl.client.canonicalize.hostname': { ...ignored(FOR_CLIENTS), type: 'boolean', default: true },
  'server.principal': { ...ignored(FOR_CLIENTS), type: 'text', default: undefined },
  'server.realm': { ...ignored(FOR_CLIENTS), type: 'text', default: undefined },
} as const satisfies Readonly<Record<string, KeySpec>>;

export type KeyName = keyof typeof KEYS;

/** The type a key's value has: absent only where there is no default. */
export type ValueOf<K extends KeyName> = (typeof KEYS)[K] extends { type: 'boolean' | 'yes-no' }
  ? boolean
  : (typeof KEYS)[K] extends { type: 'text'; default: string }
    ? string
    : (typeof KEYS)[K] extends { type: 'text' }
      ? string | undefined
      : (typeof KEYS)[K] extends { default: number }
        ? number
        : number | undefined;

export function keySpec(name: string): KeySpec | undefined {
  return Object.hasOwn(KEYS, name) ? KEYS[name as KeyName] : undefined;
}

/** Families of keys, for names that are not in the table above. */
export interface KeyFamily {
  readonly prefix: string;
  readonly status: KeyStatus;
  readonly from: KeySource;
  readonly why?: string;
}

export const KEY_FAMILIES: readonly KeyFamily[] = [
  { prefix: 'server.', status: 'honoured', from: 'file' },
  { prefix: 'group', status: 'honoured', from: 'file' },
  { prefix: 'weight', status: 'honoured', from: 'file' },
  { prefix: 'ssl.', status: 'refused', from: 'property', why: NO_TLS },
  { prefix: 'authProvider.', status: 'honoured', from: 'property' },
  { prefix: 'superUser.', status: 'ignored', from: 'property', why: NO_SASL },
  { prefix: 'metricsProvider.', status: 'ignored', from: 'file', why: 'the metrics provider has no such key' },
];

/** What `authProvider.<any>` may name; the others of Apache's are refused with the reason, strangers as unknown. */
export const AUTH_PROVIDERS: Readonly<Record<string, KeyStatus>> = {
  'org.apache.zookeeper.server.auth.DigestAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.IPAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider': 'honoured',
  'org.apache.zookeeper.server.auth.SASLAuthenticationProvider': 'refused',
  'org.apache.zookeeper.server.auth.X509AuthenticationProvider': 'refused',
};

/** Names that ZooKeeper's manual gives to keys that have another one. */
export const MANUAL_NAMES: Readonly<Record<string, KeyName>> = {
  connectionMaxTokens: 'connection_throttle_tokens',
  connectionTokenFillTime: 'connection_throttle_fill_time',
  connectionTokenFillCount: 'connection_throttle_fill_count',
  connectionFreezeTime: 'connection_throttle_freeze_time',
  connectionDropIncrease: 'connection_throttle_drop_increase',
  connectionDropDecrease: 'connection_throttle_drop_decrease',
  connectionDecreaseRatio: 'connection_throttle_decrease_ratio',
  requestThrottleLimit: 'request_throttle_max_requests',
  requestThrottleStallTime: 'request_throttle_stall_time',
  requestThrottleDropStale: 'request_throttle_drop_stale',
  requestStaleLatencyCheck: 'request_stale_latency_check',
  requestStaleConnectionCheck: 'request_stale_connection_check',
  throttledOpWaitTime: 'throttled_op_wait_time',
  maxConcurrentSnapSyncs: 'leader.maxConcurrentSnapSyncs',
  maxConcurrentDiffSyncs: 'leader.maxConcurrentDiffSyncs',
  advancedFlowControlEnabled: 'netty.advancedFlowControl.enabled',
  'outstandingHandshake.limit': 'netty.server.outstandingHandshake.limit',
  maxTimeToWaitForEpoch: 'leader.maxTimeToWaitForEpoch',
};
