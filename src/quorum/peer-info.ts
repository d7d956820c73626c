import type { ServerSpec } from '../election/quorum/server-spec.ts';
import type { MemberInfo, QuorumInfo, ServerInfo } from '../server/monitoring/server-info.ts';
import type { Store } from '../txnlog/store.ts';
import type { PeerConfig } from './config/peer-config.ts';
import type { ConfigBook } from './config-book.ts';
import type { Role, RoleMode } from './roles/role.ts';

/** A peer's parts, asked for when a question comes: it is described before it has them all, and roles come and go. */
export interface DescribedPeer {
  store(): Store;
  /** undefined: it is alone. */
  book(): ConfigBook | undefined;
  /** undefined: it is looking for a leader. */
  role(): Role | undefined;
}

/** As `mntr` names them. */
const STATES: Readonly<Record<RoleMode | 'looking', string>> = {
  looking: 'looking',
  standalone: 'standalone',
  leader: 'leading',
  follower: 'following',
  observer: 'observing',
};

/** The facts that monitoring tells about a peer. */
export function infoOf(config: PeerConfig, peer: DescribedPeer): ServerInfo {
  return {
    serverId: config.myid ?? 0,
    dataDir: `${config.dataDir}/version-2`,
    dataLogDir: `${config.dataLogDir}/version-2`,
    dataDirBytes: () => peer.store().facts.bytesOnDisk().dataDir,
    logDirBytes: () => peer.store().facts.bytesOnDisk().logDir,
    newestSnapshot: () => peer.store().facts.newestSnapshot,
    quorum: () => {
      const book = peer.book();
      return book === undefined ? undefined : quorumInfo(config, book, peer.role());
    },
    leader: () => peer.role()?.leaderInfo,
    observers: () => peer.role()?.observersInfo,
  };
}

function quorumInfo(config: PeerConfig, book: ConfigBook, role: Role | undefined): QuorumInfo {
  const self = book.active.members.get(config.myid as number);
  const mode = role?.mode ?? 'looking';
  const phase = role?.phase === undefined ? '' : ` - ${role.phase}`;
  return {
    initLimitTicks: config.initLimitTicks,
    syncLimitTicks: config.syncLimitTicks,
    electionPort: self?.addresses.map((address) => address.electionPort).join('|') ?? '',
    quorumPort: self?.addresses.map((address) => address.quorumPort).join('|') ?? '',
    isObserver: self?.role === 'observer',
    members: new Map([...book.active.members].map(([sid, spec]) => [sid, memberInfo(spec)])),
    leaderId: role?.leader,
    membership: book.active.text(),
    quorumSize: book.active.voters.size,
    peerState: `${STATES[mode]}${phase}`,
    observerMasterId: mode === 'observer' ? role?.learnsFrom : undefined,
  };
}

function memberInfo({ addresses, client, role }: ServerSpec): MemberInfo {
  return {
    quorumAddresses: addresses.map(({ host, quorumPort }) => ({ host, port: quorumPort })),
    electionAddresses: addresses.map(({ host, electionPort }) => ({ host, port: electionPort })),
    clientAddress: client,
    learnerType: role,
  };
}
