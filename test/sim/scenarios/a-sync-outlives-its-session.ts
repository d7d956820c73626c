import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a sync outlives its session',
  about: 'a session expires while its sync is asked of a leader that is far, and its client is back before the answer',
  voters: 3,
  mutant: 'answer the sync of a session that is over',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    const { network } = s.world.ensemble;
    const late = s.addClient('late', 1, 1000);
    s.until('a connection', () => late.isConnected);
    const { sessionId } = late.client;
    const [far, leader] = [s.view(1).machine.host, s.view(3).machine.host];
    const slow = { minDelayUs: 100_000, maxDelayUs: 100_000, bytesPerMs: 1000 };
    network.setSpeed(leader, far, slow);
    network.setSpeed(far, leader, slow);
    late.client.isDozing = true;
    s.until('its end', () => s.isBeingClosed(sessionId));
    // The leader alone knows it. The sync is behind it on the way there, and the client behind both on the way back.
    s.ask({ op: 'sync', path: '/' }, late);
    s.until('the loss of its connection', () => !late.isConnected);
    late.client.isDozing = false;
    late.moveTo('zk1');
    s.run(1000);
    network.setSpeed(leader, far, undefined);
    network.setSpeed(far, leader, undefined);
    s.until('another session', () => late.isConnected);
    s.write('/a', 'last');
  },
};
