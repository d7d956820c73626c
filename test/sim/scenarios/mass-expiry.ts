import { OpCode } from '../../../src/jute/codes.ts';
import { ZXID_NONE } from '../../../src/jute/zxid.ts';
import { PacketType, requestBody } from '../../../src/zab/packets.ts';
import { dialLeader, join } from '../neighbour.ts';
import type { Scenario } from '../script.ts';

const COUNT = 450;

export const scenario: Scenario = {
  name: 'many sessions end at once',
  about: 'hundreds of sessions behind one server expire in the same tick, in slices, and nobody else does',
  voters: 3,
  play(s) {
    s.begin();
    s.create('/node');
    const { sessionId: own } = s.client.client;
    const link = dialLeader(s, s.leader);
    join(link, { sid: 99, zxid: s.view(s.leader).tip, epoch: s.view(s.leader).currentEpoch });
    link.onPacket = (packet) => {
      if (packet.type === PacketType.ping) link.send(PacketType.ping, packet.zxid);
      if (packet.type === PacketType.proposal) link.send(PacketType.ack, packet.zxid);
    };
    link.next(PacketType.upToDate, 'UPTODATE');
    const log = s.listen(s.leader);
    const timeout = Buffer.alloc(4);
    timeout.writeInt32BE(1000);
    for (let i = 0; i < COUNT; i++) {
      const body = requestBody(0x7700_0000_0000n + BigInt(i), 0, OpCode.createSession, timeout);
      link.send(PacketType.request, ZXID_NONE, body);
    }
    const expired = (): number => log.lines.filter((line) => line.includes('session expired')).length;
    s.until('the end of all of them', () => expired() >= COUNT);
    s.run(1000);
    s.expect(expired(), COUNT, 'sessions expired');
    log.stop();
    link.close();
    s.write('/node', 'after');
    s.expect(s.client.client.sessionId, own, 'the session of the client');
  },
};
