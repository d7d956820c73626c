import type { Scenario, Script } from '../script/script.ts';

function electionsOf(s: Script): number {
  return [1, 2, 3].reduce((sum, sid) => sum + s.said(sid, 'the election is over'), 0);
}

export const stopped: Scenario = {
  name: 'a leader that is told to stop',
  about: 'it hands over to a follower that has everything: the others need no election, and lose nothing',
  voters: 3,
  play(s) {
    s.begin();
    const load = s.addLoad();
    s.create('/a', '0');
    for (let i = 0; i < 3; i++) {
      const { leader } = s;
      const elections = electionsOf(s);
      let isEnded = false;
      s.view(leader).machine.stop(() => {
        isEnded = true;
      });
      s.until('its end', () => isEnded, 3000);
      s.until('another leader', () => s.leader !== 0 && s.leader !== leader, 300);
      s.expect(electionsOf(s), elections, 'elections');
      s.write('/a', `after ${i}`);
      s.start(leader);
      s.untilServing();
    }
    s.expect(load.isServed, true, 'the load is served');
  },
};

export const counterRunsOut: Scenario = {
  name: 'a counter that is nearly used up',
  about: 'the leader hands over before it is, again and again, and nobody needs an election',
  voters: 3,
  counterLimit: 40,
  play(s) {
    s.begin();
    s.create('/a', '0');
    const elections = electionsOf(s);
    const { epoch } = { epoch: s.view(1).currentEpoch };
    for (let i = 0; i < 150; i++) s.write('/a', `${i}`);
    s.expect(s.view(1).currentEpoch >= epoch + 3, true, 'three epochs more');
    s.expect(electionsOf(s), elections, 'elections');
    s.expect(s.said(1, 'is used up') + s.said(2, 'is used up') + s.said(3, 'is used up'), 0, 'counters used up');
  },
};
