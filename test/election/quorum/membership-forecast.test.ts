import { describe, expect, test } from 'vitest';
import { forecastLines } from '../../../src/cli/zk/forecast-lines.ts';
import { type MembershipChange, membersAfter } from '../../../src/election/quorum/membership-change.ts';
import { forecastOf } from '../../../src/election/quorum/membership-forecast.ts';
import { parseQuorumText } from '../../../src/election/quorum/quorum-config.ts';
import type { QuorumVerifier } from '../../../src/election/quorum/quorum-verifier.ts';

const OPTIONS = { multiAddress: false, standaloneEnabled: false } as const;
const line = (sid: number, role = 'participant'): string => `server.${sid}=h${sid}:1:2:${role};5`;
const THREE = [1, 2, 3].map((sid) => line(sid)).join('\n');

function read(text: string): QuorumVerifier {
  return parseQuorumText(text, { ...OPTIONS, otherKeys: 'refuse' });
}

function forecast(change: Partial<MembershipChange>, following: number[], text = THREE, leader = 1): string[] {
  const before = read(text);
  const after = membersAfter(
    before,
    { joining: undefined, leaving: undefined, members: undefined, ...change },
    OPTIONS,
  );
  return forecastLines(forecastOf({ before, after, leader, following: new Set(following), refused: undefined }));
}

describe('what a change of the members would do', () => {
  test('one joins that follows already', () => {
    expect(forecast({ joining: line(4) }, [1, 2, 3, 4])).toEqual([
      'server 4 joins as participant',
      'voters before: 1,2,3; 1 may fail',
      'voters after: 1,2,3,4; 1 may fail',
      'it would be carried out',
    ]);
  });

  test('two join that do not follow', () => {
    expect(forecast({ joining: `${line(4)},${line(5)}` }, [1, 2, 3])).toEqual([
      'server 4 joins as participant',
      'server 5 joins as participant',
      'voters before: 1,2,3; 1 may fail',
      'voters after: 1,2,3,4,5; 0 may fail',
      'not synchronised, and would not count until it is: 4,5; then 2 may fail',
      'it would survive fewer failures than now',
      'it would be carried out',
    ]);
  });

  test('the leader goes, another one observes, and a third moves', () => {
    const joining = `${line(2, 'observer')},server.3=h3:7:8;5,${line(4)}`;
    expect(forecast({ joining, leaving: '1' }, [1, 2, 3, 4])).toEqual([
      'server 1 leaves',
      'server 2 becomes observer',
      'server 3 moves to h3:7:8:participant;0.0.0.0:5',
      'server 4 joins as participant',
      'voters before: 1,2,3; 1 may fail',
      'voters after: 3,4; 0 may fail',
      'it would survive fewer failures than now',
      'the leader would hand over',
      'it would be carried out',
    ]);
  });

  test('nothing, or too few of the new ones', () => {
    expect(forecast({}, [1, 2, 3])[0]).toBe('the members stay as they are');
    expect(forecast({ members: [4, 5, 6].map((sid) => line(sid)).join() }, [1, 2, 3])).toContain(
      'voters after: 4,5,6; too few of them follow',
    );
  });

  test('voters in groups: whichever fail', () => {
    const groups = `${[1, 2, 3, 4, 5, 6].map((sid) => line(sid)).join('\n')}\ngroup.1=1:2:3\ngroup.2=4:5:6`;
    expect(forecast({ members: groups.replaceAll('\n', ',') }, [1, 2, 3, 4, 5, 6], groups)).toEqual([
      'the members stay as they are',
      'voters before: 1,2,3,4,5,6; 1 may fail',
      'voters after: 1,2,3,4,5,6; 1 may fail',
      'it would be carried out',
    ]);
    expect(forecast({ members: `${groups.replaceAll('\n', ',')},weight.3=0` }, [1, 2, 3, 4, 5], groups)).toContain(
      'groups or weights change',
    );
  });
});
