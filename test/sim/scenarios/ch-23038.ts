import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'CH-23038',
  about: 'a set is added to under crashes of everybody, and every element that was acknowledged is in it',
  voters: 3,
  mutant: 'acknowledge before the sync',
  play(s) {
    s.begin();
    s.create('/set');
    const acknowledged: string[] = [];
    for (let round = 0; round < 11; round++) {
      const writers = [1, 2, 3].map((sid) => s.addClient(`writer ${round}.${sid}`, sid));
      for (const writer of writers) s.until('a connection', () => writer.isConnected);
      s.slowDisk(20, 1, 2, 3);
      for (let i = 0; i < 14; i++) {
        for (const writer of writers) {
          s.ask({ op: 'create', path: `/set/${writer.name}.${i}`, data: '', flags: 0 }, writer);
        }
        s.run(3 + (i % 5));
      }
      s.powerLoss(...(round % 3 === 2 ? [1, 2, 3] : [s.leader === 0 ? 1 : s.leader]));
      for (const writer of writers) writer.client.kill();
      s.run(50);
      s.slowDisk(0.5, 1, 2, 3);
      s.start(1, 2, 3);
      s.untilServing();
    }
    for (const { action, result } of s.world.history.ops) {
      if (action.op === 'create' && result?.err === 0 && action.path.startsWith('/set/'))
        acknowledged.push(action.path);
    }
    s.expect(acknowledged.length > 200, true, 'elements were acknowledged');
    s.do({ op: 'sync', path: '/' });
    const found = new Set(s.do({ op: 'children', path: '/set', watch: false }).children);
    const lost = acknowledged.filter((path) => !found.has(path.slice('/set/'.length)));
    s.expect(lost.join(), '', 'what is lost');
  },
};
