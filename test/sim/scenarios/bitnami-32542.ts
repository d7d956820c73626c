import { messageOf } from '../../../src/base/errors.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'bitnami#32542',
  about: 'a server that was alone gets two empty companions: its data is theirs, or it does not start at all',
  voters: 3,
  play(s) {
    s.client.stop();
    s.client.client.kill();
    const client = s.addClient('before', 1);
    s.votersAre(1);
    s.configure(1, [1]);
    s.start(1);
    s.until('service', () => s.view(1).machine.peer?.server.isServing === true);
    s.do({ op: 'create', path: '/kept', data: 'what there was', flags: 0 }, client);
    s.kill(1);
    s.configure(1, [1, 2, 3]);
    s.votersAre(1, 2, 3);

    // The empty ones are up first, and begin anew: who has data does not give it up for theirs.
    s.world.looksInside = false;
    s.start(2, 3);
    s.untilServing();
    s.view(1).inTrouble = true;
    const before = s.files(1, 'log.').join();
    s.start(1);
    s.until('a refusal', () => s.view(1).machine.failure !== undefined);
    s.expect(/holds the data of a standalone server/.test(messageOf(s.view(1).machine.failure)), true, 'the reason');
    s.expect(s.files(1, 'log.').join(), before, 'its files');

    s.itBegins();
    // As it says: the others empty, and all together.
    for (const sid of [2, 3]) s.wipe(sid);
    s.start(1, 2, 3);
    s.untilServing();
    s.expect(s.read('/kept', client), 'what there was', 'the data');
    for (const sid of [2, 3]) s.expect(s.read('/kept', s.addClient(`after${sid}`, sid)), 'what there was', `at ${sid}`);
  },
};
