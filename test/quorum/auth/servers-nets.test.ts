import { expect, test } from 'vitest';
import { memberName, serviceAt } from '../../../src/quorum/auth/servers-nets.ts';

/** Which tickets are those of members, and for which service a member is asked. */
const NAMES = { own: 'zkquorum@A.ORG', realms: new Set(['A.ORG']), hosts: new Set(['zk1', 'zk2.a.org']) };

test.each(['zkquorum/zk1@A.ORG', 'zkquorum/ZK2.a.org@A.ORG', 'host/zk1@A.ORG', 'zkquorum@A.ORG'])(
  '%s is a member',
  (name) => {
    expect(memberName(name, NAMES)).toBe(name);
  },
);

test.each([
  ['zkquorum/zk3@A.ORG', 'zkquorum/zk3@A.ORG is no member: no server line has the host zk3'],
  ['zkquorum/zk1@B.ORG', 'zkquorum/zk1@B.ORG is of another realm'],
  ['alice@A.ORG', 'alice@A.ORG is no server: its name has no host'],
  ['a/zk1/zk1@A.ORG', 'a/zk1/zk1@A.ORG is no server: its name has no host'],
])('%s is none', (name, sentence) => {
  expect(() => memberName(name, NAMES)).toThrow(sentence);
});

test.each([
  ['zkquorum/_HOST@A.ORG', 'zkquorum/zk2.a.org@A.ORG'],
  ['zkquorum/_HOST', 'zkquorum/zk2.a.org'],
  ['zkquorum/localhost@A.ORG', 'zkquorum/localhost@A.ORG'],
  ['zkquorum/_HOSTS@A.ORG', 'zkquorum/_HOSTS@A.ORG'],
])('%s is %s for a server that is dialled as ZK2.a.org', (written, expected) => {
  expect(serviceAt(written, 'ZK2.a.org')).toBe(expected);
});
