import { describe, expect, test } from 'vitest';
import { OpCode } from '../../src/jute/codes.ts';
import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../src/jute/zxid.ts';
import { intBody, learnerInfo, PacketType, QuorumPacket, requestBody, revalidateBody } from '../../src/zab/packets.ts';
import { majority, payloadOf, showPacket, zxid } from './ensemble.ts';
import { hexOf, LoneLeader, packet } from './lone-hosts.ts';

/** Server 3 leads 1, 2 and itself, and the observer 4; the links of 1, 2 and 4 have their numbers. */
const ONE = 1;
const TWO = 2;
const OBSERVER = 4;

function info(sid: number, accepted = 0, configVersion = ZXID_ZERO): QuorumPacket {
  return packet('followerInfo', zxid(`${accepted}:0`), learnerInfo(sid, configVersion));
}

function ackEpoch(last = '0:0', epoch = 0): QuorumPacket {
  return packet('ackEpoch', zxid(last), intBody(epoch));
}

function ack(at: string): QuorumPacket {
  return packet('ack', zxid(at));
}

const payload = (at: string): Buffer => payloadOf(zxid(at), `t${at}`);

function established(options: ConstructorParameters<typeof LoneLeader>[0] = {}): LoneLeader {
  const host = new LoneLeader(options);
  host.leader.start();
  host.open(ONE, [info(1), ackEpoch(), ack('1:0'), ack('1:0')]);
  expect(host.leader.phase).toBe('broadcast');
  host.said.length = 0;
  return host;
}

/** Sent behind UPTODATE. */
function sentSince(host: LoneLeader, link: number): string[] {
  const shown = host.shown(link);
  return shown.slice(shown.indexOf('UPTODATE') + 1);
}

describe('joining', () => {
  test('epochs, then histories, then NEWLEADER: the own epoch is durable before any of it leaves', () => {
    const host = new LoneLeader(
      {},
      { recent: [{ zxid: zxid('4:2'), payload: payload('4:2') }], acceptedEpoch: 4, currentEpoch: 4 },
    );
    host.leader.start();
    expect(host.open(ONE, [info(1, 6)]).map(showPacket)).toEqual(['LEADERINFO 7:0']);
    host.leader.onPacket(ONE, ackEpoch('4:2', 4));
    expect(host.shown(ONE)).toEqual(['LEADERINFO 7:0', 'DIFF 4:2', 'NEWLEADER 7:0']);
    host.leader.onPacket(ONE, ack('7:0'));
    expect(host.said).toEqual(['acceptedEpoch 7', 'currentEpoch 7', 'established 7:0']);
    expect(host.leader.lastProposed).toBe(zxid('7:0'));
  });

  test('one server alone leads at once', () => {
    const host = new LoneLeader({ self: 1, verifiers: [majority([1], [])] });
    host.leader.start();
    expect(host.said).toEqual(['acceptedEpoch 1', 'currentEpoch 1', 'established 1:0']);
    host.propose(payload('1:1'));
    host.leader.barrier(5);
    expect(host.said.slice(3)).toEqual(['commit 1:1', 'barrier 5 passed']);
  });

  test('while a new configuration is not decided, both have to agree', () => {
    const host = new LoneLeader({ verifiers: [majority([1, 2, 3], []), majority([3, 5, 6], [])] });
    host.leader.start();
    host.open(ONE, [info(1)]);
    expect(host.said).toEqual([]);
    host.open(5, [info(5)]);
    expect(host.said).toEqual(['acceptedEpoch 1']);
  });

  test.each([
    ['another packet first', packet('ack', ZXID_ZERO), 'ACK instead of FOLLOWERINFO or OBSERVERINFO'],
    ['a newer configuration', info(1, 0, 5 as Zxid), 'learner 1 has configuration 5, ours is 0'],
    ['our own id', info(3), 'the learner has our own id, 3'],
    ['no server id', packet('followerInfo', ZXID_ZERO, Buffer.alloc(0)), 'the learner is older than ZooKeeper 3.4'],
    [
      'the protocol before 3.4',
      packet('followerInfo', ZXID_ZERO, Buffer.alloc(8)),
      'the learner is older than ZooKeeper 3.4',
    ],
    [
      'an epoch beyond what a zxid holds',
      packet('followerInfo', (2 ** 54) as Zxid, learnerInfo(1, ZXID_ZERO)),
      'FOLLOWERINFO with epoch 4194304, beyond 2097151',
    ],
  ])('a learner is refused with %s', (_, first, reason) => {
    const host = new LoneLeader({});
    host.leader.start();
    host.open(ONE, [first]);
    expect(host.said).toEqual([`close 1: ${reason}`]);
  });

  test.each([
    ['nothing before LEADERINFO', [info(1), ack('1:0')], 'ACK instead of ACKEPOCH'],
    ['ACKEPOCH without an epoch', [info(1), packet('ackEpoch', ZXID_ZERO)], 'ACKEPOCH without data'],
    ['an impossible epoch', [info(1), ackEpoch('0:0', -2)], 'ACKEPOCH with epoch -2 and zxid 0'],
    [
      'an acknowledgement of what was not proposed',
      [info(1), ackEpoch(), ack('1:1')],
      'ACK of 100000001, the last proposal is 100000000',
    ],
    ['a request before UPTODATE', [info(1), ackEpoch(), packet('request', ZXID_NONE)], 'REQUEST before UPTODATE'],
  ])('a link ends with %s', (_, packets, reason) => {
    const host = new LoneLeader({ verifiers: [majority([1, 2, 3], [])] });
    host.leader.start();
    host.open(ONE, packets);
    expect(host.said.at(-1)).toBe(`close 1: ${reason}`);
    expect(host.leader.linkInfos()).toEqual([]);
  });

  test('the last epoch there is', () => {
    const host = new LoneLeader({}, { acceptedEpoch: 0x1fffff });
    host.leader.start();
    host.open(ONE, [info(1)]);
    expect(host.said).toEqual(['step down: epoch 2097152 is beyond 2097151']);
  });

  test('a stranger with a high epoch changes nothing, a member ends a leader below it', () => {
    const host = established();
    host.open(7, [info(7, 9)]);
    expect(host.said).toEqual(['close 7: learner 7 has accepted epoch 9, ours is 1']);
    host.open(OBSERVER, [info(4, 9)]);
    expect(host.said.at(-1)).toBe('step down: learner 4 has accepted epoch 9, ours is 1');
  });

  test('a second connection of a server ends the first', () => {
    const host = established();
    host.open(11, [info(1, 1)]);
    expect(host.said).toEqual(['close 1: the learner has connected again']);
    host.propose(payload('1:1'));
    host.leader.onPacket(ONE, ack('1:1'));
    expect(host.leader.lastCommitted).toBe(zxid('1:0'));
  });

  test('observers beyond the limit are turned away, followers never', () => {
    const host = established({ maxConcurrentSnapSyncs: 1 });
    host.propose(payload('1:1'));
    host.leader.onPacket(ONE, ack('1:1'));
    const observer = packet('observerInfo', ZXID_ZERO, learnerInfo(4, ZXID_ZERO));
    host.open(TWO, [info(2), ackEpoch()]);
    host.open(OBSERVER, [observer, ackEpoch()]);
    expect(host.said.at(-1)).toBe('close 4: too many learners are being synchronised at the same time');
    host.leader.onPacket(TWO, ack('1:0'));
    host.open(14, [observer, ackEpoch()]);
    expect(host.shown(14)).toEqual(['LEADERINFO 1:0', 'SNAP 1:1', 'NEWLEADER 1:0']);
  });

  test('a voter that goes looking again ends a leader that has waited long enough', () => {
    const host = new LoneLeader({ maxEpochWaitHalfTicks: 2 });
    host.leader.start();
    host.halfTicks(2);
    host.leader.onVoterLooking(1);
    expect(host.said).toEqual([]);
    host.halfTicks(1);
    host.leader.onVoterLooking(4);
    expect(host.said).toEqual([]);
    host.leader.onVoterLooking(1);
    expect(host.said).toEqual(['step down: voter 1 looks for another leader']);
  });

  test('while others are synchronised, those who are keep hearing something', () => {
    const host = new LoneLeader({ verifiers: [majority([1, 2, 3, 5, 6], [])] });
    host.leader.start();
    host.open(TWO, [info(2)]);
    host.open(ONE, [info(1), ackEpoch()]);
    host.leader.onPacket(TWO, ackEpoch());
    host.leader.onPacket(ONE, ack('1:0'));
    host.halfTicks(1);
    expect(host.shown(ONE).at(-1)).toBe('PING 1:0');
    // It is not answered before UPTODATE; should someone do so, it is not counted.
    host.leader.onPacket(ONE, packet('ping', zxid('1:0'), Buffer.alloc(0)));
    host.leader.onPacket(TWO, ack('1:0'));
    expect(host.leader.phase).toBe('broadcast');
    expect(host.shown(ONE).at(-1)).toBe('UPTODATE');
  });
});

describe('proposals', () => {
  test('committed in order, once a quorum has them on disk', () => {
    const host = established();
    host.isDiskQuick = false;
    for (const at of ['1:1', '1:2', '1:3']) expect(host.propose(payload(at))).toBe(zxid(at));
    expect(host.leader.outstanding).toBe(3);
    host.leader.onPacket(ONE, ack('1:2'));
    expect(host.said).toEqual([]);
    host.syncDisk();
    expect(host.said).toEqual(['commit 1:1', 'commit 1:2']);
    host.leader.onPacket(ONE, ack('1:3'));
    expect(host.said.at(-1)).toBe('commit 1:3');
    expect(sentSince(host, ONE)).toEqual([
      'PROPOSAL 1:1 t1:1',
      'PROPOSAL 1:2 t1:2',
      'PROPOSAL 1:3 t1:3',
      'COMMIT 1:1',
      'COMMIT 1:2',
      'COMMIT 1:3',
    ]);
  });

  test('without the own disk, by a quorum of others', () => {
    const host = established();
    host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
    host.isDiskQuick = false;
    host.propose(payload('1:1'));
    host.leader.onPacket(ONE, ack('1:1'));
    host.leader.onPacket(TWO, ack('1:1'));
    expect(host.said).toContain('commit 1:1');
    expect(host.lastZxid).toBe(zxid('1:0'));
  });

  test('acknowledgements of observers, of strangers, and of voters that only observe do not count', () => {
    const host = established();
    const asObserver = (sid: number): QuorumPacket => packet('observerInfo', ZXID_ZERO, learnerInfo(sid, ZXID_ZERO));
    host.open(OBSERVER, [asObserver(4), ackEpoch(), ack('1:0')]);
    host.open(7, [info(7), ackEpoch(), ack('1:0')]);
    host.open(TWO, [asObserver(2), ackEpoch(), ack('1:0')]);
    host.propose(payload('1:1'));
    for (const link of [OBSERVER, 7, TWO]) host.leader.onPacket(link, ack('1:1'));
    expect(host.leader.lastCommitted).toBe(zxid('1:0'));
    // Who follows without a vote gets what followers get.
    expect(sentSince(host, 7)).toEqual(['PROPOSAL 1:1 t1:1']);
    host.leader.onPacket(ONE, ack('1:1'));
    expect(sentSince(host, 7).at(-1)).toBe('COMMIT 1:1');
    expect(sentSince(host, TWO)).toEqual(['INFORM 1:1 t1:1']);
  });

  test('ZOOKEEPER-4685: acknowledgements before NEWLEADER is are kept, and count behind it', () => {
    const host = established();
    host.isDiskQuick = false;
    host.propose(payload('1:1'));
    host.leader.onLinkClosed(ONE);
    host.syncDisk();
    host.open(TWO, [info(2, 1), ackEpoch('0:0', -1)]);
    host.leader.onPacket(TWO, ack('1:1'));
    expect(host.leader.lastCommitted).toBe(zxid('1:0'));
    expect(host.shown(TWO).slice(-2)).toEqual(['NEWLEADER 1:0', 'PROPOSAL 1:1 t1:1']);
    host.leader.onPacket(TWO, ack('1:0'));
    expect(host.said.filter((line) => line.startsWith('commit'))).toEqual(['commit 1:1']);
    expect(host.shown(TWO).slice(-2)).toEqual(['UPTODATE', 'COMMIT 1:1']);
  });

  test('older servers acknowledge what a DIFF brought: nobody minds', () => {
    const host = established();
    host.leader.onPacket(ONE, ack('0:5'));
    host.leader.onPacket(ONE, ack('1:0'));
    expect(host.said).toEqual([]);
  });

  test('ZOOKEEPER-1277: the last number of an epoch is not used', () => {
    const host = established({ initialCounter: 0xfffffffd });
    expect(host.propose(payload('1:4294967294'))).toBe(zxid('1:4294967294'));
    expect(host.propose(payload('1:4294967295'))).toBeUndefined();
    expect(host.said.at(-1)).toContain('step down: the counter of this epoch is used up');
  });

  test('nothing is asked of the host any more when the role is over', () => {
    const host = established();
    host.leader.onLinkClosed(ONE);
    host.halfTicks(2);
    expect(host.said).toEqual(['step down: no quorum of learners is connected and answers']);
    host.leader.onPacket(ONE, ack('1:0'));
    host.leader.onLinkClosed(ONE);
    expect(host.said.length).toBe(1);
  });
});

describe('what learners ask', () => {
  test('requests, sessions, and answers to them', () => {
    const host = established();
    const ids = [{ scheme: 'ip', id: '127.0.0.1' }];
    host.leader.onPacket(
      ONE,
      new QuorumPacket(PacketType.request, ZXID_NONE, requestBody(7n, 3, OpCode.create, Buffer.from('body')), ids),
    );
    host.leader.onPacket(ONE, packet('revalidate', ZXID_NONE, revalidateBody(7n, 4000)));
    expect(host.said).toEqual([
      'request on 1 from 1: session 7 cxid 3 type 1 body',
      'revalidate on 1 from 1: session 7 4000 ms',
    ]);
    host.leader.revalidated(ONE, 7n, true);
    host.leader.revalidated(99, 7n, true);
    expect(hexOf(host.sentTo(ONE).at(-1) as QuorumPacket)).toBe(
      '00000006ffffffffffffffff00000009000000000000000701ffffffff',
    );
  });

  test('a PING is answered with the sessions heard from', () => {
    const host = established();
    host.halfTicks(1);
    const touched = Buffer.from('0000000000000007000003e80000000000000008000007d0', 'hex');
    host.leader.onPacket(ONE, packet('ping', zxid('1:0'), touched));
    expect(host.said).toEqual(['touched at 1: session 7 1000 ms', 'touched at 1: session 8 2000 ms']);
  });

  test.each([
    ['that was not sent', packet('ping', zxid('1:0'), Buffer.alloc(0))],
    ['with another zxid', packet('ping', zxid('1:7'), Buffer.alloc(0))],
  ])('an answer to a PING %s ends the link', (name, answer) => {
    const host = established();
    if (name !== 'that was not sent') host.halfTicks(1);
    host.leader.onPacket(ONE, answer);
    expect(host.said.at(-1)).toContain('close 1: answer to a PING that was not sent');
  });

  test('half a session in the table of a PING ends the link', () => {
    const host = established();
    host.halfTicks(1);
    host.leader.onPacket(ONE, packet('ping', zxid('1:0'), Buffer.alloc(13)));
    expect(host.said.at(-1)).toBe('close 1: record ends 7 bytes early');
  });

  test('a packet of a kind that is not known is passed over', () => {
    const host = established();
    host.leader.onPacket(ONE, new QuorumPacket(77, ZXID_ZERO));
    expect(host.said).toEqual([]);
  });
});

describe('time', () => {
  /** Answers every PING that was not answered yet. */
  function answer(host: LoneLeader, link: number): void {
    const sent = host.sentTo(link);
    for (const one of sent.splice(0)) {
      if (one.type === PacketType.ping) host.leader.onPacket(link, packet('ping', one.zxid, Buffer.alloc(0)));
    }
  }

  test('a PING each half tick; who answers stays', () => {
    const host = established();
    for (let i = 0; i < 40; i++) {
      host.halfTicks(1);
      answer(host, ONE);
    }
    expect(host.said).toEqual([]);
  });

  test('who is silent for syncLimit is given up, and with the quorum the leader', () => {
    const host = established();
    host.halfTicks(4);
    expect(host.said).toEqual([]);
    host.halfTicks(2);
    expect(host.said).toEqual([
      'close 1: the learner was silent',
      'step down: no quorum of learners is connected and answers',
    ]);
  });

  test('who answers and does not acknowledge is given up as well', () => {
    const host = established();
    host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
    host.propose(payload('1:1'));
    host.leader.onPacket(TWO, ack('1:1'));
    for (let i = 0; i < 5; i++) {
      host.halfTicks(1);
      answer(host, ONE);
      answer(host, TWO);
    }
    expect(host.said.at(-1)).toBe('close 1: a proposal was not acknowledged');
  });

  test('a steady delay below the limit is none, however many proposals pass', () => {
    const host = established();
    for (let i = 1; i <= 30; i++) {
      host.propose(payload(`1:${i}`));
      if (i > 2) host.leader.onPacket(ONE, ack(`1:${i - 2}`));
      host.halfTicks(1);
      answer(host, ONE);
    }
    expect(host.said.filter((line) => line.startsWith('close'))).toEqual([]);
  });

  test('a learner that joins has initLimit for each step, and longer while it takes bytes', () => {
    const host = established();
    host.open(OBSERVER, [packet('observerInfo', ZXID_ZERO, learnerInfo(4, ZXID_ZERO)), ackEpoch()]);
    for (let i = 1; i <= 50; i++) {
      host.bytesTaken.set(OBSERVER, i * 1000);
      host.halfTicks(1);
      answer(host, ONE);
    }
    expect(host.said.filter((line) => line.startsWith('close'))).toEqual([]);
    for (let i = 0; i < 11; i++) {
      host.halfTicks(1);
      answer(host, ONE);
    }
    expect(host.said.at(-1)).toBe('close 4: synchronising made no progress');
  });

  test('a leader waits for its quorum as long as one of them takes bytes', () => {
    const host = new LoneLeader(
      {},
      { recent: [{ zxid: zxid('4:2'), payload: payload('4:2') }], acceptedEpoch: 4, currentEpoch: 4 },
    );
    host.leader.start();
    host.open(ONE, [info(1, 4), ackEpoch('1:1', 4)]);
    for (let i = 1; i <= 50; i++) {
      host.bytesTaken.set(ONE, i * 1000);
      host.halfTicks(1);
    }
    expect(host.leader.phase).toBe('synchronization');
    host.halfTicks(11);
    expect(host.said.at(-1)).toBe('step down: no quorum was synchronised, only 3');
  });

  test('a link that is not read from is closed at the limit, and nobody else notices', () => {
    const host = established({ maxLinkQueueBytes: 1000 });
    host.open(OBSERVER, [packet('observerInfo', ZXID_ZERO, learnerInfo(4, ZXID_ZERO)), ackEpoch(), ack('1:0')]);
    host.bytesWaiting.set(OBSERVER, 1001);
    host.propose(payload('1:1'));
    host.leader.onPacket(ONE, ack('1:1'));
    expect(host.leader.lastCommitted).toBe(zxid('1:1'));
    host.halfTicks(1);
    expect(host.said.at(-1)).toBe('close 4: the learner takes less than is sent to it');
  });

  test('a stalled link does not gather PINGs for barriers without end', () => {
    const host = established();
    host.open(TWO, [info(2), ackEpoch(), ack('1:0')]);
    for (let i = 0; i < 500; i++) {
      host.leader.barrier(i);
      answer(host, ONE);
    }
    expect(host.said.filter((line) => line.startsWith('barrier')).length).toBe(500);
    expect(host.sentTo(TWO).filter((sent) => sent.type === PacketType.ping).length).toBeLessThan(70);
  });
});

test('a DIFF from disk that breaks off ends the link, and the learner gets a snapshot the next time', () => {
  const at = ['1:1', '1:2', '1:4', '1:5', '1:6'];
  const log = at.map((each) => ({ zxid: zxid(each), payload: payload(each) }));
  const host = new LoneLeader({}, { recent: log.slice(-2), acceptedEpoch: 1, currentEpoch: 1 });
  host.disk = log;
  host.leader.start();
  host.open(ONE, [info(1, 1), ackEpoch('1:6', 1), ack('2:0')]);
  host.open(TWO, [info(2, 1), ackEpoch('1:1', 1)]);
  expect(host.said.at(-1)).toBe('close 2: the log on disk has 100000004 after 100000002');
  host.open(12, [info(2, 2), ackEpoch('1:1', -1)]);
  expect(host.shown(12).slice(1)).toEqual(['SNAP 2:0', 'NEWLEADER 2:0']);
});
