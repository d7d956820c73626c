import { describe, expect, test } from 'vitest';
import { OpCode } from '../../../src/jute/codes.ts';
import { ZXID_NONE, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { leaderInfoBody } from '../../../src/zab/wire/leader-info.ts';
import {
  intBody,
  PacketType,
  PROTOCOL_VERSION,
  QuorumPacket,
  requestPacket,
  revalidatedBody,
  revalidatePacket,
} from '../../../src/zab/wire/packets.ts';
import { payloadOf, zxid } from '../ensemble.ts';
import { hexOf, LoneLearner, packet } from '../lone-hosts.ts';

const at = zxid;
const txn = (text: string): Buffer => payloadOf(at(text), `t${text}`);
const proposal = (text: string): QuorumPacket => packet('proposal', at(text), txn(text));
const commit = (text: string): QuorumPacket => packet('commit', at(text));
const inform = (text: string): QuorumPacket => packet('inform', at(text), txn(text));
const leaderInfo = (epoch: number): QuorumPacket => packet('leaderInfo', at(`${epoch}:0`), intBody(PROTOCOL_VERSION));

function reconfig(text: string): Buffer {
  const bytes = txn(text);
  bytes.writeInt32BE(OpCode.reconfig, 28);
  return bytes;
}

function designated(leader: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(leader));
  return Buffer.concat([bytes, payload]);
}

function following(options: ConstructorParameters<typeof LoneLearner>[0] = {}): LoneLearner {
  const host = new LoneLearner(options, { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 });
  host.learner.onOpen();
  for (const given of [
    leaderInfo(2),
    packet('diff', at('1:5')),
    packet('newLeader', at('2:0')),
    packet('upToDate', ZXID_NONE),
  ]) {
    host.receive(given);
  }
  expect(host.learner.phase).toBe('serving');
  host.sent.length = 0;
  host.said.length = 0;
  return host;
}

describe('the epoch of the leader', () => {
  function offered(epoch: number): LoneLearner {
    const host = new LoneLearner({}, { lastZxid: at('3:7'), acceptedEpoch: 5, currentEpoch: 3 });
    host.learner.onOpen();
    host.receive(leaderInfo(epoch));
    return host;
  }

  test('a higher one is accepted, durably, before the answer', () => {
    const host = offered(6);
    expect(host.said).toEqual(['acceptedEpoch 6']);
    expect(host.shown).toEqual(['FOLLOWERINFO 5:0', 'ACKEPOCH 3:7 epoch 3']);
  });

  test('the same one is not promised again', () => {
    const host = offered(5);
    expect(host.said).toEqual([]);
    expect(host.shown.at(-1)).toBe('ACKEPOCH 3:7 epoch -1');
  });

  test('a lower one is refused', () => {
    expect(offered(4).said).toEqual(["leave: the leader's epoch 4 is below the accepted one, 5"]);
  });
});

describe('acknowledgements in groups', () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  test.each([
    ['Apache, which says its version alone', '00010000', false],
    ['this kind of leader', '00010000 4d4e4752 00000001', true],
    ['one that says more than is known here', '00010000 4d4e4752 00000003 00000000', true],
    ['one that does not take them', '00010000 4d4e4752 00000002', false],
    ['one that says something else behind its version', '00010000 00000001 00000001', false],
    ['one that says half of it', '00010000 4d4e4752 000000', false],
  ])('go to a leader that says it takes them: %s', (_, body, takes) => {
    const host = new LoneLearner({}, { lastZxid: at('3:7'), acceptedEpoch: 5, currentEpoch: 3 });
    host.learner.onOpen();
    host.receive(packet('leaderInfo', at('6:0'), bytes(body)));
    expect(host.said.includes('acknowledges in groups')).toBe(takes);
    expect(host.shown.at(-1)).toBe('ACKEPOCH 3:7 epoch 3');
  });

  test('the leader says so behind the version, which is all that Apache reads', () => {
    expect(leaderInfoBody()).toEqual(bytes('00010000 4d4e4752 00000001'));
  });
});

describe('what a leader must not send', () => {
  test.each([
    ['another packet than LEADERINFO', [packet('newLeader', at('6:0'))], 'NEWLEADER instead of LEADERINFO'],
    ['LEADERINFO without a version', [packet('leaderInfo', at('6:0'))], 'LEADERINFO without data'],
    [
      'an epoch beyond what we hold',
      [packet('leaderInfo', (2 ** 54) as Zxid, intBody(1))],
      'LEADERINFO with epoch 4194304, beyond 2097151',
    ],
    [
      'proposals before the synchronisation',
      [leaderInfo(6), proposal('6:1')],
      'PROPOSAL instead of DIFF, TRUNC or SNAP',
    ],
    [
      'a synchronisation beyond its epoch',
      [leaderInfo(6), packet('diff', at('7:1'))],
      'DIFF with zxid 700000001 in epoch 6',
    ],
    [
      'NEWLEADER of another epoch',
      [leaderInfo(6), packet('diff', at('3:7')), packet('newLeader', at('5:0'))],
      'NEWLEADER 500000000 in epoch 6',
    ],
    [
      'NEWLEADER twice',
      [leaderInfo(6), packet('diff', at('3:7')), packet('newLeader', at('6:0')), packet('newLeader', at('6:0'))],
      'NEWLEADER 600000000 in epoch 6',
    ],
    [
      'UPTODATE before NEWLEADER',
      [leaderInfo(6), packet('diff', at('3:7')), packet('upToDate', ZXID_NONE)],
      'UPTODATE before NEWLEADER was acknowledged',
    ],
    [
      'a hole',
      [leaderInfo(6), packet('diff', at('3:9')), proposal('3:9')],
      'transaction 300000009 after 300000007 in epoch 6',
    ],
    [
      'an epoch that does not start at 1',
      [leaderInfo(6), packet('diff', at('5:2')), proposal('5:2')],
      'transaction 500000002 after 300000007 in epoch 6',
    ],
    [
      'a transaction of a later epoch',
      [leaderInfo(6), packet('diff', at('3:7')), proposal('7:1')],
      'transaction 700000001 after 300000007 in epoch 6',
    ],
    [
      'a transaction by another name',
      [leaderInfo(6), packet('diff', at('3:8')), packet('proposal', at('3:8'), txn('3:9'))],
      'PROPOSAL 300000008 holds another transaction',
    ],
    [
      'no transaction',
      [leaderInfo(6), packet('diff', at('3:8')), packet('proposal', at('3:8'), Buffer.alloc(31))],
      'PROPOSAL 300000008 without a transaction',
    ],
    [
      'a commit of nothing',
      [leaderInfo(6), packet('diff', at('3:7')), commit('3:8')],
      'commit of 300000008, none is open',
    ],
    [
      'a commit out of order',
      [leaderInfo(6), packet('diff', at('3:9')), proposal('3:8'), proposal('3:9'), commit('3:9')],
      'commit of 300000009, 300000008 is next',
    ],
    [
      'an activation of what is no reconfiguration',
      [
        leaderInfo(6),
        packet('diff', at('3:8')),
        proposal('3:8'),
        packet('commitAndActivate', at('3:8'), designated(1)),
      ],
      'transaction 300000008 is no reconfiguration',
    ],
  ])('%s', (_, packets, reason) => {
    const host = new LoneLearner({}, { lastZxid: at('3:7'), acceptedEpoch: 5, currentEpoch: 3 });
    host.learner.onOpen();
    for (const given of packets) host.receive(given);
    expect(host.said.at(-1)).toBe(`leave: ${reason}`);
    expect(host.learner.onPacket(proposal('6:1'))).toBe(false);
    host.learner.onHalfTick();
    expect(host.said.at(-1)).toBe(`leave: ${reason}`);
  });
});

describe('the golden rule', () => {
  test('transactions, then the epoch, then NEWLEADER, then the proposals that are open', () => {
    const host = new LoneLearner({}, { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 });
    host.isDiskQuick = false;
    host.learner.onOpen();
    for (const given of [
      leaderInfo(2),
      packet('diff', at('1:6')),
      proposal('1:6'),
      commit('1:6'),
      proposal('2:1'),
      packet('newLeader', at('2:0'), Buffer.from('version=7')),
      proposal('2:2'),
      commit('2:1'),
    ]) {
      host.receive(given);
    }
    expect(host.shown).toEqual(['FOLLOWERINFO 1:0', 'ACKEPOCH 1:5 epoch 1']);
    expect(host.said).toEqual([
      'acceptedEpoch 2',
      'commit 1:5',
      'append 1:6',
      'commit 1:6',
      'append 2:1',
      'config seen version=7',
      'append 2:2',
      'commit 2:1',
    ]);
    host.syncDisk();
    expect(host.said.at(-1)).toBe('currentEpoch 2');
    expect(host.shown.slice(2)).toEqual(['ACK 2:0', 'ACK 2:1', 'ACK 2:2']);
    host.receive(packet('upToDate', ZXID_NONE));
    expect(host.said.slice(-2)).toEqual(['config active version=7', 'serving']);
    expect(host.shown.at(-1)).toBe('ACK 2:0');
  });

  test('a voter without a history takes the epoch, and acknowledges proposals, at UPTODATE', () => {
    const host = new LoneLearner({}, { initialize: false });
    host.learner.onOpen();
    for (const given of [
      leaderInfo(2),
      packet('snap', at('1:6')),
      proposal('2:1'),
      packet('newLeader', at('2:0')),
      proposal('2:2'),
    ]) {
      host.receive(given);
    }
    expect(host.said).toEqual(['acceptedEpoch 2', 'currentEpoch 0', 'snapshot 1:6', 'append 2:1', 'append 2:2']);
    expect(host.shown).toEqual(['FOLLOWERINFO 0:0', 'ACKEPOCH - epoch 0', 'ACK 2:0']);
    host.receive(packet('upToDate', ZXID_NONE));
    expect(host.said.slice(-2)).toEqual(['currentEpoch 2', 'serving']);
    expect(host.shown.slice(-3)).toEqual(['ACK 2:1', 'ACK 2:2', 'ACK 2:0']);
  });

  test('the remains of a synchronisation are no history, whoever says so', () => {
    const host = new LoneLearner({}, { lastZxid: at('3:7'), acceptedEpoch: 4, initialize: true });
    host.learner.onOpen();
    host.receive(leaderInfo(5));
    expect(host.shown.at(-1)).toBe('ACKEPOCH - epoch 0');
    host.receive(packet('diff', at('3:7')));
    expect(host.said.at(-1)).toBe('leave: DIFF for a learner that did not say what it has');
  });
});

describe('what comes twice', () => {
  test('is passed over, and acknowledged again while it is open', () => {
    const host = following();
    host.receive(proposal('2:1'));
    host.receive(proposal('2:1'));
    host.receive(commit('2:1'));
    host.receive(commit('2:1'));
    host.receive(proposal('2:1'));
    expect(host.said).toEqual(['append 2:1', 'commit 2:1']);
    expect(host.shown).toEqual(['ACK 2:1', 'ACK 2:1']);
  });

  test('as from a leader whose snapshot has more than it says', () => {
    const host = new LoneLearner({}, {});
    host.learner.onOpen();
    for (const given of [
      leaderInfo(2),
      packet('snap', at('1:6')),
      proposal('1:5'),
      commit('1:5'),
      proposal('1:6'),
      commit('1:6'),
      proposal('1:7'),
      commit('1:7'),
    ]) {
      host.receive(given);
    }
    expect(host.said.slice(2)).toEqual(['snapshot 1:6', 'append 1:7', 'commit 1:7']);
  });
});

describe('observers', () => {
  test('get what is committed', () => {
    const host = following({ observer: true });
    host.receive(inform('2:1'));
    host.receive(inform('2:1'));
    host.receive(inform('2:2'));
    expect(host.said).toEqual(['append 2:1', 'commit 2:1', 'append 2:2', 'commit 2:2']);
    expect(host.sent).toEqual([]);
    host.receive(inform('2:4'));
    expect(host.said.at(-1)).toBe('leave: transaction 200000004 after 200000002 in epoch 2');
  });

  test('may get a proposal while they are synchronised, and hear of it again', () => {
    const host = new LoneLearner({ observer: true }, { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 });
    host.learner.onOpen();
    for (const given of [
      leaderInfo(2),
      packet('diff', at('1:5')),
      proposal('2:1'),
      packet('newLeader', at('2:0')),
      inform('2:1'),
      inform('2:2'),
    ]) {
      host.receive(given);
    }
    expect(host.said.slice(-5)).toEqual(['append 2:1', 'currentEpoch 2', 'commit 2:1', 'append 2:2', 'commit 2:2']);
    expect(host.shown.slice(2)).toEqual(['ACK 2:0']);
  });

  test('ignore proposals and commits once they serve', () => {
    const host = following({ observer: true });
    host.receive(proposal('2:1'));
    host.receive(commit('2:1'));
    expect(host.said).toEqual([]);
  });
});

describe('reconfigurations of a leader that does them', () => {
  test('a follower logs it, hears of it again, and applies it', () => {
    const host = following();
    host.receive(packet('proposal', at('2:1'), reconfig('2:1')));
    host.receive(proposal('2:2'));
    host.receive(packet('commitAndActivate', at('2:1'), designated(3)));
    host.receive(packet('commitAndActivate', at('2:1'), designated(3)));
    host.receive(commit('2:2'));
    expect(host.said).toEqual([
      'append 2:1',
      'reconfig 2:1 proposed',
      'append 2:2',
      'reconfig 2:1 active',
      'commit 2:1',
      'commit 2:2',
    ]);
  });

  test('an observer gets it in one', () => {
    const host = following({ observer: true });
    host.receive(packet('informAndActivate', at('2:1'), designated(3, reconfig('2:1'))));
    expect(host.said).toEqual(['append 2:1', 'reconfig 2:1 active', 'commit 2:1']);
  });

  test('who has another role by it commits it, and leaves', () => {
    const host = following();
    host.staysInRole = false;
    host.receive(packet('proposal', at('2:1'), reconfig('2:1')));
    host.receive(packet('commitAndActivate', at('2:1'), designated(3)));
    expect(host.said.slice(-2)).toEqual([
      'commit 2:1',
      'leave: a reconfiguration gives this server another role or leader, to 3',
    ]);
  });

  test('so does whoever is given another leader by it', () => {
    const host = following();
    host.receive(packet('proposal', at('2:1'), reconfig('2:1')));
    host.receive(packet('commitAndActivate', at('2:1'), designated(2)));
    expect(host.said.slice(-3)).toEqual([
      'reconfig 2:1 active',
      'commit 2:1',
      'leave: a reconfiguration gives this server another role or leader, to 2',
    ]);
  });

  test('the configuration of NEWLEADER can do that, too', () => {
    const host = new LoneLearner({}, { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 });
    host.staysInRole = false;
    host.learner.onOpen();
    for (const given of [
      leaderInfo(2),
      packet('diff', at('1:5')),
      packet('newLeader', at('2:0'), Buffer.from('version=1')),
      packet('upToDate', ZXID_NONE),
    ]) {
      host.receive(given);
    }
    expect(host.said.slice(-2)).toEqual([
      'config active version=1',
      'leave: the configuration of the leader gives this server another role or leader',
    ]);
  });
});

describe('while serving', () => {
  test('a PING is answered with its zxid and the sessions heard from, not null', () => {
    const host = following();
    host.receive(packet('ping', at('2:0')));
    host.touched = [[7n, 4000]];
    host.receive(packet('ping', at('2:0')));
    expect(host.sent.map(hexOf)).toEqual([
      '00000005000000020000000000000000ffffffff',
      '0000000500000002000000000000000c000000000000000700000fa0ffffffff',
    ]);
  });

  test('before UPTODATE it is not answered, as nobody does', () => {
    const host = new LoneLearner({}, { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 });
    host.learner.onOpen();
    for (const given of [
      leaderInfo(2),
      packet('diff', at('1:5')),
      packet('newLeader', at('2:0')),
      packet('ping', at('2:0')),
    ]) {
      host.receive(given);
    }
    expect(host.shown.at(-1)).toBe('ACK 2:0');
  });

  test('requests go out, and answers come back', () => {
    const host = following();
    host.send(requestPacket(7n, 3, OpCode.create, Buffer.from('body'), [{ scheme: 'ip', id: '::1' }]));
    host.send(requestPacket(7n, 4, OpCode.sync, Buffer.from('path'), []));
    host.send(revalidatePacket(8n, 4000));
    expect(host.sent.map(hexOf)).toEqual([
      '00000001ffffffffffffffff000000140000000000000007000000030000000' +
        '1626f6479000000010000000269700000000' +
        '33a3a31',
      '00000001ffffffffffffffff00000014000000000000000700000004000000097061746800000000',
      '00000006ffffffffffffffff0000000c000000000000000800000fa0ffffffff',
    ]);
    host.receive(packet('sync', ZXID_ZERO));
    host.receive(packet('revalidate', ZXID_NONE, revalidatedBody(8n, false)));
    host.receive(new QuorumPacket(99, ZXID_ZERO));
    host.receive(packet('upToDate', ZXID_NONE));
    expect(host.said).toEqual(['sync answered', 'session 8 is gone']);
  });
});

describe('time', () => {
  test('a learner waits initLimit for each word of the leader, and syncLimit once it serves', () => {
    const host = following();
    for (let i = 0; i < 20; i++) {
      for (let half = 0; half < 4; half++) host.learner.onHalfTick();
      host.receive(packet('ping', at('2:0')));
    }
    expect(host.said).toEqual([]);
    for (let half = 0; half < 5; half++) host.learner.onHalfTick();
    expect(host.said).toEqual(['leave: nothing heard from the leader for 2 ticks']);
  });

  test('a snapshot may take its time as long as bytes come, and the disk any time at all', () => {
    const host = new LoneLearner({});
    host.learner.onOpen();
    host.learner.onPacket(leaderInfo(1));
    expect(host.learner.onPacket(packet('snap', at('1:0')))).toBe(false);
    for (let half = 0; half < 100; half++) {
      host.learner.onHalfTick();
      host.learner.onSnapshotBytes();
    }
    host.learner.onSnapshotReceived();
    for (let half = 0; half < 100; half++) host.learner.onHalfTick();
    host.learner.onSnapshotInstalled();
    expect(host.learner.phase).toBe('synchronising');
    for (let half = 0; half < 11; half++) host.learner.onHalfTick();
    expect(host.said.at(-1)).toBe('leave: nothing heard from the leader for 5 ticks');
  });

  test('before the connection is open it is the dialler who counts', () => {
    const host = new LoneLearner({});
    for (let half = 0; half < 100; half++) host.learner.onHalfTick();
    expect(host.said).toEqual([]);
  });
});

describe('a cut that cannot be made', () => {
  test('leads to a snapshot the next time, without being counted', () => {
    const state = { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 };
    const host = new LoneLearner({}, state);
    host.learner.onOpen();
    host.learner.onPacket(leaderInfo(2));
    expect(host.learner.onPacket(packet('trunc', at('1:3')))).toBe(false);
    host.learner.onTruncated(undefined);
    expect(host.said.at(-1)).toContain('leave: after TRUNC to 100000003 it cannot be done');
    expect(host.learner.needsSnapshot).toBe(true);

    const again = new LoneLearner({}, { ...state, acceptedEpoch: 2, needsSnapshot: true });
    again.learner.onOpen();
    again.receive(leaderInfo(3));
    expect(again.shown.at(-1)).toBe('ACKEPOCH - epoch -1');
    expect(again.sent.at(-1)?.type).toBe(PacketType.ackEpoch);
  });

  test('a log that ends elsewhere after the cut is not taken for the one that was meant', () => {
    const host = new LoneLearner({}, { lastZxid: at('1:5'), acceptedEpoch: 1, currentEpoch: 1 });
    host.learner.onOpen();
    host.learner.onPacket(leaderInfo(2));
    host.learner.onPacket(packet('trunc', at('1:3')));
    host.learner.onTruncated(at('1:2'));
    expect(host.said.at(-1)).toContain('the log ends at 100000002');
  });
});
