import type { Scenario } from '../script.ts';

export const scenario: Scenario = {
  name: 'members that were proposed and not decided',
  about:
    'peers restart in the middle of a reconfiguration: a quorum of both memberships is needed, and then the new one holds',
  voters: 4,
  mutant: 'overlook members that were proposed',
  play(s) {
    const members = [1, 2, 3, 4].map((sid) => `server.${sid}=zk${sid}:2888:3888:participant`);
    for (const sid of [1, 2, 3, 4]) {
      const { disk } = s.view(sid).machine;
      disk.put('/etc/zoo.cfg.dynamic.5', Buffer.from(`${members.slice(0, 3).join('\n')}\n`));
      disk.put('/etc/zoo.cfg.dynamic.7', Buffer.from(`${members.join('\n')}\n`));
      disk.put('/etc/zoo.cfg.dynamic.next', Buffer.from(`${members.join('\n')}\nversion=7\n`));
      s.edit(sid, (config) => {
        const kept = config.split('\n').filter((line) => !line.startsWith('server'));
        return `${kept.join('\n')}\ndynamicConfigFile=/etc/zoo.cfg.dynamic.${sid === 4 ? 7 : 5}\n`;
      });
    }
    s.itBegins();
    s.start(1, 2);
    s.run(10_000);
    s.expect(s.leader, 0, 'a leader of half of the new members');
    s.expect(s.said(1, 'the election is over'), 0, 'elections of half of the new members');
    s.start(3);
    s.until('a leader', () => s.leader === 3, 10_000);
    s.create('/a');
    s.start(4);
    s.until('the new member', () => s.isServing(4), 10_000);
    s.kill(1);
    s.write('/a', 'three of four');
    s.start(1);
    s.until('one that comes again', () => s.isServing(1), 10_000);
    s.kill(3);
    s.until('another leader', () => s.leader === 4, 15_000);
    s.write('/a', 'another leader');
  },
};
