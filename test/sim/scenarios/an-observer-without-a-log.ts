import type { Scenario, Script } from '../script/script.ts';
import { change, expectVoters, line, config as mayReconfigure } from './members-that-change.ts';

/** Ends of the log and of the tree. */
function ends(s: Script, sid: number): { log: number; tree: number } {
  const parts = s.view(sid).peer?.parts;
  return { log: parts?.store.lastDurable ?? -1, tree: parts?.replica.database.lastProcessedZxid ?? -1 };
}

function isAhead(s: Script, sid: number): boolean {
  const { log, tree } = ends(s, sid);
  return tree > log;
}

export const scenario: Scenario = {
  name: 'an observer without a log',
  about: 'it shows what is decided, has nothing of it after a restart, and comes back to it; as a voter it logs',
  voters: 3,
  observers: 1,
  recentBytes: 2000,
  config: { ...mayReconfigure, syncEnabled: 'false' },
  mutant: 'vote with a history that is not on disk',
  play(s) {
    s.begin(3);
    s.create('/a', 'first');
    s.until('service by the observer', () => s.isServing(4));
    const client = s.addClient('of the observer', 4);
    s.expect(s.read('/a', client), 'first', 'what it shows');
    s.expect(isAhead(s, 4), true, 'the tree is ahead of the disk');
    s.expect(s.files(4, 'log.').length, 0, 'logs');
    // It loses its leader, and lacks only what was written meanwhile.
    s.isolate(4);
    s.write('/a', 'second');
    s.heal();
    s.until('service by the observer', () => s.isServing(4));
    s.expect(s.read('/a', client), 'second', 'what it shows');
    s.powerLoss(4);
    for (let i = 0; i < 40; i++) s.write('/a', `${i}`);
    s.start(4);
    s.untilServing();
    s.expect(s.read('/a', client), '39', 'what it shows after a restart');
    const snapshot = s.view(4).peer;
    let refusal: string | undefined;
    s.write('/a', 'not on its disk');
    s.until('what it shows', () => isAhead(s, 4));
    snapshot?.takeSnapshot((error) => {
      refusal = error?.message;
    });
    s.expect(refusal?.includes('syncEnabled=false'), true, `no snapshot of it: ${refusal}`);
    // A voter from now on, which logs; one that has not all of it on disk first goes back to what it has.
    s.expect(change(s, line(4)).err, 0, 'a voter more');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
    s.untilServing();
    s.write('/a', 'voted');
    s.run(500);
    s.expect(isAhead(s, 4), false, 'the tree is ahead of the disk');
    s.powerLoss(1, 2, 3, 4);
    s.start(1, 2, 3, 4);
    s.untilServing();
    s.expect(s.read('/a'), 'voted', 'what all show');
    s.expect(change(s, line(4, 'observer')).err, 0, 'an observer again');
    expectVoters(s, '1,2,3', 1, 2, 3, 4);
    s.untilServing();
    s.write('/a', 'observed');
  },
};
