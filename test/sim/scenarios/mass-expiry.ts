import { OpCode } from '../../../src/jute/codes.ts';
import { counterOf, ZXID_NONE } from '../../../src/jute/zxid.ts';
import type { Peer } from '../../../src/quorum/peer.ts';
import { PacketType, requestBody } from '../../../src/zab/wire/packets.ts';
import { databaseOf } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';
import { dialLeader, join } from '../script/scripted-servers.ts';

/** Two slices, to the last. */
const COUNT = 400;

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
    // Once more, and the counter of the epoch runs out in the middle.
    for (let i = 0; i < COUNT; i++) {
      const body = requestBody(0x7800_0000_0000n + BigInt(i), 0, OpCode.createSession, timeout);
      link.send(PacketType.request, ZXID_NONE, body);
    }
    s.run(500);
    const { leader } = s;
    const before = s.view(leader).currentEpoch;
    s.world.observer.limits.maxCounter = counterOf(s.view(leader).tip) + 250;
    s.until('another epoch', () => s.leader !== 0 && s.view(s.leader).currentEpoch > before);
    s.world.observer.limits.maxCounter = undefined;
    s.until('the end of the rest', () => databaseOf(s.view(1).peer as Peer).sessions.size === 1);
    log.stop();
    s.write('/node', 'after');
    s.expect(s.client.client.sessionId, own, 'the session of the client');
  },
};
