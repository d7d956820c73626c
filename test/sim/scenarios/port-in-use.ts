import type { Scenario, Script } from '../script.ts';
import { QUORUM_PORT, Stranger } from '../stranger.ts';

/** Another program on the machine of `sid` has its quorum port. */
function occupy(s: Script, sid: number): Stranger {
  const { network, scheduler } = s.world.ensemble;
  const program = new Stranger(network, scheduler, 'another program', s.view(sid).machine.host);
  program.listen(QUORUM_PORT);
  return program;
}

export const scenario: Scenario = {
  name: 'the quorum port is in use',
  about: 'a leader waits for its port for a while, then gives up, and leads as soon as it is free',
  voters: 3,
  play(s) {
    s.start(1, 2);
    s.untilServing();
    s.create('/node');
    s.kill(1, 2);

    // Free in time.
    let program = occupy(s, 2);
    s.start(1, 2);
    s.run(700);
    program.kill();
    s.untilServing();
    s.expect(s.leader, 2, 'the leader');
    s.write('/node', 'free in time');
    s.kill(1, 2);

    // Not in time, and those who chose it look for another one as well.
    program = occupy(s, 2);
    const log = s.listen(2);
    s.start(1, 2);
    s.until('giving up', () => log.lines.some((line) => /cannot listen on quorum port/.test(line)));
    s.until('another attempt', () => log.lines.filter((line) => line.includes('not free yet')).length > 25);
    // It ends while it waits, and its port does not matter any more.
    s.restart(2);
    s.run(900);
    s.kill(2);
    program.kill();
    s.start(2, 3);
    s.untilServing();
    s.write('/node', 'free at last');
  },
};
