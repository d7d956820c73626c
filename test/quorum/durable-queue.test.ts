import { expect, test } from 'vitest';
import { AssertionFailure } from '../../src/base/assert.ts';
import type { Zxid } from '../../src/jute/zxid.ts';
import { DurableQueue } from '../../src/quorum/durable-queue.ts';
import { PacketType, QuorumPacket } from '../../src/zab/wire/packets.ts';

function queue(...appended: number[]): DurableQueue {
  const made = new DurableQueue({ send() {} });
  for (const zxid of appended) made.onAppended(zxid as Zxid);
  return made;
}

test('what is durable comes after what was appended, and never goes back', () => {
  const told: string[] = [];
  const made = queue(5, 6);
  made.run(() => told.push('task'));
  made.onDurable(5 as Zxid);
  expect(told).toEqual([]);
  made.onDurable(6 as Zxid);
  expect(told).toEqual(['task']);
  expect(() => made.onDurable(5 as Zxid)).toThrow(AssertionFailure);
  expect(() => made.onDurable(7 as Zxid)).toThrow(AssertionFailure);
  expect(() => made.onAppended(6 as Zxid)).toThrow(AssertionFailure);
});

/** What goes to the leader, in order, when 1 to 3 and 4 to 6 become durable by a sync each. */
function sent(groups: boolean): string[] {
  const words: string[] = [];
  const said = new Map<number, string>([
    [PacketType.ack, 'ack'],
    [PacketType.ping, 'ping'],
  ]);
  const made = new DurableQueue({ send: ({ type, zxid }) => words.push(`${said.get(type)} ${zxid}`) });
  if (groups) made.groupAcks();
  const ack = (zxid: number): void => made.send(new QuorumPacket(PacketType.ack, zxid as Zxid));
  for (let zxid = 1; zxid <= 6; zxid++) {
    made.onAppended(zxid as Zxid);
    ack(zxid);
    if (zxid === 2) made.run(() => words.push('task'));
    if (zxid === 4) made.send(new QuorumPacket(PacketType.ping, 0 as Zxid));
  }
  made.onDurable(3 as Zxid);
  made.onDurable(6 as Zxid);
  // Nothing is waited for: each goes at once. Those of NEWLEADER and UPTODATE are two, and stay two.
  made.onAppended(7 as Zxid);
  ack(2 ** 32);
  ack(2 ** 32);
  made.onDurable(7 as Zxid);
  ack(7);
  return words;
}

test('each proposal has an ACK of its own', () => {
  expect(sent(false).join(', ')).toBe(
    'ack 1, ack 2, task, ack 3, ack 4, ping 0, ack 5, ack 6, ack 4294967296, ack 4294967296, ack 7',
  );
});

test('a leader that takes them is sent the last ACK of a group for all, and nothing overtakes one', () => {
  expect(sent(true).join(', ')).toBe('ack 2, task, ack 3, ack 4, ping 0, ack 6, ack 4294967296, ack 4294967296, ack 7');
});
