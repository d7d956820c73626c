import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { framed, notificationOf } from '../script/scripted-host.ts';

const WORD = { state: 'looking', leader: 3, zxid: 0 as Zxid, round: 1n, peerEpoch: 0 } as const;

/** The notification of today, or of that age, with this done to it. */
function spoilt(change: (bytes: Buffer) => void, length?: number): Buffer {
  const bytes = Buffer.from(notificationOf('today', WORD, 'version=0'));
  change(bytes);
  return bytes.subarray(0, length ?? bytes.length);
}

const OUT_OF_RANGE = 2n ** 60n;

/** Each is as long as it says, so the stream stays in step. */
const NO_NOTIFICATIONS: readonly Buffer[] = [
  Buffer.alloc(1),
  spoilt(() => {}, 27),
  spoilt(() => {}, 29),
  spoilt(() => {}, 36),
  spoilt(() => {}, 41),
  spoilt(() => {}, 43),
  spoilt((bytes) => bytes.writeInt32BE(4, 0)),
  spoilt((bytes) => bytes.writeInt32BE(-1, 0)),
  spoilt((bytes) => bytes.writeBigInt64BE(OUT_OF_RANGE, 4)),
  spoilt((bytes) => bytes.writeBigInt64BE(OUT_OF_RANGE, 12)),
  spoilt((bytes) => bytes.writeBigInt64BE(-5n, 12)),
  spoilt((bytes) => bytes.writeBigInt64BE(OUT_OF_RANGE, 28)),
  spoilt((bytes) => bytes.writeInt32BE(-1, 40)),
  spoilt((bytes) => bytes.writeInt32BE(10, 40)),
  spoilt((bytes) => bytes.writeInt32BE(0x7fffffff, 40)),
];

/** Behind these nobody knows where the next message begins. */
const NO_FRAMES: readonly Buffer[] = [
  Buffer.from([0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0x80, 0, 0, 0]),
  Buffer.from([0, 0, 0, 0]),
  Buffer.from([0x00, 0x08, 0x00, 0x01]),
];

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3769',
  about:
    'notifications cut short and out of range, and frames of impossible lengths: each costs itself, or its connection',
  voters: 3,
  mutant: 'take a malformed notification for a bug',
  play(s) {
    s.start(1, 2);
    s.untilServing();
    s.create('/a');
    const other = s.impostor(3);
    other.connect(1);
    s.run(100);
    for (const bytes of NO_NOTIFICATIONS) other.say(1, bytes);
    s.run(100);
    s.expect(s.said(1, 'a notification was dropped'), NO_NOTIFICATIONS.length, 'dropped notifications');
    s.expect(other.isConnected(1), true, 'still connected');
    other.say(1, notificationOf('today', WORD));
    s.until('an answer', () => other.heard.get(1)?.at(-1)?.state === 'following', 1000);
    // The end of observers' votes: no state that anyone who votes is in, and -2^63, an id that no server has.
    other.say(
      1,
      notificationOf('today', { ...WORD, state: 'observing', leader: -(2 ** 63), zxid: -(2 ** 63) as Zxid }),
    );
    for (const bytes of NO_FRAMES) {
      const call = other.connect(1);
      s.run(100);
      call.send(bytes, framed(notificationOf('today', WORD)));
      s.until(`the end of the connection after ${bytes.toString('hex')}`, () => call.isClosed, 1000);
    }
    s.expect(s.said(1, 'sent what is no message'), NO_FRAMES.length, 'broken frames');
    other.stranger.kill();
    s.world.ensemble.network.setName('zk3', { address: s.view(3).machine.host.address });
    s.start(3);
    s.until('the real one', () => s.isServing(3), 5000);
    s.write('/a', 'new');
  },
};
