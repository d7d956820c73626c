import { describe, expect, test } from 'vitest';
import { parseQuorumText } from '../../../src/election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../../src/election/quorum/quorum-verifier.ts';
import { OpCode } from '../../../src/jute/codes.ts';
import { ZXID_NONE, type Zxid } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import { payloadOf, zxid } from '../ensemble.ts';
import { ack, ackEpoch, established, info, OBSERVER, ONE, observerInfo, payload, TWO } from '../established-leader.ts';
import { LoneLeader, membershipsOf, packet } from '../lone-hosts.ts';

/** `3:leads,1,2,4:observer`: server 3 at another quorum port as `3:moved`. */
function members(text: string, version: string): QuorumVerifier {
  const lines = text.split(' ').map((each) => {
    const [sid, what = 'participant'] = each.split(':');
    const port = what === 'moved' ? 2889 : 2888;
    return `server.${sid}=zk${sid}:${port}:3888:${what === 'moved' ? 'participant' : what}`;
  });
  const parsed = parseQuorumText(lines.join('\n'), {
    multiAddress: false,
    standaloneEnabled: false,
    otherKeys: 'refuse',
  });
  return parsed.withVersion(zxid(version));
}

function reconfig(at: string): Buffer {
  const bytes = payloadOf(zxid(at), 'reconfig');
  bytes.writeInt32BE(OpCode.reconfig, 28);
  return bytes;
}

const NOW = members('1 2 3 4:observer', '0:9');
const FIVE = 5;
const SIX = 6;

/** 3 leads 1 and 2, all of them voters; 5 and 6 follow without a vote. */
function led(): LoneLeader {
  const host = established({ verifiers: [NOW] });
  host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
  for (const sid of [FIVE, SIX]) {
    host.open(sid, [info(sid), ackEpoch('0:0', 0), ack('1:0')]);
  }
  host.open(OBSERVER, [observerInfo(4), ackEpoch(), ack('1:0')]);
  for (const link of [ONE, TWO, FIVE, SIX]) host.sentTo(link).length = 0;
  host.said.length = 0;
  return host;
}

function change(host: LoneLeader, text: string, at = '1:1'): void {
  host.next = members(text, at);
  host.propose(reconfig(at));
}

function designated(host: LoneLeader, link: number): string[] {
  return host
    .sentTo(link)
    .filter(({ type }) => type === PacketType.commitAndActivate || type === PacketType.informAndActivate)
    .map(({ data }) => `leader ${data?.readBigInt64BE(0)}, ${(data?.length ?? 0) - 8} bytes more`);
}

describe('a reconfiguration', () => {
  test('is known here before it is logged, and decided by a quorum of the members of before and of those to come', () => {
    const host = led();
    change(host, '3 5 6');
    expect(host.said).toEqual(['reconfig 1:1 proposed']);
    host.onPacket(FIVE, ack('1:1'));
    host.onPacket(SIX, ack('1:1'));
    expect(host.said).toEqual(['reconfig 1:1 proposed']);
    host.onPacket(ONE, ack('1:1'));
    expect(host.said).toEqual(['reconfig 1:1 proposed', 'reconfig 1:1 active', 'commit 1:1']);
    expect(designated(host, ONE)).toEqual(['leader 3, 0 bytes more']);
    expect(designated(host, OBSERVER)).toEqual([`leader 3, ${reconfig('1:1').length} bytes more`]);
  });

  test('does not come about by the members of before alone', () => {
    const host = led();
    change(host, '3 5 6');
    host.onPacket(ONE, ack('1:1'));
    host.onPacket(TWO, ack('1:1'));
    expect(host.said).toEqual(['reconfig 1:1 proposed']);
  });

  test('leaves what was proposed before it to the members of before; what is behind it waits for both', () => {
    const host = led();
    host.isDiskQuick = false;
    host.propose(payload('1:1'));
    change(host, '3 5 6', '1:2');
    host.propose(payload('1:3'));
    host.onPacket(ONE, ack('1:3'));
    host.onPacket(TWO, ack('1:3'));
    expect(host.said.slice(1)).toEqual(['commit 1:1']);
    host.onPacket(FIVE, ack('1:2'));
    host.onPacket(SIX, ack('1:2'));
    expect(host.said.slice(2)).toEqual(['reconfig 1:2 active', 'commit 1:2']);
    // The members of before do not decide any more.
    host.onPacket(FIVE, ack('1:3'));
    expect(host.said.slice(4)).toEqual([]);
    host.onPacket(SIX, ack('1:3'));
    expect(host.said.slice(4)).toEqual(['commit 1:3']);
  });

  test('is told a newcomer as proposed only, while it is not decided', () => {
    const host = led();
    change(host, '3 5 6');
    const sent = host.open(7, [info(7), ackEpoch()]);
    const newLeader = sent.find(({ type }) => type === PacketType.newLeader);
    expect(newLeader?.data?.toString()).toBe(NOW.text());
    host.onPacket(FIVE, ack('1:1'));
    host.onPacket(ONE, ack('1:1'));
    const later = host.open(8, [info(8), ackEpoch()]).find(({ type }) => type === PacketType.newLeader);
    expect(later?.data?.toString()).toBe(members('3 5 6', '1:1').text());
  });

  test('counts whoever follows as a quorum of members, observers not', () => {
    const host = led();
    expect(members('3 5 6', '1:1').containsQuorum(host.leader.following)).toBe(true);
    expect(members('3 4', '1:1').containsQuorum(host.leader.following)).toBe(false);
    expect(members('1 2', '1:1').containsQuorum(host.leader.following)).toBe(true);
    expect(members('1 7 8', '1:1').containsQuorum(host.leader.following)).toBe(false);
  });
});

describe('a leader that is none in the new membership', () => {
  test('names the follower with the most on its disk, decides nothing behind it, and leaves when its learners have', () => {
    const host = led();
    change(host, '1 2 5');
    host.propose(payload('1:2'));
    host.onPacket(TWO, ack('1:2'));
    host.onPacket(FIVE, ack('1:1'));
    expect(designated(host, ONE)).toEqual(['leader 2, 0 bytes more']);
    host.onPacket(ONE, ack('1:2'));
    host.onPacket(FIVE, ack('1:2'));
    expect(host.propose(payload('1:3'))).toBeUndefined();
    expect(host.said.slice(1)).toEqual(['reconfig 1:1 active', 'commit 1:1']);
    for (const link of [ONE, TWO, FIVE, SIX]) host.onLinkClosed(link);
    expect(host.ends).toEqual([]);
    host.onLinkClosed(OBSERVER);
    expect(host.ends).toEqual(['step down: handed over to 2, to 2']);
  });

  test('does not wait for those that stay', () => {
    const host = led();
    change(host, '1 2');
    host.onPacket(ONE, ack('1:1'));
    host.onPacket(TWO, ack('1:1'));
    host.halfTicks(3);
    expect(host.ends).toEqual([]);
    host.halfTicks(1);
    expect(host.ends).toEqual(['step down: handed over to 1, to 1']);
  });

  test('so is one whose learners would have to come to another port', () => {
    const host = led();
    change(host, '1 2 3:moved');
    host.onPacket(TWO, ack('1:1'));
    expect(designated(host, ONE)).toEqual(['leader 2, 0 bytes more']);
  });

  test('alone it looks for a leader, which it will be', () => {
    const host = new LoneLeader({ self: 3, verifiers: [members('3', '0:9')] });
    host.leader.start();
    change(host, '3:moved');
    host.halfTicks(1);
    expect(host.ends).toEqual(['step down: the new members have no leader yet']);
  });

  test('leaves once, also when the tick in which it does turns a joiner away', () => {
    const host = new LoneLeader({
      self: 3,
      verifiers: [members('3', '0:9')],
      forceSnapshotSync: true,
      maxConcurrentSnapSyncs: 0,
    });
    host.leader.start();
    host.propose(payload('1:1'));
    let tree = zxid('1:0');
    Object.defineProperty(host, 'lastZxid', { get: () => tree, set: () => {} });
    host.open(FIVE, [info(FIVE), ackEpoch()]);
    change(host, '3:moved', '1:2');
    expect(host.ends).toEqual([]);
    tree = zxid('1:2');
    host.halfTicks(1);
    expect(host.ends).toEqual([
      'step down: the new members have no leader yet',
      'close 5: too many learners are being synchronised at the same time',
    ]);
  });

  test('established with members that were proposed before, of which it is none, it ends when its learners leave', () => {
    const host = new LoneLeader({ verifiers: [NOW, members('1 2 5', '0:10')] });
    host.leader.start();
    for (const sid of [1, 2]) host.open(sid, [info(sid)]);
    for (const next of [ackEpoch(), ack('1:0')]) for (const sid of [1, 2]) host.onPacket(sid, next);
    expect(host.said).toContain('established 1:0');
    host.halfTicks(1);
    host.onLinkClosed(1);
    host.onLinkClosed(2);
    host.halfTicks(2);
    expect(host.ends).toEqual(['step down: no quorum of learners is connected and answers']);
  });
});

describe('the version of members that were only in a file', () => {
  const FILE = members('1 2 3', '0:0');

  test('is the start of the epoch in which they are led, told with NEWLEADER', () => {
    const host = new LoneLeader({ verifiers: [FILE], mayReconfigure: true });
    host.leader.start();
    const sent = host.open(ONE, [info(1), ackEpoch()]);
    expect(host.said).toContain('members of version 1:0');
    expect(sent.find(({ type }) => type === PacketType.newLeader)?.data?.toString()).toBe(
      members('1 2 3', '1:0').text(),
    );
  });

  test('stays what it is without reconfigEnabled', () => {
    const host = new LoneLeader({ verifiers: [FILE] });
    host.leader.start();
    const sent = host.open(ONE, [info(1), ackEpoch()]);
    expect(sent.find(({ type }) => type === PacketType.newLeader)?.data?.toString()).toBe(FILE.text());
  });
});

test('a version says which proposals need both', () => {
  const both = membershipsOf([NOW]);
  expect(both.neededFor(1 as Zxid)).toEqual([NOW]);
  const next = members('3 5 6', '1:2');
  both.propose(next);
  expect(both.neededFor(zxid('1:1'))).toEqual([NOW]);
  for (const at of ['1:2', '1:3']) expect(both.neededFor(zxid(at))).toEqual([NOW, next]);
  both.decide();
  expect(both.neededFor(zxid('1:3'))).toEqual([next]);
});

test('a leader that is a quorum by itself serves a newcomer at once, for nobody answers its PINGs', () => {
  const host = new LoneLeader({ verifiers: [members('3', '0:9')] });
  host.leader.start();
  expect(host.leader.phase).toBe('broadcast');
  // It has no history, and says so.
  host.open(FIVE, [info(FIVE), packet('ackEpoch', ZXID_NONE, intBody(0)), ack('1:0')]);
  expect(host.shown(FIVE).slice(-2)).toEqual(['NEWLEADER 1:0', 'UPTODATE']);
});
