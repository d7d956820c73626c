import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { notificationOf } from '../script/scripted-host.ts';

function undecidedMembership(name: string, about: string, isGrouped: boolean): Scenario {
  const members = [1, 2, 3, 4].map((sid) => `server.${sid}=zk${sid}:2888:3888:participant`);
  const before = [...members.slice(0, 3), ...(isGrouped ? ['group.1=1:2:3'] : [])].join('\n');
  const after = [...members, ...(isGrouped ? ['group.1=1:2:3:4'] : [])].join('\n');
  return {
    name,
    about,
    voters: 4,
    mutant: 'overlook members that were proposed',
    play(s) {
      for (const sid of [1, 2, 3, 4]) {
        const { disk } = s.view(sid).machine;
        disk.put('/etc/zoo.cfg.dynamic.5', Buffer.from(`${before}\n`));
        disk.put('/etc/zoo.cfg.dynamic.7', Buffer.from(`${after}\n`));
        disk.put('/etc/zoo.cfg.dynamic.next', Buffer.from(`${after}\nversion=7\n`));
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
      // One of the new members alone speaks up: it is a voter of one membership, and of the other not.
      const four = s.impostor(4);
      four.connect(1);
      const word = { state: 'looking', leader: 4, zxid: 0 as Zxid, round: 1n, peerEpoch: 0 } as const;
      for (let i = 0; i < 3; i++) {
        four.say(1, notificationOf('today', word));
        s.run(50);
      }
      four.stranger.kill();
      s.world.ensemble.network.setName('zk4', { address: s.view(4).machine.host.address });
      s.start(3);
      s.until('a leader', () => s.leader === 3, 20_000);
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
}

export const scenario = undecidedMembership(
  'members that were proposed and not decided',
  'peers restart in the middle of a reconfiguration: a quorum of both memberships is needed, and then the new one holds',
  false,
);

export const inGroups = undecidedMembership(
  'members in groups that were proposed and not decided',
  'the same, and both memberships are one group',
  true,
);
