import { expect, test } from 'vitest';
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

test('members of others are taken when they are newer, and read once when they are not', () => {
  const lines: string[] = [];
  const ours = electorate(NEXT, undefined, lines);
  expect(ours.newerMembers(1, NEXT.text())).toBeUndefined();
  expect(ours.newerMembers(1, 'no members')).toBeUndefined();
  expect(ours.newerMembers(2, 'no members')).toBeUndefined();
  expect(lines).toEqual(['the configuration in a notification is not usable']);
  expect(ours.newerMembers(1, THREE.text())).toBeUndefined();
  const newer = members('server.3=c:1:2', 'server.5=e:1:2', 'version=100000006');
  expect(ours.newerMembers(1, newer.text())?.text()).toBe(newer.text());
});

test('a higher number for the same members leaves those alone that are proposed', () => {
  const both = electorate(THREE, NEXT);
  const again = members(...THREE.text().split('\n').slice(0, 4), 'version=2');
  both.renumber(again);
  expect(both.verifiers).toEqual([again, NEXT]);
});
