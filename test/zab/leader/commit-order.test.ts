import { expect, it } from 'vitest';
import { makeZxid } from '../../../src/jute/zxid.ts';
import { CommitOrder } from '../../../src/zab/leader/commit-order.ts';
import { PacketType, QuorumPacket } from '../../../src/zab/wire/packets.ts';

const commit = (counter: number) => new QuorumPacket(PacketType.commit, makeZxid(1, counter));

it('commits wait for the answers to the syncs that were asked before their proposals', () => {
  const order = new CommitOrder();
  const sent: number[] = [];
  const learner = { send: ({ zxid }: QuorumPacket) => sent.push(zxid - makeZxid(1, 0)) };
  order.syncAsked(makeZxid(1, 2));
  order.syncAsked(makeZxid(1, 4));
  expect([2, 3, 4, 5].map((counter) => order.holds(commit(counter)))).toEqual([false, true, true, true]);
  order.syncAnswered(learner);
  expect(sent).toEqual([3, 4]);
  order.syncAnswered(learner);
  expect(sent).toEqual([3, 4, 5]);
  expect(order.holds(commit(6))).toBe(false);
});
