import { describe, expect, test } from 'vitest';
import type { Zxid } from '../../../src/jute/zxid.ts';
import { planSync } from '../../../src/zab/leader/catch-up/sync-plan.ts';
import { SyncSource } from '../../../src/zab/leader/catch-up/sync-source.ts';
import type { Entry, EntryCursor, History } from '../../../src/zab/leader/leader-ports.ts';
import { showPacket, showZxid, zxid } from '../ensemble.ts';

/** zxids as texts: what the tree ends at, what is in memory, what is committed beyond the tree, what is on disk. */
interface Given {
  readonly tree: string;
  readonly memory?: string;
  readonly decided?: string;
  readonly disk?: string;
  readonly force?: boolean;
  readonly factor?: number;
}

function entries(text: string | undefined): Entry[] {
  if (text === undefined || text === '') return [];
  return text.split(' ').map((at) => ({ zxid: zxid(at), payload: Buffer.from(at) }));
}

function historyOf(given: Given): History {
  const memory = entries(given.memory);
  const disk = entries(given.disk);
  return {
    lastZxid: zxid(given.tree),
    acceptedEpoch: 0,
    currentEpoch: 0,
    minCommitted: memory[0]?.zxid,
    maxCommitted: memory.at(-1)?.zxid,
    allCommitted: () => memory,
    diskFrom: (from): EntryCursor | undefined => {
      if (disk.length === 0 || (disk[0] as Entry).zxid > from) return undefined;
      const rest = disk.filter((entry) => entry.zxid >= from);
      return { next: () => rest.shift(), close: () => {} };
    },
    snapshotBytes: 1000,
    startCut: () => ({ next: () => undefined, cancel: () => {} }),
  };
}

/** The opening packet, what follows it, and where it leads. */
function planned(peer: string, given: Given): string {
  const plan = planSync(zxid(peer), historyOf(given), entries(given.decided), {
    forceSnapshotSync: given.force ?? false,
    snapshotSizeFactor: given.factor ?? 0.33,
  });
  if (plan === 'later') return plan;
  const sent: string[] = [];
  let broken = '';
  const source = new SyncSource(plan, (reason) => {
    broken = ` BROKEN: ${reason}`;
  });
  for (let packet = source.next(); packet !== undefined; packet = source.next()) {
    const shown = showPacket(packet);
    if (shown.startsWith('PROPOSAL')) sent.push(showZxid(packet.zxid));
    else expect(shown).toBe(`COMMIT ${sent.at(-1)}`);
  }
  return `${plan.kind} ${showZxid(plan.zxid)} [${sent.join(' ')}] to ${showZxid(plan.reaches)}${broken}`;
}

const memory = { tree: '1:6', memory: '1:3 1:4 1:5 1:6' };

describe('the rules in their order', () => {
  test('1. a snapshot when it is asked for', () => {
    expect(planned('1:6', { ...memory, force: true })).toBe('snap 1:6 [] to 1:6');
  });

  test('2. nothing for who has everything', () => {
    expect(planned('1:6', memory)).toBe('diff 1:6 [] to 1:6');
    expect(planned('0:0', { tree: '0:0' })).toBe('diff 0:0 [] to 0:0');
    expect(planned('2:0', { tree: '2:0', memory: '1:5 1:6' })).toBe('diff 2:0 [] to 2:0');
  });

  test('3. a cut for who has more than was committed, in the same epoch', () => {
    expect(planned('1:8', memory)).toBe('trunc 1:6 [] to 1:6');
    expect(planned('1:8', { tree: '2:0', memory: '1:5 1:6' })).toBe('trunc 1:6 [] to 1:6');
    expect(planned('1:8', { tree: '1:6' })).toBe('trunc 1:6 [] to 1:6');
  });

  test('3. a snapshot for who logged in an epoch that committed nothing: its own snapshot may be at its start', () => {
    expect(planned('2:3', { tree: '2:0', memory: '1:5 1:6' })).toBe('snap 2:0 [] to 2:0');
    expect(planned('2:3', memory)).toBe('snap 1:6 [] to 1:6');
    expect(planned('2:3', { tree: '2:0' })).toBe('snap 2:0 [] to 2:0');
  });

  test('3. nobody is cut at the start of an epoch', () => {
    expect(planned('2:0', memory)).toBe('snap 1:6 [] to 1:6');
  });

  test('4. what it lacks, from memory', () => {
    expect(planned('1:3', memory)).toBe('diff 1:6 [1:4 1:5 1:6] to 1:6');
    expect(planned('1:5', memory)).toBe('diff 1:6 [1:6] to 1:6');
    expect(planned('1:6', { tree: '2:0', memory: '1:5 1:6' })).toBe('diff 1:6 [] to 1:6');
    expect(planned('1:6', { tree: '3:1', memory: '1:6 3:1' })).toBe('diff 3:1 [3:1] to 3:1');
  });

  test('4. from the start of an epoch on, when what comes around it is known', () => {
    expect(planned('2:0', { tree: '2:2', memory: '1:6 2:1 2:2' })).toBe('diff 2:2 [2:1 2:2] to 2:2');
    expect(planned('2:0', { tree: '3:1', memory: '1:6 3:1' })).toBe('diff 3:1 [3:1] to 3:1');
    expect(planned('2:0', { tree: '3:1', memory: '3:1' })).toBe('snap 3:1 [] to 3:1');
  });

  test('4. a tail of another epoch is not cut but replaced', () => {
    expect(planned('1:7', { tree: '2:1', memory: '1:5 1:6 2:1' })).toBe('snap 2:1 [] to 2:1');
  });

  test('5. what it lacks, from disk and then memory', () => {
    const disk = '1:1 1:2 1:3 1:4 1:5 1:6';
    expect(planned('1:1', { ...memory, disk })).toBe('diff 1:6 [1:2 1:3 1:4 1:5 1:6] to 1:6');
    expect(planned('1:1', { ...memory, disk, factor: -1 })).toBe('snap 1:6 [] to 1:6');
    expect(planned('1:2', { ...memory, disk: '1:3 1:4 1:5 1:6' })).toBe('snap 1:6 [] to 1:6');
    expect(planned('1:2', { tree: '1:4', disk: '1:1 1:2 1:3 1:4 1:5' })).toBe('diff 1:4 [1:3 1:4] to 1:4');
    expect(planned('1:2', { tree: '2:0', disk: '1:1 1:2 1:3' })).toBe('snap 2:0 [] to 2:0');
    expect(planned('2:0', { tree: '2:4', memory: '2:3 2:4', disk: '1:9 2:1 2:2 2:3 2:4' })).toBe(
      'diff 2:4 [2:1 2:2 2:3 2:4] to 2:4',
    );
  });

  test('5. not for who ends where the log on disk has nothing', () => {
    expect(planned('1:4', { tree: '2:4', memory: '2:3 2:4', disk: '1:3 2:1 2:2 2:3 2:4' })).toBe('snap 2:4 [] to 2:4');
  });

  test('6. a snapshot for who is further behind, and for who has nothing', () => {
    expect(planned('1:1', memory)).toBe('snap 1:6 [] to 1:6');
    expect(planned('0:0', memory)).toBe('snap 1:6 [] to 1:6');
    expect(planned('0:0', { tree: '1:1', memory: '1:1' })).toBe('snap 1:1 [] to 1:1');
  });
});

describe('what is committed and not in the tree yet', () => {
  const given = { tree: '1:4', memory: '1:3 1:4', decided: '1:5 1:6' };

  test('is not cut off', () => {
    expect(planned('1:6', given)).toBe('diff 1:6 [] to 1:6');
    expect(planned('1:5', given)).toBe('diff 1:6 [1:6] to 1:6');
    expect(planned('1:7', given)).toBe('trunc 1:6 [] to 1:6');
  });

  test('belongs to what is missing', () => {
    expect(planned('1:4', given)).toBe('diff 1:6 [1:5 1:6] to 1:6');
    expect(planned('1:3', given)).toBe('diff 1:6 [1:4 1:5 1:6] to 1:6');
    expect(planned('2:0', { tree: '2:0', decided: '2:1' })).toBe('diff 2:1 [2:1] to 2:1');
  });

  test('follows behind a snapshot, which does not have it', () => {
    expect(planned('1:1', given)).toBe('snap 1:4 [] to 1:4');
  });
});

describe('holes', () => {
  test('in memory: a snapshot', () => {
    expect(planned('1:3', { tree: '1:6', memory: '1:3 1:4 1:6' })).toBe('snap 1:6 [] to 1:6');
    expect(planned('1:3', { tree: '2:2', memory: '1:3 1:4 2:2' })).toBe('snap 2:2 [] to 2:2');
  });

  test('on disk: it breaks off before anything behind the hole is sent', () => {
    const disk = '1:1 1:2 1:4 1:5 1:6';
    expect(planned('1:1', { tree: '1:6', memory: '1:5 1:6', disk })).toBe(
      'diff 1:6 [1:2] to 1:6 BROKEN: the log on disk has 100000004 after 100000002',
    );
  });

  test('between disk and memory', () => {
    expect(planned('1:1', { tree: '1:6', memory: '1:5 1:6', disk: '1:1 1:2 1:3' })).toBe(
      'diff 1:6 [1:2 1:3] to 1:6 BROKEN: the log on disk has its end after 100000003',
    );
  });

  test('between memory and tree: a bug of ours', () => {
    expect(() => planned('1:1', { tree: '1:6', memory: '1:1 1:2' })).toThrow('memory ends at 100000002');
  });
});

test('the limit of a DIFF from disk is a share of the snapshot', () => {
  const limits: number[] = [];
  const history = historyOf(memory);
  const asked = { ...history, diskFrom: (_: Zxid, maxBytes: number) => void limits.push(maxBytes) };
  const rules = { forceSnapshotSync: false, snapshotSizeFactor: 0.33 };
  planSync(zxid('1:1'), asked, [], rules);
  planSync(zxid('1:1'), { ...asked, snapshotBytes: 0 }, [], rules);
  expect(limits).toEqual([330, 0]);
});
