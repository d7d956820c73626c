// What the servers' own logs tell of an ensemble's life: who led which epoch, and who was synchronised by whom and how.
// The learner is asked, not the leader: each side names the kind, and Apache's leader leaves it out for a TRUNC.

import type { Server } from '../harness/server.ts';

export interface Member {
  readonly id: number;
  readonly kind: string;
  readonly quorumPort: number;
  readonly log: string;
}

export type SyncKind = 'DIFF' | 'TRUNC' | 'SNAP';

export interface Sync {
  readonly leader: number;
  readonly learner: number;
  /** A DIFF without a transaction is one that had nothing to do. */
  readonly kind: SyncKind | 'nothing';
}

export interface Reign {
  readonly epoch: number;
  readonly leader: number;
}

/** Of what Apache prints behind 0x; our fields have that in front. */
const hex = (text: string): bigint => BigInt(`0x${text}`);
const epochOf = (zxid: bigint): number => Number(zxid >> 32n);

export function syncsOf(learner: Member, members: readonly Member[]): Sync[] {
  return learner.kind === 'ours' ? syncsOfOurs(learner) : syncsOfApache(learner, members);
}

function syncsOfOurs({ id, log }: Member): Sync[] {
  const syncs: Sync[] = [];
  let leader = 0;
  for (const line of log.split('\n')) {
    if (line.endsWith('"msg":"elected"}')) leader = (JSON.parse(line) as { leader: number }).leader;
    if (!line.endsWith('"msg":"the leader synchronises us"}')) continue;
    const { sync, zxid, own } = JSON.parse(line) as { sync: SyncKind; zxid: string; own: string };
    syncs.push({ leader, learner: id, kind: sync === 'DIFF' && BigInt(zxid) <= BigInt(own) ? 'nothing' : sync });
  }
  return syncs;
}

function connectedTo(line: string): number | undefined {
  const port = /Successfully connected to leader, using address: \S+:(\d+)$/.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
}

function syncsOfApache({ id, log }: Member, members: readonly Member[]): Sync[] {
  const syncs: Sync[] = [];
  let leader = 0;
  // An observer does not say what it has.
  let own = -1n;
  for (const line of log.split('\n')) {
    const proposed = /New election\. My id = +\d+, proposed zxid=0x([0-9a-f]+)/.exec(line)?.[1];
    if (proposed !== undefined) own = proposed === '8000000000000000' ? -1n : hex(proposed);
    const port = connectedTo(line);
    if (port !== undefined) leader = members.find(({ quorumPort }) => quorumPort === port)?.id ?? 0;
    const [, how, zxid = '0'] = /(Getting a diff|Getting a snapshot|Truncating log).* 0x([0-9a-f]+)/.exec(line) ?? [];
    if (how === 'Getting a diff') syncs.push({ leader, learner: id, kind: hex(zxid) <= own ? 'nothing' : 'DIFF' });
    else if (how !== undefined) syncs.push({ leader, learner: id, kind: how.startsWith('T') ? 'TRUNC' : 'SNAP' });
  }
  return syncs;
}

/** What an Apache server says that it should not, and from whom it was getting a snapshot then. */
export function complaintsOf({ log }: Member, members: readonly Member[]): string[] {
  const complaints: string[] = [];
  let leader = 'unknown';
  let during = '';
  const lines = log.split('\n');
  for (const [i, line] of lines.entries()) {
    const port = connectedTo(line);
    if (port !== undefined) leader = members.find(({ quorumPort }) => quorumPort === port)?.kind ?? 'unknown';
    if (line.includes('Getting a snapshot from leader')) during = `, in a SNAP from ${leader}`;
    if (line.includes('received NEWLEADER')) during = '';
    const what = /Digests are not matching|NullPointerException|Unhandled scenario|Severe unrecoverable error/.exec(
      line,
    );
    const where = line.includes('NullPointerException')
      ? /at \S*?(\w+\.\w+)\(/.exec(lines[i + 1] ?? '')?.[1]
      : undefined;
    if (what !== null) complaints.push(`${what[0]}${where === undefined ? '' : ` in ${where}`}${during}`);
  }
  return complaints;
}

/** Every epoch that a quorum began, in order. */
export function reignsOf(members: readonly Member[]): Reign[] {
  return members
    .flatMap(({ id, log }) => [
      ...[...log.matchAll(/"epoch":(\d+),[^\n]*"msg":"a quorum has this history; leading"/g)].map(([, epoch]) => ({
        epoch: Number(epoch),
        leader: id,
      })),
      ...[...log.matchAll(/Have quorum of supporters[^\n]*last processed zxid: 0x([0-9a-f]+)/g)].map(([, zxid]) => ({
        epoch: epochOf(hex(zxid as string)),
        leader: id,
      })),
    ])
    .sort((a, b) => a.epoch - b.epoch);
}

export interface Life {
  /** How many epochs each kind lost the lead of. */
  readonly leaderLosses: { readonly [kind: string]: number };
  /** How often the lead went from a kind to another one or stayed with it. */
  readonly changes: { readonly [fromTo: string]: number };
  readonly synchronised: { readonly [fromTo: string]: { readonly [kind in SyncKind]: number } };
}

export function lifeOf(members: readonly Member[]): Life {
  const kindOf = (id: number): string => members.find((member) => member.id === id)?.kind ?? 'unknown';
  const reigns = reignsOf(members);
  const leaderLosses: { [kind: string]: number } = {};
  const changes: { [fromTo: string]: number } = {};
  const synchronised: { [fromTo: string]: { [kind in SyncKind]: number } } = {};
  reigns.slice(1).forEach(({ leader }, i) => {
    const before = kindOf((reigns[i] as Reign).leader);
    leaderLosses[before] = (leaderLosses[before] ?? 0) + 1;
    const way = `${before} -> ${kindOf(leader)}`;
    changes[way] = (changes[way] ?? 0) + 1;
  });
  for (const member of members) {
    for (const { leader, kind } of syncsOf(member, members)) {
      if (kind === 'nothing') continue;
      const way = `${kindOf(leader)} -> ${member.kind}`;
      synchronised[way] ??= { DIFF: 0, TRUNC: 0, SNAP: 0 };
      synchronised[way][kind]++;
    }
  }
  return { leaderLosses, changes, synchronised };
}

export function membersOf(servers: readonly Server[]): Member[] {
  return servers.map((server) => {
    const { id = 0, members = [] } = server.options;
    const spec = members.find((line) => line.startsWith(`server.${id}=`)) ?? '';
    return { id, kind: server.kind, quorumPort: Number(spec.split(':')[1]), log: server.log() };
  });
}
