import { resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { type Edit, EditedSource } from '../source/edited-source.ts';
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
  readonly edits?: readonly Edit[];
}

const MUTANTS: readonly Mutant[] = [
  { name: 'ZOOKEEPER-4646: acknowledged before it is on disk', faults: { ackBeforeSync: true } },
  { name: 'ZOOKEEPER-4643: currentEpoch before the transactions', faults: { currentEpochBeforeSync: true } },
  { name: 'TRUNC is not carried out', faults: { skipTruncate: true } },
  {
    name: 'committed with half of the voters',
    edits: [
      {
        at: 'Proposals.isOnQuorum',
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size < Math.floor(verifier.voters.size / 2)) return false;',
      },
    ],
  },
  {
    name: 'observers are counted',
    edits: [
      {
        at: 'Discovery.onInfo',
        from: 'link.voter = !link.observer && this.members.isVoter(link.sid);',
        to: 'link.voter = true;',
      },
      { at: 'Leader.countAck', from: 'if (link.observer) return;', to: '' },
      {
        at: 'Proposals.isOnQuorum',
        from: 'if (!verifier.containsQuorum(quorum)) return false;',
        to: 'if (quorum.size * 2 <= verifier.voters.size) return false;',
      },
      {
        at: 'Synchronization.synchronise',
        from: 'else if (!link.observer) open.push(entry);',
        to: 'else open.push(entry);',
      },
      {
        at: 'Leader.propose',
        from: 'if (!link.forwarding || link.observer) continue;',
        to: 'if (!link.forwarding) continue;',
      },
      {
        at: 'Learner.onProposal',
        from: "if (this.stage === 'serving' && this.options.observer) return;",
        to: '',
      },
      {
        at: 'Learner.mayAcknowledge',
        from: "return !this.options.observer && this.stage !== 'synchronising'",
        to: "return this.stage !== 'synchronising'",
      },
    ],
  },
  {
    name: 'the committed transactions in memory are forgotten in a DIFF',
    edits: [
      {
        at: 'fromMemory',
        from: "return plan('diff', (entries.at(-1) as Entry).zxid, missing);",
        to: "return plan('diff', (entries.at(-1) as Entry).zxid, NOTHING);",
      },
    ],
  },
  {
    name: 'what is under way is forgotten in a synchronisation, and the learner does not mind',
    edits: [
      {
        at: 'Synchronization.synchronise',
        from: 'this.proposals.forEachAbove(plan.reaches,',
        to: 'this.proposals.forEachAbove(this.proposals.proposed,',
      },
      { at: 'Learner.accept', from: '!follows(this.lastZxid, zxid)', to: 'false' },
      { at: 'Learner.expectNext', from: 'if (next === zxid) return;', to: 'return;' },
    ],
  },
  {
    name: 'a learner is cut to the tree of the leader instead of the last commit',
    run: { losesDisks: false, slowLeaders: true },
    edits: [{ at: 'Synchronization.synchronise', from: 'this.proposals.decidedAbove(treeZxid)', to: '[]' }],
  },
  {
    name: 'acknowledgements outlive the cut of the log they were for',
    edits: [{ at: 'Synchronization.synchronise', from: 'this.proposals.forget(link.sid);', to: '' }],
  },
  {
    name: 'a snapshot may be older than what the learner helped to commit',
    run: { forcesSnapshots: true, losesDisks: false, slowLeaders: true },
    edits: [
      {
        at: 'Synchronization.synchronise',
        from: "if (plan.kind === 'snap' && treeZxid < link.catchUp.snapshotFrom) return;",
        to: '',
      },
    ],
  },
  {
    name: 'proposals are counted before NEWLEADER is acknowledged',
    edits: [
      // Proposals before NEWLEADER, as Apache's leaders send them.
      {
        at: 'Synchronization.synchronise',
        from: 'else if (!link.observer) open.push(entry);',
        to: 'else if (!link.observer) link.wire.send(new Packet(PacketType.proposal, entry.zxid, entry.payload));',
      },
      {
        at: 'Leader.onAck',
        from: "if (link.phase !== 'serving') { if (zxid",
        to: 'if (false) {\n      if (zxid',
      },
      {
        at: 'Learner.mayAcknowledge',
        from: "return !this.options.observer && this.stage !== 'synchronising'",
        to: 'return !this.options.observer',
      },
    ],
  },
  {
    name: 'a learner ahead of the leader is overlooked',
    edits: [
      { at: 'Discovery.onAckEpoch', from: 'if (this.isMoreRecent(currentEpoch, link.lastZxid)) {', to: 'if (false) {' },
    ],
  },
  {
    name: 'ZOOKEEPER-261: empty voters count',
    run: { losesDisks: true },
    edits: [
      { at: 'HistoryVotes.counted', from: "if (kind !== 'empty') remembering.add(sid);", to: 'remembering.add(sid);' },
    ],
  },
  {
    name: 'a voter without a history counts as soon as it is synchronised',
    run: { losesDisks: true, shunsLeaders: true },
    edits: [
      { at: 'Discovery.onAckEpoch', from: 'link.isUnproven = link.isEmpty;', to: '' },
      { at: 'Synchronization.begin', from: 'link.isUnproven = link.isEmpty && !emptyCount;', to: '' },
    ],
  },
  {
    name: 'a first start is believed in spite of voters with a history',
    edits: [{ at: 'HistoryVotes.isFirstStart', from: 'return !this.hasStartedBefore &&', to: 'return' }],
  },
  {
    name: 'the remains of a synchronisation count as a history',
    run: { losesDisks: true },
    edits: [
      {
        at: 'isWholeHistory',
        from: 'return currentEpoch > 0 || (lastZxid > 0 && epochOf(lastZxid) === 0);',
        to: 'return currentEpoch > 0 || lastZxid > 0;',
      },
    ],
  },
  {
    name: 'an epoch is led twice',
    edits: [
      { at: 'claimFor', from: '? currentEpoch : -1', to: '? currentEpoch : currentEpoch' },
      {
        at: 'Discovery.admit',
        from: 'Math.max(this.epochWanted, link.acceptedEpoch + 1)',
        to: 'Math.max(this.epochWanted, link.acceptedEpoch)',
      },
    ],
  },
  {
    name: 'a connection that was replaced is still listened to',
    edits: [
      {
        at: 'Rivals.meet',
        from: 'if (older === undefined) {',
        to: 'if (older !== null) {',
      },
    ],
  },
  {
    name: 'an older epoch is accepted',
    edits: [
      { at: 'Learner.onLeaderInfo', from: 'if (epoch < accepted) throw', to: 'if (epoch < 0) throw' },
      { at: 'Learner.onLeaderInfo', from: 'if (epoch > accepted) this.ports', to: 'if (true) this.ports' },
      { at: 'Discovery.offerEpoch', from: 'if (link.acceptedEpoch > epoch) {', to: 'if (false) {' },
    ],
  },
  {
    name: 'a leader sends NEWLEADER without having taken the epoch for its own',
    edits: [{ at: 'Synchronization.begin', from: 'this.epochs.setCurrent(epochOf(epochStart));', to: '' }],
  },
  {
    name: 'a sync does not ask a quorum',
    run: { shunsLeaders: true },
    edits: [{ at: 'PingRounds.isAnswered', from: 'return answered.hasAllQuorums();', to: 'return true;' }],
  },
  {
    name: 'a sync does not wait for what is under way',
    edits: [{ at: 'Leader.isReached', from: 'if (zxid === undefined) return true;', to: 'return true;' }],
  },
  {
    name: 'a transaction is committed out of order',
    edits: [
      {
        at: 'Proposals.nextCommit',
        from: 'if (head === undefined || !(this.isReached(head.zxid) || this.isOnQuorum(head.zxid))) return undefined;',
        to: 'if (head === undefined || !this.isOnQuorum((this.entries.at(0) as Entry).zxid)) return undefined;',
      },
    ],
  },
  {
    name: 'a quorum that is found once counts for all that is proposed',
    edits: [
      {
        at: 'Proposals.isOnQuorum',
        from: 'if (acked >= zxid && acked < least) least = acked;',
        to: '',
      },
    ],
  },
];

const ZAB = resolve(import.meta.dirname, '../../src/zab');
const MAX_SEEDS = Number(process.env.ZAB_MUTANT_SEEDS ?? 600);

/** The roles, made from the source with the edits in it. */
async function mutated(edits: Mutant['edits'] = []): Promise<Roles> {
  const source = new EditedSource(edits);
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
            const contents = source.textOf(path);
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
