import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { makeZxid, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import { PacketType, requestBody } from '../../../src/zab/packets.ts';
import { BAD_REQUESTS, UNKNOWN_REQUESTS } from '../bad-requests.ts';
import type { Bad } from '../history.ts';
import { dialLeader, join } from '../neighbour.ts';
import type { Scenario } from '../script.ts';

const WRITES: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createTTL,
  OpCode.createContainer,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.multi,
  OpCode.reconfig,
]);

export const scenario: Scenario = {
  name: 'forwarded requests',
  about: 'a learner that looks at nothing forwards what its clients ask, and the leader refuses what must not be',
  voters: 3,
  mutant: 'delete a container for whoever asks',
  play(s) {
    s.begin(3);
    s.create('/k0');
    s.itBegins();
    const link = dialLeader(s, 3);
    const epoch = join(link, { sid: 99, observer: true, zxid: ZXID_ZERO, epoch: 0 });
    link.next(PacketType.upToDate, 'UPTODATE');
    link.send(PacketType.ack, makeZxid(epoch, 0));
    const sessionId = 0x6300000000000001n;
    const ask = (xid: number, bad: Bad, err: number): void => {
      const action = { ...bad, err, isWrite: true };
      const op = { action, sessionId, xid, connection: 0, ids: [], askedUs: 0 };
      s.world.history.ops.push({ ...op, answeredUs: undefined, zxid: undefined, result: undefined });
      link.send(PacketType.request, ZXID_ZERO, requestBody(sessionId, xid, bad.type, bad.body));
      s.run(5);
    };
    let xid = 1;
    for (const bad of BAD_REQUESTS) ask(xid++, bad, WRITES.has(bad.type) ? bad.err : ErrorCode.unimplemented);
    for (const bad of UNKNOWN_REQUESTS) if (bad.type !== OpCode.createSession) ask(xid++, bad, bad.err);
    const [container] = UNKNOWN_REQUESTS.filter(({ type }) => type === OpCode.deleteContainer);
    if (container !== undefined) ask(xid++, { ...container, body: Buffer.alloc(3) }, ErrorCode.marshallingError);
    s.expect(s.do({ op: 'exists', path: '/k0', watch: false }).err, 0, 'what a forwarded deleteContainer names');
    link.close();
  },
};
