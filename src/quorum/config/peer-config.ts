import type { QuorumVerifier } from '../../election/quorum/quorum-verifier.ts';
import type { AuthProvider } from '../../server/auth/provider.ts';
import type { TlsSettings } from '../../tls/tls-settings.ts';
import type { AuditConfig } from './audit-config.ts';
import type { ClientSasl, OwnProviderFile, QuorumSasl } from './auth-config.ts';
import type { FieldsOfKeys } from './keys.ts';

/**
 * All that a peer is told once, at its start: zoo.cfg, read, checked and in units. Nothing here changes while the peer
 * runs; the members of the ensemble may (a leader's reconfiguration), and are then the quorum verifier's business.
 *
 * A value that one key alone decides is declared with its key (`field` in keys/*.ts), where its meaning stands too.
 * Here is the rest: values that several keys, files or the members decide together. Names are zoo.cfg's where there is
 * one; a unit is added last, bytes for what the file gives in KiB.
 */
export interface PeerConfig extends FieldsOfKeys {
  /** Absolute path of zoo.cfg; undefined when the configuration did not come from a file. */
  readonly configFile: string | undefined;

  // This peer and its ensemble
  /** False: one server by itself, without election and quorum ports. */
  readonly distributed: boolean;
  /** From dataDir/myid; undefined when there is no such file, which only a standalone server may lack. */
  readonly myid: number | undefined;
  /** The members as configured, with our own client address where clientPort gave it; undefined when standalone. */
  readonly quorumVerifier: QuorumVerifier | undefined;
  /** The content of `<zoo.cfg>.dynamic.next`: a membership proposed before the last stop, not known to be committed. */
  readonly lastSeenVerifier: QuorumVerifier | undefined;
  readonly peerType: 'participant' | 'observer';
  /** Absolute; undefined: no oracle lets one of two voters lead alone. */
  readonly oraclePath: string | undefined;
  /** syncEnabled, and observer.syncEnabled: as an observer this server keeps log and snapshots. */
  readonly observerLogs: boolean;

  // Directories
  /** Absolute. Snapshots, epochs and myid; the files are in its version-2. */
  readonly dataDir: string;
  /** Absolute. Transaction logs; equal to dataDir unless configured. */
  readonly dataLogDir: string;

  // Time
  /** Ticks for connecting to a leader alone; equal to initLimitTicks unless configured. */
  readonly connectToLearnerMasterLimitTicks: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;

  // Clients
  /** undefined: no client port. 0: any free one. */
  readonly clientPort: number | undefined;
  /** undefined: all addresses. */
  readonly clientPortAddress: string | undefined;
  /** undefined: no port for clients with TLS alone. 0: any free one. */
  readonly secureClientPort: number | undefined;
  /** undefined: all addresses. */
  readonly secureClientPortAddress: string | undefined;
  /** Of secureClientPort and of client.portUnification; undefined where there is neither. */
  readonly clientTls: TlsSettings | undefined;
  /** Of the ports between servers and of the admin server; undefined where none of them has TLS. */
  readonly quorumTls: TlsSettings | undefined;
  /** Four-letter words that are answered. */
  readonly fourLetterWords: ReadonlySet<string>;
  /** Class names of authProvider.*, ordered by key as Apache orders them. */
  readonly authProviderClasses: readonly string[];
  /** Modules of authProvider.*, and the providers that were loaded from them before the peer began. */
  readonly ownProviderFiles: readonly OwnProviderFile[];
  readonly ownProviders: readonly AuthProvider[];
  /** superUser and superUser.*. */
  readonly saslSuperUsers: readonly string[];
  /** A client proves an id of one of these before it is served; none: it need not. */
  readonly requiredSchemes: readonly string[];
  /** The section of the JAAS file by which clients log in; undefined: they cannot. */
  readonly clientSasl: ClientSasl | undefined;
  /** undefined: there is no audit log. */
  readonly audit: AuditConfig | undefined;
  /** Absolute; undefined where none is named. */
  readonly jaasFile: string | undefined;
  /** quorum.auth.*; undefined: servers do not log in at each other. */
  readonly quorumSasl: QuorumSasl | undefined;
}
