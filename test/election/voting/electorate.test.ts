import { expect, test } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { electorate, members, THREE } from '../parts.ts';

const NEXT = members('server.3=c:1:2', 'server.5=e:1:2', 'version=100000005');

test('observers have no vote', () => {
  const { voters } = electorate(THREE);
  expect(voters).toEqual([1, 2, 3]);
});

test('members that are proposed vote as well, each once', () => {
  const both = electorate(THREE, NEXT);
  expect(both.verifiers).toEqual([THREE, NEXT]);
  expect(both.voters).toEqual([1, 2, 3, 5]);
  expect(both.isVoter(5)).toBe(true);
  expect(both.isVoter(4)).toBe(false);
});

test('what is no newer than the members in force is not proposed any more', () => {
  expect(electorate(NEXT, THREE).verifiers).toEqual([NEXT]);
});

test('nobody of weight 0 leads', () => {
  const weighed = electorate(
    members('server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'group.1=1:2:3', 'weight.3=0'),
  );
  expect([1, 3, 9].map((sid) => weighed.mayLead(sid))).toEqual([true, false, false]);
});

test('newer members are believed when a quorum of the voters in force sends the same', () => {
  const lines: string[] = [];
  const ours = electorate(THREE, undefined, lines);
  const newer = members('server.1=a:1:2', 'server.2=b:1:2', 'server.5=e:1:2', 'version=100000006');
  const other = members('server.1=a:1:2', 'server.2=b:1:2', 'version=100000006');
  expect(ours.newerMembers(2, newer.text())).toBeUndefined();
  expect(ours.newerMembers(2, newer.text())).toBeUndefined();
  expect(ours.newerMembers(3, other.text())).toBeUndefined();
  expect(ours.newerMembers(3, newer.text())?.text()).toBe(newer.text());
  expect(lines).toEqual(['a quorum has newer members']);
});

test('those who are no voters in force are not heard, whatever their number', () => {
  const lines: string[] = [];
  const ours = electorate(THREE, NEXT, lines);
  const newer = members('server.1=a:1:2', 'server.5=e:1:2', 'server.6=f:1:2', 'version=100000006');
  for (const sid of [5, 6, 7, -1]) expect(ours.newerMembers(sid, newer.text())).toBeUndefined();
  for (const sid of [5, 6]) expect(ours.newerMembers(sid, 'no members')).toBeUndefined();
  expect(lines).toEqual([]);
});

test('members without this server, older ones, and what is none are not taken over, and read once', () => {
  const lines: string[] = [];
  const ours = electorate(THREE.withVersion(5 as Zxid), undefined, lines);
  for (const sid of [2, 3]) {
    expect(ours.newerMembers(sid, members('server.2=b:1:2', 'server.3=c:1:2', 'version=7').text())).toBeUndefined();
  }
  for (const sid of [2, 3, 2]) expect(ours.newerMembers(sid, 'no members')).toBeUndefined();
  for (const sid of [2, 3]) expect(ours.newerMembers(sid, members('server.1=a:1:2').text())).toBeUndefined();
  expect(lines).toEqual([
    'members without this server came with a notification, and are not taken over',
    'the configuration in a notification is not usable',
  ]);
});

test('what was said before the members changed counts no more', () => {
  const ours = electorate(THREE);
  const newer = members('server.1=a:1:2', 'server.2=b:1:2', 'version=100000006');
  expect(ours.newerMembers(2, newer.text())).toBeUndefined();
  ours.use(THREE, undefined);
  expect(ours.newerMembers(3, newer.text())).toBeUndefined();
});

test('a higher number for the same members leaves those alone that are proposed', () => {
  const both = electorate(THREE, NEXT);
  const again = members(...THREE.text().split('\n').slice(0, 4), 'version=2');
  both.renumber(again);
  expect(both.verifiers).toEqual([again, NEXT]);
});

test('one that has nothing but a file yet takes over members without itself, from all the others that the file names', () => {
  const joining = electorate(members('server.1=a:1:2', 'server.2=b:1:2'));
  const alone = members('server.2=b:1:2', 'version=100000000');
  expect(joining.newerMembers(2, alone.text())?.text()).toBe(alone.text());
  const later = electorate(members('server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2', 'server.4=d:1:2'));
  const three = members('server.2=b:1:2', 'server.3=c:1:2', 'server.4=d:1:2', 'version=100000000');
  expect([2, 3].map((sid) => later.newerMembers(sid, three.text()))).toEqual([undefined, undefined]);
  expect(later.newerMembers(4, three.text())?.text()).toBe(three.text());
});

test('members that are remembered as proposed are in force when a quorum of them says so', () => {
  const next = members('server.3=c:1:2', 'server.5=e:1:2', 'server.6=f:1:2', 'version=100000005');
  const both = electorate(THREE.withVersion(5 as Zxid), next);
  const other = members('server.3=c:1:2', 'server.5=e:1:2', 'server.7=f:1:2', 'version=100000005');
  for (const sid of [3, 5, 6]) expect(both.newerMembers(sid, other.text())).toBeUndefined();
  expect([5, 5].map((sid) => both.newerMembers(sid, next.text()))).toEqual([undefined, undefined]);
  expect(both.newerMembers(6, next.text())).toBe(next);
});
