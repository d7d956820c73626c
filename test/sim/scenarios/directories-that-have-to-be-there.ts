import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'directories that have to be there',
  about: 'datadir.autocreate=false: a disk that is not mounted is no empty disk',
  voters: 3,
  config: { 'datadir.autocreate': 'false', dataLogDir: '/' },
  mutant: 'make directories that have to be there',
  play(s) {
    const make = (sid: number): void => {
      const { disk } = s.view(sid).machine;
      disk.makeDir('/data/version-2');
      disk.makeDir('/version-2');
    };
    for (const sid of [1, 2, 3]) make(sid);
    s.begin(3);
    s.create('/a', 'kept');
    const { machine } = s.view(1);
    s.powerLoss(1);
    machine.wipe();
    machine.disk.wipe('/version-2');
    s.world.observer.wiped(s.view(1));
    s.view(1).inTrouble = true;
    s.start(1);
    s.until('a refusal', () => machine.failure !== undefined);
    s.expect(String(machine.failure).includes('is missing, and datadir.autocreate is false'), true, 'it says so');
    make(1);
    s.until('its return', () => machine.isUp);
    s.untilServing();
    s.expect(s.read('/a'), 'kept', '/a');
  },
};
