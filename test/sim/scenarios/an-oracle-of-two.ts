import type { Scenario, Script } from '../script/script.ts';

/** Two voters, each with a file in which somebody outside says whether it may lead without the other one. */
const TWO = { voters: 2, config: { oraclePath: '/oracle' } } as const;

/** The one that may go on alone; 0: neither. */
function permit(s: Script, permitted: number, also = 0): void {
  for (const sid of [1, 2]) says(s, sid, sid === permitted || sid === also ? '1\n' : '0\n');
  s.world.quorum = (holders) => holders.size === 2 || holders.has(permitted) || holders.has(also);
}

function says(s: Script, sid: number, word: string): void {
  s.view(sid).machine.disk.put('/oracle', Buffer.from(word));
}

export const goesOn: Scenario = {
  name: 'an oracle lets one of two go on',
  about:
    'the other one dies: the leader goes on, or the follower leads; whoever comes back follows, whatever its oracle says',
  ...TWO,
  mutant: 'count no word of an oracle at the leader',
  play(s) {
    permit(s, 0);
    s.begin(2);
    s.create('/a', 'both');
    permit(s, 2);
    s.kill(1);
    const { client } = s;
    s.flood('/a', 5, client);
    s.write('/a', 'the leader alone');
    s.expect(s.leader, 2, 'the leader');
    s.expect(s.said(2, 'role over'), 0, 'ends of its role');
    permit(s, 2, 1);
    s.start(1);
    s.untilServing();
    s.expect(s.leader, 2, 'the leader still');
    // With the other one back its word counts for nothing any more.
    s.world.quorum = (holders) => holders.size === 2;
    s.slowDisk(20, 1);
    s.write('/a', 'both again');
    permit(s, 1);
    s.kill(2);
    s.until('the follower leads alone', () => s.leader === 1, 10_000);
    s.expect(s.read('/a'), 'both again', 'what is written');
    s.write('/a', 'the other one alone');
    permit(s, 0);
    // What it decided alone is on its disk alone, so the other one waits for it.
    s.until('the end of its lead', () => s.leader === 0, 10_000);
    s.start(2);
    s.untilServing();
    s.expect(s.read('/a'), 'the other one alone', 'what is written');
  },
};

export const saysNo: Scenario = {
  name: 'an oracle that says no',
  about:
    'nobody leads alone with a no, with a file that is not there, or without a history; a yes that comes late counts',
  ...TWO,
  mutant: 'take an oracle that says nothing for a yes',
  play(s) {
    permit(s, 0);
    s.begin(2);
    s.create('/a', 'both');
    s.kill(1);
    s.until('the end of the leader', () => s.leader === 0, 10_000);
    s.run(5000);
    s.expect(s.leader, 0, 'a leader with a no');
    s.view(2).machine.disk.remove('/oracle');
    s.run(5000);
    s.expect(s.leader, 0, 'a leader with nothing');
    s.expect(s.said(2, 'no, for it cannot be read') > 0, true, 'it says why');
    says(s, 2, '');
    s.run(3000);
    s.expect(s.leader, 0, 'a leader with an empty file');
    permit(s, 2);
    s.until('a leader with a yes', () => s.leader === 2, 5000);
    s.write('/a', 'alone');
    s.start(1);
    s.untilServing();
    // Its disk is lost, and the one that has everything is away: a yes does not make up for that.
    s.wipe(1);
    says(s, 1, '1\n');
    s.kill(2);
    s.start(1);
    s.run(20_000);
    s.expect(s.leader, 0, 'a leader without a history');
    s.start(2);
    s.untilServing();
    s.expect(s.read('/a'), 'alone', 'what is written');
  },
};

export const ofThree: Scenario = {
  name: 'an oracle of three',
  about: 'it is not asked: one of three does not lead, and two of three need no word',
  voters: 3,
  config: { oraclePath: '/oracle' },
  play(s) {
    for (const sid of [1, 2, 3]) says(s, sid, '1\n');
    s.begin();
    s.create('/a', 'three');
    const { leader } = s;
    const [first, second] = s.followers as [number, number];
    s.kill(first);
    s.write('/a', 'two');
    s.kill(second);
    s.until('the end of the leader', () => s.leader === 0, 10_000);
    s.run(10_000);
    s.expect(s.said(leader, 'the oracle was asked'), 0, 'questions to the oracle');
    s.start(first, second);
    s.untilServing();
  },
};

export const oneAfterTheOther: Scenario = {
  name: 'an oracle lets one of two lead after the other',
  about: 'they do not take the same epoch, though neither can know which one the other took',
  ...TWO,
  mutant: 'let both of two take one epoch alone',
  play(s) {
    permit(s, 0);
    s.begin(2);
    s.create('/a', 'both');
    for (const sid of [1, 2, 1]) {
      s.kill(1, 2);
      permit(s, sid);
      s.start(sid);
      s.until(`${sid} leads alone`, () => s.leader === sid, 10_000);
    }
    s.start(2);
    s.untilServing();
    s.write('/a', 'both again');
  },
};
