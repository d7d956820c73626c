import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'CH-65198',
  about: 'a write arrives while the close of its session is on its way, and is refused everywhere',
  voters: 3,
  mutant: 'let a session that is being closed go on',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 6; i++) {
      const leaving = s.addClient(`leaving ${i}`, (i % 3) + 1);
      s.ask({ op: 'setData', path: '/a', data: `${i}`, version: -1 }, leaving);
      s.ask({ op: 'create', path: `/e${i}`, data: '', flags: 1 }, leaving);
      s.ask({ op: 'close' }, leaving);
      leaving.stop();
      leaving.do({ op: 'create', path: `/late${i}`, data: '', flags: 1 });
      s.run(20);
    }
    // A client's request is held up on its way to the leader until its session is given up there.
    const { network } = s.world.ensemble;
    const [one, three] = [s.view(1).machine.host, s.view(3).machine.host];
    for (let i = 0; i < 4; i++) {
      const held = s.addClient(`held ${i}`, 1, 1000);
      s.until('a connection', () => held.isConnected);
      s.slowDisk(300, 2, 3);
      network.cut(one, three);
      s.ask({ op: 'create', path: `/held${i}`, data: '', flags: 1 }, held);
      s.run(20);
      const session = held.client.sessionId;
      held.stop();
      held.client.kill();
      s.until('the close', () => s.isBeingClosed(session));
      s.run(10);
      network.heal(one, three);
      s.run(2000);
      s.slowDisk(0.5, 2, 3);
      s.untilServing();
    }
    s.until(
      'the end of all ephemerals',
      () => s.do({ op: 'children', path: '/', watch: false }).children?.length === 2,
    );
  },
};
