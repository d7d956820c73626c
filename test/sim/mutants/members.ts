import type { Mutant } from './mutant.ts';
import { ORACLE_MUTANTS } from './oracle.ts';

/**
 * For each rule of a change of the members, in docs/ARCHITECTURE.md by its number, of what is refused, and of a hand-over.
 * Each is red in a scenario: the one that names it, or that it names.
 */
export const MEMBERS_MUTANTS: readonly Mutant[] = [
  {
    name: 'read a reconfiguration of any length',
    edits: [
      {
        at: 'membersAfter',
        from: 'if (joining.length + leaving.length + members.length > TEXT_MAX_CHARS) {',
        to: 'if (joining.length < 0) {',
      },
    ],
  },
  {
    name: 'hold what is asked of a leader without a limit',
    edits: [
      {
        at: 'HeldRoom.take',
        from: 'return this.bytes <= (this.most() ?? MAX_HELD_BYTES);',
        to: 'return this.bytes >= 0;',
      },
    ],
  },
  {
    name: 'decide a reconfiguration by the members of before alone',
    edits: [
      {
        at: 'Memberships.neededFor',
        from: 'return this.counted.length > 1 && zxid < this.newest.version ? this.counted.slice(0, 1) : this.counted;',
        to: 'return zxid < 0 ? this.counted : this.counted.slice(0, 1);',
      },
    ],
  },
  {
    name: 'believe the files beside zoo.cfg alone',
    edits: [
      {
        at: 'Peer.constructor',
        from: 'if (config.reconfigEnabled) this.configNode.recall();',
        to: 'if (config.tickTimeMs < 0) this.configNode.recall();',
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
  {
    name: 'ask for members while others are not decided',
    scenario: 'two reconfigurations at once, one without a quorum, and a joiner that dies half-way',
    edits: [
      {
        at: 'Reconfigurations.next',
        from: 'if (lastSeen !== undefined) throw new Refused(',
        to: 'if (lastSeen !== undefined && active.version < 0) throw new Refused(',
      },
    ],
  },
  {
    name: 'change members of another version than the one that was named',
    scenario: 'reconfigurations that are refused',
    edits: [
      {
        at: 'Reconfigurations.next',
        from: 'if (curConfigId !== ANY_VERSION && curConfigId',
        to: 'if (curConfigId < ANY_VERSION && curConfigId',
      },
    ],
  },
  {
    name: 'propose members of which no quorum follows',
    scenario: 'two reconfigurations at once, one without a quorum, and a joiner that dies half-way',
    edits: [
      {
        at: 'Reconfigurations.next',
        from: 'if (!next.containsQuorum(this.leader.following)) throw new NoQuorum(next);',
        to: 'if (next.voters.size < 0) throw new NoQuorum(next);',
      },
    ],
  },
  {
    name: 'let all voters go',
    scenario: 'reconfigurations that are refused',
    edits: [{ at: 'membersAfter', from: 'if (after.voters.size < least)', to: 'if (after.voters.size < least - 9)' }],
  },
  {
    name: 'give two servers one address',
    scenario: 'reconfigurations that are refused',
    edits: [
      {
        at: 'refuseSharedAddresses',
        from: 'if (owner !== undefined && owner !== sid) {',
        to: 'if (owner !== undefined && owner < -sid) {',
      },
    ],
  },
  {
    name: 'let anybody change the members',
    scenario: 'reconfigurations that are refused',
    edits: [
      {
        at: 'prepareReconfig',
        from: 'if (!isPermitted(context, node.acl, Perm.write)) return',
        to: 'if (context.zxid < 0 && !isPermitted(context, node.acl, Perm.write)) return',
      },
    ],
  },
  {
    name: 'let a joiner have no port for clients',
    scenario: 'reconfigurations that are refused',
    edits: [
      {
        at: 'readJoining',
        from: 'if (spec.client === undefined) throw',
        to: 'if (spec.client === undefined && sid < 0) throw',
      },
    ],
  },
  {
    name: 'hand over to a new member that does not follow',
    scenario: 'the only new member is gone when it is decided',
    edits: [
      {
        at: 'Leader.commitReconfig',
        from: 'successorAmong(this.links.followers(), this.proposals, newest);',
        to: '[...newest.voters][0];',
      },
    ],
  },
  {
    name: 'be established by the members in force alone',
    scenario: 'members that were proposed and not decided',
    edits: [
      {
        at: 'leaderOptions',
        from: 'verifiers: lastSeen === undefined ? [active] : [active, lastSeen],',
        to: 'verifiers: lastSeen === undefined ? [active] : [active],',
      },
    ],
  },
  {
    name: 'hand over without waiting for who takes over',
    scenario: 'a hand-over that comes to nothing',
    edits: [
      {
        at: 'Transfer.successor',
        from: 'if (this.since === undefined || this.proposals.outstanding > 0) return undefined;',
        to: 'if (this.since === undefined) return undefined;',
      },
      { at: 'Transfer.hasAll', from: 'return proposed === opened ||', to: 'return proposed >= opened ||' },
    ],
  },
  {
    name: 'wait for a hand-over without end',
    scenario: 'a hand-over that comes to nothing',
    edits: [
      {
        at: 'Transfer.failure',
        from: 'if (this.since === undefined) return undefined;',
        to: 'if (this.since !== -1) return undefined;',
      },
    ],
  },
  {
    name: 'hand over while the members are not decided',
    scenario: 'a hand-over while the members change',
    edits: [
      {
        at: 'Transfer.begin',
        from: 'if (this.members.all.length > 1) return',
        to: 'if (this.members.all.length > 9) return',
      },
    ],
  },
  {
    name: 'stop a leader without a hand-over',
    scenario: 'a leader that is told to stop',
    edits: [
      {
        at: 'Peer.leave',
        from: 'if (this.asked.begin(undefined, () => this.close(done)) !== undefined) this.close(done);',
        to: 'this.close(done);',
      },
    ],
  },
  {
    name: 'leave before the others were told',
    scenario: 'a leader that is told to stop',
    edits: [
      {
        at: 'HandOver.isComplete',
        from: 'return staying.length === 0 || links.now - this.since >= HALF_TICKS;',
        to: 'return staying.length >= 0;',
      },
      {
        at: 'Leader.maybeTransfer',
        from: 'if (successor !== undefined) this.handOver(successor, this.planned.complete(successor));',
        to: 'if (successor !== undefined) { this.handOver(successor, this.planned.complete(successor)); this.maybeLeave(this.handedOver as HandOver); }',
      },
    ],
  },
  {
    name: 'look for a leader although one was named',
    scenario: 'a leader that is told to stop',
    edits: [
      {
        at: 'Peer.onRoleOver',
        from: 'if (next === undefined) this.lookAfterTurn();',
        to: 'if (next !== -1) this.lookAfterTurn();',
      },
    ],
  },
  {
    name: 'drop what waited for a hand-over that came to nothing',
    scenario: 'a hand-over that comes to nothing',
    edits: [
      {
        at: 'LeaderRequests.release',
        from: 'for (let asked = this.held.shift(); asked !== undefined; asked = this.held.shift()) this.turn.ask(asked);',
        to: 'this.held.clear();',
      },
    ],
  },
  {
    name: 'drop what learners asked during a hand-over that came to nothing',
    scenario: 'a hand-over that comes to nothing',
    edits: [
      {
        at: 'Leading.replayHeld',
        from: 'this.deliver(next.learner, next.packet);',
        to: '',
      },
    ],
  },
  {
    name: 'ask what waited for one hand-over during the next',
    scenario: 'a hand-over that comes to nothing, and another one at once',
    edits: [
      {
        at: 'Leading.replayHeld',
        from: 'while (!this.over && !this.core.isTransferring) {',
        to: 'while (!this.over) {',
      },
    ],
  },
  {
    name: 'lead on though left out by what was decided here',
    scenario: 'a leader that leaves, and nobody elects',
    edits: [{ at: 'Leader.commitReconfig', from: 'if (!isLeader) this.handOver(next);', to: '' }],
  },
  {
    name: 'forget at the leader what its history decided',
    scenario: 'a leader alone has the new members in its history',
    edits: [{ at: 'ConfigBook.adoptProposed', from: 'if (this.newest !== undefined) this', to: 'if (false) this' }],
  },
  {
    name: 'two hand-overs at once',
    scenario: 'a hand-over while the counter runs out',
    edits: [
      {
        at: 'Leader.transfer',
        from: "if (this.isTransferring) return 'it is handed over already';",
        to: '',
      },
    ],
  },
  {
    name: 'roll over only at the end',
    scenario: 'an epoch whose counter runs out ends without an election',
    edits: [
      {
        at: 'Leader.maybeRollOver',
        from: 'if (this.hasRolledOver || left >',
        to: 'if (this.maxCounter > 0 || left >',
      },
    ],
  },
  {
    name: 'follow one who may not lead',
    scenario: 'a leader hands over to an observer',
    edits: [
      {
        at: 'Peer.goTo',
        from: 'if (book.active.weightOf(leader) === 0) {',
        to: 'if (book.active.weightOf(leader) < 0) {',
      },
    ],
  },
  ...ORACLE_MUTANTS,
];
