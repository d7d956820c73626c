import { writeInitialMessage } from '../../../src/election/mesh/initial-message.ts';
import type { Zxid } from '../../../src/jute/zxid.ts';
import type { Scenario } from '../script/script.ts';
import { ELECTION_PORT, framed, notificationOf } from '../script/scripted-host.ts';

const THREE = [1, 2, 3].map((sid) => `server.${sid}=zk${sid}:2888:3888:participant`);
const NO_MEMBERS: readonly (readonly string[])[] = [
  [...THREE, 'group.1=1:2', 'version=ff'],
  [...THREE, 'group.1=1:2:3:8', 'version=ff'],
  [...THREE, 'group.1=1:2:3', 'group.2=3', 'version=ff'],
  [...THREE, 'weight.1=-1', 'version=ff'],
  ['server.1=zk1:2888:3888:observer', 'version=ff'],
  ['clientPort=2181', 'version=ff'],
  [...THREE, 'version=123456789abcdef01'],
  ['server.1=[::1:2888:3888'],
];

export const scenario: Scenario = {
  name: 'strangers look for a leader',
  about: 'an observer that looks has nothing to tell them; voters answer, and not every word of theirs',
  voters: 3,
  observers: 1,
  play(s) {
    s.itBegins();
    s.edit(1, (config) => `${config}reconfigEnabled=true\n`);
    s.start(1, 4);
    s.run(300);
    const stranger = s.stranger('zk9');
    const hello = writeInitialMessage(9, [{ host: 'zk9', port: ELECTION_PORT }], 1);
    const word = { state: 'looking', leader: 9, zxid: 0 as Zxid, round: 40n, peerEpoch: 3 } as const;
    const bytes = framed(notificationOf('today', word));
    const calls = [1, 4].map((sid) => stranger.dial(`zk${sid}`, ELECTION_PORT, hello, ...new Array(20).fill(bytes)));
    s.run(200);
    const [ofVoter, ofObserver] = calls.map((call) => call.received.length);
    s.expect((ofVoter ?? 0) > 0 && (ofVoter ?? 0) < 1000, true, `an answer or two of the voter, ${ofVoter} bytes`);
    s.expect(ofObserver, 0, 'bytes of the observer');
    // Members of a stranger are not even read; of one that says it were a voter they are, and are none.
    const impostor = stranger.dial(
      'zk1',
      ELECTION_PORT,
      writeInitialMessage(3, [{ host: 'zk9', port: ELECTION_PORT }], 1),
    );
    for (const call of [calls[0], impostor]) {
      for (const lines of NO_MEMBERS) {
        call?.send(framed(notificationOf('today', word, lines.join('\n'))));
        s.run(100);
      }
      s.expect(
        s.said(1, 'in a notification is not usable'),
        call === impostor ? NO_MEMBERS.length : 0,
        'memberships that are none',
      );
    }
    // And members that are some, but without a quorum's word.
    impostor.send(
      framed(notificationOf('today', word, [...THREE.slice(0, 1), 'server.3=zk9:2888:3888', 'version=ff'].join('\n'))),
    );
    s.run(100);
    stranger.kill();
    s.start(2, 3);
    s.untilServing();
    s.create('/a');
    s.expect(s.view(1).currentEpoch, 1, 'the epoch');
  },
};
