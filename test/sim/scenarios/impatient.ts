import type { Zxid } from '../../../src/jute/zxid.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario } from '../script/script.ts';
import { dialLeader, introduce, ScriptedVoter } from '../script/scripted-servers.ts';
import { members } from './reconfigured.ts';

const DYNAMIC = '/etc/zoo.cfg.dynamic.0';
const NEXT = '/etc/zoo.cfg.dynamic.next';
const PATIENCE_MS = 1500;

export const scenario: Scenario = {
  name: 'ZOOKEEPER-4753',
  about: 'a leader nobody comes to gives up early when a voter looks again, and not when one has come',
  voters: 3,
  observers: 1,
  config: { 'leader.maxTimeToWaitForEpoch': PATIENCE_MS },
  play(s) {
    s.begin();
    s.create('/node');
    s.untilServing();
    s.kill(1, 2, 3, 4);
    s.start(3);
    const voter = new ScriptedVoter(s, 1, []);
    const log = s.listen(3);
    const isElected = (): boolean => log.lines.some((line) => line.includes('elected'));
    const isOver = (): boolean => log.lines.some((line) => /voter 1 looks for another leader/.test(line));

    s.until('an election', isElected);
    s.run(PATIENCE_MS / 2);
    voter.look();
    s.run(50);
    s.expect(isOver(), false, 'whether it gave up so early');
    s.run(PATIENCE_MS);
    voter.look();
    s.run(50);
    s.expect(isOver(), true, 'whether it gave up');

    log.lines.length = 0;
    s.until('an election', isElected);
    const link = dialLeader(s, 3);
    introduce(link, { sid: 1 });
    link.next(PacketType.leaderInfo, 'LEADERINFO');
    s.run(PATIENCE_MS * 1.5);
    voter.look();
    s.run(50);
    s.expect(isOver(), false, 'whether it gave up with a voter');
    s.kill(3);

    // A server that is to be a voter, and is none yet, is not waited for.
    const { disk } = s.view(3).machine;
    disk.put(DYNAMIC, Buffer.from(members('123 4', undefined)));
    disk.put(NEXT, Buffer.from(members('1234', 1 as Zxid)));
    s.edit(3, (text) => `${text.replace(/server\..*\n/g, '')}dynamicConfigFile=${DYNAMIC}\n`);
    s.start(3);
    const [two, four] = [new ScriptedVoter(s, 2, []), new ScriptedVoter(s, 4, [3])];
    log.lines.length = 0;
    s.until('an election', isElected);
    s.run(PATIENCE_MS * 1.5);
    four.look();
    s.run(50);
    s.expect(isOver(), false, 'whether it gave up for who is no voter');
    voter.look();
    s.run(50);
    s.expect(isOver(), true, 'whether it gave up');
    log.stop();
    for (const each of [voter, two, four]) each.stop();
    s.kill(3);
    disk.remove(NEXT);
    s.configure(3, [1, 2, 3], [4]);
    s.start(3);
    s.start(1, 2, 4);
    s.untilServing();
    // A leader that leads bears with those who look.
    const [follower = 1] = s.followers;
    s.restart(follower);
    s.untilServing();
  },
};
