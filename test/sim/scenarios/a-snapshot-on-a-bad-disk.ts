import { storeOf } from '../judges/observer.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a snapshot on a bad disk',
  about:
    'what a leader sends is installed on a disk that fails, or is slow: while an own snapshot is written, the leader dies, the server is stopped, old files are purged',
  voters: 3,
  config: { snapshotSizeFactor: '-1', snapCount: 12 },
  recentBytes: 1,
  mutant: 'install a snapshot that was given up',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 4; i++) s.create(`/big${i}`, 'x'.repeat(500_000));
    const { machine } = s.view(1);
    const { disk } = machine;
    const slow = (): void => {
      disk.timing = { writeMs: 40, syncMs: 200, slowSyncOneIn: 0, slowSyncMs: 0 };
    };
    const quick = (): void => {
      disk.timing = { writeMs: 0.02, syncMs: 0.5, slowSyncOneIn: 0, slowSyncMs: 0 };
    };
    const back = (): void => {
      s.start(1, 2, 3);
      s.until('its return', () => machine.isUp);
      s.untilServing();
    };
    // The disk fails once, at each kind of change and at several of its places.
    for (const [operation, most] of [
      ['create', 2],
      ['write', 4],
      ['sync', 3],
      ['rename', 3],
      ['unlink', 3],
      ['syncDir', 5],
    ] as const) {
      for (let nth = 1; nth <= most; nth++) {
        s.kill(1);
        s.write('/a', `${operation} ${nth}`);
        s.view(1).inTrouble = true;
        let times = -1000;
        s.at(1, 'installing', () => {
          times = 0;
        });
        disk.fault = (kind) => (kind === operation && ++times === nth ? (nth % 2 === 0 ? 'EIO' : 'ENOSPC') : undefined);
        s.start(1);
        s.until('a snapshot or the end of the peer', () => !machine.isUp || machine.peer?.server.isServing === true);
        disk.fault = () => undefined;
        back();
      }
    }
    s.write('/a', 'in between');

    // The leader dies while it is installed, and an operator purges.
    s.kill(1);
    s.write('/a', 'more');
    slow();
    const install = s.at(1, 'installing', () => {
      s.world.ensemble.scheduler.after(60_000, undefined, () => {
        const { peer } = s.view(1);
        if (peer !== undefined) machine.run(() => storeOf(peer).purge());
        s.kill(s.leader);
      });
    });
    s.start(1);
    s.until('a snapshot', () => install.happened);
    s.run(3000);
    quick();
    back();

    // An own one is being written when the leader's comes, then when the server is stopped.
    const untilWriting = (syncMs = 200): void => {
      disk.timing = { writeMs: 40, syncMs, slowSyncOneIn: 0, slowSyncMs: 0 };
      s.until('an own snapshot', () => {
        if (s.client.isConnected && s.client.client.depth === 0)
          s.ask({ op: 'setData', path: '/a', data: 'own', version: -1 });
        const { peer } = s.view(1);
        return peer !== undefined && storeOf(peer).facts.isWritingSnapshot;
      });
    };
    untilWriting();
    disk.timing = { writeMs: 900, syncMs: 0.5, slowSyncOneIn: 0, slowSyncMs: 0 };
    s.isolate(1);
    s.breakStreams(1, s.leader);
    const other = s.addClient('other', s.leader);
    s.do({ op: 'setData', path: '/a', data: 'without 1', version: -1 }, other);
    s.heal();
    const { snap } = s.syncs;
    s.run(1500);
    s.expect(s.syncs.snap, snap + 1, 'snapshots sent');
    quick();
    s.untilServing();
    const stop = (): void => {
      let isStopped = false;
      machine.stop(() => {
        isStopped = true;
      });
      s.until('the end of the peer', () => isStopped);
      disk.fault = () => undefined;
      quick();
      back();
    };
    untilWriting();
    stop();
    // And when nothing but a sync is left of it, of the file or of its entry in the directory. The log is done by then: syncs
    // are slow from the fifth write of the snapshot on, or from its rename.
    for (const [last, slowFrom] of [
      ['write', 5],
      ['rename', 1],
    ] as const) {
      // Transactions that the start replayed count, so that one may be under way already.
      s.until('the end of an own snapshot', () => {
        const { peer } = s.view(1);
        return peer !== undefined && !storeOf(peer).facts.isWritingSnapshot;
      });
      let lastMs = Number.POSITIVE_INFINITY;
      let times = 0;
      disk.fault = (operation, path) => {
        if (operation !== last || !path.includes('snapshot.')) return undefined;
        lastMs = s.world.ensemble.scheduler.nowMs;
        if (++times === slowFrom) slow();
        return undefined;
      };
      untilWriting(0.5);
      s.until(`a sync behind a ${last}`, () => s.world.ensemble.scheduler.nowMs > lastMs + 50);
      stop();
    }
    // It is taken off its file system while the snapshot is given up.
    untilWriting();
    s.powerLoss(1);
    quick();
    back();
    s.write('/a', 'in the end');
    s.expect(s.read('/a'), 'in the end', '/a');
  },
};
