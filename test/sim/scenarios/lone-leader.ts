import { makeZxid, ZXID_NONE, ZXID_ZERO, type Zxid } from '../../../src/jute/zxid.ts';
import { intBody, PacketType } from '../../../src/zab/wire/packets.ts';
import type { Scenario, Script } from '../script/script.ts';
import { dialLeader, introduce, join, type ScriptedLink, ScriptedVoter } from '../script/scripted-servers.ts';

const { ack, ackEpoch, leaderInfo, newLeader, ping, proposal, upToDate } = PacketType;
const LEADER = 3;
const VOTER = 1;
const STRANGER = 99;

interface Turn {
  readonly script: Script;
  readonly voter: ScriptedVoter;
  /** Of the leader: the last transaction in its tree, and its current epoch. */
  readonly zxid: Zxid;
  readonly epoch: number;
}

/** The fate of one who was elected, and why it gives up. */
type Case = readonly [what: string, reason: RegExp, play: (turn: Turn) => void];

function dial(script: Script): ScriptedLink {
  return dialLeader(script, LEADER);
}

/** Voter 1 comes to the leader, as one that has what `who` says; as far as ACKEPOCH. */
function accept(script: Script, sid: number, zxid: Zxid, epoch: number, acceptedEpoch = 0): ScriptedLink {
  const link = dial(script);
  introduce(link, { sid, acceptedEpoch });
  link.next(leaderInfo, 'LEADERINFO');
  link.send(ackEpoch, zxid, intBody(epoch));
  return link;
}

const CASES: readonly Case[] = [
  ['nobody comes', /no quorum of learners connected, only 3/, () => {}],
  [
    'a stranger comes, and an impatient voter',
    /no quorum of learners connected, only 3/,
    ({ script }) => {
      const stranger = dial(script);
      introduce(stranger, { sid: STRANGER, acceptedEpoch: 700 });
      const first = dial(script);
      introduce(first, { sid: 4, observer: true });
      // It has connected again: the one waits for the leader, and the other for the end of the one.
      const second = dial(script);
      introduce(second, { sid: 4, observer: true });
      second.send(ack, ZXID_ZERO);
      second.untilClosed('a packet before it was let in');
      first.send(ack, ZXID_ZERO);
      first.untilClosed('a packet before the leader has answered');
    },
  ],
  [
    'a voter comes and goes',
    /no quorum of voters with a history accepted the epoch, only 3/,
    ({ script }) => {
      const link = dial(script);
      introduce(link, { sid: VOTER });
      link.next(leaderInfo, 'LEADERINFO');
      link.close();
    },
  ],
  [
    'a voter comes and says no more',
    /no quorum of voters with a history accepted the epoch, only 3/,
    ({ script }) => {
      const link = dial(script);
      introduce(link, { sid: VOTER });
      link.next(leaderInfo, 'LEADERINFO');
    },
  ],
  [
    'a voter accepted the epoch before, and so did a stranger',
    /no quorum of voters with a history accepted the epoch, only 3/,
    ({ script, zxid }) => {
      const acceptedEpoch = script.view(LEADER).acceptedEpoch + 1;
      const link = dial(script);
      introduce(link, { sid: VOTER, acceptedEpoch });
      link.next(leaderInfo, 'LEADERINFO');
      link.send(ackEpoch, zxid, intBody(-1));
      accept(script, STRANGER, zxid, -1);
    },
  ],
  [
    'a voter is a transaction ahead',
    /learner 1 is ahead of us/,
    ({ script, zxid, epoch }) => accept(script, VOTER, (zxid + 1) as Zxid, epoch),
  ],
  [
    'a voter is an epoch ahead',
    /learner 1 is ahead of us/,
    ({ script, epoch }) => accept(script, VOTER, ZXID_ZERO, epoch + 1),
  ],
  [
    'a stranger is ahead, and is not believed',
    /learner 1 is ahead of us/,
    ({ script, epoch }) => {
      const voter = dial(script);
      introduce(voter, { sid: VOTER });
      voter.next(leaderInfo, 'LEADERINFO');
      const { acceptedEpoch } = script.view(LEADER);
      accept(script, STRANGER, ZXID_ZERO, acceptedEpoch, acceptedEpoch).untilClosed('a claim of a stranger');
      voter.send(ackEpoch, ZXID_ZERO, intBody(epoch + 1));
    },
  ],
  [
    'a voter accepted an epoch to come',
    /has accepted epoch/,
    ({ script, voter }) => {
      const link = dial(script);
      introduce(link, { sid: VOTER });
      link.next(leaderInfo, 'LEADERINFO');
      link.close();
      // It looks for another leader, and comes again, after it followed one for a moment.
      voter.look();
      script.run(50);
      introduce(dial(script), { sid: VOTER, acceptedEpoch: script.view(LEADER).acceptedEpoch + 7 });
    },
  ],
  [
    'a voter does not acknowledge NEWLEADER',
    /no quorum was synchronised, only 3/,
    ({ script, zxid, epoch }) => accept(script, VOTER, zxid, epoch).next(newLeader, 'NEWLEADER'),
  ],
  [
    'a voter without a history joins, and is not counted',
    /no quorum of voters with a history accepted the epoch/,
    ({ script }) => accept(script, VOTER, ZXID_NONE, 0),
  ],
  [
    'a voter with the remains of a synchronisation joins, and is not counted',
    /no quorum of voters with a history accepted the epoch/,
    ({ script }) => accept(script, VOTER, makeZxid(1, 1), 0, 1),
  ],
  [
    'the only follower is silent',
    /no quorum of learners is connected and answers/,
    ({ script, zxid, epoch }) => {
      const link = dial(script);
      join(link, { sid: VOTER, zxid, epoch });
      link.next(upToDate, 'UPTODATE');
    },
  ],
  [
    'the only follower goes as soon as it is synchronised',
    /no quorum of learners is connected and answers/,
    ({ script, zxid, epoch }) => {
      const link = dial(script);
      join(link, { sid: VOTER, zxid, epoch });
      link.close();
    },
  ],
  [
    'the only follower acknowledges nothing any more, and answers',
    /no quorum of learners is connected and answers/,
    ({ script, zxid, epoch }) => {
      const link = dial(script);
      link.onPacket = (packet) => {
        if (packet.type === ping) link.send(ping, packet.zxid);
      };
      join(link, { sid: VOTER, zxid, epoch });
      script.flood('/node', 2);
      const first = link.next(proposal, 'PROPOSAL').zxid;
      link.send(ack, first);
      link.send(ack, first);
    },
  ],
  [
    'a voter is said to be an observer',
    /no quorum of learners connected, only 3/,
    ({ script }) => introduce(dial(script), { sid: VOTER, observer: true }),
  ],
  [
    'an observer says that it is a voter',
    /no quorum of learners connected, only 3/,
    ({ script }) => introduce(dial(script), { sid: 4 }),
  ],
  [
    'a voter accepted the last epoch there is, and is not believed',
    /no quorum of learners connected, only 3/,
    ({ script }) => introduce(dial(script), { sid: VOTER, acceptedEpoch: 0x1fffff }),
  ],
];

function meet(script: Script, voter: ScriptedVoter, [what, reason, play]: Case): void {
  const log = script.listen(LEADER);
  const said = log.lines;
  script.until('an election', () => said.some((line) => line.includes('elected')));
  script.run(5);
  play({ script, voter, zxid: script.view(LEADER).tip, epoch: script.view(LEADER).currentEpoch });
  script.until(`the end of the role: ${what}`, () => said.some((line) => line.includes('role over')));
  log.stop();
  const isRight = said.some((line) => line.includes('role over') && reason.test(line));
  script.expect(isRight || said.join('\n'), true, `${what}: the reason`);
}

export const scenario: Scenario = {
  name: 'a leader without a quorum',
  about:
    'whoever comes, stays away, claims too much or falls silent: in every phase a leader without a quorum gives up',
  voters: 3,
  observers: 1,
  config: { initLimit: 4, syncLimit: 3 },
  play(script) {
    script.begin();
    script.create('/node');
    script.write('/node', 'before');
    script.untilServing();
    script.kill(1, 2, 3, 4);
    script.start(LEADER);
    // Everything that the scripted voter acknowledges is on its disk, as far as anybody can know.
    script.view(VOTER).faulty = 'wiped';
    const voter = new ScriptedVoter(script, VOTER, []);
    for (const each of CASES) meet(script, voter, each);
    voter.stop();
    script.view(VOTER).faulty = undefined;
    script.start(2, 1);
    script.untilServing();
    // Undecided until now, and on the disk of who leads again.
    script.expect(script.read('/node'), '1', 'the node');
  },
};
