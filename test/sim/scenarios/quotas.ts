import { ErrorCode } from '../../../src/jute/codes.ts';
import type { Action } from '../judges/history.ts';
import type { Scenario } from '../script/script.ts';

const QUOTA = '/zookeeper/quota/q';
const LIMITS = `${QUOTA}/zookeeper_limits`;
const STATS = `${QUOTA}/zookeeper_stats`;

export const scenario: Scenario = {
  name: 'quotas',
  about: 'what a quota allows and counts, over restarts and deletes, with text in it that is none',
  voters: 3,
  config: { enforceQuota: 'true', snapCount: 5 },
  mutant: 'forget what a deleted node had of its quota',
  play(s) {
    s.begin(3);
    s.itBegins();
    const answers = (action: Action, err: number): void =>
      s.expect(s.do(action).err, err, `${action.op} ${'path' in action ? action.path : ''}`);
    const create = (path: string, data: string): Action => ({ op: 'create', path, data, flags: 0 });
    const set = (path: string, data: string): Action => ({ op: 'setData', path, data, version: -1 });
    // After each: the leader looks at what is applied.
    answers(create('/q', '12345'), 0);
    answers(create(QUOTA, ''), 0);
    answers(create(LIMITS, 'count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=3'), 0);
    answers(create('/q/unlimited', ''), 0);
    answers({ op: 'delete', path: '/q/unlimited', version: -1 }, 0);
    answers(create(STATS, ''), 0);
    answers(create('/q/a', '12345'), 0);
    answers(create('/q/b', '1234567890123'), ErrorCode.quotaExceeded);
    answers(create('/q/b', ''), 0);
    answers(create('/q/c', ''), ErrorCode.quotaExceeded);
    answers(set('/q/a', '1234567890123456'), ErrorCode.quotaExceeded);
    answers(set('/q', '1'), 0);
    answers({ op: 'multi', parts: [create('/q/c', '')] }, 0);
    s.expect(s.read(STATS), 'count=3,bytes=6', 'usage');
    answers({ op: 'delete', path: '/q/b', version: -1 }, 0);
    s.expect(s.read(STATS), 'count=2,bytes=6', 'usage after a delete');
    s.powerLoss(1, 2, 3);
    s.start(1, 2, 3);
    s.untilServing();
    for (const sid of [1, 2, 3])
      s.expect(s.read(STATS, s.addClient(`of ${sid}`, sid)), 'count=2,bytes=6', `usage at ${sid}`);
    answers(set(LIMITS, 'much'), 0);
    answers(create('/q/d', ''), ErrorCode.marshallingError);
    answers({ op: 'multi', parts: [create('/x', ''), create('/q/d', '')] }, ErrorCode.marshallingError);
    answers(set(LIMITS, 'count=1,bytes=1'), 0);
    answers(create('/q/d', '12'), 0);
    answers(set(LIMITS, 'count=1,bytes=-1=;byteHardLimit=1000'), 0);
    answers(set(STATS, 'nothing'), 0);
    answers(create('/q/e', '12'), ErrorCode.marshallingError);
    answers({ op: 'delete', path: STATS, version: -1 }, 0);
    answers(create('/q/e', '12'), 0);
    answers({ op: 'delete', path: LIMITS, version: -1 }, 0);
    answers(create('/q/f', '12'), 0);
    answers({ op: 'exists', path: '/x', watch: false }, ErrorCode.noNode);
  },
};
