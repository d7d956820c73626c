// The torture of a mix: all bad days of the torture, and those that only a mix has, each from one kind of server to
// another: a leader of another kind, a tail that the next leader has cut off, a directory that is lost, a follower that
// comes back from far behind. The ways between kinds are gone in turn, those least gone first. The tree is large enough
// that it matters how it is sent, and has ACLs of its own and the ephemerals of sessions that outlive it all.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ensemble } from '../harness/ensemble.ts';
import type { Kind, Server } from '../harness/server.ts';
import { everyKindOfWrite } from '../harness/traffic.ts';
import { encodeRequest, op, openAcl } from '../raw/records.ts';
import { RawSession } from '../raw/session.ts';
import type { Stage } from '../torture/faults.ts';
import { type TortureReport, torture } from '../torture/torture.ts';
import { crowdOfSessions, grow } from './grow.ts';
import { complaintsOf, type Life, lifeOf, membersOf, type SyncKind } from './logs.ts';
import { syncsAmongWrites } from './pipeline.ts';
import { canLead, makeLead, untilAllServe } from './steer.ts';
import { compareDigests } from './trees.ts';

export interface TortureMixOptions {
  readonly kinds: readonly Kind[];
  readonly observers: readonly number[];
  readonly minutes: number;
  readonly seed: number;
  readonly basePort: number;
  readonly create2InMulti: boolean;
  readonly say: (line: string) => void;
}

const nodes = 10_000;
const acls = 1_000;
const heldSessions = 100;
const abandonedTimeoutMs = 4_000;

/** Sets of one node: a few hundred small ones fit into what a leader remembers, more large ones into no share of it. */
async function writeMuch(server: Server, path: string, count: number, size: number): Promise<void> {
  const session = await RawSession.open({ port: server.clientPort, timeoutMs: 10_000 });
  await session.call('create', { path, data: null, acl: openAcl, flags: 0 });
  for (let i = 0; i < count; i++)
    session.sendRaw(
      session.takeXid(),
      op.setData,
      encodeRequest('setData', { path, data: Buffer.alloc(size, i), version: -1 }),
    );
  for (let i = 0; i < count; i++) {
    const answer = await session.nextReply();
    if (answer === 'closed' || answer.err !== 0) throw new Error(`bulk write: ${answer === 'closed' || answer.err}`);
  }
  await session.close();
}

/** A leader may be lost to a slow machine too, and connections with it. */
async function withPatience(ensemble: Ensemble, attempt: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    await untilAllServe(ensemble);
    try {
      return await attempt();
    } catch (error) {
      if (tries === 3) throw error;
      await sleep(1_000);
    }
  }
}

class Days {
  private readonly gone = new Map<string, number>();
  private readonly create2InMulti: boolean;
  private made = 0;

  constructor(create2InMulti: boolean) {
    this.create2InMulti = create2InMulti;
  }

  /** From a member that can lead to another one, preferring kinds that differ and were not had so often. */
  private way(what: string, { ensemble, rng }: Stage, to: readonly Server[]): readonly [Server, Server] {
    const ways = ensemble.voters
      .filter((from) => canLead(ensemble, from))
      .flatMap((from) => to.filter((other) => other !== from).map((other) => [from, other] as const));
    const name = ([from, other]: readonly [Server, Server]): string => `${what}: ${from.kind} -> ${other.kind}`;
    const times = (way: readonly [Server, Server]): number =>
      (this.gone.get(name(way)) ?? 0) + (way[0].kind === way[1].kind ? 2 : 0);
    const least = Math.min(...ways.map(times));
    const way = rng.pick(ways.filter((candidate) => times(candidate) === least));
    this.gone.set(name(way), (this.gone.get(name(way)) ?? 0) + 1);
    return way;
  }

  readonly all: { readonly [name: string]: (stage: Stage) => Promise<void> } = {
    'another kind leads': async (stage) => {
      await untilAllServe(stage.ensemble);
      const leader = await stage.ensemble.leader();
      const next = stage.ensemble.servers.filter(
        (server) => server.kind !== leader.kind && canLead(stage.ensemble, server),
      );
      if (next.length > 0) await makeLead(stage.ensemble, stage.rng.pick(next));
    },

    'a follower far behind': async (stage) => {
      const { ensemble, rng } = stage;
      const [leader, victim] = this.way('behind', stage, ensemble.servers);
      await untilAllServe(ensemble);
      await makeLead(ensemble, leader);
      await victim.kill();
      const path = `/bulk-${this.made++}`;
      const [count, size] = rng.pick([
        [200, 100],
        [900, 100],
        [2_500, 1_000],
      ] as const);
      await writeMuch(leader, path, count, size);
      await sleep(rng.below(500));
      await untilAllServe(ensemble);
    },

    'a directory lost': async (stage) => {
      const { ensemble } = stage;
      const [leader, victim] = this.way('lost', stage, ensemble.servers);
      await untilAllServe(ensemble);
      await makeLead(ensemble, leader);
      await untilAllServe(ensemble);
      await victim.kill();
      victim.wipe();
      await untilAllServe(ensemble);
    },

    /**
     * The member that is to lead next stays with the leader longest, so that it has seen most of the rest; then the
     * leader logs what nobody else has, and dies. The writers rest until it is back, for with a transaction in the new
     * epoch it gets a snapshot instead.
     */
    'a tail is cut': async (stage) => {
      const { ensemble, rng, writers } = stage;
      const { voters } = ensemble;
      const able = voters.length === 3 ? voters : voters.filter((server) => canLead(ensemble, server));
      const [leader, next] = this.way('cut', stage, able);
      await untilAllServe(ensemble);
      await makeLead(ensemble, leader);
      await untilAllServe(ensemble);
      const others = ensemble.servers.filter((server) => server !== leader && server !== next);
      await Promise.all(others.map((server) => server.kill()));
      await sleep(50 + rng.below(100));
      await next.kill();
      await sleep(100 + rng.below(150));
      await leader.kill();
      writers.pause();
      try {
        for (const server of [next, ...others]) server.launch();
        await Promise.all([next, ...others].map((server) => server.untilServing(60_000)));
        await leader.start(60_000);
      } finally {
        writers.resume();
      }
      await untilAllServe(ensemble);
    },

    'every kind of write': async ({ ensemble }) => {
      for (const server of ensemble.servers)
        await withPatience(ensemble, () =>
          everyKindOfWrite(server.clientPort, `/write-${this.made++}`, this.create2InMulti),
        );
    },

    'syncs among writes': async ({ ensemble }) => {
      for (const server of ensemble.servers)
        await withPatience(ensemble, async () => {
          const [problem] = await syncsAmongWrites(server, `/order-${this.made++}`, 50);
          if (problem !== undefined) throw new Error(problem);
        });
    },

    'sessions are left alone': async ({ ensemble }) => {
      for (const server of ensemble.servers)
        await withPatience(ensemble, async () => {
          const session = await RawSession.open({ port: server.clientPort, timeoutMs: abandonedTimeoutMs });
          await session.call('create', { path: `/left-${this.made++}`, data: null, acl: openAcl, flags: 1 });
          session.abandon();
        });
    },
  };
}

async function rootChildren(port: number): Promise<string[]> {
  const session = await RawSession.open({ port, timeoutMs: 10_000 });
  const children = async (path: string): Promise<string[]> =>
    (await session.call<'getChildren', { children: string[] }>('getChildren', { path, watch: false })).children;
  await session.call('sync', { path: '/' });
  const seen = [...(await children('/')), ...(await children('/held')).map((name) => `held/${name}`)];
  await session.close();
  return seen;
}

/** The ephemerals of sessions that were left alone are gone, and those of sessions that live on are there. */
async function judgeSessions(port: number): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const seen = await rootChildren(port);
    const left = seen.filter((name) => name.startsWith('left-'));
    const held = seen.filter((name) => name.startsWith('held/')).length;
    if (left.length === 0 && held === heldSessions) return [];
    if (tries === 20)
      return [`server on ${port}: ${held} of ${heldSessions} held ephemerals, and ${left.join(', ')} left`];
    await sleep(1_000);
  }
}

export function tortureMix(options: TortureMixOptions): Promise<TortureReport> {
  const { say, create2InMulti, ...rest } = options;
  return torture({
    ...rest,
    more: new Days(create2InMulti).all,
    settings: { extendedTypesEnabled: 'true', maxSessionTimeout: 3_600_000 },
    async prepare(ensemble) {
      const leader = await ensemble.leader();
      await grow(leader.clientPort, nodes, acls);
      await crowdOfSessions(
        ensemble.servers.map((server) => server.clientPort),
        heldSessions,
        3_600_000,
      );
    },
    async inspect(servers) {
      const problems: string[] = [];
      for (const server of servers) problems.push(...(await judgeSessions(server.clientPort)));
      const digests = await compareDigests(servers);
      say(`${digests.compared} digests compared`);
      return [...problems, ...digests.problems];
    },
    summarise: (ensemble) => ({ ...lifeOf(membersOf(ensemble.servers)), apacheSays: complaintsOfApache(ensemble) }),
    say,
  });
}

/** Not judged here: what Apache's servers say of themselves, beside the same run of Apache's servers alone. */
function complaintsOfApache(ensemble: Ensemble): { readonly [line: string]: number } {
  const counts: { [line: string]: number } = {};
  const members = membersOf(ensemble.servers);
  for (const member of members)
    for (const what of member.kind === 'ours' ? [] : complaintsOf(member, members))
      counts[`${member.kind}: ${what}`] = (counts[`${member.kind}: ${what}`] ?? 0) + 1;
  return counts;
}

/** What of a long run would make it void: a way of synchronisation between two kinds that was never gone. */
export function missingWays(report: TortureReport, kinds: readonly Kind[]): string[] {
  const { synchronised = {}, leaderLosses = {} } = report.summary as Partial<Life>;
  const missing: string[] = [];
  for (const from of new Set(kinds)) {
    if ((leaderLosses[from] ?? 0) < 3) missing.push(`${from} lost the lead ${leaderLosses[from] ?? 0} times`);
    for (const to of new Set(kinds)) {
      const counts = synchronised[`${from} -> ${to}`];
      for (const kind of ['DIFF', 'TRUNC', 'SNAP'] satisfies SyncKind[])
        if (from !== to && (counts?.[kind] ?? 0) === 0) missing.push(`no ${kind} from ${from} to ${to}`);
    }
  }
  return missing;
}
