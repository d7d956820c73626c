import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'ZOOKEEPER-3082',
  about: 'the disk is full, or fails, at every step of a snapshot: the server goes on, and nothing of it is left',
  voters: 3,
  config: { snapCount: 20 },
  mutant: 'leave what a failed snapshot has written',
  play(s) {
    s.begin(3);
    s.create('/a');
    for (let i = 0; i < 11; i++) s.create(`/big${i}`, 'x'.repeat(900_000));
    s.untilServing();
    const { machine } = s.view(1);
    const { disk } = machine;
    const said = (text: string): number => machine.lines.filter((line) => line.includes(text)).length;
    const steps = ['create', 'write', 'sync', 'rename', 'syncDir'] as const;
    for (const code of ['ENOSPC', 'EIO']) {
      for (const step of steps) {
        for (const nth of step === 'write' || step === 'sync' ? [1, 2] : [1]) {
          const before = said('snapshot failed');
          let times = 0;
          disk.fault = (operation, path) => {
            if (operation !== step || !(path.includes('snapshot.') || (step === 'syncDir' && times > 0)))
              return undefined;
            return ++times === nth ? code : undefined;
          };
          if (step === 'syncDir') {
            // The one after the snapshot has its name.
            let isRenamed = false;
            disk.fault = (operation, path) => {
              isRenamed ||= operation === 'rename' && path.includes('/snapshot.');
              if (operation !== 'syncDir' || !isRenamed) return undefined;
              isRenamed = false;
              return code;
            };
          }
          s.until('a snapshot that fails', () => {
            s.write('/a', `${step} ${nth}`);
            return said('snapshot failed') > before;
          });
          disk.fault = () => undefined;
          s.expect(machine.isUp, true, 'the server goes on');
          s.expect(s.files(1, 'writing-').length, 0, 'halves of snapshots');
        }
      }
    }
    s.expect(said('no space left for the snapshot') > 3, true, 'it says that there is no space left');
    // Not even what was written of it can be removed: it goes with the next start.
    disk.fault = (operation, path) =>
      path.includes('snapshot.') && (operation === 'sync' || operation === 'unlink') ? 'EIO' : undefined;
    s.until('a half that stays', () => {
      s.write('/a', 'stays');
      return s.files(1, 'writing-').length > 0 && said('snapshot failed') > 0;
    });
    s.run(500);
    disk.fault = () => undefined;
    s.powerLoss(1);
    s.start(1);
    s.untilServing();
    s.expect(s.files(1, 'writing-').length, 0, 'halves of snapshots');
    s.expect(s.read('/a'), 'stays', '/a');
  },
};
