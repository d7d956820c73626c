import type { Mutant } from './mutant.ts';

/** For each rule by which one of two voters leads alone. */
export const ORACLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'count no word of an oracle at the leader',
    edits: [{ at: 'LoneLead.ask', from: 'this.permitted = this.oracle.permits();', to: 'this.permitted = false;' }],
  },
  {
    name: 'count no word of an oracle in an election',
    scenario: 'an oracle lets one of two go on',
    edits: [
      {
        at: 'Electorate.quorumOf',
        from: 'return oracle === undefined ? verifier : quorumWithOracle(',
        to: 'return this.self > 0 ? verifier : quorumWithOracle(',
      },
    ],
  },
  {
    name: 'take an oracle that says nothing for a yes',
    edits: [
      {
        at: 'OracleFile.read',
        from: '} catch (error) {',
        to: "} catch (error) { if (this.path !== '') return 'yes';",
      },
    ],
  },
  {
    name: 'lead beside the other one of two',
    scenario: 'an oracle lets one of two go on',
    edits: [
      {
        at: 'FastLeaderElection.isOfLoneLeader',
        from: 'return this.electorate.mayHaveLoneLeader && ',
        to: 'return this.self < 0 && ',
      },
    ],
  },
  {
    name: 'decide alone although the other one of two follows',
    scenario: 'an oracle lets one of two go on',
    edits: [{ at: 'LoneLead.end', from: 'this.permitted = false;', to: '' }],
  },
  {
    name: 'let both of two take one epoch alone',
    edits: [
      {
        at: 'LoneLead.epochFrom',
        from: 'if (this.oracle === undefined || pair === undefined) return wanted;',
        to: 'if (this.oracle === undefined || pair === undefined || wanted > 0) return wanted;',
      },
    ],
  },
];
