import { expect, test } from 'vitest';
import { displacedBy } from '../../../src/zab/leader/link-places.ts';
import { ack, ackEpoch, answerPings, established, info, ONE, observerInfo, TWO } from '../established-leader.ts';

/** Connections that say nothing, with numbers from `first` on. */
function silent(host: ReturnType<typeof established>, count: number, first = 100): void {
  for (let i = 0; i < count; i++) host.open(first + i);
}

test('an address has sixteen places for those who have not said who they are; the oldest makes room', () => {
  const host = established();
  host.hostOf = () => 'one address';
  silent(host, 17);
  expect(host.said).toEqual(['close 100: ']);
  expect(host.warned).toEqual([]);
  host.halfTicks(1);
  expect(host.warned).toEqual(['more connections to the quorum port than there are places: 1']);
});

test('all of them together have 128', () => {
  const host = established();
  silent(host, 150);
  expect(host.said.length).toBe(22);
  expect(host.said.at(-1)).toBe('close 121: ');
  host.halfTicks(1);
  expect(host.warned).toEqual(['more connections to the quorum port than there are places: 22']);
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

test('1024 learners are served, strangers among them; one more finds no place', () => {
  const host = established();
  for (let link = 100; link < 1123; link++) host.open(link, [observerInfo(link), ackEpoch('1:0', -1), ack('1:0')]);
  expect(host.leader.linkInfos().filter(({ phase }) => phase === 'serving').length).toBe(1024);
  host.open(2000);
  expect(host.leader.linkInfos().length).toBe(1024);
  expect(host.said.at(-1)).toMatch(/^close 2000/);
});

test('a member that joins is never the one that makes room', () => {
  const links = Array.from({ length: 16 }, (_, i) => ({ sid: i % 2, phase: 'ackEpoch', wire: { remoteHost: 'here' } }));
  const isMember = (sid: number): boolean => sid === 0;
  expect(displacedBy('here', links as never, isMember)).toBe(links[1]);
  expect(
    displacedBy(
      'here',
      links.filter(({ sid }) => sid === 0).concat(links.filter(({ sid }) => sid === 0)) as never,
      isMember,
    ),
  ).toBe('newcomer');
  expect(displacedBy('elsewhere', links as never, isMember)).toBeUndefined();
});

test('where members hold all places of their address, a stranger finds none', () => {
  const host = established();
  host.hostOf = () => 'one address';
  host.open(TWO, [info(2)]);
  for (let link = 100; link < 115; link++) host.open(link, [info(7)]);
  // Those of one id were turned away but for two, so there is room.
  expect(host.leader.linkInfos().length).toBe(4);
});
