import { ErrorCode, OpCode } from '../../../src/jute/codes.ts';
import { Writer } from '../../../src/jute/writer.ts';
import { makeZxid, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import { PacketType, requestBody } from '../../../src/zab/wire/packets.ts';
import { BAD_REQUESTS, UNKNOWN_REQUESTS } from '../clients/bad-requests.ts';
import { writeAction } from '../clients/wire.ts';
import type { Action, Bad, Op } from '../judges/history.ts';
import type { Scenario } from '../script/script.ts';
import { dialLeader, join } from '../script/scripted-servers.ts';

/** A request of which only the transaction is seen. */
function refusedOp(sessionId: bigint, xid: number, err: number): Op {
  const body = Buffer.alloc(0);
  const action: Bad = { op: 'bad', what: 'a forwarded request', type: 0, body, err, isWrite: true, closes: false };
  const asked = { action, sessionId, xid, connection: 0, ids: [], askedUs: 0 };
  return { ...asked, answeredUs: undefined, zxid: undefined, result: undefined };
}

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
      s.world.history.ops.push({ ...refusedOp(sessionId, xid, err), action: { ...bad, err, isWrite: true } });
      link.send(PacketType.request, ZXID_ZERO, requestBody(sessionId, xid, bad.type, bad.body));
      s.run(5);
    };
    let xid = 1;
    for (const bad of BAD_REQUESTS) ask(xid++, bad, WRITES.has(bad.type) ? bad.err : ErrorCode.unimplemented);
    for (const bad of UNKNOWN_REQUESTS) if (bad.type !== OpCode.createSession) ask(xid++, bad, bad.err);
    const [container] = UNKNOWN_REQUESTS.filter(({ type }) => type === OpCode.deleteContainer);
    if (container !== undefined) ask(xid++, { ...container, body: Buffer.alloc(3) }, ErrorCode.marshallingError);
    s.expect(s.do({ op: 'exists', path: '/k0', watch: false }).err, 0, 'what a forwarded deleteContainer names');
    // Sessions that nobody opened, opened twice, or opened again while they are being closed.
    const session = (type: number, id: bigint, cxid = 0): void =>
      link.send(PacketType.request, ZXID_ZERO, requestBody(id, cxid, type, Buffer.from([0, 0, 0x20, 0])));
    const again = sessionId + 1n;
    const reopened = refusedOp(again, 7, ErrorCode.sessionExpired);
    s.world.history.ops.push(reopened);
    session(OpCode.closeSession, sessionId + 9n);
    session(OpCode.createSession, again);
    session(OpCode.createSession, again);
    session(OpCode.closeSession, again);
    session(OpCode.createSession, again, 7);
    s.run(50);
    // The next leader knows of a session, and not who has it: whoever asks first.
    const kept = sessionId + 2n;
    session(OpCode.createSession, kept);
    s.run(50);
    link.close();
    s.kill(3);
    s.untilServing();
    const next = dialLeader(s, s.leader);
    const nextEpoch = join(next, { sid: 99, observer: true, zxid: ZXID_ZERO, epoch: 0 });
    next.next(PacketType.upToDate, 'UPTODATE');
    next.send(PacketType.ack, makeZxid(nextEpoch, 0));
    const write: Action = { op: 'setData', path: '/k0', data: 'by whom?', version: -1 };
    s.world.history.ops.push({ ...refusedOp(kept, 1, 0), action: write });
    const w = new Writer(64);
    writeAction(w, write);
    next.send(PacketType.request, ZXID_ZERO, requestBody(kept, 1, OpCode.setData, w.take()));
    s.run(100);
    s.expect(s.read('/k0'), 'by whom?', 'what it wrote');
    next.close();
    s.start(3);
    s.untilServing();
  },
};
