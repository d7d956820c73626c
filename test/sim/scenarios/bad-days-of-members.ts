import type { Moment } from '../judges/observer.ts';
import type { Scenario, Script } from '../script/script.ts';
import { ask, change, config, expectVoters, line, votersAt } from './members-that-change.ts';

export const disagreeing: Scenario = {
  name: 'files of the members that disagree',
  about: 'two that believe in more members lead nobody, and follow when enough of those say otherwise',
  voters: 4,
  config,
  play(s) {
    s.votersAre(1, 2, 3);
    for (const sid of [1, 2]) s.configure(sid, [1, 2, 3]);
    for (const sid of [3, 4]) s.configure(sid, [1, 2, 3, 4]);
    // Two of the four that these two know are no quorum.
    s.start(3, 4);
    s.run(8000);
    s.expect(s.leader, 0, 'a leader of two of four');
    s.kill(3, 4);
    s.start(1, 2);
    s.untilServing();
    s.create('/a', 'of two of three');
    // Too few of the four say who the members are; one that is among them has its file corrected, and then there are enough.
    s.start(3, 4);
    s.run(8000);
    s.expect([1, 2, 3, 4].filter((sid) => s.isServing(sid)).join(), '1,2', 'those who serve');
    s.kill(3);
    s.configure(3, [1, 2, 3]);
    s.start(3);
    s.untilServing();
    expectVoters(s, '1,2,3', 1, 2, 3, 4);
    s.kill(1, 2, 3, 4);
    s.start(3, 4);
    s.run(8000);
    s.expect(s.leader, 0, 'a leader of one of three, and one that is none');
    s.start(1, 2);
    s.untilServing();
    s.expect(s.read('/a'), 'of two of three', 'what is written');
    s.expect(change(s, line(4)).err, 0, 'it is taken in');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
  },
};

export const lostDynamicFile: Scenario = {
  name: 'the file that zoo.cfg names for the members is lost',
  about: 'with zoo.cfg as it was before the members changed the server starts, and its history knows better',
  voters: 4,
  config,
  play(s) {
    s.begin(3);
    s.create('/a', '0');
    s.expect(change(s, undefined, '4').err, 0, 'one leaves');
    expectVoters(s, '1,2,3', 1, 2, 3);
    s.votersAre(1, 2, 3);
    const { machine } = s.view(1);
    s.kill(1);
    for (const name of machine.disk.list('/etc')) {
      if (name.startsWith('zoo.cfg.dynamic')) machine.disk.remove(`/etc/${name}`);
    }
    s.configure(1, [1, 2, 3, 4]);
    s.start(1);
    s.untilServing();
    s.expect(s.said(1, 'the history has newer members than the files'), 1, 'its warning');
    expectVoters(s, '1,2,3', 1);
    s.write('/a', 'after');
    s.expect(change(s, line(4)).err, 0, 'the one that left is back');
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
  },
};

/** Before it is asked for, and while it is decided. */
const MOMENTS: readonly (readonly [Moment, 'before' | 'meanwhile'])[] = [
  ['newLeader', 'before'],
  ['ack', 'before'],
  ['serving', 'before'],
  ['synced', 'meanwhile'],
  ['ack', 'meanwhile'],
  ['applied', 'meanwhile'],
];

export const joinerDies: Scenario = {
  name: 'a joiner that dies at any moment of it',
  about: 'the members of before serve on; it is taken in when it is back, and with it gone again nothing is lost',
  voters: 4,
  config,
  play(s) {
    s.votersAre(1, 2, 3);
    for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3]);
    s.start(1, 2, 3);
    s.untilServing();
    s.create('/a', '0');
    for (const [i, [moment, when]] of MOMENTS.entries()) {
      s.configure(4, [1, 2, 3, 4]);
      if (when === 'meanwhile') {
        s.start(4);
        s.untilServing();
      }
      const crash = s.crashAt(4, moment, i % 2 === 0 ? 'power' : 'killed');
      if (when === 'before') s.start(4);
      else ask(s, line(4));
      s.until(`its end at ${moment}`, () => crash.happened, 20_000);
      s.until('a leader', () => s.leader !== 0, 10_000);
      s.write('/a', `without it, ${moment} ${when}`);
      s.start(4);
      s.untilServing();
      if (votersAt(s, s.leader) === '1,2,3') s.expect(change(s, line(4)).err, 0, 'it is taken in');
      expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
      leaves(s, 4);
    }
    s.configure(4, [1, 2, 3, 4]);
    s.start(4);
    s.untilServing();
    s.expect(change(s, line(4)).err, 0, 'it is taken in at last');
    s.votersAre(1, 2, 3, 4);
    expectVoters(s, '1,2,3,4', 1, 2, 3, 4);
  },
};

function leaves(s: Script, sid: number): void {
  s.expect(change(s, undefined, `${sid}`).err, 0, 'it leaves again');
  expectVoters(s, '1,2,3', 1, 2, 3);
  s.kill(sid);
}

export const newOnesDie: Scenario = {
  name: 'the new members die when they are decided upon',
  about: 'those of before do not lead without them, and all is there when they are back',
  voters: 5,
  config,
  play(s) {
    s.votersAre(1, 2, 3);
    for (const sid of [1, 2, 3]) s.configure(sid, [1, 2, 3]);
    for (const sid of [4, 5]) s.configure(sid, [1, 2, 3, sid]);
    s.start(1, 2, 3);
    s.untilServing();
    s.start(4, 5);
    s.untilServing();
    s.create('/a', 'before');
    const { leader } = s;
    const [one, two] = [1, 2, 3].filter((sid) => sid !== leader) as [number, number];
    s.expect(change(s, `${line(4)},${line(5)}`, `${one},${two}`).err, 0, 'the change');
    s.write('/a', 'of the new ones');
    s.kill(4, 5);
    s.until('the end of the leader', () => s.leader === 0, 10_000);
    s.run(8000);
    s.expect(s.leader, 0, 'a leader of those of before');
    s.start(4);
    s.until('a leader of the new ones', () => s.leader === leader || s.leader === 4, 20_000);
    s.expect(s.read('/a'), 'of the new ones', 'what is written');
    s.start(5);
    s.untilServing();
    s.expect(change(s, `${line(one)},${line(two)}`).err, 0, 'all of them');
    expectVoters(s, '1,2,3,4,5', 1, 2, 3, 4, 5);
  },
};
