import { ErrorCode } from '../../../src/jute/codes.ts';
import { NO_BEHAVIOUR } from '../clients/behaviour.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a member that is read-only',
  about:
    'a member that is cut off serves reads to those who ask for it, and nothing else to nobody, until it has a leader',
  voters: 3,
  observers: 1,
  config: { 'readonlymode.enabled': 'true' },
  mutant: 'let everybody in on a read-only server',
  play(s) {
    s.begin(3);
    s.create('/a');
    s.write('/a', 'before');
    s.itBegins();
    for (const sid of [1, 4]) {
      const known = s.addClient(`known to all ${sid}`, sid, 4000, { ...NO_BEHAVIOUR, readOnly: 'yes' });
      const writer = s.addClient(`writer ${sid}`, sid);
      s.until('their connections', () => known.isConnected && writer.isConnected);
      s.isolate(sid);
      s.until('the loss of the leader', () => !s.isServing(sid));
      // An election like any other takes less.
      s.run(1500);
      s.expect(s.isServing(sid), false, `${sid} serves`);
      s.until('reads', () => s.isServing(sid));
      s.expect(s.view(sid).machine.peer?.mode, 'read-only', 'its mode');
      const reader = s.addClient(`reader ${sid}`, sid, 4000, { ...NO_BEHAVIOUR, readOnly: 'yes' });
      s.until('a reader', () => reader.isConnected);
      const first = reader.client.sessionId;
      s.expect(s.do({ op: 'get', path: '/a', watch: true }, reader).data, 'before', 'what it reads');
      s.write('/a', `while ${sid} is away`);
      s.expect(s.do({ op: 'get', path: '/a', watch: false }, reader).data, 'before', 'what it reads');
      for (const action of [
        { op: 'setData', path: '/a', data: 'refused', version: -1 },
        { op: 'create', path: '/e', data: '', flags: 1 },
        { op: 'sync', path: '/' },
      ] as const) {
        s.expect(s.do(action, reader).err, ErrorCode.notReadOnly, action.op);
      }
      const plain = s.addClient(`plain ${sid}`, sid);
      // One closes its session, one is silent for longer than it lasts.
      const leaving = s.addClient(`leaving ${sid}`, sid, 4000, { ...NO_BEHAVIOUR, readOnly: 'yes' });
      s.expect(s.do({ op: 'exists', path: '/a', watch: false }, leaving).err, ErrorCode.ok, 'exists');
      s.ask({ op: 'close' }, leaving);
      leaving.stop();
      s.until('its end', () => !leaving.isConnected);
      const silent = s.addClient(`silent ${sid}`, sid, 1000, { ...NO_BEHAVIOUR, readOnly: 'yes' });
      s.until('a connection', () => silent.isConnected);
      silent.client.isDozing = true;
      s.until('its end', () => s.said(sid, 'local session expired') > 0);
      silent.client.isDozing = false;
      // Its session may be over, for all that this member knows; the writer does not want to read only.
      s.expect(known.isConnected || writer.isConnected, false, 'others are let in');
      s.expect(plain.client.connections, 0, 'connections of one who wants to write');
      s.heal();
      s.untilServing();
      s.until('another session', () => reader.isConnected && reader.client.sessionId !== first);
      s.expect(s.read('/a', reader), `while ${sid} is away`, 'what it reads');
      s.until('the writer', () => writer.isConnected);
      s.write('/a', 'before');
    }
    // Nobody is shown the tree of one that has none.
    s.kill(1, 2, 3, 4);
    s.view(1).machine.wipe();
    s.world.observer.wiped(s.view(1));
    s.start(1);
    s.until('its word', () => s.said(1, 'not serving read-only') > 0);
    s.expect(s.isServing(1), false, 'a wiped member serves');
    s.start(2, 3, 4);
    s.untilServing();
  },
};
