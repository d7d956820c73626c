import { endOf, over, recordsOf } from '../faults/damage.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'a cut without a whole snapshot',
  about:
    'a log has to be cut, and the snapshot before it was damaged meanwhile, or some of its records are there twice: it is cut, or replaced',
  voters: 3,
  mutant: 'skip the truncate',
  play(s) {
    s.begin(3);
    s.create('/a');
    const { disk } = s.view(3).machine;
    const dir = '/data/version-2';
    const round = (data: string, change: () => void): void => {
      s.write('/a', 'old');
      const { leader } = s;
      s.writeAlone(leader, 'lost 0', 'lost 1', 'lost 2');
      s.run(4000);
      s.until('another leader', () => s.leader !== leader && s.leader !== 0);
      if (leader === 3) change();
      s.heal();
      s.start(3);
      s.untilServing();
      s.write('/a', data);
      // The one with the highest id leads again.
      s.kill(1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
      s.expect(s.read('/a'), data, '/a');
    };
    round('first', () => {
      s.powerLoss(3);
      const name = s.files(3, 'log.').sort().at(-1) as string;
      const log = disk.read(`${dir}/${name}`);
      const records = recordsOf(log);
      disk.put(`${dir}/${name}`, over(log, endOf(records), records[0]?.bytes ?? Buffer.alloc(0)));
    });
    round('second', () => {
      s.powerLoss(3);
      disk.put(`${dir}/snapshot.0`, Buffer.from('half of it'));
    });
    round('third', () => disk.put(`${dir}/snapshot.0`, Buffer.from('half of it')));
    s.write('/a', 'in the end');
    s.expect(s.read('/a'), 'in the end', '/a');
  },
};
