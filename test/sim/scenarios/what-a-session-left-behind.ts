import { NO_BEHAVIOUR } from '../clients/behaviour.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'what a session left behind',
  about: 'a client that counts afresh comes back elsewhere, and is not given the answer to what it asked before',
  voters: 3,
  observers: 1,
  mutant: 'take a session over before what it left behind is known',
  play(s) {
    s.begin(3);
    s.create('/a', 'old');
    const kazoo = (name: string, sid: number) => {
      const client = s.addClient(name, sid, 8000, { ...NO_BEHAVIOUR, countsAfresh: true });
      s.until('a connection', () => client.isConnected);
      return client;
    };
    const { network } = s.world.ensemble;

    // An observer hears of a transaction when it is decided, and the disks are slow.
    const first = kazoo('first', 1);
    s.slowDisk(1500, 1, 2, 3);
    s.ask({ op: 'setData', path: '/nowhere', data: 'left', version: -1 }, first);
    s.run(50);
    first.moveTo('zk4');
    s.until('a connection elsewhere', () => first.isConnected);
    s.expect(s.do({ op: 'setData', path: '/a', data: 'mine', version: -1 }, first).err, 0, 'a write at the observer');
    s.expect(s.read('/a'), 'mine', 'the data');
    s.slowDisk(0.5, 1, 2, 3);
    s.run(5000);

    // Once to a follower that is far from its leader, elsewhere, and back to it before it heard.
    const second = kazoo('second', 1);
    const [far, leader] = [s.view(2).machine.host, s.view(3).machine.host];
    network.setSpeed(leader, far, { minDelayUs: 300_000, maxDelayUs: 300_000, bytesPerMs: 1000 });
    second.moveTo('zk2');
    s.run(150);
    second.moveTo('zk1');
    s.until('a connection to the first', () => second.isConnected);
    s.ask({ op: 'setData', path: '/nowhere', data: 'left', version: -1 }, second);
    s.run(5);
    second.moveTo('zk2');
    s.until('a connection to the second', () => second.isConnected);
    s.expect(s.do({ op: 'setData', path: '/a', data: 'again', version: -1 }, second).err, 0, 'a write at the follower');
    s.expect(s.read('/a'), 'again', 'the data');
    network.setSpeed(leader, far, undefined);
  },
};
