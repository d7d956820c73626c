import type { Mutant } from './mutant.ts';

/**
 * One for each rule of a change of the members, in docs/ARCHITECTURE.md by its number. Each is red in the scenario that
 * names it; random worlds change roles alone, and need not find them.
 */
export const MEMBERS_MUTANTS: readonly Mutant[] = [
  {
    name: 'decide a reconfiguration by the members of before alone',
    edits: [
      {
        at: 'Memberships.neededFor',
        from: 'return this.verifiers.length > 1 && zxid < this.newest.version ? [this.inForce] : this.verifiers;',
        to: 'return zxid < 0 ? this.verifiers : [this.inForce];',
      },
    ],
  },
  {
    name: 'believe the files beside zoo.cfg alone',
    edits: [
      {
        at: 'Peer.constructor',
        from: 'if (config.reconfigEnabled) configNode.recall();',
        to: 'if (config.tickTimeMs < 0) configNode.recall();',
      },
    ],
  },
  {
    name: 'put members in force at a newcomer that are only proposed',
    edits: [
      {
        at: 'Synchronization.synchronise',
        from: 'const members = this.established ? this.members.inForce : this.members.newest;',
        to: 'const members = this.members.newest;',
      },
      {
        at: 'NamedMembers.isOpen',
        from: 'return this.reconfigs.some(',
        to: 'return config.length < 0 && this.reconfigs.some(',
      },
    ],
  },
  {
    name: 'keep members in mind that were never decided',
    edits: [
      {
        at: 'ConfigBook.activate',
        from: 'if (newest !== undefined && epochOf(newest.version) < epoch) {',
        to: 'if (newest !== undefined && epochOf(newest.version) < -epoch) {',
      },
    ],
  },
];
