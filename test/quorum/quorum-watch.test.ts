import { expect, test } from 'vitest';
import { parseQuorumText } from '../../src/election/quorum/quorum-config.ts';
import { QuorumWatch, type WatchedPeer } from '../../src/quorum/quorum-watch.ts';
import { logTo } from '../fakes/log-to.ts';
import { SimClock } from '../sim/world/clock.ts';
import { Scheduler, SimProcess } from '../sim/world/scheduler.ts';

function members(count: number): ReturnType<typeof parseQuorumText> {
  const lines = Array.from({ length: count }, (_, i) => `server.${i + 1}=zk${i + 1}:2888:3888`);
  return parseQuorumText(lines.join('\n'), { multiAddress: false, standaloneEnabled: true, otherKeys: 'refuse' });
}

class Watched {
  readonly scheduler = new Scheduler();
  readonly lines: { readonly fields: object; readonly text: string }[] = [];
  readonly watch: QuorumWatch;
  peer: WatchedPeer = {
    self: 1,
    verifiers: [members(3)],
    mode: 'looking',
    isAbstaining: false,
    reach: [
      { sid: 2, address: 'zk2:3888', trouble: 'the name does not resolve' },
      { sid: 3, address: 'zk3:3888', trouble: 'nobody listens there' },
    ],
    learners: [],
  };

  constructor() {
    const log = logTo((_level, text, fields) => this.lines.push({ fields, text }));
    const process = new SimProcess(this.scheduler, 'watched');
    this.watch = new QuorumWatch(new SimClock(process), log, () => this.peer);
  }
}

test('a peer without a quorum says after a second, and then every ten, who is missing, where and why', () => {
  const watched = new Watched();
  watched.watch.begin();
  watched.scheduler.runForMs(999);
  expect(watched.lines).toEqual([]);
  watched.scheduler.runForMs(1);
  expect(watched.lines).toEqual([
    {
      fields: {
        state: 'looking',
        voters: '1 of 3',
        needed: '2',
        missing: '2 at zk2:3888: the name does not resolve; 3 at zk3:3888: nobody listens there',
        wayOut: 'start those that are missing, or correct the server lines',
      },
      text: 'not serving: no quorum',
    },
  ]);
  // An election that led to nothing does not make it silent for longer.
  watched.watch.begin();
  watched.scheduler.runForMs(20_000);
  expect(watched.lines.length).toBe(3);
  watched.watch.end();
  watched.scheduler.runForMs(60_000);
  expect(watched.lines.length).toBe(3);
  watched.watch.begin();
  watched.scheduler.runForMs(1000);
  expect(watched.lines.length).toBe(4);
});

test('where a quorum is there, an empty voter is told of the file initialize', () => {
  const watched = new Watched();
  watched.peer = { ...watched.peer, isAbstaining: true, reach: [{ sid: 2, address: 'zk2:3888', trouble: undefined }] };
  watched.watch.begin();
  watched.scheduler.runForMs(1000);
  expect(watched.lines[0]?.text).toBe('not serving: a quorum is there, and no leader that serves');
  expect(watched.lines[0]?.fields).toMatchObject({ voters: '2 of 3', missing: 'none' });
  expect(watched.lines[0]?.fields).toHaveProperty('wayOut', expect.stringContaining('the file initialize'));
});

test('a leader misses those that do not follow it, although they answer in elections', () => {
  const watched = new Watched();
  const reach = watched.peer.reach.map((each) => ({ ...each, trouble: undefined }));
  watched.peer = { ...watched.peer, mode: 'leader', reach };
  watched.watch.begin();
  watched.scheduler.runForMs(1000);
  const why = 'it answers in elections, and does not follow this leader';
  expect(watched.lines[0]?.fields).toMatchObject({
    voters: '1 of 3',
    missing: `2 at zk2:3888: ${why}; 3 at zk3:3888: ${why}`,
  });
  watched.peer = { ...watched.peer, learners: [{ sid: 3, observer: false, phase: 'syncing', queued: 0 }] };
  watched.scheduler.runForMs(10_000);
  expect(watched.lines[1]?.fields).toMatchObject({ voters: '2 of 3', missing: `2 at zk2:3888: ${why}` });
});

test('while members are proposed, a quorum of both is counted', () => {
  const watched = new Watched();
  const reach = [2, 3, 4, 5].map((sid) => ({
    sid,
    address: `zk${sid}:3888`,
    trouble: sid === 2 ? undefined : 'timed out',
  }));
  watched.peer = { ...watched.peer, verifiers: [members(3), members(5)], reach };
  watched.watch.begin();
  watched.scheduler.runForMs(1000);
  expect(watched.lines[0]?.fields).toMatchObject({ voters: '2 of 3, 2 of 5', needed: '2, 3' });
  expect(watched.lines[0]?.text).toBe('not serving: no quorum');
});
