import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'the file initialize',
  about: "two of three start for the first time, one with the operator's word: they do not wait for the third",
  voters: 3,
  play(s) {
    for (const sid of [1, 2]) s.view(sid).machine.disk.put('/data/initialize', Buffer.alloc(0));
    s.itBegins();
    s.start(1, 2);
    s.until('a leader', () => s.leader !== 0, 1500);
    s.create('/a');
    for (const sid of [1, 2]) {
      s.expect(s.view(sid).machine.disk.list('/data').includes('initialize'), false, 'the file is still there');
    }
    s.start(3);
    s.until('the third', () => s.isServing(3), 5000);

    // Alone, and others come in ever later rounds: the word holds in each of them.
    s.wipe(1);
    s.view(1).machine.disk.put('/data/initialize', Buffer.alloc(0));
    s.kill(2, 3);
    const other = s.impostor(3);
    s.start(1);
    s.run(500);
    s.expect(s.electionOf(1).isAbstaining, false, 'it abstains');
    other.connect(1);
    const word = { state: 'looking', leader: 3, zxid: 0 as Zxid, round: 9n, peerEpoch: 0 } as const;
    other.say(1, notificationOf('today', word));
    s.run(50);
    s.expect(s.electionOf(1).isAbstaining, false, 'it abstains');
    s.expect(s.electionOf(1).currentVote.round, 9n, 'its round');
    // It did not come to more than that: with its own empty history it must not lead those who have one.
    other.stranger.kill();
    s.kill(1);
    s.view(1).machine.wipe();
  },
};
