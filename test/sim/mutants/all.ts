import { DATATREE_MUTANTS } from './datatree.ts';
import { ELECTION_MUTANTS } from './election.ts';
import type { Mutant } from './mutant.ts';
import { OBSERVER_MUTANTS } from './observers.ts';
import { QUORUM_MUTANTS } from './quorum.ts';
import { SERVER_MUTANTS } from './server.ts';
import { TXNLOG_MUTANTS } from './txnlog.ts';
import { ZAB_MUTANTS } from './zab.ts';

/**
 * The check on the checker: the production source with one thing broken, most of them bugs that ZooKeeper or one of its
 * kind once had. Random worlds have to find each. A file holds those that break its room first; the replacements are
 * made when the simulator is bundled.
 */
export const MUTANTS: readonly Mutant[] = [
  ...ZAB_MUTANTS,
  ...ELECTION_MUTANTS,
  ...TXNLOG_MUTANTS,
  ...QUORUM_MUTANTS,
  ...OBSERVER_MUTANTS,
  ...DATATREE_MUTANTS,
  ...SERVER_MUTANTS,
];
