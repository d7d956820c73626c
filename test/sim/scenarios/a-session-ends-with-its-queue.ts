import { CreateMode, ErrorCode } from '../../../src/jute/codes.ts';
import type { Action } from '../judges/history.ts';
import { MAY_RECONFIGURE } from '../plan/plan.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a session ends with its queue',
  about: 'a session expires while what it asked waits for a quorum, and the quorum answers both at once',
  voters: 3,
  config: { syncLimit: 30, globalOutstandingLimit: 1, ...MAY_RECONFIGURE },
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    for (const sid of [1, 3]) {
      for (let i = 0; i < 4; i++) {
        const waiting = s.addClient(`waiting ${sid} ${i}`, sid, 1000);
        s.until('a connection', () => waiting.isConnected);
        s.slowDisk(1100 + i * 300, 1, 2, 3);
        for (let k = 0; k < 4; k++) {
          s.ask({ op: 'setData', path: '/a', data: `${sid}${i}${k}`, version: -1 }, waiting);
          if (k === i) s.ask({ op: 'sync', path: '/' }, waiting);
          s.ask({ op: 'get', path: '/a', watch: false }, waiting);
        }
        waiting.client.isDozing = true;
        const { sessionId } = waiting.client;
        s.until('its end', () => s.isBeingClosed(sessionId));
        // It asks once more, for what is answered behind all that.
        waiting.wake();
        waiting.stop();
        s.run(6000);
        waiting.client.kill();
        s.slowDisk(0.5, 1, 2, 3);
        s.run(3000);
      }
    }
    // While it is being closed it closes itself, or asks for other members.
    const late: readonly Action[] = [{ op: 'close' }, { op: 'reconfig', leaving: '2' }];
    for (const action of late) {
      const twice = s.addClient(`late with ${action.op}`, 1, 1000);
      s.do({ op: 'create', path: '/its-own', data: '', flags: CreateMode.ephemeral }, twice);
      s.slowDisk(1500, 1, 2, 3);
      twice.client.isDozing = true;
      const { sessionId } = twice.client;
      s.until('its end', () => s.isBeingClosed(sessionId));
      twice.client.isDozing = false;
      twice.do(action);
      twice.stop();
      s.run(6000);
      twice.client.kill();
      s.slowDisk(0.5, 1, 2, 3);
      s.run(3000);
    }
    s.expect(s.do({ op: 'exists', path: '/its-own', watch: false }).err, ErrorCode.noNode, 'what it had');
    s.write('/a', 'last');
  },
};
