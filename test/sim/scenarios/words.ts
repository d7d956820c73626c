import type { Scenario } from '../script/script.ts';
import { ScriptedHost } from '../script/scripted-host.ts';
import { CLIENT_PORT } from '../world/machine.ts';

const EVERY_MS = 7;

export const scenario: Scenario = {
  name: 'four-letter words while roles change',
  about: 'every server answers at all times, and says truly what it is and how far it has come',
  voters: 3,
  observers: 1,
  play(s) {
    const { network, scheduler } = s.world.ensemble;
    const operator = new ScriptedHost(network, scheduler, 'operator');
    const heard = new Set<string>();
    const states = new Set<string>();
    const ask = (): void => {
      for (const view of s.world.observer.views) {
        if (!view.machine.isUp) continue;
        for (const word of ['mntr', 'conf', 'stat', 'srvr']) {
          const call = operator.dial(view.machine.host.name, CLIENT_PORT, Buffer.from(word));
          call.onReceived = () => {
            const state = /zk_peer_state\t(.*)/.exec(call.received.toString())?.[1];
            if (state !== undefined) heard.add(state);
          };
        }
        // A server that does not serve answers for metrics as well.
        const info = view.peer?.info;
        if (info === undefined) continue;
        states.add(info.quorum()?.peerState ?? '');
        info.leader();
      }
    };
    for (let ms = 0; ms < 4000; ms += EVERY_MS) scheduler.after(ms * 1000, undefined, ask);
    // Everything takes its time, so that there is time to ask.
    s.slowDisk(20, 1, 2, 3, 4);
    s.start(1, 2, 3, 4);
    s.untilServing();
    s.create('/node');
    s.kill(s.leader);
    s.run(1000);
    s.untilServing();
    s.run(3000);
    operator.kill();
    const wanted = ['looking', 'leading', 'following', 'observing'].flatMap((role) =>
      role === 'looking' ? [role] : ['discovery', 'synchronization', 'broadcast'].map((phase) => `${role} - ${phase}`),
    );
    for (const state of wanted) {
      s.expect(states.has(state), true, `${state} was there, beside ${[...states].sort().join(', ')}`);
      s.expect(heard.has(state), /broadcast/.test(state), `${state} was heard`);
    }
  },
};
