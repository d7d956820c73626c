import { makeZxid, ZXID_ZERO } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario } from '../script/script.ts';
import { dialLeader, introduce, ScriptedVoter } from '../script/scripted-servers.ts';

const { ackEpoch, leaderInfo, newLeader } = PacketType;

export const scenario: Scenario = {
  name: 'a first start that is none',
  about: 'two without a history begin, and then the third comes with one: they do not go on',
  voters: 3,
  play(s) {
    s.view(3).machine.disk.put('/data/initialize', Buffer.alloc(0));
    s.start(3);
    const voter = new ScriptedVoter(s, 1, []);
    s.until('an election', () => s.view(3).machine.mode === 'leader');
    s.run(5);
    const log = s.listen(3);
    const first = dialLeader(s, 3);
    introduce(first, { sid: 1 });
    first.next(leaderInfo, 'LEADERINFO');
    first.send(ackEpoch, ZXID_ZERO, intBody(0));
    first.next(newLeader, 'NEWLEADER');
    const late = dialLeader(s, 3);
    introduce(late, { sid: 2 });
    late.next(leaderInfo, 'LEADERINFO');
    late.send(ackEpoch, makeZxid(0, 7), intBody(0));
    late.untilClosed('a history');
    log.stop();
    s.expect(
      log.lines.some((line) => /voter 2 has a history, this is no first start/.test(line)),
      true,
      'the reason',
    );
    voter.stop();
    s.kill(3);
    s.wipe(3);
    s.begin();
    s.create('/node');
  },
};
