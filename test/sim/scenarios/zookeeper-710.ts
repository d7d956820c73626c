import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Action } from '../judges/history.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-710',
  about: 'whoever asks on the connection that a session left loses that connection and nothing else',
  voters: 3,
  mutant: 'tell a client that its session moved',
  play(s) {
    s.begin(3);
    s.create('/a');
    const write: Action = { op: 'setData', path: '/a', data: 'by a ghost', version: -1 };
    const asked: readonly (readonly Action[])[] = [
      [write],
      [{ op: 'multi', parts: [write] }],
      [{ op: 'get', path: '/a', watch: false }],
      [{ op: 'sync', path: '/' }],
      [{ op: 'bad', what: 'ping', type: 11, body: Buffer.alloc(0), err: 0, isWrite: false, closes: false }],
    ];
    s.itBegins();
    for (const [i, actions] of asked.entries()) {
      for (const from of [3, 1]) {
        const mover = s.addClient(`mover ${i} from ${from}`, from);
        s.do({ op: 'create', path: `/e${i}${from}`, data: '', flags: 1 }, mover);
        const { sessionId } = mover.client;
        mover.moveTo('zk2');
        s.until('a connection elsewhere', () => mover.isConnected);
        s.expect(s.do({ op: 'setData', path: '/a', data: 'mine', version: -1 }, mover).err, 0, 'a write where it is');
        for (const action of actions) mover.haunt(mover.opOf(action));
        s.run(200);
        s.expect(s.read('/a'), 'mine', 'the data');
        s.expect(mover.client.sessionId, sessionId, 'its session');
        s.expect(s.do({ op: 'exists', path: `/e${i}${from}`, watch: false }).err, ErrorCode.ok, 'its ephemeral');
        mover.client.leaveGhost();
      }
    }
  },
};
