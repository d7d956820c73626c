import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuorumText } from '../../../src/election/quorum/quorum-config.ts';
import { type Notification, readNotification, writeNotification } from '../../../src/election/voting/notification.ts';
import { ZXID_NONE, type Zxid } from '../../../src/jute/zxid.ts';
import { type GoldenVote, goldenVotes, recordedMessages } from '../golden.ts';

const STATES = ['looking', 'following', 'leading', 'observing'] as const;

function expected(golden: GoldenVote): Notification {
  return {
    state: STATES[golden.state]!,
    leader: Number(golden.leader),
    zxid: Number(golden.zxid) as Zxid,
    round: BigInt(golden.electionEpoch),
    peerEpoch: Number(golden.peerEpoch),
    version: golden.version === 1 ? 0 : golden.version,
    configText: golden.config,
  };
}

describe('a notification', () => {
  it.each(goldenVotes())('of Apache is read: $name', (golden) => {
    expect(readNotification(Buffer.from(golden.hex, 'hex'))).toEqual(expected(golden));
  });

  it.each(goldenVotes().filter(({ version }) => version === 2))('is written as Apache does: $name', (golden) => {
    const written = writeNotification(expected(golden), Buffer.from(golden.config ?? ''));
    expect(written.toString('hex')).toBe(golden.hex);
  });

  it('of every recorded election is read, written again to the same bytes, and carries a configuration we print alike', () => {
    const { votes } = recordedMessages();
    expect(votes.length).toBeGreaterThan(50);
    for (const golden of votes) {
      const bytes = Buffer.from(golden.hex, 'hex').subarray(4);
      expect(readNotification(bytes)).toEqual(expected(golden));
      expect(writeNotification(expected(golden), Buffer.from(golden.config ?? ''))).toEqual(bytes);
      const parsed = parseQuorumText(golden.config!, {
        multiAddress: false,
        standaloneEnabled: true,
        otherKeys: 'refuse',
      });
      expect(parsed.text()).toBe(golden.config);
    }
  });

  it('of 28 bytes has the epoch of its zxid', () => {
    const bytes = Buffer.from(`00000001${'0000000000000003'}${'0000000700000009'}${'000000000000000c'}`, 'hex');
    expect(readNotification(bytes)).toEqual({
      state: 'following',
      leader: 3,
      zxid: 0x700000009,
      round: 12n,
      peerEpoch: 7,
      version: 0,
      configText: undefined,
    });
  });

  it('with zxid -1 is what an abstaining voter sends', () => {
    const vote = { state: 'looking', leader: 2, zxid: ZXID_NONE, round: 0n, peerEpoch: 0 } as const;
    const bytes = writeNotification(vote, Buffer.alloc(0));
    expect(bytes.toString('hex')).toBe(
      `00000000${'0000000000000002'}${'ffffffffffffffff'}${'0000000000000000'}${'0000000000000000'}0000000200000000`,
    );
    expect(readNotification(bytes)).toMatchObject({ leader: 2, zxid: -1, round: 0n });
  });

  const whole = Buffer.from(goldenVotes()[0]!.hex, 'hex');
  it.each([
    ['empty', Buffer.alloc(0), '0 bytes are too short'],
    ['27 bytes', whole.subarray(0, 27), '27 bytes are too short'],
    ['30 bytes', whole.subarray(0, 30), '30 bytes are no notification of any version'],
    ['39 bytes', whole.subarray(0, 39), '39 bytes are no notification of any version'],
    ['42 bytes', whole.subarray(0, 42), 'version 2 without a configuration length'],
    ['a configuration that ends early', whole.subarray(0, 60), 'configuration of 121 bytes in a notification of 60'],
    ['a negative configuration length', patched(40, 'ffffffff'), 'configuration of -1 bytes'],
    ['a huge configuration length', patched(40, '7fffffff'), 'configuration of 2147483647 bytes'],
    ['an unknown state', patched(0, '00000004'), 'unknown state 4'],
    ['a leader beyond what we can hold', patched(4, '7000000000000000'), 'a number is out of range'],
    ['a zxid of no meaning', patched(12, 'fffffffffffffffe'), 'zxid -2 is out of range'],
  ])('%s is none', (_, bytes, reason) => {
    expect(readNotification(bytes)).toContain(reason);
  });

  function patched(at: number, hex: string): Buffer {
    const bytes = Buffer.from(whole);
    bytes.write(hex, at, 'hex');
    return bytes;
  }

  it('or a reason is what any bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const read = readNotification(Buffer.from(bytes));
        expect(typeof read === 'string' || STATES.includes(read.state)).toBe(true);
      }),
    );
  });
});
