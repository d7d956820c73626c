import {
  INITIAL_VERSION_1,
  INITIAL_VERSION_2,
  writeInitialMessage,
} from '../../../src/election/mesh/initial-message.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { ELECTION_PORT, framed, notificationOf } from '../script/scripted-host.ts';

const LONG_MAX = 0x7fffffffffffffffn;
const HERE = [{ host: 'zk9', port: ELECTION_PORT }];

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** A first message with these fields, whether they fit together or not. */
function hello(version: number, sid: bigint, addresses: string, length = Buffer.byteLength(addresses)): Buffer {
  const count = Buffer.alloc(4);
  count.writeInt32BE(length);
  return Buffer.concat([long(BigInt(version)), long(sid), count, Buffer.from(addresses)]);
}

const REFUSED: readonly Buffer[] = [
  hello(INITIAL_VERSION_1, 1n, 'zk9:3888'),
  hello(INITIAL_VERSION_1, -7n, 'zk9:3888'),
  hello(INITIAL_VERSION_2, 2n ** 60n, 'zk9:3888'),
  hello(-1, 9n, 'zk9:3888'),
  hello(-65534, 9n, 'zk9:3888'),
  hello(INITIAL_VERSION_1, 9n, '', 0),
  hello(INITIAL_VERSION_1, 9n, '', -1),
  hello(INITIAL_VERSION_1, 9n, 'x'.repeat(2049)),
  hello(INITIAL_VERSION_1, 9n, '', 0x7fffffff),
  hello(INITIAL_VERSION_1, 9n, 'zk9'),
  hello(INITIAL_VERSION_1, 9n, 'zk9:2888:3888'),
  hello(INITIAL_VERSION_1, 9n, '[::1:3888'),
  hello(INITIAL_VERSION_1, 9n, 'zk9:'),
  hello(INITIAL_VERSION_1, 9n, 'zk9:port'),
  hello(INITIAL_VERSION_1, 9n, 'zk9:65536'),
  hello(INITIAL_VERSION_2, 9n, 'zk9:3888|zk8:-1'),
  long(2n ** 60n),
  Buffer.from('GET / HTTP/1.1\r\n\r\n'),
];

export const scenario: Scenario = {
  name: 'garbage on the election port',
  about: 'first words of every kind from strangers: refused one by one, bounded in number, and nothing of them stays',
  voters: 3,
  play(s) {
    s.begin(3);
    s.create('/a');
    s.itBegins();
    const stranger = s.stranger('zk9');
    for (const bytes of REFUSED) {
      const call = stranger.dial('zk1', ELECTION_PORT, bytes);
      s.until(`the end of ${bytes.toString('hex')}`, () => call.isClosed, 1000);
      s.expect(call.received.length, 0, 'bytes of an answer');
    }
    s.expect(s.said(1, 'an election connection was refused'), REFUSED.length, 'refusals');

    // One stops in the middle of it, another one says good-bye there.
    const half = writeInitialMessage(9, HERE, 1).subarray(0, 14);
    const silent = stranger.dial('zk1', ELECTION_PORT, half);
    const leaving = stranger.dial('zk1', ELECTION_PORT, half);
    s.run(100);
    leaving.end();
    s.until('the end of who left', () => leaving.isClosed, 1000);
    s.until('the end of who is silent', () => silent.isClosed, 6000);

    // Servers of other ages: each is answered on the connection it dialled, or dialled back.
    const word = notificationOf(40, { state: 'looking', leader: 9, zxid: 0 as Zxid, round: 1n, peerEpoch: 0 });
    const old = stranger.dial('zk1', ELECTION_PORT, long(9n), framed(word));
    s.until('an answer', () => old.received.length > 0, 1000);
    old.destroy();
    stranger.listen(ELECTION_PORT, (call) => call.send(framed(word)));
    for (const first of [
      hello(INITIAL_VERSION_1, LONG_MAX, 'zk9:3888'),
      hello(INITIAL_VERSION_2, 0n, '0.0.0.0:1|zk9:3888'),
    ]) {
      const before = stranger.accepted.length;
      const call = stranger.dial('zk1', ELECTION_PORT, first);
      s.until('to be dialled back', () => stranger.accepted.length > before, 2000);
      const back = stranger.accepted.at(-1);
      s.until('an answer', () => (back?.received.length ?? 0) > 60, 2000);
      s.expect(call.isClosed, true, 'the connection that asked is closed');
      back?.destroy();
    }
    // Nobody can be dialled back there.
    for (const first of [long(LONG_MAX), hello(INITIAL_VERSION_1, LONG_MAX, '[0:0:0:0:0:0:0:0]:3888')]) {
      stranger.dial('zk1', ELECTION_PORT, first);
    }
    s.run(1000);

    const crowd = Array.from({ length: 200 }, () => stranger.dial('zk1', ELECTION_PORT));
    s.run(500);
    const listenedTo = (): number => crowd.filter((call) => call.isOpen).length;
    s.expect(listenedTo(), 8, 'strangers that are listened to');
    s.run(6000);
    s.expect(listenedTo(), 0, 'strangers left after a while');
    // One that came before and is still remembered would take one of the sixteen places.
    const unknownServers = (firstSid: number) => {
      const calls = Array.from({ length: 150 }, (_, i) => {
        const call = stranger.dial('zk1', ELECTION_PORT, writeInitialMessage(firstSid + i, HERE, 1), framed(word));
        s.run(5);
        return call;
      });
      s.run(500);
      s.expect(calls.filter((call) => call.isOpen).length, 16, 'unknown servers that are kept');
      return calls;
    };
    const named = unknownServers(100);
    s.kill(2);
    s.start(2);
    s.until('a member, while the strangers stay', () => s.isServing(2), 5000);
    for (const call of [...named, ...crowd]) call.destroy();
    s.run(500);
    for (const call of unknownServers(300)) call.destroy();
    stranger.kill();
  },
};
