import { expect } from 'vitest';
import { ZXID_ZERO } from '../../src/jute/zxid.ts';
import { intBody, learnerInfo, PacketType, type QuorumPacket } from '../../src/zab/wire/packets.ts';
import { payloadOf, zxid } from './ensemble.ts';
import { LoneLeader, packet } from './lone-hosts.ts';

/** Server 3 leads 1, 2 and itself, and the observer 4; the links of 1, 2 and 4 have their numbers. */
export const ONE = 1;
export const TWO = 2;
export const OBSERVER = 4;

export function info(sid: number, accepted = 0, configVersion = ZXID_ZERO): QuorumPacket {
  return packet('followerInfo', zxid(`${accepted}:0`), learnerInfo(sid, configVersion));
}

export function observerInfo(sid: number): QuorumPacket {
  return packet('observerInfo', ZXID_ZERO, learnerInfo(sid, ZXID_ZERO));
}

export function ackEpoch(last = '0:0', epoch = 0): QuorumPacket {
  return packet('ackEpoch', zxid(last), intBody(epoch));
}

export function ack(at: string): QuorumPacket {
  return packet('ack', zxid(at));
}

export function payload(at: string): Buffer {
  return payloadOf(zxid(at), `t${at}`);
}

export function established(options: ConstructorParameters<typeof LoneLeader>[0] = {}): LoneLeader {
  const host = new LoneLeader(options);
  host.leader.start();
  host.open(ONE, [info(1), ackEpoch(), ack('1:0'), ack('1:0')]);
  expect(host.leader.phase).toBe('broadcast');
  host.said.length = 0;
  return host;
}

/** Sent behind UPTODATE. */
export function sentSince(host: LoneLeader, link: number): string[] {
  const shown = host.shown(link);
  return shown.slice(shown.indexOf('UPTODATE') + 1);
}

/** Answers every PING that was not answered yet. */
export function answerPings(host: LoneLeader, link: number): void {
  const sent = host.sentTo(link);
  for (const one of sent.splice(0)) {
    if (one.type === PacketType.ping) host.onPacket(link, packet('ping', one.zxid, Buffer.alloc(0)));
  }
}
