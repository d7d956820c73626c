import type { Mutant } from './mutant.ts';

/** Of observers: behind followers, and without a log. */
export const OBSERVER_MUTANTS: readonly Mutant[] = [
  {
    name: 'answer a sync before what was decided before it is shown',
    scenario: 'observers behind followers',
    edits: [{ at: 'ObserverMaster.answerSyncs', from: 'head.zxid <= lastZxid', to: 'head.zxid >= 0' }],
  },
  {
    name: 'cut an observer to the tree of a follower that is behind',
    scenario: 'an observer ahead of its follower',
    edits: [{ at: 'ObserverMaster.synchronise', from: 'if (this.isAhead(link)) return;', to: '' }],
  },
  {
    name: 'tell observers of a reconfiguration as of any other transaction',
    scenario: 'other members, with observers behind followers',
    edits: [{ at: 'ObserverMaster.informOf', from: 'if (!isReconfig(payload)) return', to: 'if (zxid > 0) return' }],
  },
  {
    name: 'vote with a history that is not on disk',
    scenario: 'an observer without a log',
    edits: [
      { at: 'Replica.settle', from: 'if (!this.ahead) return false;', to: 'if (this.committed >= 0) return false;' },
    ],
  },
];
