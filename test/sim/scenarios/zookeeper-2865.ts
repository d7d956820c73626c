import { makeZxid, zxidHex } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { lead, ScriptedLeader, ScriptedVoter } from '../script/scripted-servers.ts';
import { change } from './reconfigured.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-2865',
  about: 'power goes at every change of the files that keep the membership; they hold the one or the other',
  voters: 3,
  play(s) {
    s.begin();
    s.create('/node');
    s.untilServing();
    s.kill(1, 2, 3);
    s.start(1);
    const other = new ScriptedVoter(s, 2, [1], 3);
    const leader = new ScriptedLeader(s, 3, [1, 2]);
    const { disk } = s.view(1).machine;
    let crashes = 0;
    let isDone = false;
    for (let stopAt = 1; !isDone; stopAt++) {
      const led = lead(s, leader, 1, 'upToDate');
      let effects = 0;
      isDone = true;
      const { onEffect } = disk;
      disk.onEffect = (effect) => {
        if (!effect.path.startsWith('/etc') || ++effects < stopAt) return;
        disk.onEffect = onEffect;
        isDone = false;
        crashes++;
        s.powerLoss(1);
        throw new s.DeadProcess('at an effect');
      };
      // Decided, whether this follower can hear it or not.
      const version = led.own >= makeZxid(led.epoch, 1) ? led.own + 1 : makeZxid(led.epoch, 1);
      const text = stopAt % 2 === 0 ? '123' : '123 45';
      try {
        change(s, led, 0, text);
      } catch (error) {
        if (s.view(1).machine.isUp) throw error;
      }
      s.run(100);
      disk.onEffect = onEffect;
      s.start(1);
      s.run(1);
      const { failure } = s.view(1).machine;
      s.expect(failure, undefined, `what stops it after a crash at change ${stopAt}`);
      const listed = disk.read('/etc/zoo.cfg').toString();
      if (isDone) s.expect(listed.includes(`.dynamic.${zxidHex(version as never)}`), true, 'the file in zoo.cfg');
    }
    s.expect(crashes > 20, true, `crashes at many places, not ${crashes}`);
    other.stop();
    leader.stop();
    s.start(2);
    s.untilServing();
    s.start(3);
    s.untilServing();
  },
};
