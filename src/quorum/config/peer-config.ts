import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';

/**
 * What a peer is told once, at its start: zoo.cfg, read, checked and in units. Nothing here changes while the peer
 * runs; the members of the ensemble may (a leader's reconfiguration), and are then the quorum verifier's business.
 *
 * Names are zoo.cfg's where there is one; a unit is added last, bytes for what the file gives in KiB.
 */
export interface PeerConfig {
  /** Absolute path of zoo.cfg; undefined when the configuration did not come from a file. */
  readonly configFile: string | undefined;

  // Who this peer is among whom
  /** False: one server by itself, without election and quorum ports. */
  readonly distributed: boolean;
  /** From dataDir/myid; undefined when there is no such file, which only a standalone server may lack. */
  readonly myid: number | undefined;
  /** The members as configured, with our own client address where clientPort gave it; undefined when standalone. */
  readonly quorumVerifier: QuorumVerifier | undefined;
  /** What `<zoo.cfg>.dynamic.next` holds: a membership proposed before the last stop, not known to be committed. */
  readonly lastSeenVerifier: QuorumVerifier | undefined;
  readonly peerType: 'participant' | 'observer';
  readonly standaloneEnabled: boolean;
  /** Bind the quorum and election ports on all addresses and not only on the one of the server line. */
  readonly quorumListenOnAllIPs: boolean;
  /** server.N may name several addresses, and the election handshake is of version 2. */
  readonly multiAddressEnabled: boolean;

  // Directories
  /** Absolute. Snapshots, epochs and myid; the files are in its version-2. */
  readonly dataDir: string;
  /** Absolute. Transaction logs; equal to dataDir unless configured. */
  readonly dataLogDir: string;
  /** Create missing data directories. */
  readonly dataDirAutocreate: boolean;

  // Time
  readonly tickTimeMs: number;
  /** Ticks to connect to a leader and be synchronised. 0 when standalone and not given. */
  readonly initLimitTicks: number;
  /** Ticks of silence after which a learner or a leader gives the other up. 0 when standalone and not given. */
  readonly syncLimitTicks: number;
  /** Ticks for connecting alone; equal to initLimitTicks unless configured. */
  readonly connectToLearnerMasterLimitTicks: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;

  // Client port
  /** undefined: no client port. 0: any free one. */
  readonly clientPort: number | undefined;
  /** undefined: all addresses. */
  readonly clientPortAddress: string | undefined;
  /** undefined: the system's own. */
  readonly clientPortListenBacklog: number | undefined;
  readonly clientTcpKeepAlive: boolean;
  /** Connections of one address; 0 without limit. */
  readonly maxClientCnxns: number;
  /** Connections in all; 0 without limit. */
  readonly maxCnxns: number;
  /** A connection that has not asked for a session by then is closed. */
  readonly sessionlessCnxnTimeoutMs: number;
  /** The longest frame a client may send. */
  readonly juteMaxBufferBytes: number;
  /** Requests taken in and not yet answered before reads pause, in all connections together. */
  readonly globalOutstandingLimit: number;
  /** Four-letter words that are answered. */
  readonly fourLetterWords: ReadonlySet<string>;
  /** False: while this peer leads it has no client port. */
  readonly leaderServes: boolean;

  // Requests
  readonly skipACL: boolean;
  readonly enforceQuota: boolean;
  /** TTL nodes. */
  readonly extendedTypesEnabled: boolean;
  readonly emulate353TTLNodes: boolean;
  /** closeSession transactions list the paths they delete. */
  readonly closeSessionTxnEnabled: boolean;
  /** The tree digest is computed, logged and compared. */
  readonly digestEnabled: boolean;
  readonly containerCheckIntervalMs: number;
  readonly containerMaxPerMinute: number;
  /** A container that never had a child goes after this; 0 never. */
  readonly containerMaxNeverUsedIntervalMs: number;

  // Authentication
  /** The scheme `digest` is offered. */
  readonly digestAuthEnabled: boolean;
  /** `super:<hash>`; undefined: there is no super user. */
  readonly superDigest: string | undefined;
  /** As Java names it: SHA1, SHA-256, ... */
  readonly digestAlgorithm: string;
  /** Class names of authProvider.*, ordered by key as Apache orders them. */
  readonly authProviderClasses: readonly string[];
  /** The names that clients of the scheme `ensemble` may expect, separated by commas. */
  readonly ensembleAuthName: string | undefined;

  // Log and snapshots
  /** A snapshot after snapCount/2 + random(snapCount/2) transactions. */
  readonly snapCount: number;
  /** Or after that much log, randomised the same way; 0 or less: never because of size. */
  readonly snapSizeLimitBytes: number;
  /** Log files grow in steps of this much zeroed space. */
  readonly preAllocBytes: number;
  /** The next log file is begun when the present one is that long; undefined: only with a snapshot. */
  readonly txnLogSizeLimitBytes: number | undefined;
  /** False: acknowledged without being synced. Warned about at every start. */
  readonly forceSync: boolean;
  /** A sync slower than this is logged. */
  readonly fsyncWarningThresholdMs: number;
  /** Committed transactions kept in memory for learners to catch up from. */
  readonly commitLogCount: number;
  /** A learner is caught up from the log on disk while that takes less than this share of a snapshot; < 0 never. */
  readonly snapshotSizeFactor: number;
  readonly snapshotCompression: '' | 'gz' | 'snappy';
  /** Log without any snapshot is taken for a whole history (directories of 3.4). */
  readonly snapshotTrustEmpty: boolean;
  /** Snapshots end with the zxid they stand at. */
  readonly serializeLastProcessedZxid: boolean;
  /** Snapshots kept when purging, 3 or more. */
  readonly snapRetainCount: number;
  /** 0: never purge. */
  readonly purgeIntervalMs: number;

  // Quorum
  readonly cnxTimeoutMs: number;
  /** Tries to bind the election port; 0: for ever. */
  readonly electionPortBindRetry: number;
  readonly tcpKeepAlive: boolean;
  readonly minNotificationIntervalMs: number;
  readonly maxNotificationIntervalMs: number;
  /** How long a new leader waits for a quorum to name its epochs; undefined: initLimit. */
  readonly maxTimeToWaitForEpochMs: number | undefined;
  readonly leaderConnectDelayDuringRetryMs: number;
  readonly maxConcurrentSnapSyncs: number;
  readonly maxConcurrentDiffSyncs: number;

  // Metrics
  /** none: counted for mntr only. prometheus: also served at metricsHttpHost:metricsHttpPort/metrics. */
  readonly metricsProvider: 'none' | 'prometheus';
  readonly metricsHttpHost: string;
  readonly metricsHttpPort: number;
}
