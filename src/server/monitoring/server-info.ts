import type { Zxid } from '../../jute/zxid.ts';
import type { SizeStats } from '../metrics/counters.ts';

/**
 * The facts that four-letter words and metrics tell about a peer beyond the server itself. The composition root
 * implements both. Everything is read at the time of the question; nothing is cached here.
 */
export interface ServerInfo {
  /** myid; 0 when standalone. */
  readonly serverId: number;
  /** Absolute paths with version-2. */
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Bytes of all files in them. */
  dataDirBytes(): number;
  logDirBytes(): number;
  /** The newest snapshot known to be good: loaded at the start, or written since. */
  newestSnapshot(): SnapshotInfo | undefined;
  /** undefined when standalone. */
  quorum(): QuorumInfo | undefined;
  /** Only while leading. */
  leader(): LeaderInfo | undefined;
  /** While leading, or following and serving observers. */
  observers(): ObserversInfo | undefined;
}

export interface SnapshotInfo {
  readonly zxid: Zxid;
  readonly path: string;
  readonly bytes: number;
  /** Wall clock, ms since 1970. */
  readonly writtenMs: number;
}

export interface AddressInfo {
  readonly host: string;
  readonly port: number;
}

export interface MemberInfo {
  readonly quorumAddresses: readonly AddressInfo[];
  readonly electionAddresses: readonly AddressInfo[];
  /** The address of another peer is known only from the configuration, which mostly has none. */
  readonly clientAddress: AddressInfo | undefined;
  readonly learnerType: 'participant' | 'observer';
}

export interface QuorumInfo {
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  /** As text: several addresses are joined by "|". */
  readonly electionPort: string;
  readonly quorumPort: string;
  readonly isObserver: boolean;
  /** The members by server id. */
  readonly members: ReadonlyMap<number, MemberInfo>;
  /** The leader that this peer follows, itself when it leads; undefined while it is looking. */
  readonly leaderId: number | undefined;
  /** The quorum verifier's text, ending in the version line. */
  readonly membership: string;
  /** Voting members. */
  readonly quorumSize: number;
  /** As in `mntr`: "leading - broadcast", "following - synchronization", "looking", ... */
  readonly peerState: string;
  /** The peer an observer learns from; undefined otherwise. */
  readonly observerMasterId: number | undefined;
}

export interface LeaderInfo extends ObserversInfo {
  readonly learners: number;
  readonly syncedFollowers: number;
  readonly syncedNonVotingFollowers: number;
  readonly pendingSyncs: number;
  readonly uptimeMs: number;
  /** Bytes of proposals. */
  readonly proposalSizes: SizeStats;
}

export interface ObserversInfo {
  /** Those that are synchronised. */
  readonly observers: readonly LearnerInfo[];
  resetObservers(): void;
}

/** A learner as its leader counts it. */
export interface LearnerInfo {
  readonly sid: number;
  /** With the port. */
  readonly remoteAddress: string;
  /** Wall clock, ms since 1970. */
  readonly establishedMs: number;
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly requests: number;
  /** The last one sent to it. */
  readonly lastZxid: Zxid;
}

/** The process and the machine, for `envi` and the file descriptor gauges. */
export interface HostInfo {
  /** `envi` lines in order. */
  environment(): readonly (readonly [key: string, value: string])[];
  /** The pairs that a JVM would call its system properties, sorted by name. */
  properties(): readonly (readonly [key: string, value: string])[];
  /** -1 where the system does not tell. */
  openFileDescriptors(): number;
  maxFileDescriptors(): number;
}
