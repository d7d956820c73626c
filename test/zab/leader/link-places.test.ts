import { expect, test } from 'vitest';
import { ack, ackEpoch, answerPings, established, info, ONE, TWO } from '../established-leader.ts';

/** Connections that say nothing, with numbers from `first` on. */
function silent(host: ReturnType<typeof established>, count: number, first = 100): void {
  for (let i = 0; i < count; i++) host.open(first + i);
}

test('an address has sixteen places for those who have not said who they are; the oldest makes room', () => {
  const host = established();
  host.hostOf = () => 'one address';
  silent(host, 17);
  expect(host.said).toEqual(['close 100: it makes room for a later connection']);
});

test('all of them together have 128', () => {
  const host = established();
  silent(host, 150);
  expect(host.said.length).toBe(22);
  expect(host.said.at(-1)).toBe('close 121: it makes room for a later connection');
});

test('150 silent connections keep no member out, from the same address or from another', () => {
  for (const hostOf of [() => 'one address', (link: number) => `host ${link}`]) {
    const host = established();
    host.hostOf = hostOf;
    silent(host, 150);
    host.open(TWO, [info(2), ackEpoch()]);
    silent(host, 150, 300);
    host.onPacket(TWO, ack('1:0'));
    expect(host.shown(TWO).at(-1)).toBe('UPTODATE');
    host.halfTicks(1);
    answerPings(host, ONE);
    answerPings(host, TWO);
    expect(host.leader.linkInfos().filter(({ voter }) => voter).length).toBe(2);
  }
});

test('where members hold all places of their address, a stranger finds none', () => {
  const host = established();
  host.hostOf = () => 'one address';
  host.open(TWO, [info(2)]);
  for (let link = 100; link < 115; link++) host.open(link, [info(7)]);
  // Those of one id were turned away but for two, so there is room.
  expect(host.leader.linkInfos().length).toBe(4);
});
