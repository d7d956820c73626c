import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'last words',
  about: 'a session wakes up and asks for all kinds of things while it is being closed, on the leader and elsewhere',
  voters: 3,
  config: { syncLimit: 30 },
  mutant: 'let a session that is being closed go on',
  play(s) {
    s.begin(3);
    s.create('/k0');
    s.itBegins();
    for (const sid of [1, 3]) {
      for (const slow of [[1, 2, 3], [sid]]) {
        const late = s.addClient(`late ${sid} ${slow.length}`, sid, 1000);
        s.do({ op: 'create', path: '/mine', data: '', flags: 1 }, late);
        const { sessionId } = late.client;
        late.client.isDozing = true;
        s.slowDisk(1000, ...slow);
        const before = s.world.history.ops.length;
        s.until('its end', () => s.isBeingClosed(sessionId));
        s.run(6000);
        const asked = s.world.history.ops.slice(before).filter((op) => op.sessionId === sessionId);
        s.expect(asked.length > 5, true, 'that it said something');
        const granted = asked.filter(({ action, result }) => action.op !== 'sync' && result?.err === ErrorCode.ok);
        s.expect(granted.length, 0, 'what was granted of that');
        late.stop();
        late.client.kill();
        s.slowDisk(0.5, 1, 2, 3);
        s.run(3000);
      }
    }
    s.until('the end of all ephemerals', () => s.do({ op: 'exists', path: '/mine', watch: false }).err !== 0);
  },
};
