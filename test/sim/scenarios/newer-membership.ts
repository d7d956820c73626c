import type { Scenario, Script } from '../script/script.ts';

/** Peer `sid` knows these members, as of this version. */
export function knows(s: Script, sid: number, version: number, lines: readonly string[]): void {
  const { disk } = s.view(sid).machine;
  disk.put(`/etc/zoo.cfg.dynamic.${version}`, Buffer.from(`${lines.join('\n')}\n`));
  s.edit(sid, (config) => {
    const kept = config
      .split('\n')
      .filter((line) => !/^(server|group|weight|reconfigEnabled|dynamicConfigFile)/.test(line));
    return `${kept.join('\n')}\nreconfigEnabled=true\ndynamicConfigFile=/etc/zoo.cfg.dynamic.${version}\n`;
  });
}

const server = (sid: number, role = 'participant', host = `zk${sid}`): string =>
  `server.${sid}=${host}:2888:3888:${role}`;
const THREE = [server(1), server(2), server(3)];
const NOW = [...THREE, server(4, 'observer')];

/**
 * The membership known to peers that were away; 9 is a machine that was given up. In none of them peer 3 is needed
 * for a quorum.
 */
const BEFORE: readonly (readonly string[])[] = [
  NOW,
  [...THREE, server(4), server(9)],
  [...THREE, server(4)],
  [...THREE, server(9, 'observer')],
  [...NOW, 'group.1=1:2:3'],
  [...NOW, 'group.1=1:2', 'group.2=3', 'weight.3=0'],
  [...THREE, 'group.1=1:2:3'],
];

/** At every change of the disk while the files of the new members are written (ZOOKEEPER-2865). */
function powerGoes(s: Script): void {
  const { machine } = s.view(3);
  const { disk, onLine } = machine;
  const { onEffect } = disk;
  let isWriting = false;
  machine.onLine = (line) => {
    onLine(line);
    isWriting ||= line.includes('has newer members');
  };
  let effects = 0;
  for (let stopAt = 1; ; stopAt++) {
    s.kill(3);
    knows(s, 3, 5, [...THREE, server(4), server(9)]);
    isWriting = false;
    effects = 0;
    disk.onEffect = (effect, phase) => {
      onEffect(effect, phase);
      if (!isWriting || ++effects !== stopAt) return;
      s.powerLoss(3);
      throw new s.DeadProcess('at an effect');
    };
    s.start(3);
    s.until('the end, or service', () => !machine.isUp || s.isServing(3), 20_000);
    disk.onEffect = onEffect;
    const isOver = machine.isUp;
    s.start(3);
    s.until('service', () => s.isServing(3), 20_000);
    if (isOver) break;
  }
  s.expect(effects > 8, true, `${effects} places to fail`);
}

function newerMembership(name: string, about: string, groups: readonly string[]): Scenario {
  return {
    name,
    about,
    voters: 3,
    observers: 1,
    play(s) {
      s.itBegins();
      for (const sid of [1, 2, 4]) knows(s, sid, 50, [...NOW, ...groups]);
      for (const [i, lines] of BEFORE.entries()) {
        s.kill(1, 2, 3, 4);
        knows(s, 3, 5, lines);
        // Every other time those who know are settled already.
        if (i % 2 === 0) s.start(1, 2, 4);
        s.run(5000);
        s.start(3, 1, 2, 4);
        s.until(`service after ${lines.join(' ')}`, () => s.world.ensemble.isServing, 20_000);
        s.create('/a');
        s.expect(s.view(3).machine.disk.list('/etc').includes('zoo.cfg.dynamic.50'), true, 'a file of the new members');
        s.expect(s.view(4).machine.mode, 'observer', 'the role of 4');
      }
      powerGoes(s);
    },
  };
}

export const scenario = newerMembership(
  'newer members come with a notification',
  'a peer was away while the members changed: it takes them over, whatever it thought, and joins',
  [],
);

export const withGroups = newerMembership(
  'newer members in groups come with a notification',
  'the same, and they are in groups now',
  ['group.1=1:2:3', 'weight.1=1', 'weight.2=1', 'weight.3=1'],
);
