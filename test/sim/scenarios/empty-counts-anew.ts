import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { type Impostor, notificationOf } from '../script/scripted-host.ts';

export const scenario: Scenario = {
  name: 'an empty voter counts anew in every round',
  about: 'all have told it their history, then a new round begins, in which only one has: it abstains again',
  voters: 5,
  mutant: 'count an empty voter in all rounds once it counts',
  play(s) {
    s.begin(5);
    s.create('/a', 'old');
    s.wipe(1);
    s.kill(2, 3, 4, 5);
    const others = [2, 3, 4, 5].map((sid) => s.impostor(sid));
    const [first] = others as [Impostor];
    s.start(1);
    s.run(50);
    for (const other of others) other.connect(1);
    const say = (round: bigint, ...whose: readonly Impostor[]): void => {
      for (const one of whose) {
        const word = { state: 'looking', leader: one.sid, zxid: 0x100000002 as Zxid, round, peerEpoch: 1 } as const;
        one.say(1, notificationOf('today', word));
      }
    };
    for (let i = 0; i < 2; i++) {
      say(5n, ...others);
      s.run(20);
    }
    s.expect(s.electionOf(1).isAbstaining, false, 'it abstains when all have told');
    say(6n, first);
    s.run(20);
    s.expect(s.electionOf(1).isAbstaining, true, 'it abstains in the next round');
    say(6n, ...others);
    s.run(20);
    s.expect(s.electionOf(1).isAbstaining, false, 'it abstains when all have told again');
    for (const other of others) other.stranger.kill();
    const { network } = s.world.ensemble;
    for (const { sid } of others) network.setName(`zk${sid}`, { address: s.view(sid).machine.host.address });
    s.start(2, 3, 4, 5);
    s.untilServing();
    s.expect(s.electionOf(1).isAbstaining, false, 'it abstains when settled');
    s.expect(s.read('/a'), 'old', '/a');
  },
};
