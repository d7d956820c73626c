import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import type { HostFaults, Roles } from './ensemble.ts';
import { type RunOptions, randomRun } from './random-run.ts';

/**
 * The check on the checker: the source with one thing broken, most of them bugs that ZooKeeper once had. Random histories
 * have to find each. A change of the source that removes the text a mutant replaces is a failure, too.
 */
interface Mutant {
  readonly name: string;
  readonly faults?: HostFaults;
  /** The kind of history it shows in. */
  readonly run?: Pick<RunOptions, 'losesDisks' | 'forcesSnapshots' | 'slowLeaders' | 'shunsLeaders'>;
  readonly edits?: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

const MUTANTS: readonly Mutant[] = [
  { name: 'ZOOKEEPER-4646: acknowledged before it is on disk', faults: { ackBeforeSync: true } },
  { name: 'ZOOKEEPER-4643: currentEpoch before the transactions', faults: { currentEpochBeforeSync: true } },
  { name: 'TRUNC is not carried out', faults: { skipTruncate: true } },
  {
    name: 'committed with half of the voters',
    edits: [
      {
        file: 'broadcast.ts',
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size < Math.floor(verifier.voters.size / 2)) return false;',
      },
    ],
  },
  {
    name: 'observers are counted',
    edits: [
      {
        file: 'discovery.ts',
        from: 'link.voter = !link.observer && this.isVoter(info.sid);',
        to: 'link.voter = true;',
      },
      {
        file: 'broadcast.ts',
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size * 2 <= verifier.voters.size) return false;',
      },
      {
        file: 'synchronization.ts',
        from: 'else if (!link.observer) open.push(entry);',
        to: 'else open.push(entry);',
      },
      {
        file: 'leader.ts',
        from: 'if (!link.forwarding || link.observer) continue;',
        to: 'if (!link.forwarding) continue;',
      },
      {
        file: 'learner.ts',
        from: "if (this.stage === 'serving' && this.options.observer) return;\n    if (this.accept",
        to: 'if (this.accept',
      },
      {
        file: 'learner.ts',
        from: "return !this.options.observer && this.stage !== 'synchronising'",
        to: "return this.stage !== 'synchronising'",
      },
    ],
  },
  {
    name: 'the committed transactions in memory are forgotten in a DIFF',
    edits: [
      {
        file: 'sync-plan.ts',
        from: "return plan('diff', (entries.at(-1) as Entry).zxid, missing);",
        to: "return plan('diff', (entries.at(-1) as Entry).zxid, NOTHING);",
      },
    ],
  },
  {
    name: 'what is under way is forgotten in a synchronisation, and the learner does not mind',
    edits: [
      {
        file: 'synchronization.ts',
        from: 'this.inFlight.forEachAbove(plan.reaches,',
        to: 'this.inFlight.forEachAbove(this.inFlight.proposed,',
      },
      { file: 'learner.ts', from: '!follows(this.lastZxid, zxid)', to: 'false' },
      { file: 'learner.ts', from: 'if (next === zxid) return;', to: 'return;' },
    ],
  },
  {
    name: 'a learner is cut to the tree of the leader instead of the last commit',
    run: { losesDisks: false, slowLeaders: true },
    edits: [{ file: 'synchronization.ts', from: 'this.inFlight.decidedAbove(treeZxid)', to: '[]' }],
  },
  {
    name: 'acknowledgements outlive the cut of the log they were for',
    edits: [{ file: 'synchronization.ts', from: 'this.inFlight.forget(link.sid);', to: '' }],
  },
  {
    name: 'a snapshot may be older than what the learner helped to commit',
    run: { forcesSnapshots: true, losesDisks: false, slowLeaders: true },
    edits: [
      { file: 'synchronization.ts', from: "if (plan.kind === 'snap' && treeZxid < link.snapshotFrom) return;", to: '' },
    ],
  },
  {
    name: 'proposals are counted before NEWLEADER is acknowledged',
    edits: [
      // Proposals before NEWLEADER, as Apache's leaders send them.
      {
        file: 'synchronization.ts',
        from: 'else if (!link.observer) open.push(entry);',
        to: 'else if (!link.observer) this.host.send(link.id, new Packet(PacketType.proposal, entry.zxid, entry.payload));',
      },
      {
        file: 'leader.ts',
        from: "if (link.phase !== 'serving') {\n      if (zxid",
        to: 'if (false) {\n      if (zxid',
      },
      {
        file: 'learner.ts',
        from: "return !this.options.observer && this.stage !== 'synchronising'",
        to: 'return !this.options.observer',
      },
    ],
  },
  {
    name: 'a learner ahead of the leader is overlooked',
    edits: [
      { file: 'discovery.ts', from: 'if (this.isMoreRecent(currentEpoch, link.lastZxid)) {', to: 'if (false) {' },
    ],
  },
  {
    name: 'ZOOKEEPER-261: empty voters count',
    run: { losesDisks: true },
    edits: [
      { file: 'history-votes.ts', from: "if (kind !== 'empty') remembering.add(sid);", to: 'remembering.add(sid);' },
    ],
  },
  {
    name: 'a voter without a history counts as soon as it is synchronised',
    run: { losesDisks: true, shunsLeaders: true },
    edits: [
      { file: 'discovery.ts', from: 'link.isUnproven = link.isEmpty;', to: '' },
      { file: 'synchronization.ts', from: 'link.isUnproven = link.isEmpty && !emptyCount;', to: '' },
    ],
  },
  {
    name: 'a first start is believed in spite of voters with a history',
    edits: [{ file: 'history-votes.ts', from: 'return !this.hasStartedBefore && this.is', to: 'return this.is' }],
  },
  {
    name: 'the remains of a synchronisation count as a history',
    run: { losesDisks: true },
    edits: [
      {
        file: 'zxid.ts',
        from: 'return currentEpoch > 0 || (lastZxid > 0 && epochOf(lastZxid) === 0);',
        to: 'return currentEpoch > 0 || lastZxid > 0;',
      },
    ],
  },
  {
    name: 'an epoch is led twice',
    edits: [
      { file: 'learner.ts', from: '? currentEpoch : -1;', to: '? currentEpoch : currentEpoch;' },
      {
        file: 'discovery.ts',
        from: 'Math.max(this.epochWanted, link.acceptedEpoch + 1)',
        to: 'Math.max(this.epochWanted, link.acceptedEpoch)',
      },
    ],
  },
  {
    name: 'a connection that was replaced is still listened to',
    edits: [
      {
        file: 'learner-links.ts',
        from: "if (link !== newer && link.sid === newer.sid) this.drop(link, 'the learner has connected again');",
        to: '',
      },
    ],
  },
  {
    name: 'an older epoch is accepted',
    edits: [
      { file: 'learner.ts', from: 'if (epoch < accepted) throw', to: 'if (epoch < 0) throw' },
      { file: 'learner.ts', from: 'if (epoch > accepted) this.host', to: 'if (true) this.host' },
      { file: 'discovery.ts', from: 'if (link.acceptedEpoch > epoch) {', to: 'if (false) {' },
    ],
  },
  {
    name: 'a leader sends NEWLEADER without having taken the epoch for its own',
    edits: [
      { file: 'synchronization.ts', from: 'this.host.setCurrentEpoch(epochOf(this.inFlight.epochStart));', to: '' },
    ],
  },
  {
    name: 'a sync does not ask a quorum',
    run: { shunsLeaders: true },
    edits: [{ file: 'ping-rounds.ts', from: 'return answered.hasAllQuorums();', to: 'return true;' }],
  },
  {
    name: 'a sync does not wait for what is under way',
    edits: [{ file: 'leader.ts', from: 'if (barrier.zxid === undefined) return true;', to: 'return true;' }],
  },
  {
    name: 'a transaction is committed out of order',
    edits: [
      {
        file: 'broadcast.ts',
        from: 'if (head === undefined || !this.isOnQuorum(head.zxid)) return undefined;',
        to: 'if (head === undefined || !this.isOnQuorum((this.entries.at(0) as Entry).zxid)) return undefined;',
      },
    ],
  },
];

const ZAB = resolve(import.meta.dirname, '../../src/zab');
/** Where the rules about zxids are that the roles share with others. */
const JUTE = resolve(import.meta.dirname, '../../src/jute');
const MAX_SEEDS = Number(process.env.ZAB_MUTANT_SEEDS ?? 600);

/** Wherever in the rooms it lies: a mutant names a file, not its folder. */
function sourceNamed(file: string): string {
  const found = [ZAB, JUTE].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((path) => basename(path) === file)
      .map((path) => join(room, path)),
  );
  expect(found, `one file is named ${file}`).toHaveLength(1);
  return found[0] as string;
}

/** The roles, made from the source with the edits in it. */
async function mutated(edits: Mutant['edits'] = []): Promise<Roles> {
  const sources = new Map<string, string>();
  for (const { file, from, to } of edits) {
    const path = sourceNamed(file);
    const source = sources.get(path) ?? readFileSync(path, 'utf8');
    expect(source, `${file} has the text to replace`).toContain(from);
    sources.set(
      path,
      source.replace(from, () => to),
    );
  }
  const result = await build({
    stdin: {
      contents: "export { Leader } from './leader/leader.ts'; export { Learner } from './learner/learner.ts';",
      resolveDir: ZAB,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [
      {
        name: 'mutant',
        setup(api) {
          api.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = sources.get(path);
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  const code = Buffer.from((result.outputFiles[0] as { contents: Uint8Array }).contents).toString('base64');
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)) as Roles;
}

function firstFailure(roles: Roles, { run, faults }: Mutant): string | undefined {
  for (let seed = 1; seed <= MAX_SEEDS; seed++) {
    try {
      randomRun({ seed, steps: 700, roles, explain: false, ...run, ...(faults === undefined ? {} : { faults }) });
    } catch (error) {
      return `seed ${seed}, ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

test.each(MUTANTS)('$name: found', async (mutant) => {
  const { name } = mutant;
  const found = firstFailure(await mutated(mutant.edits), mutant);
  if (process.env.ZAB_MUTANTS !== undefined) console.log(`${name}: ${found}`);
  expect(found, `${name} survives ${MAX_SEEDS} histories`).toBeDefined();
});
