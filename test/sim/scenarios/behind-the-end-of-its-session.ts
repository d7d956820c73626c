import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'behind the end of its session',
  about:
    'a leader whose members have local sessions still knows the late write of a session that was known to all and is over',
  voters: 3,
  config: { localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true' },
  mutant: 'forget who has ended',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    const { network } = s.world.ensemble;
    const late = s.addClient('late', 1, 1000);
    s.do({ op: 'create', path: '/e', data: '', flags: 1 }, late);
    const { sessionId } = late.client;
    const [far, leader] = [s.view(1).machine.host, s.view(3).machine.host];
    const slow = { minDelayUs: 100_000, maxDelayUs: 100_000, bytesPerMs: 1000 };
    network.setSpeed(leader, far, slow);
    network.setSpeed(far, leader, slow);
    late.client.isDozing = true;
    s.until('its end', () => s.isBeingClosed(sessionId));
    // The leader alone knows it, and has decided by the time that this comes there.
    s.ask({ op: 'setData', path: '/a', data: 'late', version: -1 }, late);
    s.until('the loss of its connection', () => !late.isConnected);
    network.setSpeed(leader, far, undefined);
    network.setSpeed(far, leader, undefined);
    late.client.isDozing = false;
    s.until('another session', () => late.isConnected);
    s.expect(s.read('/a'), '', 'the data');
  },
};
