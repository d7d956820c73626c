import { counterOf, epochOf, zxidText } from '../../jute/zxid.ts';
import type { AddressInfo, LearnerInfo, MemberInfo, QuorumInfo } from '../../server/monitoring/server-info.ts';
import type { Json } from '../java-json.ts';
import { type AdminCommand, type AdminContext, anytime, whileServing } from './admin-command.ts';
import { reconfigDryRun } from './changes-of-members.ts';

/** The ensemble as this peer sees it: who leads, who votes, and how far this peer has come. */
export const ABOUT_ENSEMBLE: readonly AdminCommand[] = [
  whileServing(['leader', 'lead'], (context) => {
    const { info } = context;
    const quorum = quorumOf(context);
    if (quorum === undefined) return { error: 'server is not initialized' };
    const leader = quorum.leaderId === undefined ? undefined : quorum.members.get(quorum.leaderId);
    return {
      fields: {
        is_leader: info.leader() !== undefined,
        leader_id: quorum.leaderId ?? -1,
        leader_ip: leader?.quorumAddresses[0]?.host ?? '',
      },
    };
  }),
  whileServing(['observers', 'obsr'], ({ info }) => {
    const observers = info.observers()?.observers ?? [];
    return { fields: { synced_observers: observers.length, observers: observers.map(observerView) } };
  }),
  whileServing(['observer_connection_stat_reset', 'orst'], ({ info }) => {
    info.observers()?.resetObservers();
    return {};
  }),
  whileServing(['voting_view'], (context) => {
    const view = new Map<string, Json>();
    for (const [sid, member] of quorumOf(context)?.members ?? []) {
      if (member.learnerType === 'participant') view.set(String(sid), memberView(member));
    }
    return { fields: { current_config: view } };
  }),
  reconfigDryRun,
  anytime(['zabstate'], (context) => ({ fields: zabState(context) })),
];

function observerView(observer: LearnerInfo): Json {
  return {
    remote_socket_address: `/${observer.remoteAddress}`,
    sid: observer.sid,
    established: observer.establishedMs,
    queued_packets: observer.queuedPackets,
    queued_packets_size: observer.queuedBytes,
    packets_received: observer.packetsReceived,
    packets_sent: observer.packetsSent,
    requests: observer.requests,
    last_zxid: observer.lastZxid,
  };
}

function memberView(member: MemberInfo): Json {
  return {
    server_addresses: member.quorumAddresses.map(hostPort),
    election_addresses: member.electionAddresses.map(hostPort),
    client_address: member.clientAddress === undefined ? '' : hostPort(member.clientAddress),
    learner_type: member.learnerType,
  };
}

/** Apache's read-only server is none of a quorum. */
function quorumOf({ server, info }: AdminContext): QuorumInfo | undefined {
  return server.upstream?.mode === 'read-only' ? undefined : info.quorum();
}

function zabState(context: AdminContext): { readonly [key: string]: Json } {
  const { server, info } = context;
  const quorum = quorumOf(context);
  if (quorum === undefined) return { voting: false, zabstate: '' };
  const self = quorum.members.get(info.serverId);
  const { lastProcessedZxid } = server;
  return {
    myid: info.serverId,
    is_leader: info.leader() !== undefined,
    quorum_address: addresses(self?.quorumAddresses ?? []),
    election_address: addresses(self?.electionAddresses ?? []),
    client_address: self?.clientAddress === undefined ? '' : hostPort(self.clientAddress),
    voting: self?.learnerType === 'participant',
    last_zxid: zxidText(lastProcessedZxid),
    zab_epoch: epochOf(lastProcessedZxid),
    zab_counter: counterOf(lastProcessedZxid),
    zabstate: quorum.peerState.includes(' - ') ? (quorum.peerState.split(' - ')[1] as string) : 'election',
  };
}

/** The getters of Apache's MultipleAddresses. No address is probed for this, so each counts as reachable. */
function addresses(all: readonly AddressInfo[]): Json {
  const texts = all.map(hostPort);
  const first = texts[0] ?? null;
  return {
    empty: all.length === 0,
    all_addresses: texts,
    wildcard_addresses: all.map(({ port }) => `0.0.0.0:${port}`),
    all_ports: all.map(({ port }) => port),
    all_host_strings: all.map(({ host }) => host),
    reachable_address: first,
    all_reachable_addresses: texts,
    all_reachable_addresses_or_all: texts,
    reachable_or_one: first,
    one: first,
  };
}

function hostPort({ host, port }: AddressInfo): string {
  return `${host}:${port}`;
}
