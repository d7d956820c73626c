import { CreateMode, ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ttls and containers',
  about: 'they go when they are empty and their time is over, and not before, whatever happens while they wait for it',
  voters: 3,
  config: {
    extendedTypesEnabled: 'true',
    'znode.container.checkIntervalMs': 500,
    // One in 250 ms, so that they wait for each other.
    'znode.container.maxPerMinute': 240,
  },
  mutant: 'count a ttl from the creation',
  play(s) {
    s.begin();
    const ttl = CreateMode.persistentWithTTL;
    const exists = (path: string): boolean => s.do({ op: 'exists', path, watch: false }).err === 0;
    s.itBegins();
    for (let i = 0; i < 8; i++) {
      s.do({ op: 'create', path: `/b${i}`, data: '', flags: CreateMode.container });
      s.create(`/b${i}/c`);
    }
    s.do({ op: 'create', path: '/unused', data: '', flags: CreateMode.container });
    s.do({ op: 'create', path: '/t', data: '', flags: ttl, ttl: 1500 });
    s.do({ op: 'create', path: '/busy', data: '', flags: ttl, ttl: 1500 });
    s.do({ op: 'create', path: '/parent', data: '', flags: ttl, ttl: 1500 });
    s.create('/parent/c');
    const touch = (): void => s.write('/busy', 'again');
    for (let i = 0; i < 6; i++) {
      s.run(700);
      touch();
    }
    s.expect(exists('/t'), false, 'a node with a ttl is there');
    s.expect(exists('/busy'), true, 'one that is written again and again is there');
    s.expect(exists('/parent'), true, 'one with a child is there');
    for (let i = 0; i < 8; i++) s.do({ op: 'delete', path: `/b${i}/c`, version: -1 });
    // Behind others, and by the time their turn comes: used again, gone, somebody's ephemeral, a plain node.
    s.run(600);
    s.create('/b4/again');
    s.do({ op: 'delete', path: '/b5', version: -1 });
    s.do({ op: 'delete', path: '/b6', version: -1 });
    s.do({ op: 'create', path: '/b6', data: '', flags: 1 });
    s.do({ op: 'delete', path: '/parent/c', version: -1 });
    s.until('the end of the others', () => !exists('/b3') && !exists('/b7') && !exists('/parent'));
    s.expect(exists('/b4'), true, 'a container in use is there');
    s.expect(exists('/b6'), true, 'an ephemeral is there');
    s.expect(exists('/unused'), true, 'a container that never had a child is there');
    s.kill(s.leader);
    s.untilServing();
    s.until('the end of the one that is not written any more', () => !exists('/busy'));
    s.do({ op: 'delete', path: '/b4/again', version: -1 });
    s.until('the end of the last container', () => !exists('/b4'));
    s.expect(s.do({ op: 'create', path: '/t', data: '', flags: ttl, ttl: 0 }).err, ErrorCode.badArguments, 'no ttl');
  },
};
