// Real processes under kills, pauses and wipes, with writers that remember what was acknowledged; afterwards every
// peer must have all of it. A run that did not see enough is void, whatever it found.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rng } from '../diff/rng.ts';
import { Ensemble, type EnsembleOptions } from '../harness/ensemble.ts';
import { runJava } from '../harness/programs.ts';
import { judge, type Kind, Server } from '../harness/server.ts';
import { readTree, type SeenNode, superDigest, treeDifferences } from '../harness/tree.ts';
import { type FaultName, faults, type Stage } from './faults.ts';
import { readLedger, unexplained } from './record.ts';
import { Writers } from './writers.ts';

export interface TortureOptions {
  readonly kinds: readonly Kind[];
  readonly minutes: number;
  readonly seed: number;
  readonly basePort: number;
  readonly writers?: number;
  /** Members by number (from 1) that only observe. */
  readonly observers?: readonly number[];
  readonly settings?: EnsembleOptions['settings'];
  /** What is to be there before the writers start. */
  readonly prepare?: (ensemble: Ensemble) => Promise<void>;
  /** Further bad days by name, each once in every round. */
  readonly more?: { readonly [name: string]: (stage: Stage) => Promise<void> };
  /** What else is wrong with the ensemble at rest; what is under way then, such as sessions that expire, may be waited for. */
  readonly inspect?: (servers: readonly Server[]) => Promise<readonly string[]>;
  /** What the stopped ensemble has to tell. */
  readonly summarise?: (ensemble: Ensemble) => { readonly [name: string]: unknown };
  readonly say: (line: string) => void;
}

export interface TortureReport {
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly leaderLosses: number;
  readonly synchronisations: { readonly DIFF: number; readonly TRUNC: number; readonly SNAP: number };
  readonly faults: { readonly [name: string]: number };
  readonly nodes: number;
  readonly files: { readonly logs: number; readonly snapshots: number };
  readonly summary: { readonly [name: string]: unknown };
  /** Empty when all is well. */
  readonly problems: readonly string[];
}

/** What a run of this length must have seen not to be void; five minutes is the measure. */
export function tooLittle(report: TortureReport, minutes: number): string[] {
  const share = Math.min(1, minutes / 5);
  const wanted = {
    'leader losses': [report.leaderLosses, 50],
    writes: [report.acknowledged, 10_000],
    DIFF: [report.synchronisations.DIFF, 10],
    TRUNC: [report.synchronisations.TRUNC, 10],
    SNAP: [report.synchronisations.SNAP, 10],
  } as const;
  return Object.entries(wanted)
    .filter(([, [seen, least]]) => seen < Math.floor(least * share))
    .map(([name, [seen, least]]) => `${name}: ${seen} of ${Math.floor(least * share)}`);
}

/** Every round has each of these in an order of its own; the rest of the round is drawn. */
const everyRound: readonly FaultName[] = [
  'leave the leader a tail',
  'wipe a follower',
  'kill the leader',
  'kill the leader',
  'kill the leader',
  'pause the leader',
];
const drawn: readonly FaultName[] = [
  'kill the leader',
  'kill the leader',
  'kill a follower',
  'kill all',
  'pause a follower',
  'pause the leader',
  'leave the leader a tail',
];

function plan(rng: Rng, more: readonly string[]): string[] {
  const round: string[] = [...everyRound, rng.pick(drawn), rng.pick(drawn), ...more];
  return round
    .map((name) => ({ name, at: rng.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { kinds, minutes, seed, basePort, observers = [], say } = options;
  const rng = new Rng(seed);
  const ensemble = new Ensemble({
    basePort,
    kinds,
    observers,
    tickTime: 500,
    settings: { syncLimit: 4, snapCount: 2000, maxClientCnxns: 0, ...superDigest, ...options.settings },
  });
  const dir = mkdtempSync(join(tmpdir(), 'interop-torture-'));
  const counts: { [name: string]: number } = {};
  const problems: string[] = [];
  const losses = new LeaderWatch(ensemble);
  try {
    await ensemble.start();
    await options.prepare?.(ensemble);
    const writers = new Writers(ensemble.connectString, options.writers ?? 4, join(dir, 'records'), 5);
    const stage: Stage = { ensemble, writers, rng };
    const end = Date.now() + minutes * 60_000;
    const days: { readonly [name: string]: (stage: Stage) => Promise<void> } = { ...faults, ...options.more };
    let round: string[] = [];
    await sleep(1_000);
    await losses.look();
    while (Date.now() < end) {
      if (round.length === 0) round = plan(rng, Object.keys(options.more ?? {}));
      const name = round.pop() as string;
      counts[name] = (counts[name] ?? 0) + 1;
      try {
        await days[name]?.(stage);
      } catch (error) {
        problems.push(`${name}: ${error instanceof Error ? error.message : error}`);
        break;
      }
      await sleep(rng.below(400));
      await losses.look();
      say(`${new Date().toISOString().slice(11, 19)} ${name}; epoch ${losses.epoch}`);
    }
    const complaints = await writers.stop();
    if (complaints !== '') problems.push(`a writer broke off: ${complaints.slice(-600)}`);
    for (const problem of problems) say(problem);
    if (problems.length === 0) {
      await Promise.all(ensemble.servers.map((server) => server.untilServing(60_000)));
      problems.push(...((await options.inspect?.(ensemble.servers)) ?? []));
    }
    const ledger = readLedger(writers.files);
    say(`${ledger.acknowledged} acknowledged, ${ledger.open} without an answer; reading every peer`);
    for (const refused of ledger.refused) problems.push(`an answer that cannot be: ${refused}`);
    const trees: Map<string, SeenNode>[] = [];
    for (const server of ensemble.servers) {
      const tree = await readTree(server.clientPort);
      trees.push(tree);
      for (const line of unexplained(ledger, tree)) problems.push(`server ${server.options.id}: ${line}`);
    }
    trees.slice(1).forEach((tree, i) => {
      for (const line of treeDifferences(trees[0] as Map<string, SeenNode>, tree))
        problems.push(`servers 1 and ${i + 2}: ${line}`);
    });
    for (const server of ensemble.servers) await server.stop();
    const synchronisations = countSynchronisations(ensemble.servers);
    for (const server of ensemble.servers) problems.push(...badLines(server));
    const files = { logs: 0, snapshots: 0 };
    for (const [index, server] of ensemble.servers.entries()) {
      const checked = await checkFiles(
        server,
        trees[index] as Map<string, SeenNode>,
        join(dir, `copy-${index}`),
        basePort + 60,
        { ...superDigest, ...options.settings },
      );
      files.logs += checked.logs;
      files.snapshots += checked.snapshots;
      problems.push(...checked.problems);
    }
    return {
      acknowledged: ledger.acknowledged,
      unanswered: ledger.open,
      leaderLosses: losses.count,
      synchronisations,
      faults: counts,
      nodes: trees[0]?.size ?? 0,
      files,
      summary: options.summarise?.(ensemble) ?? {},
      problems,
    };
  } finally {
    if (problems.length === 0) {
      await ensemble.remove();
      rmSync(dir, { recursive: true, force: true });
    } else {
      await Promise.all(ensemble.servers.map((server) => server.kill()));
      say(`kept: ${dir} ${ensemble.servers.map((server) => server.dir).join(' ')}`);
    }
  }
}

/** Epochs go up by one with each leader that got as far as serving. */
class LeaderWatch {
  epoch = 0;
  count = 0;
  private readonly ensemble: Ensemble;

  constructor(ensemble: Ensemble) {
    this.ensemble = ensemble;
  }

  async look(): Promise<void> {
    const leader = await this.ensemble.leader();
    const zxid = /^Zxid: 0x([0-9a-f]+)$/m.exec(await leader.word('srvr'))?.[1] ?? '0';
    const epoch = Number(BigInt(`0x${zxid}`) >> 32n);
    if (this.epoch !== 0 && epoch > this.epoch) this.count += epoch - this.epoch;
    this.epoch = Math.max(epoch, this.epoch);
  }
}

/** Ours names the kind; Apache names it for all but TRUNC. */
function countSynchronisations(servers: readonly Server[]): { DIFF: number; TRUNC: number; SNAP: number } {
  const counts = { DIFF: 0, TRUNC: 0, SNAP: 0 };
  for (const server of servers) {
    for (const line of server.log().split('\n')) {
      if (line.includes('synchronising a learner')) {
        const { sync, txns } = JSON.parse(line) as { sync: 'diff' | 'trunc' | 'snap'; txns: number };
        // A DIFF without a transaction is none.
        if (sync !== 'diff' || txns > 0) counts[sync.toUpperCase() as 'DIFF' | 'TRUNC' | 'SNAP']++;
      }
      if (!line.includes('LearnerHandler - S')) continue;
      if (line.includes('Synchronizing with Learner')) counts.TRUNC++;
      const named = /Sending (DIFF|snapshot)/.exec(line)?.[1];
      if (named === undefined) continue;
      counts.TRUNC--;
      counts[named === 'DIFF' ? 'DIFF' : 'SNAP']++;
    }
  }
  return counts;
}

/** Lines ours should not write in its life. (Apache's own digests do go wrong after some changes of leader; the trees judge it.) */
function badLines(server: Server): string[] {
  if (server.kind !== 'ours') return [];
  const bad = /"level":"(error|fatal)"|digest mismatch|Digests are not matching|Assertion|unrecoverable/;
  return server
    .log()
    .split('\n')
    .filter((line) => bad.test(line))
    .slice(0, 5)
    .map((line) => `server ${server.options.id} says: ${line.slice(0, 400)}`);
}

/** Apache's tools read what the peer left, Apache's server serves a copy of it, the tree is the same. */
async function checkFiles(
  server: Server,
  tree: Map<string, SeenNode>,
  copy: string,
  port: number,
  settings: EnsembleOptions['settings'] & object,
): Promise<{ logs: number; snapshots: number; problems: string[] }> {
  const problems: string[] = [];
  const version2 = join(server.dataDir, 'version-2');
  const names = readdirSync(version2);
  const newest = (prefix: string): string[] =>
    names
      .filter((name) => name.startsWith(prefix))
      .sort((a, b) => Number.parseInt(a.slice(prefix.length), 16) - Number.parseInt(b.slice(prefix.length), 16))
      .slice(-4);
  const logs = newest('log.');
  // Apache writes a snapshot under its name from the first byte on: half of one is what a kill leaves.
  const snapshots = server.kind === 'ours' ? newest('snapshot.') : [];
  for (const name of logs) {
    const { code, stdout, stderr } = await runJava('org.apache.zookeeper.server.persistence.TxnLogToolkit', [
      '-d',
      join(version2, name),
    ]);
    if (code !== 0 || !/EOF reached after \d+ txns/.test(stdout) || stdout.includes('CRC ERROR'))
      problems.push(`TxnLogToolkit on ${name}: ${code} ${stderr.slice(-300)}`);
  }
  for (const name of snapshots) {
    const { code, stderr } = await runJava('org.apache.zookeeper.server.SnapshotFormatter', [join(version2, name)]);
    if (code !== 0) problems.push(`SnapshotFormatter on ${name}: ${code} ${stderr.slice(-300)}`);
  }
  cpSync(server.dataDir, join(copy, 'data'), { recursive: true });
  const apache = new Server({ kind: judge, clientPort: port, dir: copy, settings });
  try {
    await apache.start();
    const config = (seen: Map<string, SeenNode>): Map<string, SeenNode> =>
      new Map([...seen].filter(([path]) => path !== '/zookeeper/config'));
    for (const line of treeDifferences(config(tree), config(await readTree(port))))
      problems.push(`Apache on the files of server ${server.options.id}: ${line}`);
    // Apache's own logs can have a run of transactions twice (ZOOKEEPER-4394); its tree is right all the same.
    if (server.kind === 'ours' && /Digests are not matching/.test(apache.log()))
      problems.push(`Apache on the files of server ${server.options.id}: digest mismatch`);
  } finally {
    await apache.kill();
  }
  return { logs: logs.length, snapshots: snapshots.length, problems };
}
