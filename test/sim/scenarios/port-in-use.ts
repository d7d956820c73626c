import type { Scenario, Script } from '../script/script.ts';
import { QUORUM_PORT, ScriptedHost } from '../script/scripted-host.ts';

/** Another program on the machine of `sid` has its quorum port. */
function occupy(s: Script, sid: number): ScriptedHost {
  const { network, scheduler } = s.world.ensemble;
  const program = new ScriptedHost(network, scheduler, 'another program', s.view(sid).machine.host);
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

    // One of two is in use for good: the other does.
    const { network } = s.world.ensemble;
    for (const sid of [1, 2, 3]) {
      s.kill(sid);
      network.setName(`other${sid}`, { address: s.view(sid).machine.host.address });
      s.edit(sid, (text) => {
        const two = text.replace(/^(server\.\d=.*):participant$/gm, '$1|OTHER:2889:3889:participant');
        return `${two.replace(/(server\.(\d).*)OTHER/g, '$1other$2')}multiAddress.enabled=true\n`;
      });
    }
    const { scheduler } = s.world.ensemble;
    const second = new ScriptedHost(network, scheduler, 'yet another program', s.view(3).machine.host);
    second.listen(2889);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.leader, 3, 'the leader');
    s.run(4000);
    s.expect(s.said(3, 'learners cannot come by this address') > 0, true, 'a warning');
    s.write('/node', 'by one address');
    second.kill();
  },
};
